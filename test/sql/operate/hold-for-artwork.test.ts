/**
 * Artwork that a printer rejects for several cards in a row is the campaign's fault: it is held,
 * and their people are no errors. One odd card is its own fault.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, release } from '@postrider/core';
import {
  beginMail,
  holdForArtwork,
  type MailSettlement,
} from '../../../packages/core/src/machine/mail.ts';
import { definition, people, syncPeople, type Place } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  accepted,
  alarms,
  answered,
  claimDue,
  mailBegun,
  pieces,
  place,
  proofAll,
  reasonsOf,
  sending,
  settle,
  sharedMachine,
  stage,
  standing,
  turnClock,
  type Sending,
} from '../rig.ts';
import { conclude, verdict } from '../rig/reconcile.ts';

const rig = sharedMachine();
const WHY = 'the printer rejects its artwork: wrong_size: 4.25 x 6.25 in is wanted';

function bad(piece: Sending['pieces'][number]): MailSettlement {
  return answered(piece, 'rejected', { badArtwork: true });
}

async function judged(at: Place, batch: Sending, inARow = 3) {
  return await holdForArtwork(rig.sql, {
    ...at,
    cohortId: batch.cohortId,
    mailpieceIds: batch.pieces.map(({ mailpieceId }) => mailpieceId),
    inARow,
    why: WHY,
  });
}

async function campaignOf(at: Place): Promise<[string, string | null]> {
  const [row] = await rig.sql<{ status: string; why: string | null }[]>`
    select status, held_why as why from postrider.campaign where id = ${at.campaignId}`;
  return [row?.status ?? '', row?.why ?? null];
}

/** A cohort that was staged, begun. */
async function begunOf(at: Place, cohortId = ''): Promise<Sending> {
  const begun = await beginMail(rig.sql, { ...at, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS });
  return { cohortId, pieces: begun?.pieces ?? [] };
}

/** `n` cards that are rejected for their artwork, of `all` people who are proofed. */
async function refusedOf(at: Place, n: number, all = n): Promise<Sending> {
  const { sql } = rig;
  await syncPeople(sql, at, people(all));
  await proofAll(sql, at);
  const [id] = await stage(sql, at, 'mail', 1, n);
  const batch = await begunOf(at, id);
  await settle(sql, at, batch, batch.pieces.map(bad));
  return batch;
}

void test('three in a row hold the campaign once, with one alarm; who was refused goes back, and no attempt counts', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await refusedOf(at, 3);
  assert.equal(await judged(at, batch), 'held');
  assert.deepEqual(await campaignOf(at), ['paused', WHY]);
  assert.deepEqual(await alarms(sql, at), ['campaign_refused']);
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['pending (artwork_rejected)']),
  );
  assert.deepEqual(
    (await standing(sql, at)).map(({ attempt }) => attempt),
    [0, 0, 0],
  );
  assert.equal(await judged(at, batch), 'waits');
  assert.equal(
    (
      await sql`select from postrider.intervention where action = 'hold'
    and campaign_id = ${at.campaignId}`
    ).length,
    1,
  );
});

void test('fewer are the fault of their cards: they stay in error', async () => {
  const at = await place(rig.sql);
  const batch = await refusedOf(at, 2);
  assert.equal(await judged(at, batch), 'stands');
  assert.deepEqual(await campaignOf(at), ['active', null]);
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(rig.sql, at))),
    new Set(['error (rejected)']),
  );
});

void test('they add up over the cohorts of a campaign', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batches: Sending[] = [];
  for (let n = 1; n <= 3; n += 1) {
    const batch = await sending(sql, at, people(n));
    await settle(sql, at, batch, batch.pieces.map(bad));
    batches.push(batch);
    assert.equal(await judged(at, batch), n < 3 ? 'stands' : 'held');
  }
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['pending (artwork_rejected)']),
  );
});

void test('a card that was accepted between, or beside them, makes it the fault of these cards', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const first = await sending(sql, at, people(2));
  await settle(sql, at, first, first.pieces.map(bad));
  const second = await sending(sql, at, people(3));
  await settle(
    sql,
    at,
    second,
    second.pieces.map((piece) => accepted(piece)),
  );
  const third = await sending(sql, at, people(5));
  await settle(sql, at, third, third.pieces.map(bad));
  assert.equal(await judged(at, third), 'stands');
  const beside = await place(sql);
  const batch = await sending(sql, beside, 4);
  await settle(
    sql,
    beside,
    batch,
    batch.pieces.map((piece, i) => (i === 1 ? accepted(piece) : bad(piece))),
  );
  assert.equal(await judged(beside, batch), 'stands');
});

