/** What a printer says of its pieces later: cancelled, listed, polled. */
import assert from 'node:assert/strict';
import type { ListedPiece } from '../printer.ts';
import { contractContext } from './context.ts';
import { isUsable, type PrinterBench } from './printer-bench.ts';

export function recordsOf({ harness, submit, accepted, can }: PrinterBench): void {
  can(
    'cancel',
    'cancels a piece, and says of one that it does not know that it cannot tell',
    async () => {
      const { providerId } = accepted((await submit([harness().piece()]))[0]);
      const results = await harness().printer.cancel(
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
      const { printer } = harness();
      assert.ok(printer.list !== undefined);
      const since = new Date(Date.now() - 60_000);
      const piece = { ...harness().piece(), person: 'ab'.repeat(32) };
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
    const { printer } = harness();
    assert.ok(printer.poll !== undefined);
    const piece = harness().piece();
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
}
