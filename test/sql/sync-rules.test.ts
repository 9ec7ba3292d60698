/** The rules of the door, in their order: duplicate, suppression, other campaigns, frequency cap, holdout. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { applyCampaign, launch, retry, type CampaignDefinition } from '@postrider/core';
import { holdoutBucket } from '../audit/household-key.ts';
import { definition, people, syncPeople, type Person, type Place } from '../support/machine.ts';
import {
  accepted,
  event,
  one,
  place,
  proofAll,
  reasonsOf,
  sending,
  sent,
  settle,
  sharedMachine,
  standing,
  statesOf,
  answered,
  tell,
  turnClock,
} from './rig.ts';

const rig = sharedMachine();
const DAY = 86_400_000;

const at = (externalId: string, over: Partial<Person> = {}, row = 1): Person => ({
  externalId,
  row,
  email: `${externalId}@example.com`,
  firstName: externalId,
  lastName: 'Byron',
  line1: `1 ${externalId} Street`,
  line2: null,
  city: 'Oakland',
  region: 'CA',
  postalCode: '94607',
  country: 'US',
  merge: {},
  ...over,
});

let campaigns = 0;
/** One more campaign of the same organization, launched. */
const another = async (sql: postgres.Sql, first: Place, over: Partial<CampaignDefinition> = {}): Promise<Place> => {
  const { organizationId } = first;
  const { campaignId } = await applyCampaign(sql, organizationId, definition({ name: `another ${(campaigns += 1)}`, ...over }));
  await launch(sql, organizationId, campaignId, 'live');
  return { organizationId, campaignId };
};

void test('the second of a household is a duplicate, in any spelling', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await syncPeople(sql, bakery, [
    at('a', { line1: '12 Elm Street, Apt 4' }),
    at('b', { line1: '12 ELM ST #4' }),
    at('c', { line1: '12 Elm St Apt 5' }),
  ]);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'pending', b: 'skipped', c: 'pending' });
  assert.equal((await one(sql, bakery, 'b')).detail, 'of a row before it');
  await syncPeople(sql, bakery, [at('d', { line1: '12 elm st', line2: 'Unit 5' })], false);
  assert.equal((await one(sql, bakery, 'd')).detail, `of recipient ${(await one(sql, bakery, 'c')).id}`);
});

void test('two people of one household are two where the campaign counts persons; one person twice is one', async () => {
  const { sql } = rig;
  const bakery = await place(sql, { dedupe: 'person' });
  const home = { line1: '12 Elm Street' };
  const segment = [
    at('a', home),
    at('b', home),
    at('a2', { ...home, firstName: 'Á' }),
    at('b2', { ...home, firstName: 'B.', lastName: 'BYRON' }),
  ];
  await syncPeople(sql, bakery, segment.slice(0, 3));
  await syncPeople(sql, bakery, segment.slice(3), false);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'pending', b: 'pending', a2: 'skipped', b2: 'skipped' });
});

void test('an e-mail comes in once, whatever its capitals, with an address or without', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await syncPeople(sql, bakery, [
    at('a'),
    at('b', { email: ' A@Example.COM ' }),
    at('c', { email: 'a@example.com', line1: null, postalCode: null, country: null }),
  ]);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'pending', b: 'skipped', c: 'skipped' });
});

void test('people without an e-mail are not doubles of each other', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await syncPeople(sql, bakery, [at('a', { email: null }), at('b', { email: '' }), at('c', { email: '  ' })]);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'pending', b: 'pending', c: 'pending' });
});

void test('where the pages are cut does not matter', async () => {
  const { sql } = rig;
  const segment = [
    at('a', { line1: '1 Elm St' }),
    at('b', { email: 'a@example.com' }),
    at('c', { line1: '1 elm street' }),
    at('d', { email: 'c@example.com' }),
    at('e', { line1: '1 b Street' }),
    at('f'),
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
  await syncPeople(sql, bakery, [at('a', { line1: '1 Elm St' }), at('b', { line1: '2 Elm St' })]);
  await sql`select postrider.cancel(${(await one(sql, bakery, 'a')).id})`;
  await syncPeople(sql, bakery, [at('a2', { line1: '1 Elm St' }), at('b2', { line1: '2 Elm St' })], false);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'skipped', a2: 'pending', b: 'pending', b2: 'skipped' });
});

