/**
 * The rules of admission, in their order: duplicate, suppression, other campaigns, frequency cap,
 * holdout.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { holdoutBucket } from '../../audit/household-key.ts';
import { people, syncPeople } from '../../support/machine.ts';
import {
  anotherCampaign,
  one,
  place,
  reasonsOf,
  resident,
  sharedMachine,
  standing,
  statesOf,
} from '../rig.ts';

const rig = sharedMachine();
void test('the second of a household is a duplicate, in any spelling', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await syncPeople(sql, bakery, [
    resident('a', { line1: '12 Elm Street, Apt 4' }),
    resident('b', { line1: '12 ELM ST #4' }),
    resident('c', { line1: '12 Elm St Apt 5' }),
  ]);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'pending', b: 'skipped', c: 'pending' });
  assert.equal(
    (await one(sql, bakery, 'b')).detail,
    `of recipient ${(await one(sql, bakery, 'a')).id}`,
  );
  await syncPeople(sql, bakery, [resident('d', { line1: '12 elm st', line2: 'Unit 5' })], false);
  assert.equal(
    (await one(sql, bakery, 'd')).detail,
    `of recipient ${(await one(sql, bakery, 'c')).id}`,
  );
});

void test('two people of one household are two where the campaign counts persons; one person twice is one', async () => {
  const { sql } = rig;
  const bakery = await place(sql, { dedupe: 'person' });
  const home = { line1: '12 Elm Street' };
  const segment = [
    resident('a', home),
    resident('b', home),
    resident('a2', { ...home, firstName: 'Á' }),
    resident('b2', { ...home, firstName: 'B.', lastName: 'BYRON' }),
  ];
  await syncPeople(sql, bakery, segment.slice(0, 3));
  await syncPeople(sql, bakery, segment.slice(3), false);
  assert.deepEqual(await statesOf(sql, bakery), {
    a: 'pending',
    b: 'pending',
    a2: 'skipped',
    b2: 'skipped',
  });
});

void test('an e-mail comes in once, whatever its capitals, with an address or without', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await syncPeople(sql, bakery, [
    resident('a'),
    resident('b', { email: ' A@Example.COM ' }),
    resident('c', { email: 'a@example.com', line1: null, postalCode: null, country: null }),
  ]);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'pending', b: 'skipped', c: 'skipped' });
});

void test('people without an e-mail are not doubles of each other', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await syncPeople(sql, bakery, [
    resident('a', { email: null }),
    resident('b', { email: '' }),
    resident('c', { email: '  ' }),
  ]);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'pending', b: 'pending', c: 'pending' });
});

void test('where the pages are cut does not matter', async () => {
  const { sql } = rig;
  const segment = [
    resident('a', { line1: '1 Elm St' }),
    resident('b', { email: 'a@example.com' }),
    resident('c', { line1: '1 elm street' }),
    resident('d', { email: 'c@example.com' }),
    resident('e', { line1: '1 b Street' }),
    resident('f'),
  ];
  const whole = await place(sql);
  await syncPeople(sql, whole, segment);
  for (const cut of [1, 2, 3, 4, 5]) {
    const parts = await place(sql);
    await syncPeople(sql, parts, segment.slice(0, cut), false);
    await syncPeople(sql, parts, segment.slice(cut), false);
    assert.deepEqual(await reasonsOf(sql, parts), await reasonsOf(sql, whole));
  }
});

void test('who was skipped for a reason that holds no place makes room for the next of the household', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await syncPeople(sql, bakery, [
    resident('a', { line1: '1 Elm St' }),
    resident('b', { line1: '2 Elm St' }),
  ]);
  await sql`select postrider.cancel(${(await one(sql, bakery, 'a')).id})`;
  await syncPeople(
    sql,
    bakery,
    [resident('a2', { line1: '1 Elm St' }), resident('b2', { line1: '2 Elm St' })],
    false,
  );
  assert.deepEqual(await statesOf(sql, bakery), {
    a: 'skipped',
    a2: 'pending',
    b: 'pending',
    b2: 'skipped',
  });
});

void test('one organization neither sees nor suppresses the people of another', async () => {
  const { sql } = rig;
  const mine = await place(sql);
  const theirs = await place(sql);
  await sql`select postrider.suppress(${mine.organizationId}, 'a@example.com')`;
  await syncPeople(sql, theirs, [resident('a')]);
  await syncPeople(sql, mine, [resident('a'), resident('b')]);
  assert.deepEqual(await statesOf(sql, theirs), { a: 'pending' });
  assert.deepEqual(await statesOf(sql, mine), { a: 'blacklisted', b: 'pending' });
});

void test('the holdout is who the salt says, run after run', async () => {
  const { sql } = rig;
  const segment = people(200, 'h');
  const held = (salt: string) =>
    segment
      .filter(
        (p) =>
          holdoutBucket(
            salt,
            `2|US|94607|${(p.line1 ?? '').toUpperCase().replace(' H STREET', '|H|ST')}||||`,
          ) < 2500,
      )
      .map((p) => p.externalId);
  for (const salt of ['salt a', 'salt b']) {
    const bakery = await place(sql, { holdout_percent: 25, holdout_salt: salt });
    await syncPeople(sql, bakery, segment);
    await syncPeople(sql, bakery, segment);
    const there = (await standing(sql, bakery))
      .filter((p) => p.state === 'holdout')
      .map((p) => p.externalId);
    assert.deepEqual(there, held(salt).sort());
    assert.ok(there.length > 30 && there.length < 70);
  }
});

void test('who has no address meets the holdout only when one comes', async () => {
  const { sql } = rig;
  const bakery = await place(sql, { holdout_percent: 100 });
  const bare = resident('a', { line1: null, postalCode: null, country: null });
  await syncPeople(sql, bakery, [bare]);
  assert.equal((await one(sql, bakery)).state, 'address_enrichable');
  await syncPeople(sql, bakery, [resident('a')]);
  assert.equal((await one(sql, bakery)).state, 'holdout');
});

void test('a changed address meets the rules again: holdout, duplicate, blacklist', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await sql`
    select postrider.suppress(
      ${bakery.organizationId}, p_line1 => '3 Bad Road', p_postal_code => '94607'
    )`;
  await syncPeople(sql, bakery, [resident('a'), resident('b'), resident('c')]);
  await syncPeople(sql, bakery, [
    resident('a'),
    resident('b', { line1: '1 a Street' }),
    resident('c', { line1: '3 Bad Rd' }),
  ]);
  assert.deepEqual(await reasonsOf(sql, bakery), {
    a: 'pending (new)',
    b: 'skipped (duplicate)',
    c: 'blacklisted (suppressed)',
  });
});

void test('the first rule that fits is the reason', async () => {
  const { sql } = rig;
  const first = await place(sql, { holdout_percent: 100 });
  const second = await anotherCampaign(sql, first, { holdout_percent: 100 });
  const { organizationId: o } = first;
  await syncPeople(sql, first, [resident('a', { line1: null, postalCode: null, country: null })]);
  await sql`select postrider.suppress(${o}, p_external_id => 'b')`;
  await syncPeople(sql, second, [
    resident('b', { line1: '1 Elm St' }),
    resident('b2', { line1: '1 Elm St', email: 'b@example.com' }),
    resident('x', { email: 'a@example.com' }),
    resident('y'),
  ]);
  assert.deepEqual(await reasonsOf(sql, { organizationId: o, campaignId: second.campaignId }), {
    b: 'blacklisted (suppressed)',
    b2: 'skipped (duplicate)',
    x: 'skipped (cross_campaign)',
    y: 'holdout (holdout)',
  });
});

void test('an address of punctuation is none: such people are not one household', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await syncPeople(sql, bakery, [
    resident('a', { line1: '-' }),
    resident('b', { line1: '--' }),
    resident('c', { line1: '12 Elm St' }),
  ]);
  assert.deepEqual(await statesOf(sql, bakery), {
    a: 'address_enrichable',
    b: 'address_enrichable',
    c: 'pending',
  });
  // And one that had an address keeps it.
  await syncPeople(sql, bakery, [resident('c', { line1: '.' })], false);
  const [row] = await sql`
    select line1
    from postrider.recipient
    where organization_id = ${bakery.organizationId} and external_id = 'c'`;
  assert.equal(row?.['line1'], '12 Elm St');
});
