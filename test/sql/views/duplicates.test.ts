/** Who is whose double, and who may be: what an operator is told of sameness. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syncPeople } from '../../support/machine.ts';
import { fill } from '../plans/many-people.ts';
import { login, logout } from '../privileges/logins.ts';
import { anotherCampaign, place, resident, sharedMachine } from '../rig.ts';
import type { Place } from '../../support/machine.ts';

const rig = sharedMachine(undefined, async () => await logout(rig));

async function doubles(at: Place): Promise<[string, string | null, string | null][]> {
  const rows = await rig.sql<{ who: string; kept: string | null; name: string | null }[]>`
    select external_id as who, kept_external_id as kept, kept_last_name as name
    from postrider.duplicates
    where organization_id = ${at.organizationId}
      and campaign_id = ${at.campaignId}
    order by 1`;
  return rows.map(({ who, kept, name }) => [who, kept, name]);
}

/** As "one + other: why". */
async function pairs(at: Place): Promise<string[]> {
  const rows = await rig.sql<{ one: string; other: string; why: string }[]>`
    select least(external_id, other_external_id) as one,
      greatest(external_id, other_external_id) as other, why
    from postrider.near_duplicates
    where organization_id = ${at.organizationId}
      and campaign_id = ${at.campaignId}`;
  return rows.map(({ one, other, why }) => `${one} + ${other}: ${why}`).toSorted();
}

void test('a double names whom it is the double of: of its page, of a page before, by e-mail', async () => {
  const at = await place(rig.sql);
  await syncPeople(rig.sql, at, [
    resident('a', { line1: '12 Elm St', lastName: 'Kept' }),
    resident('b', { line1: '12 Elm Street' }),
  ]);
  await syncPeople(rig.sql, at, [resident('c', { line1: '12 elm st.' })], false);
  await syncPeople(rig.sql, at, [resident('e', { email: 'a@example.com' })], false);
  assert.deepEqual(await doubles(at), [
    ['b', 'a', 'Kept'],
    ['c', 'a', 'Kept'],
    ['e', 'a', 'Kept'],
  ]);
  const other = await anotherCampaign(rig.sql, at, {});
  assert.deepEqual(await doubles(other), []);
});

void test('who may be one household stands in near_duplicates with the reason, and nobody else', async () => {
  const at = await place(rig.sql);
  await syncPeople(rig.sql, at, [
    resident('house', { line1: '12 Elm St' }),
    resident('unit', { line1: '12 Elm St', line2: 'Apt 4' }),
    resident('other-unit', { line1: '12 Elm St', line2: 'Apt 5' }),
    resident('letter', { line1: '12A Elm St' }),
    resident('bare', { line1: '12 Elm' }),
    resident('north', { line1: '12 N Elm St' }),
    resident('next', { line1: '14 Elm St' }),
    resident('double', { line1: '12 Elm Street' }),
    resident('other-town', { line1: '12 Elm St', postalCode: '02139' }),
  ]);
  const unit = 'a unit is missing in one';
  const suffix = 'the suffix of the street is missing in one';
  const direction = 'a direction is missing in one';
  assert.deepEqual(await pairs(at), [
    `bare + house: ${suffix}`,
    `bare + letter: ${unit}; ${suffix}`,
    `bare + north: ${suffix}; ${direction}`,
    `bare + other-unit: ${unit}; ${suffix}`,
    `bare + unit: ${unit}; ${suffix}`,
    `house + letter: ${unit}`,
    `house + north: ${direction}`,
    `house + other-unit: ${unit}`,
    `house + unit: ${unit}`,
    `letter + north: ${unit}; ${direction}`,
    `north + other-unit: ${unit}; ${direction}`,
    `north + unit: ${unit}; ${direction}`,
  ]);
});

void test('a reader sees the doubles of the organizations that the role works for', async () => {
  const mine = await place(rig.sql);
  const theirs = await place(rig.sql);
  for (const at of [mine, theirs])
    await syncPeople(rig.sql, at, [
      resident('house', { line1: '12 Elm St' }),
      resident('unit', { line1: '12 Elm St', line2: 'Apt 4' }),
      resident('double', { line1: '12 Elm Street' }),
    ]);
  const reader = await login(rig, 'postrider_reader', [mine.organizationId]);
  const seen = await reader.sql<{ near: string[]; same: string[] }[]>`
    select
      array(select organization_id::text from postrider.near_duplicates) as near,
      array(select organization_id::text from postrider.duplicates) as same`;
  assert.deepEqual(seen[0], { near: [mine.organizationId], same: [mine.organizationId] });
});

void test('near_duplicates looks everybody of a campaign up by index, also for a reader', async () => {
  const at = await place(rig.sql);
  await fill(rig.admin, at, 5_000);
  await rig.admin`analyze postrider.recipient`;
  await rig.admin`analyze postrider.recipient_state`;
  const reader = await login(rig, 'postrider_reader', [at.organizationId]);
  for (const sql of [rig.sql, reader.sql]) {
    const plan = await sql<{ 'QUERY PLAN': string }[]>`
      explain select * from postrider.near_duplicates where campaign_id = ${at.campaignId}`;
    assert.match(
      plan.map((row) => row['QUERY PLAN']).join('\n'),
      /using recipient_household on recipient q[^\n]*\n *Index Cond: [^\n]*~>=~/,
    );
  }
});
