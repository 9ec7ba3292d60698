/** Webhooks: only those that the printer signed, each event by itself. */
import assert from 'node:assert/strict';
import type { WebhookRequest } from '../printer.ts';
import { isUsable, type PrinterBench } from './printer-bench.ts';

export function webhooksOf({ harness, can }: PrinterBench): void {
  can('webhooks', 'trusts a signed webhook and reads its events', async () => {
    const piece = harness().piece();
    const webhook = harness().webhook?.(piece, 0);
    assert.ok(webhook !== undefined);
    const verdict = harness().printer.verifyWebhook(webhook, new Date());
    assert.equal(verdict.valid, true, JSON.stringify(verdict));
    const events = harness().printer.parseWebhook(webhook.body);
    assert.ok(
      events
        .filter(isUsable)
        .some(({ mailpieceId }) => mailpieceId === piece.reference.mailpieceId),
    );
  });

  can(
    'odd-events',
    'reads each event of a webhook by itself: one that cannot be used costs no other',
    () => {
      const piece = harness().piece();
      const events = harness().printer.parseWebhook(
        harness().oddWebhook?.(piece) ?? assert.fail('a webhook'),
      );
      assert.deepEqual(
        events.map((event) => isUsable(event)),
        [false, true, false],
      );
      const [first, good] = events;
      assert.ok(
        good !== undefined && isUsable(good) && good.mailpieceId === piece.reference.mailpieceId,
      );
      assert.ok(
        first !== undefined && !isUsable(first) && first.unusable !== '' && first.raw !== undefined,
        'the reason, and what was told',
      );
    },
  );

  can(
    'webhooks',
    'trusts no webhook that was changed, is unsigned, or is signed by somebody else or long ago',
    async () => {
      const signed = (secondsAgo = 0): WebhookRequest =>
        harness().webhook?.(harness().piece(), secondsAgo) ?? assert.fail('a webhook');
      const webhook = signed();
      const changed = Uint8Array.from(webhook.body);
      changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1;
      const now = new Date();
      for (const [what, given] of [
        ['changed', { ...webhook, body: changed }],
        ['unsigned', { ...webhook, headers: {} }],
        ['with the signature of another', { ...webhook, headers: signed().headers }],
        ['of an hour ago', signed(3600)],
        ['of the next hour', signed(-3600)],
        ['of an hour ago, of somebody else', { ...signed(3600), body: webhook.body }],
      ] as const) {
        const verdict = harness().printer.verifyWebhook(given, now);
        assert.ok(!verdict.valid, `a webhook ${what}`);
        // What is only too old is asked for; nobody else makes us ask.
        assert.equal(verdict.tooOld === true, what === 'of an hour ago', `a webhook ${what}`);
      }
    },
  );

  can('webhooks', 'gives the same delivery id for the same webhook', async () => {
    const webhook = harness().webhook?.(harness().piece(), 0) ?? assert.fail('a webhook');
    const verdicts = [1, 2].map(() => harness().printer.verifyWebhook(webhook, new Date()));
    assert.deepEqual(verdicts[0], verdicts[1]);
  });

  can('webhooks', 'throws on a body that is not of its format', async () => {
    assert.throws(() =>
      harness().printer.parseWebhook(new TextEncoder().encode('{"hello":"world"}')),
    );
    assert.throws(() => harness().printer.parseWebhook(new TextEncoder().encode('not JSON')));
  });
}
