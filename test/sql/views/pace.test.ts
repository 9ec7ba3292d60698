/** How fast a campaign goes, when it will be done, and why it will not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goLive } from '@postrider/core';
import { campaignProgress } from '../../../packages/core/src/machine/progress.ts';
import { hold, release } from '../../../packages/core/src/machine/operate.ts';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import {
  DAY,
  RUNNER,
  accepted,
  answered,
  emailOnly,
  event,
  firstOf,
  idOf,
  mailBegun,
  one,
  place,
  proofAll,
  proofed,
  sending,
  settle,
  settleAll,
  sharedMachine,
  tell,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();
const HOUR = 3_600_000;

interface Pace {
  readonly last_hour: number;
  readonly last_day: number;
  readonly per_hour: number | null;
  readonly waiting: number;
  readonly held: number;
  readonly beyond_caps: number;
  readonly hours: number | null;
  readonly standing_still: string | null;
}

async function pace(at: Place): Promise<Pace> {
  await rig.sql`select postrider.heartbeat(${RUNNER}, 'laptop:4711', 2, 4, '0.1.0')`;
  const [row] = await rig.sql<Pace[]>`
    select last_hour::int, last_day::int, cards_per_hour::float8 as per_hour, waiting::int,
      held::int, beyond_caps::int, standing_still,
      round(extract(epoch from done_at - postrider.now()) / 3600, 1)::float8 as hours
    from postrider.pace
    where organization_id = ${at.organizationId}
      and campaign_id = ${at.campaignId}`;
  return row ?? assert.fail('no such campaign');
}

/** `n` people of whom `mailed` were accepted half an hour ago. */
async function underWay(at: Place, mailed: number, n: number): Promise<void> {
  await settleAll(rig.sql, at, await sending(rig.sql, at, people(mailed, 'mailed')));
  await syncPeople(rig.sql, at, people(n, 'waits'), false);
  await turnClock(rig.sql, HOUR / 2);
}

void test('the pace is what the printer accepted in the last hour, or since the first card of it', async () => {
  const at = await place(rig.sql);
  await underWay(at, 10, 30);
  const now = await pace(at);
  assert.deepEqual([now.last_hour, now.last_day, now.waiting], [10, 10, 30]);
  assert.ok(now.per_hour !== null && Math.abs(now.per_hour - 20) < 0.5, `${now.per_hour}`);
  assert.equal(now.hours, 1.5);
  await turnClock(rig.sql, 4.5 * HOUR);
  const later = await pace(at);
  assert.deepEqual([later.last_hour, later.last_day], [0, 10]);
  assert.ok(later.per_hour !== null && Math.abs(later.per_hour - 2) < 0.1, `${later.per_hour}`);
  await turnClock(rig.sql, DAY);
  const dead = await pace(at);
  assert.deepEqual(
    [dead.hours, dead.standing_still],
    [null, 'the printer has accepted no card in the last day'],
  );
});

void test('where all cards are held back it is told until when', async () => {
  const at = await place(rig.sql, { hold_back_minutes: 90 });
  await syncPeople(rig.sql, at, people(3));
  await proofAll(rig.sql, at);
  const held = await pace(at);
  assert.equal(held.hours, null);
  assert.match(
    held.standing_still ?? '',
    /^all are held back on purpose, the first until \d{4}-\d\d-\d\d \d\d:\d\d.* for nothing$/,
  );
  await syncPeople(rig.sql, at, people(1, 'deferred'), false);
  await rig.sql`
    update postrider.recipient_state set available_at = postrider.now() + interval '1 hour'
    where recipient_id = ${(await one(rig.sql, at, 'deferred0')).id}`;
  assert.match((await pace(at)).standing_still ?? '', /^nobody who waits goes before \d{4}-/);
  await turnClock(rig.sql, 2 * HOUR);
  assert.equal((await pace(at)).standing_still, 'the printer has accepted no card in the last day');
});

