import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { piece } from '../../../test/pieces.ts';
import { printerAt, secret, secrets, webhookOf } from './pieces.ts';

describe('Webhooks of the print shop', () => {
  it('takes a webhook signed with any of its secrets while one is being replaced', () => {
    const next = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const both = printerAt(
      'http://127.0.0.1:1',
      {},
      { ...secrets, PRINT_SHOP_WEBHOOK_SECRET: `${next} ${secret}` },
    );
    for (const key of [secret, next]) {
      assert.equal(both.verifyWebhook(webhookOf(piece(), 0, key), new Date()).valid, true);
    }
    const another = `whsec_${Buffer.alloc(32, 8).toString('base64')}`;
    assert.equal(both.verifyWebhook(webhookOf(piece(), 0, another), new Date()).valid, false);
    const several = webhookOf(piece(), 0);
    const signatures = {
      ...several.headers,
      'webhook-signature': `v1,AAAA v2,xx ${several.headers['webhook-signature']}`,
    };
    assert.equal(both.verifyWebhook({ ...several, headers: signatures }, new Date()).valid, true);
    for (const bad of ['', 'whsec_', 'whsec_c2hvcnQ=', 'plain words']) {
      const printer = printerAt(
        'http://127.0.0.1:1',
        {},
        { ...secrets, PRINT_SHOP_WEBHOOK_SECRET: bad },
      );
      assert.equal(printer.verifyWebhook(several, new Date()).valid, false, bad);
    }
  });

  it('keeps a status and a confidence that it does not know', () => {
    const printer = printerAt('http://127.0.0.1:1');
    const event = {
      eventId: 'e1',
      status: 'abducted',
      confidence: 'rumour',
      occurredAt: '2026-11-24T12:00:00+01:00',
      extra: 1,
    };
    const [read] = printer.parseWebhook(
      Buffer.from(JSON.stringify({ type: 'piece.events', data: { events: [event] } })),
    );
    assert.deepEqual(read, {
      eventId: 'e1',
      providerId: null,
      mailpieceId: null,
      organizationId: null,
      status: null,
      providerStatus: 'abducted',
      occurredAt: '2026-11-24T11:00:00.000Z',
      confidence: 'estimated',
    });
  });
});
