/** Webhooks of Lob: whom they are from, and what they say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { piece } from '../../../test/pieces.ts';
import { accountAt, bodyOf, eventOf, printerOf, signed, webhookSecret } from './accounts.ts';

const nowhere = 'http://127.0.0.1:1';

function valid(
  request: ReturnType<typeof signed>,
  secrets: readonly string[] = [webhookSecret],
  mode: 'test' | 'live' = 'live',
): boolean {
  const printer = printerOf(accountAt(nowhere, { secrets, mode }));
  return printer.verifyWebhook(request, new Date()).valid;
}

void test('a timestamp is taken in milliseconds and in seconds, and within five minutes', () => {
  const body = bodyOf(eventOf(piece()));
  for (const unit of ['ms', 's'] as const) {
    assert.ok(valid(signed(body, { unit })));
    for (const minutes of [-6, 6])
      assert.ok(!valid(signed(body, { unit, at: Date.now() + minutes * 60_000 })));
  }
});

void test('two secrets are good while one is being replaced', () => {
  const body = bodyOf(eventOf(piece()));
  const both = ['the new one of the two', webhookSecret];
  assert.ok(valid(signed(body), both));
  assert.ok(valid(signed(body, { secret: 'the new one of the two' }), both));
  assert.ok(!valid(signed(body), ['the new one of the two']));
  assert.ok(!valid(signed(body), []));
});

void test('the secret of the debugger is refused in live mode, and no other then trusted', () => {
  const body = bodyOf(eventOf(piece()));
  const request = signed(body, { secret: 'secret' });
  assert.ok(!valid(request, ['secret']));
  assert.ok(!valid(request, [webhookSecret, 'secret']));
  assert.ok(valid(request, ['secret'], 'test'));
});

void test('one byte more or less, or a signature that is none, is refused', () => {
  const body = Buffer.from(bodyOf(eventOf(piece())));
  const good = signed(body);
  assert.ok(!valid({ ...good, body: Buffer.concat([body, Buffer.from(' ')]) }));
  assert.ok(!valid({ ...good, body: body.subarray(1) }));
  for (const signature of ['', 'zz', 'ab', `${good.headers['lob-signature']}00`])
    assert.ok(!valid({ ...good, headers: { ...good.headers, 'lob-signature': signature } }));
});

const words: readonly (readonly [string, string | null])[] = [
  ['created', 'accepted'],
  ['rendered_pdf', 'in_production'],
  ['rendered_thumbnails', 'in_production'],
  ['mailed', 'in_transit'],
  ['in_transit', 'in_transit'],
  ['international_exit', 'in_transit'],
  ['in_local_area', 'in_local_area'],
  ['processed_for_delivery', 'processed_for_delivery'],
  ['delivered', 'delivered'],
  ['re-routed', 'rerouted'],
  ['returned_to_sender', 'returned'],
  ['failed', 'failed'],
  ['rejected', 'failed'],
  ['deleted', 'cancelled'],
  ['a_word_of_next_year', null],
];

void test('each event says its status, and an unknown word is kept', () => {
  const printer = printerOf(accountAt(nowhere));
  const one = piece();
  for (const [word, status] of words) {
    const body = bodyOf(eventOf(one, { event_type: { id: `postcard.${word}` } }));
    const [event] = printer.parseWebhook(body);
    assert.ok(event !== undefined && !('unusable' in event), word);
    assert.equal(event.status, status, word);
    assert.equal(event.providerStatus, `postcard.${word}`);
    assert.equal(event.mailpieceId, one.reference.mailpieceId);
    assert.equal(event.organizationId, one.reference.organizationId);
  }
});

void test('a deleted piece has no metadata: it is known by the printer’s id', () => {
  const printer = printerOf(accountAt(nowhere));
  const body = bodyOf(
    eventOf(piece(), {
      event_type: { id: 'postcard.deleted' },
      reference_id: 'psc_1',
      body: { id: 'psc_1', deleted: true },
    }),
  );
  const [event] = printer.parseWebhook(body);
  assert.ok(event !== undefined && !('unusable' in event));
  assert.equal(event.providerId, 'psc_1');
  assert.equal(event.mailpieceId, null);
  assert.equal(event.status, 'cancelled');
});

void test('who looks at a preview, and mail of other kinds, say nothing of a card', () => {
  const printer = printerOf(accountAt(nowhere));
  for (const id of ['postcard.viewed', 'postcard.informed_delivery.email_sent', 'letter.created'])
    assert.deepEqual(printer.parseWebhook(bodyOf(eventOf(piece(), { event_type: { id } }))), []);
});
