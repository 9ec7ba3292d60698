/** Suppressions at admission: by which key, for how long, and in which campaign. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { syncPeople } from '../../support/machine.ts';
import {
  DAY,
  anotherCampaign,
  one,
  place,
  resident,
  sharedMachine,
  statesOf,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();
void test('a suppression is found by e-mail, by external id and by household', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  const { organizationId: o } = bakery;
  await sql`select postrider.suppress(${o}, p_email => ' A@example.com')`;
  await sql`select postrider.suppress(${o}, p_external_id => 'b')`;
  await sql`
    select postrider.suppress(
      ${o}, p_line1 => '9 Oak Avenue', p_line2 => 'Apt 2', p_postal_code => '94607-1111'
    )`;
  await syncPeople(sql, bakery, [
    resident('a'),
    resident('b'),
    resident('c', { line1: '9 OAK AVE #2' }),
    resident('d', { line1: '9 Oak Ave #3' }),
  ]);
  assert.deepEqual(await statesOf(sql, bakery), {
    a: 'blacklisted',
    b: 'blacklisted',
    c: 'blacklisted',
    d: 'pending',
  });
  assert.equal((await one(sql, bakery, 'a')).detail, 'opted out (operator)');
});

void test('a suppression ends when it expires, and the longer of two stands', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  const { organizationId: o } = bakery;
  const until = (days: number) => sql`postrider.now() + make_interval(days => ${days})`;
  await sql`select postrider.suppress(${o}, 'a@example.com', p_expires_at => ${until(1)})`;
  await sql`select postrider.suppress(${o}, 'b@example.com', p_expires_at => ${until(1)})`;
  await sql`select postrider.suppress(${o}, 'b@example.com', p_expires_at => ${until(9)})`;
  await sql`select postrider.suppress(${o}, 'b@example.com', p_expires_at => ${until(2)})`;
  await sql`select postrider.suppress(${o}, 'c@example.com')`;
  await sql`select postrider.suppress(${o}, 'c@example.com', p_expires_at => ${until(1)})`;
  await turnClock(sql, 3 * DAY);
  await syncPeople(sql, bakery, [resident('a'), resident('b'), resident('c')]);
  assert.deepEqual(await statesOf(sql, bakery), {
    a: 'pending',
    b: 'blacklisted',
    c: 'blacklisted',
  });
});

void test('a suppression of one campaign leaves the others alone', async () => {
  const { sql } = rig;
  const first = await place(sql, { exclusion_window: '0' });
  const second = await anotherCampaign(sql, first);
  await sql`
    select postrider.suppress(
      ${first.organizationId}, 'a@example.com', p_campaign_id => ${first.campaignId}
    )`;
  await syncPeople(sql, first, [resident('a')]);
  await syncPeople(sql, second, [resident('a')]);
  assert.deepEqual(await statesOf(sql, first), { a: 'blacklisted' });
  assert.deepEqual(await statesOf(sql, second), { a: 'pending' });
});

void test('a suppression that is lifted admits people again, not for who was turned away', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await sql`select postrider.suppress(${bakery.organizationId}, 'a@example.com')`;
  await syncPeople(sql, bakery, [resident('a')]);
  const [lifted] = await sql`
    select postrider.lift_suppression(${bakery.organizationId}, 'email', ' A@EXAMPLE.com') as n`;
  assert.equal(lifted?.['n'], 1);
  await syncPeople(sql, bakery, [
    resident('a'),
    resident('a2', { email: 'a@example.com', line1: '1 Elm St' }),
  ]);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'blacklisted', a2: 'skipped' });
});