void test('a suppression is found by e-mail, by external id and by household', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  const { organizationId: o } = bakery;
  await sql`select postrider.suppress(${o}, p_email => ' A@example.com')`;
  await sql`select postrider.suppress(${o}, p_external_id => 'b')`;
  await sql`select postrider.suppress(${o}, p_line1 => '9 Oak Avenue', p_line2 => 'Apt 2', p_postal_code => '94607-1111')`;
  await syncPeople(sql, bakery, [at('a'), at('b'), at('c', { line1: '9 OAK AVE #2' }), at('d', { line1: '9 Oak Ave #3' })]);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'blacklisted', b: 'blacklisted', c: 'blacklisted', d: 'pending' });
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
  await syncPeople(sql, bakery, [at('a'), at('b'), at('c')]);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'pending', b: 'blacklisted', c: 'blacklisted' });
});

void test('a suppression of one campaign leaves the others alone', async () => {
  const { sql } = rig;
  const first = await place(sql, { exclusion_window: '0' });
  const second = await another(sql, first);
  await sql`select postrider.suppress(${first.organizationId}, 'a@example.com', p_campaign_id => ${first.campaignId})`;
  await syncPeople(sql, first, [at('a')]);
  await syncPeople(sql, second, [at('a')]);
  assert.deepEqual(await statesOf(sql, first), { a: 'blacklisted' });
  assert.deepEqual(await statesOf(sql, second), { a: 'pending' });
});

void test('a suppression that is lifted opens the door again, not for who was turned away', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await sql`select postrider.suppress(${bakery.organizationId}, 'a@example.com')`;
  await syncPeople(sql, bakery, [at('a')]);
  const [lifted] = await sql`select postrider.lift_suppression(${bakery.organizationId}, 'email', ' A@EXAMPLE.com') as n`;
  assert.equal(lifted?.['n'], 1);
  await syncPeople(sql, bakery, [at('a'), at('a2', { email: 'a@example.com', line1: '1 Elm St' })]);
  assert.deepEqual(await statesOf(sql, bakery), { a: 'blacklisted', a2: 'skipped' });
});

void test('one organization neither sees nor suppresses the people of another', async () => {
  const { sql } = rig;
  const mine = await place(sql);
  const theirs = await place(sql);
  await sql`select postrider.suppress(${mine.organizationId}, 'a@example.com')`;
  await syncPeople(sql, theirs, [at('a')]);
  await syncPeople(sql, mine, [at('a'), at('b')]);
  assert.deepEqual(await statesOf(sql, theirs), { a: 'pending' });
  assert.deepEqual(await statesOf(sql, mine), { a: 'blacklisted', b: 'pending' });
});

void test('who is in flight elsewhere in the organization is turned away: by id, by e-mail, by household', async () => {
  const { sql } = rig;
  const first = await place(sql);
  const second = await another(sql, first);
  await syncPeople(sql, first, [at('a'), at('b'), at('c')]);
  await syncPeople(sql, second, [
    at('a', { email: 'x@example.com', line1: '70 Far St' }),
    at('y', { email: 'b@example.com' }),
    at('z', { line1: '1 C STREET' }),
    at('free'),
  ]);
  const elsewhere = (await standing(sql, second)).filter((p) => ['y', 'z', 'free'].includes(p.externalId));
  assert.deepEqual(Object.fromEntries(elsewhere.map((p) => [p.externalId, `${p.state} (${p.reason})`])), {
    free: 'pending (new)',
    y: 'skipped (cross_campaign)',
    z: 'skipped (cross_campaign)',
  });
  // And the other way round: what the second holds is turned away by the first.
  await syncPeople(sql, first, [at('free', { line1: '8 Far St' })], false);
  const free = (await standing(sql, { organizationId: first.organizationId })).filter((p) => p.externalId === 'free').map((p) => p.reason);
  assert.deepEqual(free.sort(), ['cross_campaign', 'new']);
});

