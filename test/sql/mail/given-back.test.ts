/**
 * A card that was not made is given back to the caps and the budget of its campaign; one that
 * exists all the same counts again.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign } from '@postrider/core';
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
  proofed,
  sending,
  sent,
  settle,
  settleAll,
  sharedMachine,
  tell,
  turnClock,
  type Sending,
} from '../rig.ts';

const rig = sharedMachine();
const budget = { budget_minor: 500, price_minor: 100, currency: 'USD' };

async function counted(at: Place): Promise<unknown[]> {
  const [row] = await rig.sql`
    select opened_on_day, opened_in_all, opened_minor::int
    from postrider.campaign_counter
    where organization_id = ${at.organizationId}`;
  return Object.values({ ...row });
}

async function more(at: Place, n: number): Promise<void> {
  await syncPeople(rig.sql, at, people(n, 'more'), false);
  await proofAll(rig.sql, at);
}

async function begun(at: Place): Promise<number> {
  return (await mailBegun(rig.sql, at)).pieces.length;
}

/** All of a batch: the first are rejected, the second is accepted and called back, one fails. */
async function unmade(at: Place, batch: Sending): Promise<void> {
  const [first, second, third] = batch.pieces;
  assert.ok(first && second && third);
  await settle(rig.sql, at, batch, [
    answered(first, 'rejected'),
    ...batch.pieces.slice(1).map((piece) => accepted(piece)),
  ]);
  await tell(rig.sql, at, [
    event({ providerId: idOf(second), status: 'cancelled' }),
    event({ providerId: idOf(third), status: 'failed' }),
  ]);
}

for (const [what, cap] of [
  ['a total cap', { total_cap: 5 }],
  ['a daily cap', { daily_cap: 5 }],
  ['a budget', budget],
] as const) {
  void test(`${what} lets others go in place of cards that were not made, and no more`, async () => {
    const at = await place(rig.sql, cap);
    await unmade(at, await sending(rig.sql, at, 5));
    await more(at, 8);
    assert.equal(await begun(at), 3);
    assert.deepEqual((await counted(at)).slice(0, 2), [5, 5]);
  });
}

void test('what was opened yesterday is given back to the total, and not to today', async () => {
  const at = await place(rig.sql, { daily_cap: 3, total_cap: 20 });
  const batch = await sending(rig.sql, at, 3);
  await turnClock(rig.sql, DAY);
  await unmade(at, batch);
  await more(at, 9);
  assert.equal(await begun(at), 3);
  assert.deepEqual((await counted(at)).slice(0, 2), [3, 3]);
});

void test('a card is given back at the price with which it was counted', async () => {
  const at = await place(rig.sql, budget);
  await unmade(at, await sending(rig.sql, at, 3));
  await applyCampaign(rig.sql, at.organizationId, definition({ ...budget, price_minor: 250 }));
  await more(at, 4);
  // Three at 100 were counted and are given back, so that two at 250 can be paid.
  assert.equal(await begun(at), 2);
  assert.deepEqual((await counted(at))[2], 500);
});

void test('a card that exists all the same counts again, beyond the cap, and lets nobody go', async () => {
  const at = await place(rig.sql, { total_cap: 3 });
  const batch = await sent(rig.sql, at, 3);
  const [first] = batch.pieces;
  assert.ok(first);
  await tell(rig.sql, at, [event({ providerId: idOf(first), status: 'cancelled' })]);
  await more(at, 5);
  assert.equal(await begun(at), 1);
  await tell(rig.sql, at, [event({ providerId: idOf(first), status: 'delivered' })]);
  await turnClock(rig.sql, DAY);
  assert.equal(await begun(at), 0);
  assert.equal((await counted(at))[1], 4);
});

void test('a campaign that is capped later counts only what was made', async () => {
  const at = await place(rig.sql);
  await unmade(at, await sending(rig.sql, at, 5));
  await applyCampaign(rig.sql, at.organizationId, definition({ total_cap: 4 }));
  assert.equal((await counted(at))[1], 2);
  await more(at, 5);
  assert.equal(await begun(at), 2);
});

void test('a card that somebody works on is given back by a later begin, and waited for by none', async () => {
  const at = await place(rig.sql, { total_cap: 2 });
  const batch = await sending(rig.sql, at, 2);
  await settleAll(rig.sql, at, batch, (piece) => answered(piece, 'rejected'));
  await proofed(rig.sql, at, 4);
  const [busy] = batch.pieces;
  assert.ok(busy);
  const other = rig.machine.connect(1);
  await other.begin(async (tx) => {
    await tx`
      select from postrider.mailpiece
      where organization_id = ${at.organizationId} and id = ${busy.mailpieceId}
      for no key update`;
    assert.equal(await begun(at), 1);
  });
  await turnClock(rig.sql, DAY);
  assert.equal(await begun(at), 1);
});
