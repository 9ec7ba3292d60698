/** Sync: who comes, follows, freezes and revives; and a report whose counts add up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { erase } from '@postrider/core';
import { people, syncPeople, type Person } from '../../support/machine.ts';
import { emailOnly, one, place, reasonsOf, sent, sharedMachine, stage, statesOf } from '../rig.ts';

const rig = sharedMachine();

void test('who has an address waits to be proofed, who has only an e-mail waits for an address', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const report = await syncPeople(sql, at, [...people(2), emailOnly('mail')]);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'pending (new)',
    p1: 'pending (new)',
    mail: 'address_enrichable (new)',
  });
  assert.deepEqual(report['created_by_state'], { pending: 2, address_enrichable: 1 });
  assert.equal(report['created'], 3);
});

void test('a second run changes nothing, and says so', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [...people(3), emailOnly('mail')]);
  const [before] = await sql`
    select sum(move_no) as moves, max(since) as since
    from postrider.recipient_state
    where organization_id = ${at.organizationId}`;
  const report = await syncPeople(sql, at, [...people(3), emailOnly('mail')]);
  const [later] = await sql`
    select sum(move_no) as moves, max(since) as since
    from postrider.recipient_state
    where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...later }, { ...before });
  assert.deepEqual(
    [report['created'], report['changed'], report['unchanged'], report['left_segment']],
    [0, 0, 4, 0],
  );
});

void test('up to pending a person follows the source', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [person] = people(1);
  assert.ok(person);
  await syncPeople(sql, at, [person]);
  const report = await syncPeople(sql, at, [
    { ...person, firstName: 'Zoë', line1: '77 Other Way', merge: { code: 'X' } },
  ]);
  const [row] = await sql`
    select first_name, line1, household_key, merge
    from postrider.recipient
    where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    { ...row },
    {
      first_name: 'Zoë',
      line1: '77 Other Way',
      household_key: '2|US|94607|77|OTHER|WAY||||',
      merge: { code: 'X' },
    },
  );
  assert.deepEqual([report['created'], report['changed'], report['unchanged']], [0, 1, 0]);
});

void test('from staging on a person is frozen: what the source says now is not what is printed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [person] = people(1);
  assert.ok(person);
  await syncPeople(sql, at, [person]);
  await stage(sql, at, 'proof');
  const report = await syncPeople(sql, at, [
    { ...person, firstName: 'Zoë', line1: '77 Other Way' },
  ]);
  const [row] = await sql`
    select first_name, line1 from postrider.recipient where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...row }, { first_name: 'Ada', line1: '1 p Street' });
  assert.deepEqual([report['changed'], report['unchanged']], [0, 1]);
});

void test('who was skipped for want of an address comes back when the source learns one', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('late'), emailOnly('never')]);
  await sql`select postrider.skip_without_enricher(${at.organizationId}, ${at.campaignId})`;
  assert.deepEqual(await reasonsOf(sql, at), {
    late: 'skipped (no_address)',
    never: 'skipped (no_address)',
  });
  const [address] = people(1);
  await syncPeople(sql, at, [{ ...address, ...emailOnly('late') }, emailOnly('never')]);
  assert.deepEqual(await reasonsOf(sql, at), {
    late: 'pending (address_came)',
    never: 'skipped (no_address)',
  });
});

void test('who comes back meets the rules of admission again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('late'), ...people(1)]);
  await sql`select postrider.skip_without_enricher(${at.organizationId}, ${at.campaignId})`;
  const [address] = people(1);
  assert.ok(address);
  await syncPeople(sql, at, [address, { ...address, ...emailOnly('late') }]);
  assert.deepEqual(await reasonsOf(sql, at), { late: 'skipped (duplicate)', p0: 'pending (new)' });
});

void test('of two people whose new addresses are one household one stays, whichever way they come to it', async () => {
  const { sql } = rig;
  const moved = {
    line1: '5 New Home',
    postalCode: '94607',
    country: 'US',
    city: 'Oakland',
    region: 'CA',
    line2: null,
  };
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  await syncPeople(
    sql,
    at,
    people(3).map((person, i) => (i < 2 ? { ...person, ...moved } : person)),
  );
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'pending (new)',
    p1: 'skipped (duplicate)',
    p2: 'pending (new)',
  });
  const later = await place(sql);
  await syncPeople(sql, later, [emailOnly('a'), emailOnly('b', 2)]);
  await syncPeople(sql, later, [
    { ...emailOnly('a'), ...moved },
    { ...emailOnly('b', 2), ...moved },
  ]);
  assert.deepEqual(await reasonsOf(sql, later), {
    a: 'pending (address_came)',
    b: 'skipped (duplicate)',
  });
});

void test('who changes e-mail and has no address still waits for one, and nothing is said to have come', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a')]);
  await syncPeople(sql, at, [{ ...emailOnly('a'), email: 'new@example.com' }]);
  assert.deepEqual(await reasonsOf(sql, at), { a: 'address_enrichable (new)' });
});

void test('a source that knows no address any more does not take away the one that is known', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(1));
  await syncPeople(sql, at, [{ ...emailOnly('p0'), firstName: 'Zoë' }]);
  const [row] = await sql`
    select line1, first_name from postrider.recipient where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...row }, { line1: '1 p Street', first_name: 'Zoë' });
  assert.equal((await one(sql, at)).state, 'pending');
});

void test("who was erased stays away, run after run, also as somebody else's double", async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [a, b] = people(2);
  assert.ok(a && b);
  const spouse: Person = {
    ...a,
    externalId: 'spouse',
    email: 'spouse@example.com',
    firstName: 'Bob',
    row: 60,
  };
  await syncPeople(sql, at, [a, b]);
  await erase(sql, (await one(sql, at, 'p0')).id);
  for (const segment of [
    [a, b],
    [a, spouse, b],
    [spouse, a, b],
    [{ ...a, externalId: 'new id' }, spouse, b],
    [{ ...a, email: 'new@example.com' }, spouse, b],
  ]) {
    const report = await syncPeople(sql, at, segment);
    assert.equal(
      (report['turned_away'] as Record<string, number>)['erased'],
      1,
      JSON.stringify(report['turned_away']),
    );
  }
  const known = (
    await sql<
      { email: string | null }[]
    >`select email from postrider.recipient where organization_id = ${at.organizationId}`
  ).map((r) => r.email);
  assert.deepEqual(known.filter((email) => email !== null).sort(), [
    'p1@example.com',
    'spouse@example.com',
  ]);
  // Who was erased keeps nobody's place: the household's next one comes in, on whatever page they
  // stand.
  assert.equal((await one(sql, at, 'spouse')).state, 'pending');
});

void test('who is already sent is neither made again nor changed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sent(sql, at, 2);
  const report = await syncPeople(sql, at, people(3));
  assert.deepEqual([report['created'], report['unchanged']], [1, 2]);
  assert.deepEqual(await statesOf(sql, at), { p0: 'sent', p1: 'sent', p2: 'pending' });
});
