/** Webhooks: only those that the printer signed, each event by itself. */
import assert from 'node:assert/strict';

import { isUsable, type PrinterBench } from './printer-bench.ts';

export function webhooksOf({ harness, can }: PrinterBench): void {
  can('webhooks', 'trusts a signed webhook and reads its events', async () => {
    const piece = harness().piece();
    const webhook = harness().webhook?.(piece, 0);
    assert.ok(webhook !== undefined);
    const verdict = harness().printer.verifyWebhook(webhook.headers, webhook.body, new Date());
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
      const { headers, body } =
        harness().webhook?.(harness().piece(), 0) ?? assert.fail('a webhook');
      const changed = Uint8Array.from(body);
      changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1;
      const other = harness().webhook?.(harness().piece(), 0) ?? assert.fail('a webhook');
      const old = harness().webhook?.(harness().piece(), 3600) ?? assert.fail('a webhook');
      const early = harness().webhook?.(harness().piece(), -3600) ?? assert.fail('a webhook');
      const now = new Date();
      for (const [what, given, bytes] of [
        ['changed', headers, changed],
        ['unsigned', {}, body],
        ['with the signature of another', other.headers, body],
        ['of an hour ago', old.headers, old.body],
        ['of the next hour', early.headers, early.body],
      ] as const) {
        assert.equal(
          harness().printer.verifyWebhook(given, bytes, now).valid,
          false,
          `a webhook ${what}`,
        );
      }
    },
  );

  can('webhooks', 'gives the same delivery id for the same webhook', async () => {
    const { headers, body } = harness().webhook?.(harness().piece(), 0) ?? assert.fail('a webhook');
    const verdicts = [1, 2].map(() => harness().printer.verifyWebhook(headers, body, new Date()));
    assert.deepEqual(verdicts[0], verdicts[1]);
  });

  can('webhooks', 'throws on a body that is not of its format', async () => {
    assert.throws(() =>
      harness().printer.parseWebhook(new TextEncoder().encode('{"hello":"world"}')),
    );
    assert.throws(() => harness().printer.parseWebhook(new TextEncoder().encode('not JSON')));
  });
}
