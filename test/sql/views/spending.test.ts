/** What is spent, reserved and left: as begin counts, and as it lets go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, cancel, goLive, retry } from '@postrider/core';
import { definition, people, syncPeople, type Place } from '../../support/machine.ts';
import {
  DAY,
  accepted,
  answered,
  event,
  idOf,
  mailBegun,
  place,
  proofAll,
  sending,
  sent,
  settle,
  settleAll,
  sharedMachine,
  tell,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();
const budget = { budget_minor: 1000, price_minor: 90, currency: 'USD' };

async function spending(at: Place): Promise<Record<string, unknown>> {
  const [row] = await rig.sql`
    select opened, made::int, not_made::int, reserved::int, spent_minor::int, reserved_minor::int,
      left_minor::int, total_left, day_used, day_left,
      cards_left_today::int
    from postrider.spending
    where organization_id = ${at.organizationId}
      and campaign_id = ${at.campaignId}`;
  return { ...row };
}

void test('a card is reserved until the printer answers, spent when it has it, and neither when it refuses', async () => {
  const at = await place(rig.sql, { ...budget, daily_cap: 9, total_cap: 20 });
  const batch = await sending(rig.sql, at, 4);
  const atPrinter = await spending(at);
  assert.deepEqual(
    [atPrinter['reserved'], atPrinter['reserved_minor'], atPrinter['spent_minor']],
    [4, 360, 0],
  );
  const [first, second, third, fourth] = batch.pieces;
  assert.ok(first && second && third && fourth);
  await settle(rig.sql, at, batch, [
    accepted(first),
    answered(second, 'rejected'),
    answered(third, 'retry'),
    answered(fourth, 'unknown'),
  ]);
  assert.deepEqual(await spending(at), {
    opened: 3,
    made: 1,
    not_made: 1,
    reserved: 2,
    spent_minor: 90,
    reserved_minor: 180,
    left_minor: 730,
    total_left: 17,
    day_used: 3,
    day_left: 6,
    cards_left_today: 6,
  });
});

void test('a card that was called back, or that the printer failed to make, is not spent', async () => {
  const at = await place(rig.sql, budget);
  const batch = await sent(rig.sql, at, 3);
  const [first, second] = batch.pieces;
  assert.ok(first && second);
  assert.equal((await spending(at))['spent_minor'], 270);
  await tell(rig.sql, at, [
    event({ providerId: idOf(first), status: 'cancelled' }),
    event({ providerId: idOf(second), status: 'failed' }),
  ]);
  const now = await spending(at);
  assert.deepEqual(
    [now['opened'], now['made'], now['not_made'], now['spent_minor'], now['left_minor']],
    [1, 1, 2, 90, 910],
  );
});

void test('what is left is what begin lets go: also after refusals, and on the next day', async () => {
  const at = await place(rig.sql, { ...budget, budget_minor: 540, daily_cap: 4 });
  const batch = await sending(rig.sql, at, 3);
  await settleAll(rig.sql, at, batch, (piece) => answered(piece, 'rejected'));
  for (const { recipientId } of batch.pieces) await retry(rig.sql, recipientId);
  await syncPeople(rig.sql, at, people(9, 'more'), false);
  await proofAll(rig.sql, at);
  for (const left of [4, 2, 0]) {
    assert.equal((await spending(at))['cards_left_today'], left);
    const begun = await mailBegun(rig.sql, at);
    assert.equal(begun.pieces.length, left);
    if (left > 0) await settleAll(rig.sql, at, begun);
    await turnClock(rig.sql, DAY);
  }
});

void test('a price that changes leaves what was spent, and a card taken back is taken at the average', async () => {
  const at = await place(rig.sql, { ...budget, price_minor: 100 });
  await sent(rig.sql, at, 4);
  await applyCampaign(rig.sql, at.organizationId, definition({ ...budget, price_minor: 50 }));
  const now = await spending(at);
  assert.deepEqual(
    [now['spent_minor'], now['left_minor'], now['cards_left_today']],
    [400, 600, 12],
  );
});

void test('a campaign without a cap has its cards counted, and no money', async () => {
  const at = await place(rig.sql);
  const batch = await sending(rig.sql, at, 3);
  await settle(
    rig.sql,
    at,
    batch,
    batch.pieces.map((piece, n) => (n === 0 ? answered(piece, 'rejected') : accepted(piece))),
  );
  assert.deepEqual(await spending(at), {
    opened: null,
    made: 2,
    not_made: 1,
    reserved: null,
    spent_minor: null,
    reserved_minor: null,
    left_minor: null,
    total_left: null,
    day_used: null,
    day_left: null,
    cards_left_today: null,
  });
});

void test('a cancel by hand before the printer reserves nothing', async () => {
  const at = await place(rig.sql, budget);
  const batch = await sending(rig.sql, at, 2);
  await settleAll(rig.sql, at, batch, (piece) => answered(piece, 'retry'));
  const [piece] = batch.pieces;
  assert.ok(piece);
  await cancel(rig.sql, piece.recipientId);
  const now = await spending(at);
  assert.deepEqual([now['reserved'], now['not_made'], now['left_minor']], [1, 1, 910]);
});

void test('after a test went live, it is as if nothing had been spent, also where it is counted anew', async () => {
  const limits = { ...budget, daily_cap: 9, total_cap: 20 };
  const untouched = await spending(await place(rig.sql, limits));
  const at = await place(rig.sql, limits, 'test');
  const batch = await sending(rig.sql, at, 5);
  const [first, second, third, fourth, fifth] = batch.pieces;
  assert.ok(first && second && third && fourth && fifth);
  await settle(rig.sql, at, batch, [
    accepted(first),
    accepted(second),
    answered(third, 'rejected'),
    answered(fourth, 'retry'),
    answered(fifth, 'rejected'),
  ]);
  await tell(rig.sql, at, [
    event({ providerId: idOf(first), status: 'delivered' }),
    event({ providerId: idOf(second), status: 'failed' }),
  ]);
  assert.deepEqual([(await spending(at))['opened'], (await spending(at))['left_minor']], [2, 820]);
  await goLive(rig.sql, at);
  assert.deepEqual(await spending(at), untouched);
  const dearer = { ...limits, price_minor: 100 };
  await applyCampaign(rig.sql, at.organizationId, definition(dearer));
  assert.deepEqual(await spending(at), await spending(await place(rig.sql, dearer)));
  // And live cards are spent from there.
  await proofAll(rig.sql, at);
  await settleAll(rig.sql, at, await mailBegun(rig.sql, at));
  const live = await spending(at);
  assert.deepEqual([live['opened'], live['made'], live['spent_minor']], [5, 5, 500]);
});