void test('cards that the printer refuses, or asks to be tried again, are no pace', async () => {
  const at = await place(rig.sql);
  const batch = await sending(rig.sql, at, 6);
  await settle(
    rig.sql,
    at,
    batch,
    batch.pieces.map((piece, n) =>
      n === 0 ? accepted(piece) : answered(piece, n < 3 ? 'rejected' : 'retry', { afterMs: 0 }),
    ),
  );
  const again = await mailBegun(rig.sql, at);
  await settleAll(rig.sql, at, again, (piece) => answered(piece, 'retry', { afterMs: 0 }));
  // What a repeated answer tells was counted.
  await settle(
    rig.sql,
    at,
    batch,
    batch.pieces.slice(0, 1).map((piece) => accepted(piece)),
  );
  assert.deepEqual((await pace(at)).last_hour, 1);
});

void test('what the printer took as a test counts neither as pace nor as mailed, once it is live', async () => {
  const at = await place(rig.sql, {}, 'test');
  const batch = await sending(rig.sql, at, 4);
  await settleAll(rig.sql, at, batch);
  await tell(rig.sql, at, [event({ providerId: idOf(firstOf(batch)), status: 'delivered' })]);
  const counted = async (): Promise<(number | undefined)[]> => {
    const [there] = await campaignProgress(rig.sql, [at.campaignId]);
    return [(await pace(at)).last_hour, there?.mailed, there?.received];
  };
  assert.deepEqual(await counted(), [4, 4, 1]);
  await goLive(rig.sql, at);
  assert.deepEqual(await counted(), [0, 0, 0]);
  await proofAll(rig.sql, at);
  await settleAll(rig.sql, at, await mailBegun(rig.sql, at));
  assert.deepEqual(await counted(), [4, 4, 0]);
});

void test('a card that was accepted and then not made is not mailed, before and after going live', async () => {
  const at = await place(rig.sql, {}, 'test');
  const batch = await sending(rig.sql, at, 3);
  await settleAll(rig.sql, at, batch);
  const mailed = async (): Promise<number | undefined> =>
    (await campaignProgress(rig.sql, [at.campaignId]))[0]?.mailed;
  assert.equal(await mailed(), 3);
  const [failed, cancelled] = batch.pieces;
  assert.ok(failed !== undefined && cancelled !== undefined);
  await tell(rig.sql, at, [
    event({ providerId: idOf(failed), status: 'failed' }),
    event({ providerId: idOf(cancelled), status: 'cancelled' }),
  ]);
  assert.equal(await mailed(), 1);
  await goLive(rig.sql, at);
  assert.equal(await mailed(), 0);
});

void test("a cap of the day makes it take days, by the organization's midnight", async () => {
  const at = await place(rig.sql, { daily_cap: 10 });
  await noon(at);
  await underWay(at, 10, 25);
  const [row] = await rig.sql<{ wanted: Date }[]>`
    select
      -- 10 today are used up; 10 tomorrow, 10 the day after, and 5 on the third.
      (((postrider.now() at time zone o.time_zone)::date + 3)::timestamp at time zone o.time_zone
        + 5 / p.cards_per_hour::float8 * interval '1 hour') as wanted
    from postrider.pace p
    join postrider.organization o on o.id = p.organization_id
    where p.campaign_id = ${at.campaignId} and p.organization_id = ${at.organizationId}`;
  await pace(at);
  const done = await doneAt(at);
  assert.ok(done !== null && row !== undefined);
  assert.ok(Math.abs(row.wanted.getTime() - done.getTime()) < 5 * 60_000, done.toISOString());
});

/** Turns the clock to the organization's next noon: half an hour later it is the same day. */
async function noon({ organizationId }: Place): Promise<void> {
  const [row] = await rig.sql<{ ms: number }[]>`
    select 1000 * extract(epoch from
      ((postrider.now() at time zone o.time_zone)::date + interval '36 hours')
        at time zone o.time_zone - postrider.now())::float8 as ms
    from postrider.organization o
    where o.id = ${organizationId}`;
  await turnClock(rig.sql, row?.ms ?? 0);
}

