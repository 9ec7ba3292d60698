import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { LeaseLostError } from '../printer.ts';
import type {
  LeaseGuard,
  ListedPiece,
  PieceRequest,
  PrinterEvent,
  SubmitResult,
  UnusableEvent,
} from '../printer.ts';
import { abortedContext, contractContext } from './context.ts';
import type { PrinterAbility, PrinterHarness } from './printer-harness.ts';

export type { PrinterAbility, PrinterHarness };

const held: LeaseGuard = { assertHeld: () => undefined };

function isUsable(event: PrinterEvent | UnusableEvent): event is PrinterEvent {
  return !('unusable' in event);
}

/** A lease that is lost after so many questions. */
function losing(after: number): LeaseGuard & { asked: number } {
  return {
    asked: 0,
    assertHeld() {
      this.asked++;
      if (this.asked > after) throw new LeaseLostError('the lease has passed');
    },
  };
}

/** What core relies on so that no card is printed twice and none is lost. */
export function describePrinterContract(
  name: string,
  make: () => Promise<PrinterHarness>,
  abilities: readonly PrinterAbility[] = [],
): void {
  describe(`Printer contract: ${name}`, () => {
    let harness: PrinterHarness;
    before(async () => {
      harness = await make();
    });
    after(() => harness.close());

    const submit = (
      pieces: readonly PieceRequest[],
      lease: LeaseGuard = held,
    ): Promise<readonly SubmitResult[]> => harness.printer.submit(pieces, lease, contractContext());
    const made = async ({ reference }: PieceRequest): Promise<number> =>
      (await harness.created()).filter((id) => id === reference.mailpieceId).length;
    const accepted = (
      result: SubmitResult | undefined,
    ): Extract<SubmitResult, { outcome: 'accepted' }> => {
      assert.equal(result?.outcome, 'accepted', JSON.stringify(result));
      return result as Extract<SubmitResult, { outcome: 'accepted' }>;
    };
    const can = (
      ability: PrinterAbility,
      title: string,
      test: () => void | Promise<void>,
    ): void => {
      if (abilities.includes(ability)) it(title, test);
    };

    it('says what it can do in numbers that make sense', () => {
      const { keyLifetimeMs, maxBatch, readLagMs, timeoutMs } = harness.printer;
      assert.ok(keyLifetimeMs === null || keyLifetimeMs > 0);
      assert.ok(maxBatch >= 1 && readLagMs >= 0 && timeoutMs > 0);
    });

    it('answers each piece, in the order asked, also when there are more than one request takes', async () => {
      const pieces = Array.from({ length: harness.printer.maxBatch + 3 }, () => harness.piece());
      const results = await submit(pieces);
      assert.equal(results.length, pieces.length);
      assert.equal(
        new Set(results.map((result) => accepted(result).providerId)).size,
        pieces.length,
        'each piece has an id of its own',
      );
      const found = await harness.printer.find(pieces, contractContext());
      for (const [index, result] of results.entries()) {
        assert.deepEqual(found[index], {
          outcome: 'found',
          providerId: accepted(result).providerId,
        });
      }
    });

    it('takes empty arrays', async () => {
      assert.deepEqual(await submit([]), []);
      assert.deepEqual(await harness.printer.find([], contractContext()), []);
      assert.deepEqual(await harness.printer.cancel([], contractContext()), []);
    });

    it('asks for the lease before every request', async () => {
      const pieces = Array.from({ length: harness.printer.maxBatch + 1 }, () => harness.piece());
      const lease = losing(Infinity);
      await submit(pieces, lease);
      assert.ok(lease.asked >= 2, `asked ${lease.asked} times for two requests`);
    });

    it('makes nothing when the lease is lost, and says retry', async () => {
      const piece = harness.piece();
      const [result] = await submit([piece], losing(0));
      assert.equal(result?.outcome, 'retry');
      assert.equal(await made(piece), 0);
    });

    it('keeps what was sent and gives back the rest when the lease is lost in between', async () => {
      const pieces = Array.from({ length: harness.printer.maxBatch + 1 }, () => harness.piece());
      const results = await submit(pieces, losing(1));
      accepted(results[0]);
      assert.equal(results.at(-1)?.outcome, 'retry');
      const last = pieces.at(-1);
      assert.ok(last !== undefined);
      assert.equal(await made(last), 0);
    });

    it('makes nothing when the signal has aborted', async () => {
      const piece = harness.piece();
      const results = await harness.printer
        .submit([piece], held, abortedContext())
        .catch(() => [null]);
      assert.ok(results.every((result) => result === null || result.outcome === 'retry'));
      assert.equal(await made(piece), 0);
    });

    it('proves that a piece is absent which was never submitted', async () => {
      assert.deepEqual(await harness.printer.find([harness.piece()], contractContext()), [
        { outcome: 'absent' },
      ]);
    });

    it('makes one piece for one key, and does not claim so where it has no keys', async () => {
      const piece = harness.piece();
      const first = accepted((await submit([piece]))[0]);
      const second = accepted((await submit([piece]))[0]);
      assert.equal(first.replayed, false);
      assert.equal(second.replayed, harness.printer.keyLifetimeMs !== null);
      assert.equal(second.providerId === first.providerId, second.replayed);
      assert.equal(await made(piece), second.replayed ? 1 : 2);
    });

    can(
      'answer-lost',
      'calls the outcome unknown when the answer is lost, and then finds the piece',
      async () => {
        const piece = harness.piece();
        await harness.loseNextAnswer?.();
        const [result] = await submit([piece]);
        assert.equal(result?.outcome, 'unknown', JSON.stringify(result));
        assert.equal(await made(piece), 1);
        const [found] = await harness.printer.find([piece], contractContext());
        assert.equal(found?.outcome, 'found');
      },
    );

    can(
      'breaks-before',
      'calls the outcome unknown when the request breaks, and then proves that nothing was made',
      async () => {
        const piece = harness.piece();
        await harness.breakNext?.();
        const [result] = await submit([piece]);
        assert.equal(result?.outcome, 'unknown', JSON.stringify(result));
        assert.deepEqual(await harness.printer.find([piece], contractContext()), [
          { outcome: 'absent' },
        ]);
        accepted((await submit([piece]))[0]);
        assert.equal(await made(piece), 1);
      },
    );

    can('rate-limit', 'says retry when it is too fast for the printer', async () => {
      const piece = harness.piece();
      await harness.limitNext?.();
      const [result] = await submit([piece]);
      assert.equal(result?.outcome, 'retry', JSON.stringify(result));
      if (result?.outcome === 'retry') assert.ok(result.afterMs > 0);
      assert.equal(await made(piece), 0);
    });

    can('unreachable', 'says retry, and cannot tell, when nobody listens', async () => {
      const printer = await harness.unreachable?.();
      assert.ok(printer !== undefined);
      const piece = harness.piece();
      const [result] = await printer.submit([piece], held, contractContext());
      assert.equal(result?.outcome, 'retry', JSON.stringify(result));
      const [found] = await printer.find([piece], contractContext());
      assert.equal(found?.outcome, 'cannot_tell');
    });

    can('look-up-breaks', 'never calls a piece absent when the look-up failed', async () => {
      const piece = harness.piece();
      await submit([piece]);
      await harness.breakNextFind?.();
      const [found] = await harness.printer.find([piece], contractContext());
      assert.equal(found?.outcome, 'cannot_tell');
    });

    can('bad-address', 'rejects a bad address alone, and says that it is the address', async () => {
      const bad = harness.badAddress?.();
      assert.ok(bad !== undefined);
      const [good, result, also] = await submit([harness.piece(), bad, harness.piece()]);
      accepted(good);
      accepted(also);
      assert.equal(result?.outcome, 'rejected');
      if (result?.outcome === 'rejected') assert.equal(result.badAddress, true);
      assert.equal(await made(bad), 0);
    });

    can('bad-request', 'accepts the good pieces of a request that is refused for one', async () => {
      const bad = harness.badRequest?.();
      assert.ok(bad !== undefined);
      const [good, result, also] = await submit([harness.piece(), bad, harness.piece()]);
      accepted(good);
      accepted(also);
      assert.equal(result?.outcome, 'rejected');
      assert.equal(await made(bad), 0);
    });

    can(
      'cancel',
      'cancels a piece, and says of one that it does not know that it cannot tell',
      async () => {
        const { providerId } = accepted((await submit([harness.piece()]))[0]);
        const results = await harness.printer.cancel(
          [providerId, 'no-such-piece'],
          contractContext(),
        );
        assert.deepEqual(
          results.map(({ outcome }) => outcome),
          ['cancelled', 'unknown'],
        );
      },
    );

    can(
      'list',
      'lists what was created since, with our reference and whom it is for, page by page',
      async () => {
        const { printer } = harness;
        assert.ok(printer.list !== undefined);
        const since = new Date(Date.now() - 60_000);
        const piece = { ...harness.piece(), person: 'ab'.repeat(32) };
        const { providerId } = accepted((await submit([piece]))[0]);
        const seen: ListedPiece[] = [];
        for (let cursor: string | null = null; ;) {
          const page = await printer.list(since, cursor, contractContext());
          seen.push(...page.pieces);
          if (page.cursor === null) break;
          cursor = page.cursor;
        }
        const listed = seen.filter(
          (one) => one.reference?.mailpieceId === piece.reference.mailpieceId,
        );
        assert.deepEqual(
          listed.map(({ createdAt: _at, ...one }) => one),
          [
            {
              providerId,
              reference: piece.reference,
              idempotencyKey: piece.idempotencyKey,
              person: piece.person,
              mode: piece.mode,
              onPaper: true,
            },
          ],
        );
        await printer.cancel([providerId], contractContext());
        const later = await printer.list(
          new Date(Date.now() + 3_600_000 * 24 * 365),
          null,
          contractContext(),
        );
        assert.deepEqual(later.pieces, []);
      },
    );

    can('poll', 'tells events of what it accepted, from a cursor on', async () => {
      const { printer } = harness;
      assert.ok(printer.poll !== undefined);
      const piece = harness.piece();
      await submit([piece]);
      let cursor: string | null = null;
      const seen: string[] = [];
      let known = false;
      for (;;) {
        const page = await printer.poll(cursor, contractContext());
        const events = page.events.filter(isUsable);
        seen.push(...events.map(({ eventId }) => eventId));
        known ||= events.some(({ mailpieceId }) => mailpieceId === piece.reference.mailpieceId);
        if (page.cursor === cursor || page.events.length === 0) break;
        cursor = page.cursor;
      }
      assert.ok(known, 'the piece is in the events');
      assert.equal(new Set(seen).size, seen.length, 'no event comes twice');
    });

    can('webhooks', 'trusts a signed webhook and reads its events', async () => {
      const piece = harness.piece();
      const webhook = harness.webhook?.(piece, 0);
      assert.ok(webhook !== undefined);
      const verdict = harness.printer.verifyWebhook(webhook.headers, webhook.body, new Date());
      assert.equal(verdict.valid, true, JSON.stringify(verdict));
      const events = harness.printer.parseWebhook(webhook.body);
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
        const piece = harness.piece();
        const events = harness.printer.parseWebhook(
          harness.oddWebhook?.(piece) ?? assert.fail('a webhook'),
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
          first !== undefined &&
            !isUsable(first) &&
            first.unusable !== '' &&
            first.raw !== undefined,
          'the reason, and what was told',
        );
      },
    );

    can(
      'webhooks',
      'trusts no webhook that was changed, is unsigned, or is signed by somebody else or long ago',
      async () => {
        const { headers, body } = harness.webhook?.(harness.piece(), 0) ?? assert.fail('a webhook');
        const changed = Uint8Array.from(body);
        changed[changed.length - 3] = (changed[changed.length - 3] ?? 0) ^ 1;
        const other = harness.webhook?.(harness.piece(), 0) ?? assert.fail('a webhook');
        const old = harness.webhook?.(harness.piece(), 3600) ?? assert.fail('a webhook');
        const early = harness.webhook?.(harness.piece(), -3600) ?? assert.fail('a webhook');
        const now = new Date();
        for (const [what, given, bytes] of [
          ['changed', headers, changed],
          ['unsigned', {}, body],
          ['with the signature of another', other.headers, body],
          ['of an hour ago', old.headers, old.body],
          ['of the next hour', early.headers, early.body],
        ] as const) {
          assert.equal(
            harness.printer.verifyWebhook(given, bytes, now).valid,
            false,
            `a webhook ${what}`,
          );
        }
      },
    );

    can('webhooks', 'gives the same delivery id for the same webhook', async () => {
      const { headers, body } = harness.webhook?.(harness.piece(), 0) ?? assert.fail('a webhook');
      const verdicts = [1, 2].map(() => harness.printer.verifyWebhook(headers, body, new Date()));
      assert.deepEqual(verdicts[0], verdicts[1]);
    });

    can('webhooks', 'throws on a body that is not of its format', async () => {
      assert.throws(() =>
        harness.printer.parseWebhook(new TextEncoder().encode('{"hello":"world"}')),
      );
      assert.throws(() => harness.printer.parseWebhook(new TextEncoder().encode('not JSON')));
    });
  });
}