void test('somebody in error counts as in flight; who was turned away does not', async () => {
  const { sql } = rig;
  const first = await place(sql);
  const second = await another(sql, first);
  const batch = await sending(sql, first, [at('a')]);
  await settle(
    sql,
    first,
    batch,
    batch.pieces.map((piece) => answered(piece, 'rejected')),
  );
  await syncPeople(sql, first, [at('b', { line1: '1 a Street' })], false);
  assert.deepEqual(await reasonsOf(sql, first), { a: 'error (rejected)', b: 'skipped (duplicate)' });
  await syncPeople(sql, second, [at('a2', { line1: '1 a Street' }), at('b2', { email: 'b@example.com' })]);
  const there = Object.fromEntries(
    (await standing(sql, second)).filter((p) => p.externalId.endsWith('2')).map((p) => [p.externalId, p.reason]),
  );
  assert.deepEqual(there, { a2: 'cross_campaign', b2: 'new' });
});

void test('who was mailed elsewhere is left alone as long as the window says, and no longer', async () => {
  const { sql } = rig;
  const first = await place(sql);
  const second = await another(sql, first, { exclusion_window: '30 days' });
  const third = await another(sql, first, { exclusion_window: '5 days' });
  const batch = await sent(sql, first, [at('a')]);
  await sql`select postrider.apply_events(${first.organizationId}, 'press', ${JSON.stringify([
    {
      eventId: 'e',
      providerId: `id of ${batch.pieces[0]?.mailpieceId}`,
      status: 'delivered',
      providerStatus: 'delivered',
      confidence: 'scan',
      occurredAt: '2026-01-01T00:00:00Z',
    },
  ])}::text::jsonb)`;
  assert.equal((await one(sql, first)).state, 'received');
  await turnClock(sql, 10 * DAY);
  await syncPeople(sql, second, [at('b', { line1: '1 a Street' })]);
  assert.equal((await one(sql, second, 'b')).reason, 'cross_campaign');
  await syncPeople(sql, third, [at('c', { line1: '1 a Street' })]);
  assert.equal((await one(sql, third, 'c')).state, 'pending');
});

void test('a household that was mailed too recently is skipped, or waits until it may be mailed again', async () => {
  const { sql } = rig;
  const first = await place(sql);
  const skips = await another(sql, first, { exclusion_window: '0', frequency_cap: '90 days', frequency_cap_mode: 'skip' });
  const defers = await another(sql, first, { exclusion_window: '0', frequency_cap: '90 days', frequency_cap_mode: 'defer' });
  const batch = await sent(sql, first, [at('a')]);
  await sql`select postrider.assume_received(${first.organizationId})`;
  await turnClock(sql, 30 * DAY);
  await sql`select postrider.assume_received(${first.organizationId})`;
  assert.equal((await one(sql, first)).reason, 'assumed');
  const home = { line1: '1 a Street' };
  await syncPeople(sql, skips, [at('b', home), at('b2')]);
  await syncPeople(sql, defers, [at('c', home)]);
  assert.equal((await one(sql, skips, 'b')).reason, 'frequency_cap');
  assert.equal((await one(sql, skips, 'b2')).state, 'pending');
  const deferred = await one(sql, defers, 'c');
  assert.deepEqual([deferred.state, deferred.reason], ['pending', 'frequency_deferred']);
  const [piece] =
    await sql`select accepted_at + interval '90 days' as free from postrider.mailpiece where id = ${batch.pieces[0]?.mailpieceId ?? ''}`;
  assert.deepEqual(deferred.availableAt, piece?.['free']);
  await proofAll(sql, defers);
  assert.equal((await one(sql, defers, 'c')).state, 'pending');
  await turnClock(sql, 61 * DAY);
  await proofAll(sql, defers);
  assert.equal((await one(sql, defers, 'c')).state, 'proofed');
});

void test('who is tried again still waits for the frequency cap', async () => {
  const { sql } = rig;
  const bakery = await place(sql, { dedupe: 'person', frequency_cap: '90 days', frequency_cap_mode: 'defer' });
  const batch = await sending(sql, bakery, [at('a'), at('b', { line1: '1 a Street' })]);
  const { id } = await one(sql, bakery, 'b');
  await settle(
    sql,
    bakery,
    batch,
    batch.pieces.map((piece) => (piece.recipientId === id ? answered(piece, 'rejected') : accepted(piece))),
  );
  assert.equal(await retry(sql, id), 'pending');
  const [free] =
    await sql`select max(accepted_at) + interval '90 days' as at from postrider.mailpiece where organization_id = ${bakery.organizationId}`;
  assert.deepEqual((await one(sql, bakery, 'b')).availableAt, free?.['at']);
});

