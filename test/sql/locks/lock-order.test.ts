/**
 * People by id, then pieces, then what was told of them: in whatever order answers and webhooks
 * come, no two sessions wait for each other.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { suppress } from '@postrider/core';
import type { BegunPiece } from '../../../packages/core/src/machine/mail.ts';
import {
  applyEvents,
  applyWebhooks,
  lockForWebhooks,
  type WebhookEvent,
} from '../../../packages/core/src/machine/track.ts';
import type { PrinterEvent } from '../../../packages/core/src/ports/index.ts';
import { people, type Place } from '../../support/machine.ts';
import {
  accepted,
  answered,
  event,
  pidOf,
  place,
  reasonsOf,
  sending,
  sent,
  settle,
  sharedMachine,
  tell,
  waitsForLock,
} from '../rig.ts';

const rig = sharedMachine();

function ofWebhook(told: PrinterEvent): WebhookEvent {
  return { ...told, inboxId: randomUUID(), receivedAt: new Date().toISOString() };
}

/** `n` people of one household. */
function family(n: number, street: string, prefix = street) {
  return people(n, prefix).map((person) => ({ ...person, line1: street }));
}

void test('a settle with mixed results and an opt-out of the same household do not wait for each other', async () => {
  const { sql, machine } = rig;
  const at = await place(sql, { dedupe: 'person' });
  const batch = await sending(sql, at, family(2, '1 Same Street'));
  const [low, high] = [...batch.pieces].sort((a, b) => (a.recipientId < b.recipientId ? -1 : 1));
  assert.ok(low && high);
  const [a, b] = [machine.connect(1), machine.connect(1)];
  const [pidA, pidB] = [await pidOf(a), await pidOf(b)];
  let settling: Promise<number> | undefined;
  let stopping: Promise<number> | undefined;
  await sql.begin(async (tx) => {
    // So that the settle stops between its steps, with what it has locked until then.
    await tx`select from postrider.mailpiece where id = ${high.mailpieceId} for update`;
    settling = settle(a, at, batch, [accepted(high), answered(low, 'retry', { afterMs: 0 })]);
    await waitsForLock(sql, pidA);
    stopping = suppress(
      b,
      at.organizationId,
      { line1: '1 Same Street', postalCode: '94607' },
      'test',
    );
    await waitsForLock(sql, pidB);
  });
  assert.equal(await settling, 2);
  assert.equal(await stopping, 2);
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['sent (accepted)', 'blacklisted (suppressed)']),
  );
});

void test('events matched late and a settle that is told again do not wait for each other', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  const [piece] = batch.pieces;
  assert.ok(piece);
  // An event and the answer that names its piece do not see each other's open transactions.
  await sql.begin(async (tx) => {
    await tell(tx, at, [event({ providerId: `id of ${piece.mailpieceId}`, status: 'in_transit' })]);
    await settle(sql, at, batch, [accepted(piece)]);
  });
  const [a, b] = [machine.connect(1), machine.connect(1)];
  const [pidA, pidB] = [await pidOf(a), await pidOf(b)];
  let again: Promise<number> | undefined;
  let matching: Promise<unknown> | undefined;
  await sql.begin(async (tx) => {
    await tx`select from postrider.mailpiece where id = ${piece.mailpieceId} for update`;
    again = settle(a, at, batch, [accepted(piece)]);
    await waitsForLock(sql, pidA);
    matching = b`select postrider.match_events(${at.organizationId})`.execute();
    // It passes over whom the settle has.
    await Promise.race([matching, waitsForLock(sql, pidB)]);
  });
  await again;
  await matching;
  const [row] = await sql`select status from postrider.mailpiece where id = ${piece.mailpieceId}`;
  assert.equal(row?.['status'], 'in_transit');
});

function told(piece: BegunPiece, status: PrinterEvent['status']): PrinterEvent {
  return {
    ...event({ providerId: `id of ${piece.mailpieceId}`, status }),
    organizationId: null,
    status,
    confidence: 'scan',
  };
}

/**
 * Two trackers with one event each of two households, in opposite order: of four people, who live
 * in twos. The second begins when the first is halfway; `before` is told of all four cards.
 */
async function crosswise(status: PrinterEvent['status'], before?: string): Promise<Place> {
  const { sql, machine } = rig;
  const at = await place(sql, { dedupe: 'person' });
  const batch = await sent(sql, at, [
    ...family(2, '1 Elm Street', 'elm'),
    ...family(2, '2 Oak Street', 'oak'),
  ]);
  const ids = batch.pieces.map((piece) => `id of ${piece.mailpieceId}`);
  if (before !== undefined)
    await tell(
      sql,
      at,
      ids.map((providerId) => event({ providerId, status: before })),
    );
  const of = (line1: string) =>
    batch.pieces
      .filter(
        (piece) =>
          (piece.request as { to: { address: { line1: string } } }).to.address.line1 === line1,
      )
      .map((piece) => told(piece, status));
  const [elm0, elm1] = of('1 Elm Street');
  const [oak0, oak1] = of('2 Oak Street');
  assert.ok(elm0 && elm1 && oak0 && oak1);
  const [a, b] = [machine.connect(1), machine.connect(1)];
  const pidB = await pidOf(b);
  const track = async (
    client: typeof a,
    events: readonly PrinterEvent[],
    between: () => Promise<void>,
  ) =>
    await client.begin(async (tx) => {
      await lockForWebhooks(tx, { ...at, printerName: 'press' }, events);
      for (const one of events) {
        await applyWebhooks(tx, { ...at, printerName: 'press' }, [ofWebhook(one)]);
        await between();
      }
    });
  let second: Promise<void> | undefined;
  let reached = 0;
  await track(a, [elm0, oak0], async () => {
    reached += 1;
    if (reached > 1) return;
    let halfway: () => void = () => undefined;
    const half = new Promise<void>((resolve) => (halfway = resolve));
    second = track(b, [oak1, elm1], async () => halfway());
    // It is halfway, or waits before it has begun.
    await Promise.race([half, waitsForLock(sql, pidB)]);
  });
  await second;
  const [row] = await sql`
    select count(*)::int as n
    from postrider.suppression
    where organization_id = ${at.organizationId}`;
  assert.equal(row?.['n'], 2);
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['returned (returned)']),
  );
  return at;
}

void test('two trackers with returned mail of the same two households do not wait for each other', async () =>
  void (await crosswise('returned')));

void test('nor do they with late scans of cards that have come back before', async () =>
  void (await crosswise('in_transit', 'returned')));

void test('a poll and a webhook with the same event do not wait for each other', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  const [piece] = batch.pieces;
  assert.ok(piece);
  const scan = told(piece, 'in_transit');
  const [a, b] = [machine.connect(1), machine.connect(1)];
  const pidB = await pidOf(b);
  let polled: Promise<number> | undefined;
  const pushed = await a.begin(async (tx) => {
    await lockForWebhooks(tx, { ...at, printerName: 'press' }, [scan]);
    polled = applyEvents(b, { ...at, printerName: 'press' }, [scan]);
    await waitsForLock(sql, pidB);
    return await applyWebhooks(tx, { ...at, printerName: 'press' }, [ofWebhook(scan)]);
  });
  assert.deepEqual([pushed, await polled], [1, 0]);
});
