/**
 * A card that is sent again only because its printer honours the key, and that is rejected now: by
 * the printer, or by this runner, which had something against it before anything was sent. Either
 * says nothing of the first request, and a card may exist: the printer is asked, and nobody gets
 * another key before it has told.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel } from '@postrider/core';
import { claimCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import type { MailSettlement } from '../../../packages/core/src/machine/mail.ts';
import type { Place } from '../../support/machine.ts';
import {
  alarms,
  answered,
  claimDue,
  DAY,
  idOf,
  mailBegun,
  one,
  onlyPiece,
  openCohorts,
  place,
  reasonsOf,
  settleAll,
  sharedMachine,
  turnClock,
} from '../rig.ts';
import { claimOne, conclude, toBeRepeated, verdict } from '../rig/reconcile.ts';

const rig = sharedMachine();

const rejections = [
  ['its artwork is not what was proofed', { badArtwork: true }],
  ['its address is not taken', { badAddress: true }],
  ['the card itself is not taken', {}],
] as const satisfies readonly (readonly [string, Partial<MailSettlement>])[];

/** What one person is sent is of this outcome. */
async function sentAgain(
  at: Place,
  outcome: 'rejected' | 'unknown',
  { isCancelled = false, ...rest }: Partial<MailSettlement> & { isCancelled?: boolean } = {},
): Promise<void> {
  const { sql } = rig;
  const batch = await mailBegun(sql, at);
  assert.equal(batch.pieces.length, 1);
  if (isCancelled) await cancel(sql, (await one(sql, at)).id);
  await settleAll(sql, at, batch, (piece) => answered(piece, outcome, rest));
}

async function rejectedInDoubt(over: Partial<MailSettlement>, isCancelled = false): Promise<Place> {
  const { sql } = rig;
  const at = await place(sql);
  await toBeRepeated(sql, at);
  await sentAgain(at, 'rejected', { ...over, isCancelled });
  const { state, reason } = await one(sql, at);
  assert.deepEqual(
    [state, reason, (await onlyPiece(sql, at)).status],
    ['sending', 'begun', 'unknown'],
  );
  assert.deepEqual(await openCohorts(sql, at), []);
  assert.deepEqual(await claimDue(sql, at), [], 'an answer may be late: not at once');
  await turnClock(sql, 31_000);
  return at;
}

for (const [why, over] of rejections)
  for (const isCancelled of [false, true])
    void test(`where ${why} when it is sent again, the card of the first request is found${isCancelled ? ', and called back for who was cancelled meanwhile' : ''}`, async () => {
      const { sql } = rig;
      const at = await rejectedInDoubt(over, isCancelled);
      const piece = await claimOne(sql, at);
      await conclude(sql, at, verdict(piece, 'found', { providerId: idOf(piece) }));
      assert.equal((await one(sql, at)).state, 'sent');
      const asked = await claimCallBacks(sql, at.organizationId, 10);
      assert.deepEqual(
        asked.map(({ providerId }) => providerId),
        isCancelled ? [idOf(piece)] : [],
      );
      assert.equal((await onlyPiece(sql, at)).status, 'accepted');
      assert.deepEqual(await alarms(sql, at), []);
    });

void test('a repeat that was rejected is not repeated again: where the printer cannot tell it is a matter for a person', async () => {
  const { sql } = rig;
  const at = await rejectedInDoubt({ badArtwork: true });
  for (let round = 0; round < 7; round += 1) {
    assert.equal((await one(sql, at)).state, 'sending', `round ${round}`);
    const piece = await claimOne(sql, at);
    await conclude(sql, at, verdict(piece, 'cannot_tell', { keyLifetimeMs: 30 * DAY }));
    await turnClock(sql, 900_000);
  }
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (outcome_unknown)' });
});

void test('once the printer has no card it is sent again with the same key, and a rejection counts', async () => {
  const { sql } = rig;
  const at = await rejectedInDoubt({ badAddress: true });
  await conclude(sql, at, verdict(await claimOne(sql, at), 'absent'));
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (proven_absent)' });
  await sentAgain(at, 'rejected', { badAddress: true });
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (bad_address)' });
  assert.equal((await onlyPiece(sql, at)).status, 'rejected');
});

void test('once the printer has no card it may be repeated as any other again', async () => {
  const { sql } = rig;
  const at = await rejectedInDoubt({});
  await conclude(sql, at, verdict(await claimOne(sql, at), 'absent'));
  await sentAgain(at, 'unknown');
  await turnClock(sql, 31_000);
  const piece = await claimOne(sql, at);
  await conclude(sql, at, verdict(piece, 'cannot_tell', { keyLifetimeMs: 30 * DAY }));
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (same_key_again)' });
});
