/**
 * A request is repeated for the sake of its key only while the printer remembers the key, counted
 * from the first request: afterwards a repeat is a second card. The clock is turned.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Place } from '../../support/machine.ts';
import {
  DAY,
  LEASE_MS,
  accepted,
  answered,
  claimDue,
  cohort,
  mailBegun,
  one,
  onlyPiece,
  place,
  reasonsOf,
  sending,
  settle,
  settleAll,
  sharedMachine,
  turnClock,
  unknownDue,
  type Sending,
} from '../rig.ts';
import { claimOne, conclude, verdict } from '../rig/reconcile.ts';

const rig = sharedMachine();
const HOUR = 3_600_000;

/** The printer cannot tell, and honours keys for so long; returns who is where. */
async function cannotTell(at: Place, keyLifetimeMs: number | null = DAY): Promise<string> {
  const piece = await claimOne(rig.sql, at);
  await conclude(rig.sql, at, verdict(piece, 'cannot_tell', { keyLifetimeMs }));
  return (await reasonsOf(rig.sql, at))['p0'] ?? '';
}

/** One person in `proofed`, to be sent again since the printer honours the key. */
async function toBeRepeated(at: Place): Promise<Sending> {
  const batch = await unknownDue(rig.sql, at);
  assert.equal(await cannotTell(at), 'proofed (same_key_again)');
  return batch;
}

for (const [life, shift, isSafe] of [
  [DAY, 23 * HOUR - 60_000, true],
  [DAY, 23 * HOUR + 1000, false],
  [DAY, 25 * HOUR, false],
  // Of a short life half of it is left for clocks that differ.
  [10 * 60_000, 4 * 60_000, true],
  [10 * 60_000, 5 * 60_000 + 1000, false],
  [null, 0, false],
] as const)
  void test(`of a key that lives ${life ?? 0} ms a repeat is ${isSafe ? 'safe' : 'not safe'} ${shift} ms after the first request`, async () => {
    const at = await place(rig.sql);
    const batch = await sending(rig.sql, at);
    await settleAll(rig.sql, at, batch, (piece) => answered(piece, 'unknown'));
    await turnClock(rig.sql, Math.max(shift, 31_000));
    assert.equal(
      await cannotTell(at, life),
      isSafe ? 'proofed (same_key_again)' : 'sending (begun)',
    );
  });

/** Settled at a moment that is given, so long after the piece was opened. */
async function settledAt(at: Place, ageMs: number): Promise<string> {
  const { sql } = rig;
  await unknownDue(sql, at);
  const piece = await claimOne(sql, at);
  const verdicts = [verdict(piece, 'cannot_tell', { keyLifetimeMs: DAY })];
  // In one message of the client: for so long somebody acts as mail.
  await sql.unsafe(`
    select postrider.act_as('mail');
    select postrider.settle_unknown(
      organization_id, '${JSON.stringify(verdicts)}', 8, opened_at + interval '${ageMs} ms')
    from postrider.mailpiece
    where organization_id = '${at.organizationId}'`);
  return (await reasonsOf(sql, at))['p0'] ?? '';
}

void test('exactly an hour before its end a key counts as dead, and a millisecond earlier it does not', async () => {
  assert.equal(await settledAt(await place(rig.sql), 23 * HOUR), 'sending (begun)');
  assert.equal(await settledAt(await place(rig.sql), 23 * HOUR - 1), 'proofed (same_key_again)');
});

void test('the life of a key is counted from the first request, not from the last', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await toBeRepeated(at);
  await turnClock(sql, 20 * HOUR);
  // Sent again in time, and again nobody knows.
  const again = await mailBegun(sql, at);
  assert.equal(again.pieces.length, 1);
  await settleAll(sql, at, again, (piece) => answered(piece, 'unknown'));
  await turnClock(sql, 4 * HOUR);
  assert.equal(await cannotTell(at), 'sending (begun)');
});

void test('who is to be sent again and waited longer than the key lives is not sent: the printer is asked first', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await toBeRepeated(at);
  await turnClock(sql, DAY);
  const again = await mailBegun(sql, at);
  assert.deepEqual(again.pieces, []);
  const piece = await onlyPiece(sql, at);
  assert.deepEqual([piece.id, piece.status], [batch.pieces[0]?.mailpieceId, 'unknown']);
  assert.equal((await one(sql, at)).state, 'sending');
  assert.equal((await cohort(sql, again.cohortId)).closedWhy, 'empty');
  // It is asked for at once: the last request was long ago.
  await conclude(sql, at, verdict((await claimDue(sql, at))[0] ?? assert.fail(), 'absent'));
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (proven_absent)' });
  // What is proven absent needs no key.
  const third = await mailBegun(sql, at);
  assert.deepEqual(
    third.pieces.map(({ mailpieceId, idempotencyKey }) => [mailpieceId, idempotencyKey]),
    batch.pieces.map(({ mailpieceId, idempotencyKey }) => [mailpieceId, idempotencyKey]),
  );
  assert.deepEqual(
    third.pieces.map(({ repeatForMs }) => repeatForMs),
    [null],
  );
});

void test('a 429 of the repeat does not prove that the first request made nothing', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await toBeRepeated(at);
  const again = await mailBegun(sql, at);
  await settleAll(sql, at, again, (piece) => answered(piece, 'retry', { afterMs: 1000 }));
  await turnClock(sql, DAY);
  assert.deepEqual((await mailBegun(sql, at)).pieces, []);
  assert.equal((await onlyPiece(sql, at)).status, 'unknown');
});

void test('a key that would die within the lease is not used, and one that lives says how long', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await toBeRepeated(at);
  await turnClock(sql, 23 * HOUR - LEASE_MS / 2);
  assert.deepEqual((await mailBegun(sql, at)).pieces, []);
  const other = await place(sql);
  await toBeRepeated(other);
  const [piece] = (await mailBegun(sql, other)).pieces;
  assert.ok((piece?.repeatForMs ?? 0) > 22 * HOUR && (piece?.repeatForMs ?? 0) < 23 * HOUR);
});

void test('beside a card whose key is too old the others of its cohort are sent', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await unknownDue(sql, at, 2);
  const [old, young] = await claimDue(sql, at);
  assert.ok(old && young && batch.pieces.length === 2);
  await conclude(
    sql,
    at,
    verdict(old, 'cannot_tell', { keyLifetimeMs: DAY }),
    verdict(young, 'absent'),
  );
  await turnClock(sql, DAY);
  const again = await mailBegun(sql, at);
  assert.deepEqual(
    again.pieces.map(({ mailpieceId }) => mailpieceId),
    [young.mailpieceId],
  );
  await settle(
    sql,
    at,
    again,
    again.pieces.map((piece) => accepted(piece)),
  );
  assert.equal((await cohort(sql, again.cohortId)).closedWhy, 'done');
});
