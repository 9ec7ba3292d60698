/**
 * A card whose document is no longer there: while nobody can have made it, its person gets a new
 * proof and a new mailpiece, at most once a day. Whoever may have a card waits, with the same key.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel } from '@postrider/core';
import type { Place } from '../../support/machine.ts';
import {
  answered,
  claimDue,
  DAY,
  mailBegun,
  one,
  onlyPiece,
  pieces,
  place,
  proofAll,
  proofed,
  reasonsOf,
  settleAll,
  sharedMachine,
  turnClock,
  unknownDue,
} from '../rig.ts';
import { claimOne, conclude, toBeRepeated, verdict } from '../rig/reconcile.ts';

const rig = sharedMachine();

/** What they are sent now has no document any more. Returns its key. */
async function sentWithoutDocument(at: Place, isCancelled = false): Promise<string> {
  const { sql } = rig;
  const batch = await mailBegun(sql, at);
  const [piece] = batch.pieces;
  assert.ok(piece !== undefined);
  if (isCancelled) await cancel(sql, piece.recipientId);
  await settleAll(sql, at, batch, (begun) =>
    answered(begun, 'retry', { artworkGone: true, message: 'it does not exist', afterMs: 60_000 }),
  );
  return piece.idempotencyKey;
}

void test('whose document is gone is proofed anew, with another mailpiece, and only once a day', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 1);
  const first = await sentWithoutDocument(at);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (artwork_gone)' });
  assert.equal((await one(sql, at)).detail, 'it does not exist');
  assert.equal((await onlyPiece(sql, at)).status, 'cancelled');

  await proofAll(sql, at);
  const second = await sentWithoutDocument(at);
  assert.notEqual(second, first);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (retry)' }, 'a host that loses all');
  await turnClock(sql, DAY);
  assert.equal(await sentWithoutDocument(at), second);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (artwork_gone)' });
  assert.deepEqual(
    (await pieces(sql, at)).map(({ status }) => status),
    ['cancelled', 'cancelled'],
  );
});

void test('who may have a card waits for the document, and keeps the key', async () => {
  const { sql } = rig;
  const doubtful = await place(sql);
  await toBeRepeated(sql, doubtful);
  const absent = await place(sql);
  await unknownDue(sql, absent);
  await conclude(sql, absent, verdict(await claimOne(sql, absent), 'absent'));
  for (const at of [doubtful, absent]) {
    const { key } = await onlyPiece(sql, at);
    await sentWithoutDocument(at);
    assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (retry)' });
    assert.equal((await one(sql, at)).detail, 'it does not exist');
    await turnClock(sql, 61_000);
    assert.equal((await mailBegun(sql, at)).pieces[0]?.idempotencyKey, key);
  }
});

void test('who is cancelled meanwhile is skipped, and asked for where there may be a card', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 1);
  await sentWithoutDocument(at, true);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (cancelled)' });
  const doubtful = await place(sql);
  await toBeRepeated(sql, doubtful);
  await sentWithoutDocument(doubtful, true);
  await turnClock(sql, 31_000);
  assert.equal((await claimDue(sql, doubtful)).length, 1);
});