void test('other rejections do not count', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 3);
  await settle(
    sql,
    at,
    batch,
    batch.pieces.map((piece) => answered(piece, 'rejected')),
  );
  assert.equal(await judged(at, batch), 'stands');
});

void test('a refusal that is older than the release holds nothing again, and its people go back', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(6));
  await proofAll(sql, at);
  const ids = await stage(sql, at, 'mail', 2, 3);
  const batches: Sending[] = [];
  for (const id of ids) batches.push(await begunOf(at, id));
  const [early, late] = batches;
  assert.ok(early && late);
  await settle(sql, at, early, early.pieces.map(bad));
  assert.equal(await judged(at, early), 'held');
  await release(sql, { ...at, kind: 'campaign', id: at.campaignId }, 'mended');
  assert.deepEqual(
    await (async () =>
      (await sql`select from postrider.alarms where organization_id = ${at.organizationId}`)
        .length)(),
    0,
  );
  await settle(sql, at, late, late.pieces.map(bad));
  assert.equal(await judged(at, late), 'waits');
  assert.deepEqual(await campaignOf(at), ['active', null]);
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['pending (artwork_rejected)']),
  );
});

void test('a refusal that is older than a changed campaign file holds nothing, and its people go back', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await refusedOf(at, 3);
  await applyCampaign(sql, at.organizationId, definition({ template: 'mended' }));
  assert.equal(await judged(at, batch), 'waits');
  assert.deepEqual(await campaignOf(at), ['active', null]);
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['pending (artwork_rejected)']),
  );
});

void test('proofs that were made before are made anew before they are sent, and get a new mailpiece', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await refusedOf(at, 3, 5);
  // One of the two who wait has an open piece that was never in doubt.
  const waiting = await mailBegun(sql, at);
  const [first, second] = waiting.pieces;
  assert.ok(first && second);
  await settle(sql, at, waiting, [
    answered(first, 'retry', { afterMs: 0 }),
    answered(second, 'refused'),
  ]);
  assert.equal(await judged(at, batch), 'held');
  await release(sql, { ...at, kind: 'campaign', id: at.campaignId }, 'mended');
  await turnClock(sql, 60_000);
  const none = await mailBegun(sql, at);
  assert.deepEqual(none.pieces, []);
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['pending (artwork_rejected)']),
  );
  await proofAll(sql, at);
  const again = await mailBegun(sql, at);
  assert.equal(again.pieces.length, 5);
  const old = new Set(
    [...batch.pieces, ...waiting.pieces].map(({ idempotencyKey }) => idempotencyKey),
  );
  assert.ok(again.pieces.every(({ idempotencyKey }) => !old.has(idempotencyKey)));
  await settle(
    sql,
    at,
    again,
    again.pieces.map((piece) => accepted(piece)),
  );
  assert.deepEqual((await pieces(sql, at)).filter(({ status }) => status === 'accepted').length, 5);
});

void test('a card of which nobody knew for a time keeps its piece: it may exist', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(4));
  await proofAll(sql, at);
  const doubt = await begunOf(at, (await stage(sql, at, 'mail', 1, 1))[0]);
  await settle(
    sql,
    at,
    doubt,
    doubt.pieces.map((piece) => answered(piece, 'unknown')),
  );
  const batch = await begunOf(at, (await stage(sql, at, 'mail', 1, 3))[0]);
  await settle(sql, at, batch, batch.pieces.map(bad));
  assert.equal(await judged(at, batch), 'held');
  await turnClock(sql, 60_000);
  await conclude(sql, at, verdict((await claimDue(sql, at))[0] ?? assert.fail(), 'absent'));
  await release(sql, { ...at, kind: 'campaign', id: at.campaignId });
  const again = await mailBegun(sql, at);
  assert.deepEqual(
    again.pieces.map(({ idempotencyKey }) => idempotencyKey),
    doubt.pieces.map(({ idempotencyKey }) => idempotencyKey),
  );
});