void test('a card that the printer failed to make is no mail: neither the cap nor another campaign counts it', async () => {
  const { sql } = rig;
  const bakery = await place(sql, { frequency_cap: '90 days' });
  const batch = await sent(sql, bakery, [at('a')]);
  await tell(sql, bakery, [event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'failed' })]);
  const { id } = await one(sql, bakery);
  await sql`select postrider.cancel(${id})`;
  const other = await another(sql, bakery);
  await syncPeople(sql, other, [at('b', { line1: '1 a Street' })]);
  assert.equal((await one(sql, other, 'b')).reason, 'new');
  const again = await place(sql, { frequency_cap: '90 days' });
  const failed = await sent(sql, again, [at('a')]);
  await tell(sql, again, [event({ providerId: `id of ${failed.pieces[0]?.mailpieceId}`, status: 'failed' })]);
  assert.equal(await retry(sql, (await one(sql, again)).id), 'pending');
});

void test('the holdout is who the salt says, run after run', async () => {
  const { sql } = rig;
  const segment = people(200, 'h');
  const held = (salt: string) =>
    segment
      .filter((p) => holdoutBucket(salt, `US|94607|${(p.line1 ?? '').toUpperCase().replace('STREET', 'ST')}|`) < 2500)
      .map((p) => p.externalId);
  for (const salt of ['salt a', 'salt b']) {
    const bakery = await place(sql, { holdout_percent: 25, holdout_salt: salt });
    await syncPeople(sql, bakery, segment);
    await syncPeople(sql, bakery, segment);
    const there = (await standing(sql, bakery)).filter((p) => p.state === 'holdout').map((p) => p.externalId);
    assert.deepEqual(there, held(salt).sort());
    assert.ok(there.length > 30 && there.length < 70);
  }
});

void test('who has no address meets the holdout only when one comes', async () => {
  const { sql } = rig;
  const bakery = await place(sql, { holdout_percent: 100 });
  const bare = at('a', { line1: null, postalCode: null, country: null });
  await syncPeople(sql, bakery, [bare]);
  assert.equal((await one(sql, bakery)).state, 'address_enrichable');
  await syncPeople(sql, bakery, [at('a')]);
  assert.equal((await one(sql, bakery)).state, 'holdout');
});

void test('a changed address meets the rules again: holdout, duplicate, blacklist', async () => {
  const { sql } = rig;
  const bakery = await place(sql);
  await sql`select postrider.suppress(${bakery.organizationId}, p_line1 => '3 Bad Road', p_postal_code => '94607')`;
  await syncPeople(sql, bakery, [at('a'), at('b'), at('c')]);
  await syncPeople(sql, bakery, [at('a'), at('b', { line1: '1 a Street' }), at('c', { line1: '3 Bad Rd' })]);
  assert.deepEqual(await reasonsOf(sql, bakery), { a: 'pending (new)', b: 'skipped (duplicate)', c: 'blacklisted (suppressed)' });
});

void test('the first rule that fits is the reason', async () => {
  const { sql } = rig;
  const first = await place(sql, { holdout_percent: 100 });
  const second = await another(sql, first, { holdout_percent: 100 });
  const { organizationId: o } = first;
  await syncPeople(sql, first, [at('a', { line1: null, postalCode: null, country: null })]);
  await sql`select postrider.suppress(${o}, p_external_id => 'b')`;
  await syncPeople(sql, second, [
    at('b', { line1: '1 Elm St' }),
    at('b2', { line1: '1 Elm St', email: 'b@example.com' }),
    at('x', { email: 'a@example.com' }),
    at('y'),
  ]);
  assert.deepEqual(await reasonsOf(sql, { organizationId: o, campaignId: second.campaignId }), {
    b: 'blacklisted (suppressed)',
    b2: 'skipped (duplicate)',
    x: 'skipped (cross_campaign)',
    y: 'holdout (holdout)',
  });
});
