/**
 * Whose turn it is when cohorts are staged: between organizations, campaigns and people who lost a
 * lease.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { applyCampaign, launch } from '@postrider/core';
import { stageCampaigns } from '../../../packages/core/src/machine/cohorts.ts';
import {
  broken,
  definition,
  freshMachine,
  launched,
  people,
  syncPeople,
  type Place,
} from '../../support/machine.ts';
import { openCohorts, place, proofAll, sharedMachine, stage, standing, statesOf } from '../rig.ts';

const rig = sharedMachine();

/** How many open cohorts each place has. */
async function spread(sql: postgres.Sql, places: readonly Place[]): Promise<number[]> {
  return await Promise.all(
    places.map(async (at) => {
      const [row] = await sql<{ n: number }[]>`
        select count(*)::int as n
        from postrider.cohort
        where campaign_id = ${at.campaignId} and closed_at is null`;
      return row?.n ?? 0;
    }),
  );
}

void test('who lost a lease travels alone, and such cohorts get at most a quarter of the places', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(60));
  await sql`
    update postrider.recipient_state
    set losses = 1
    where organization_id = ${at.organizationId}
      and recipient_id in (
        select id
        from postrider.recipient
        where organization_id = ${at.organizationId}
          and external_id in ('p3', 'p7', 'p11', 'p20', 'p30')
      )`;
  await stage(sql, at, 'proof', 8, 5);
  const cohorts = await openCohorts(sql, at);
  const losers = (await standing(sql, at)).filter(
    (person) => person.losses > 0 && person.state === 'proofing_staged',
  );
  assert.equal(cohorts.length, 8);
  assert.equal(losers.length, 2, 'a quarter of eight');
  for (const loser of losers)
    assert.equal(cohorts.find((cohort) => cohort.id === loser.cohortId)?.people, 1);
  assert.deepEqual(
    cohorts
      .filter((cohort) => !losers.some((loser) => loser.cohortId === cohort.id))
      .map((cohort) => cohort.people),
    [5, 5, 5, 5, 5, 5],
  );
});

void test('where only people who lost a lease are ready, they get all the places, each alone', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(6));
  await sql`
    update postrider.recipient_state set losses = 2 where organization_id = ${at.organizationId}`;
  await stage(sql, at, 'proof', 4, 50);
  assert.deepEqual(
    (await openCohorts(sql, at)).map((cohort) => cohort.people),
    [1, 1, 1, 1],
  );
});

void test('where one place is free at a time, people who lost a lease do not keep the others out', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(40));
  await sql`
    update postrider.recipient_state
    set losses = 1, available_at = available_at - interval '1 hour'
    where organization_id = ${at.organizationId}
      and recipient_id in (
        select id
        from postrider.recipient
        where organization_id = ${at.organizationId}
        order by external_id
        limit 20
      )`;
  let others = 0;
  for (let round = 0; round < 8; round += 1) {
    await stage(sql, at, 'proof', 1, 5);
    others = (await standing(sql, at)).filter(
      (person) => person.losses === 0 && person.state === 'proofing_staged',
    ).length;
  }
  assert.ok(others >= 20, `of eight places the others got ${others / 5}, not at least four`);
});

void test('places that the others do not need are for people who lost a lease, at once', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql, {}, 'Alone');
  await syncPeople(sql, at, people(8));
  await sql`update postrider.recipient_state set losses = 1 where recipient_id in (
    select id from postrider.recipient where external_id <> all ('{p0,p1}'))`;
  // A quarter of eight are two; one is for the others, and nobody else wants the rest.
  const { cohorts, again } = await stageCampaigns(sql, 'proof', { window: 8, size: 5 });
  assert.deepEqual([cohorts, again], [7, true]);
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['proofing_staged']));
});

void test('the window bounds the open cohorts of a stage over all organizations', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const first = await launched(sql, {}, 'First');
  const second = await launched(sql, {}, 'Second');
  await syncPeople(sql, first, people(100));
  await syncPeople(sql, second, people(100));
  assert.equal((await stageCampaigns(sql, 'proof', { window: 6, size: 5 })).cohorts, 6);
  assert.equal((await stageCampaigns(sql, 'proof', { window: 6, size: 5 })).cohorts, 0);
  assert.deepEqual(await spread(sql, [first, second]), [3, 3]);
  assert.equal((await stageCampaigns(sql, 'proof', { window: 8, size: 5 })).cohorts, 2);
  assert.deepEqual(await spread(sql, [first, second]), [4, 4]);
  await proofAll(sql, first);
  assert.deepEqual(await broken(sql), []);
});

void test('the next cohort goes to the organization that has the fewest, however many wait at another', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const big = await launched(sql, {}, 'Big');
  await syncPeople(sql, big, people(150));
  await stageCampaigns(sql, 'proof', { window: 20, size: 5 });
  assert.deepEqual(await spread(sql, [big]), [20]);
  const small = await launched(sql, {}, 'Small');
  await syncPeople(sql, small, people(12));
  // Four more places: all to the newcomer, as long as it has people for them.
  const { cohorts, again } = await stageCampaigns(sql, 'proof', { window: 24, size: 5 });
  assert.deepEqual([cohorts, again], [3, true]);
  assert.deepEqual(await spread(sql, [big, small]), [20, 3]);
  const last = await stageCampaigns(sql, 'proof', { window: 24, size: 5 });
  assert.deepEqual([last.cohorts, last.again], [1, false]);
  assert.deepEqual(await spread(sql, [big, small]), [21, 3]);
});

void test('within an organization the campaigns take turns as well', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const first = await launched(sql, { name: 'first' }, 'One');
  const { campaignId } = await applyCampaign(
    sql,
    first.organizationId,
    definition({ name: 'second' }),
  );
  await launch(sql, { organizationId: first.organizationId, campaignId }, { mode: 'live' });
  const second = { organizationId: first.organizationId, campaignId };
  await syncPeople(sql, first, people(60, 'a'));
  await stageCampaigns(sql, 'proof', { window: 6, size: 5 });
  await syncPeople(sql, second, people(60, 'b'));
  await stageCampaigns(sql, 'proof', { window: 12, size: 5 });
  assert.deepEqual(await spread(sql, [first, second]), [6, 6]);
});

void test('every organization, and every campaign of one, gets its turn where there are more of them than places', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const places = [
    await launched(sql, {}, 'First'),
    await launched(sql, {}, 'Second'),
    await launched(sql, {}, 'Third'),
  ];
  const { campaignId } = await applyCampaign(
    sql,
    places[0]?.organizationId ?? '',
    definition({ name: 'another' }),
  );
  places.push({ organizationId: places[0]?.organizationId ?? '', campaignId });
  for (const [n, at] of places.entries()) await syncPeople(sql, at, people(100, `of${n}-`));
  for (let round = 0; round < 60; round += 1) {
    await stageCampaigns(sql, 'proof', { window: 2, size: 1 });
    await sql`
      update postrider.cohort
      set closed_at = postrider.now(), closed_why = 'settled'
      where closed_at is null`;
  }
  const rows = await sql<
    { n: number }[]
  >`select count(*)::int as n from postrider.cohort group by campaign_id`;
  const staged = rows.map(({ n }) => n);
  assert.equal(staged.length, places.length, `of 120 places they got ${staged.join(', ')}`);
  assert.ok(Math.min(...staged) >= 5, `of 120 places they got ${staged.join(', ')}`);
});