async function doneAt(at: Place): Promise<Date | null> {
  const [row] = await rig.sql<{ done_at: Date | null }[]>`
    select done_at from postrider.pace
    where organization_id = ${at.organizationId} and campaign_id = ${at.campaignId}`;
  return row?.done_at ?? null;
}

void test('who is deferred is not done before their time', async () => {
  const at = await place(rig.sql);
  await underWay(at, 10, 5);
  await rig.sql`
    update postrider.recipient_state
    set available_at = postrider.now() + interval '30 days'
    where organization_id = ${at.organizationId}
      and recipient_id = ${(await one(rig.sql, at, 'waits0')).id}`;
  assert.equal((await pace(at)).hours, 720);
});

void test('a budget or a total cap that ends before the people do is said, with for how many', async () => {
  const budget = { budget_minor: 1500, price_minor: 100, currency: 'USD' };
  const at = await place(rig.sql, budget);
  await underWay(at, 10, 30);
  const poor = await pace(at);
  assert.deepEqual(
    [poor.hours, poor.beyond_caps, poor.standing_still],
    [null, 25, 'the budget does not last for 25 of the 30 who wait'],
  );
  const capped = await place(rig.sql, { total_cap: 12 });
  await underWay(capped, 10, 5);
  assert.equal(
    (await pace(capped)).standing_still,
    'the total cap leaves no card for 3 of the 5 who wait',
  );
});

void test('a card that is reserved already needs nothing more of a budget', async () => {
  const at = await place(rig.sql, { total_cap: 4 });
  await settleAll(rig.sql, at, await sending(rig.sql, at, people(2, 'mailed')));
  await syncPeople(rig.sql, at, people(2, 'waits'), false);
  await proofAll(rig.sql, at);
  await mailBegun(rig.sql, at);
  await turnClock(rig.sql, 60_000);
  const now = await pace(at);
  assert.deepEqual([now.waiting, now.beyond_caps, now.standing_still], [2, 0, null]);
});

void test('who stands still is told why', async () => {
  const at = await place(rig.sql);
  assert.equal((await pace(at)).standing_still, 'nobody waits');
  await underWay(at, 4, 1);
  assert.equal((await pace(at)).standing_still, null);
  const person = await one(rig.sql, at, 'waits0');
  await hold(rig.sql, { ...at, kind: 'recipient', id: person.id }, 'wait');
  const alone = await pace(at);
  assert.deepEqual(
    [alone.waiting, alone.held, alone.standing_still],
    [0, 1, 'nobody waits but those who are held one by one'],
  );
  await release(rig.sql, { ...at, kind: 'recipient', id: person.id });
  for (const [kind, id, words] of [
    ['organization', at.organizationId, 'the organization is held: why'],
    ['campaign', at.campaignId, 'the campaign is held: why'],
    ['printer', 'press', 'the printer is held: why'],
  ] as const) {
    const target = { ...at, kind, id };
    await hold(rig.sql, target, 'why');
    const now = await pace(at);
    assert.deepEqual([now.hours, now.standing_still], [null, words]);
    await release(rig.sql, target);
  }
  await rig.sql`delete from postrider.runner`;
  const [row] = await rig.sql`
    select standing_still from postrider.pace
    where organization_id = ${at.organizationId} and campaign_id = ${at.campaignId}`;
  assert.equal(row?.['standing_still'], 'no runner is alive');
});

void test('people without an address are counted apart', async () => {
  const at = await place(rig.sql);
  await proofed(rig.sql, at, 2);
  await syncPeople(
    rig.sql,
    at,
    ['a', 'b', 'c'].map((id, n) => emailOnly(id, n + 3)),
    false,
  );
  const [row] = await rig.sql`
    select waiting::int, without_address::int from postrider.pace
    where organization_id = ${at.organizationId} and campaign_id = ${at.campaignId}`;
  assert.deepEqual({ ...row }, { waiting: 2, without_address: 3 });
});
