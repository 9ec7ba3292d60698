/** A re-key and the arms of an experiment: an arm is frozen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syncPeople, type Place } from '../../support/machine.ts';
import { place, resident, sharedMachine, statesOf } from '../rig.ts';

import { rekeyed } from './rekeying.ts';

const rig = sharedMachine();

/** Forty households in two arms, which today's rules would draw anew. */
async function inTwoArms(): Promise<Place> {
  const at = await place(rig.sql, { dedupe: 'person', holdout_percent: 50 });
  await syncPeople(
    rig.sql,
    at,
    Array.from({ length: 40 }, (_, i) => resident(`first ${i}`, { line1: `${i + 1} Elm St` })),
  );
  // Of another building, by today's rules.
  await rig.sql`
    update postrider.recipient
    set line2 = 'Bldg B'
    where organization_id = ${at.organizationId}`;
  return at;
}

async function arms(at: Place, who: string): Promise<boolean[]> {
  const found = await statesOf(rig.sql, at);
  return Array.from({ length: 40 }, (_, i) => found[`${who} ${i}`] === 'holdout');
}

void test('an arm is frozen: nobody changes it, nor does anybody who comes into the household later', async () => {
  const at = await inTwoArms();
  const before = await arms(at, 'first');
  await rekeyed(rig.sql, at);
  assert.deepEqual(await arms(at, 'first'), before);
  const [drawn] = await rig.sql<{ held: boolean[] }[]>`
    select array_agg(
      postrider.holdout_bucket(c.holdout_salt, r.household_key) < 5000
      order by substring(r.external_id from '[0-9]+')::int) as held
    from postrider.recipient r
    join postrider.campaign c on c.organization_id = r.organization_id and c.id = r.campaign_id
    where r.organization_id = ${at.organizationId}`;
  assert.notDeepEqual(drawn?.held, before, 'the new keys would draw other arms');
  await syncPeople(
    rig.sql,
    at,
    Array.from({ length: 40 }, (_, i) =>
      resident(`second ${i}`, { line1: `${i + 1} Elm St`, line2: 'Bldg B' }),
    ),
    false,
  );
  assert.deepEqual(await arms(at, 'second'), before);
  // Judged again, since the e-mail is another one.
  await syncPeople(
    rig.sql,
    at,
    Array.from({ length: 40 }, (_, i) =>
      resident(`first ${i}`, {
        line1: `${i + 1} Elm St`,
        line2: 'Bldg B',
        email: `new${i}@example.com`,
      }),
    ),
    false,
  );
  assert.deepEqual(await arms(at, 'first'), before);
});

void test('who comes into a household that was joined of both arms belongs to the holdout', async () => {
  const at = await inTwoArms();
  const before = await arms(at, 'first');
  const [held, mailed] = [before.indexOf(true), before.indexOf(false)];
  await rig.sql`
    update postrider.recipient
    set line1 = '99 Oak St', line2 = null
    where organization_id = ${at.organizationId}
      and external_id in (${`first ${held}`}, ${`first ${mailed}`})`;
  await rekeyed(rig.sql, at);
  assert.deepEqual(await arms(at, 'first'), before);
  await syncPeople(rig.sql, at, [resident('newcomer', { line1: '99 Oak St' })], false);
  assert.equal((await statesOf(rig.sql, at))['newcomer'], 'holdout');
});

void test('who was joined with somebody of the other arm keeps the arm when judged again', async () => {
  const at = await inTwoArms();
  const before = await arms(at, 'first');
  const [held, mailed] = [before.indexOf(true), before.indexOf(false)];
  await rig.sql`
    update postrider.recipient
    set line1 = '99 Oak St', line2 = null
    where organization_id = ${at.organizationId}
      and external_id in (${`first ${held}`}, ${`first ${mailed}`})`;
  await rekeyed(rig.sql, at);
  await syncPeople(
    rig.sql,
    at,
    [resident(`first ${mailed}`, { line1: '99 Oak St', email: 'new@example.com' })],
    false,
  );
  assert.deepEqual(await arms(at, 'first'), before);
});
