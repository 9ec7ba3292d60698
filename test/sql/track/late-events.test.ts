/**
 * Events that come late, early, or in words nobody knows: each moves whom it is about, and nobody
 * else.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAll } from '@postrider/core';
import {
  QUIET_MS,
  accepted,
  alarms,
  answered,
  claimDue,
  event,
  mailBegun,
  onlyPiece,
  pieces,
  place,
  proofAll,
  reasonsOf,
  sending,
  sent,
  settle,
  sharedMachine,
  tell,
  turnClock,
  settleAll,
  tellAll,
} from '../rig.ts';

const rig = sharedMachine();

void test('a late event about a card that was given up moves nobody whose second card is on its way', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const first = await sent(sql, at, 2);
  const ids = first.pieces.map((piece) => `id of ${piece.mailpieceId}`);
  await tell(
    sql,
    at,
    ids.map((providerId) => event({ providerId, status: 'failed' })),
  );
  await retryAll(sql, at, 'failed_at_printer');
  await proofAll(sql, at);
  const second = await mailBegun(sql, at);
  await settleAll(sql, at, second);
  await tell(sql, at, [
    event({ providerId: ids[0] ?? null, status: 'in_production' }),
    event({ providerId: ids[1] ?? null, status: 'cancelled' }),
  ]);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (accepted)', p1: 'sent (accepted)' });
  assert.deepEqual((await pieces(sql, at)).map((piece) => piece.status).sort(), [
    'accepted',
    'accepted',
    'cancelled',
    'failed',
  ]);
});

void test('what was told with our reference before the printer had accepted the card counts when it has', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  const [piece] = batch.pieces;
  assert.ok(piece);
  await tell(sql, at, [event({ mailpieceId: piece.mailpieceId, status: 'delivered' })]);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sending (begun)' });
  await settle(sql, at, batch, [accepted(piece)]);
  assert.equal((await onlyPiece(sql, at)).status, 'delivered');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'received (scan)' });
});

void test('accepted without an id is unknown: such a card could be neither followed nor called back', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 3);
  const [a, b, c] = batch.pieces;
  assert.ok(a && b && c);
  const bare = ({ recipientId, mailpieceId }: typeof a) =>
    ({ recipientId, mailpieceId, outcome: 'accepted' }) as const;
  await settle(sql, at, batch, [bare(a), accepted(b, ''), accepted(c)], false);
  assert.deepEqual((await pieces(sql, at)).map((piece) => piece.status).sort(), [
    'accepted',
    'unknown',
    'unknown',
  ]);
  await turnClock(sql, QUIET_MS + 1000);
  const verdicts = (await claimDue(sql, at)).map((piece) => ({
    ...piece,
    outcome: 'found',
    keyLifetimeMs: null,
  }));
  assert.equal(verdicts.length, 2);
  await sql`
    select postrider.settle_reconciled(
      ${at.organizationId}, ${JSON.stringify(verdicts)}::text::json
    )`;
  assert.deepEqual(
    (await pieces(sql, at)).map((piece) => piece.status).sort(),
    ['accepted', 'unknown', 'unknown'],
    'found without an id is not found',
  );
});

void test('a word that nobody knows is kept, moves nobody and raises one alarm', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at, 3);
  const ids = batch.pieces.map((piece) => `id of ${piece.mailpieceId}`);
  await tell(sql, at, [
    ...ids.map((providerId) => event({ providerId, status: 'teleported' })),
    event({ providerId: ids[0] ?? null, status: 'unknown' }),
  ]);
  assert.deepEqual(await alarms(sql, at), ['unknown_status', 'unknown_status']);
  assert.deepEqual(
    new Set((await pieces(sql, at)).map((piece) => piece.status)),
    new Set(['accepted']),
  );
  const [row] = await sql`
    select count(*)::int as kept
    from postrider.mailpiece_event
    where organization_id = ${at.organizationId} and status is null`;
  assert.equal(row?.['kept'], 4);
});

void test('a card that failed after it was assumed to be there raises an alarm', async () => {
  const { sql } = rig;
  const at = await place(sql, { assumed_after: '10 days' });
  const batch = await sent(sql, at);
  await turnClock(sql, 11 * 86_400_000);
  await sql`select postrider.assume_received(${at.organizationId})`;
  for (const _ of [1, 2]) await tellAll(sql, at, batch, 'failed');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'received (assumed)' });
  assert.deepEqual(await alarms(sql, at), ['failed_after_received']);
  const [row] =
    await sql`select meaning from postrider.alarms where organization_id = ${at.organizationId}`;
  assert.equal(
    row?.['meaning'],
    'the printer says failed of a card whose person counts as received (assumed)',
  );
});

void test('a printer that cannot be used for a month does not overflow the count of attempts', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await sql`
    update postrider.recipient_state
    set attempt = 32767
    where organization_id = ${at.organizationId}`;
  await settleAll(sql, at, batch, (piece) => answered(piece, 'retry', { afterMs: 0 }));
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (retry)' });
});

void test("the story of a person is told in the order in which we learned of it, with the printer's own time beside", async () => {
  const { sql } = rig;
  const at = await place(sql);
  const {
    pieces: [piece],
  } = await sent(sql, at, 1);
  await tell(sql, at, [
    event(
      { providerId: `id of ${piece?.mailpieceId}`, status: 'delivered' },
      { occurredAt: '2031-01-02T03:04:05Z' },
    ),
  ]);
  const story = await sql<
    { what: string; detail: string }[]
  >`select what, detail from postrider.trace(${piece?.recipientId ?? ''})`;
  assert.deepEqual(
    story.slice(-2).map(({ what }) => what),
    ['mailpiece delivered', 'sent → received'],
  );
  assert.match(story.at(-2)?.detail ?? '', /at 2031-01-0\d .* by the clock of press/);
});
