/**
 * Enrichment: who is known by e-mail only gets an address, nobody is paid for twice, and no batch
 * keeps anybody for ever.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, erase, hold, release } from '@postrider/core';
import { giveBackBatch, settleBatch } from '../../../packages/core/src/machine/enrich.ts';
import { syncPeople } from '../../support/machine.ts';
import {
  emailOnly,
  one,
  place,
  reasonsOf,
  refused,
  sharedMachine,
  statesOf,
  turnClock,
} from '../rig.ts';
import { HOUR, home, claim, claimed, answer } from '../rig/enricher.ts';

const rig = sharedMachine();

void test('a batch is claimed, answered and closed: found people are pending, the others have no address', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a'), emailOnly('b'), emailOnly('c')]);
  const batch = await claimed(sql, at);
  assert.deepEqual(batch.people.map((p) => p.email).sort(), [
    'a@example.com',
    'b@example.com',
    'c@example.com',
  ]);
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['address_enriching']));
  assert.equal(await claim(sql, at), null);
  assert.equal(await answer(sql, at, batch, { a: '1 Elm St', b: null }, false), 2);
  assert.deepEqual(await statesOf(sql, at), { a: 'pending', b: 'skipped', c: 'address_enriching' });
  assert.equal(await answer(sql, at, batch, {}, true), 1);
  assert.deepEqual(await reasonsOf(sql, at), {
    a: 'pending (address_found)',
    b: 'skipped (no_address)',
    c: 'skipped (no_address)',
  });
  const [row] = await sql`
    select r.line1, r.address_from, b.closed_why
    from postrider.recipient r, postrider.enrichment_batch b
    where r.organization_id = ${at.organizationId}
      and r.line1 is not null
      and b.id = ${batch.batchId}`;
  assert.deepEqual({ ...row }, { line1: '1 Elm St', address_from: 'enricher', closed_why: 'done' });
});

void test('an answer that is told twice, or of a batch that was lost, moves nobody', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a')]);
  const lost = await claimed(sql, at);
  await giveBackBatch(sql, { ...at, batchId: lost.batchId, why: 'gone', afterMs: 0 });
  const next = await claimed(sql, at);
  assert.equal(await answer(sql, at, lost, { a: '1 Elm St' }), 0);
  assert.equal((await one(sql, at)).cohortId, next.batchId);
  assert.equal(await answer(sql, at, next, { a: '1 Elm St' }), 1);
  assert.equal(await answer(sql, at, next, { a: '2 Oak St' }), 0);
  const [row] =
    await sql`select line1 from postrider.recipient where organization_id = ${at.organizationId}`;
  assert.equal(row?.['line1'], '1 Elm St');
});

void test('hits and misses are cached: who was asked for once is answered for nothing', async () => {
  const { sql } = rig;
  const first = await place(sql, { exclusion_window: '0' });
  await syncPeople(sql, first, [emailOnly('a'), emailOnly('b')]);
  await answer(sql, first, await claimed(sql, first), { a: '1 Elm St', b: null });
  await sql`select postrider.cancel(${(await one(sql, first, 'a')).id})`;
  const again = [
    { ...emailOnly('a2'), email: 'A@example.com' },
    { ...emailOnly('b2'), email: 'b@example.com' },
    emailOnly('c'),
  ];
  await syncPeople(sql, first, again, false);
  const batch = await claimed(sql, first);
  assert.deepEqual(
    batch.people.map((p) => p.email),
    ['c@example.com'],
  );
  assert.equal(batch.cached, 2);
  const { a2, b2 } = await reasonsOf(sql, first);
  assert.deepEqual([a2, b2], ['pending (address_found)', 'skipped (no_address)']);
});

void test('the cache is by enricher, and forgets: a miss sooner than a hit; what is learnt then is kept', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a'), emailOnly('b')]);
  await answer(sql, at, await claimed(sql, at), { a: '1 Elm St', b: null });
  for (const name of ['a', 'b']) {
    const { id, state } = await one(sql, at, name);
    if (state === 'pending') await cancel(sql, id);
  }
  const asked = async (suffix: string, enricher = 'faraday'): Promise<(string | null)[]> => {
    await syncPeople(
      sql,
      at,
      ['a', 'b'].map((name) => ({
        ...emailOnly(`${name}${suffix}`),
        email: `${name}@example.com`,
      })),
      false,
    );
    const batch = await claim(sql, at, 100, enricher);
    const open = await sql<
      { id: string }[]
    >`select recipient_id as id from postrider.recipient_state
      where organization_id = ${at.organizationId} and state = 'pending'`;
    for (const { id } of open) await cancel(sql, id);
    if (batch !== null && batch.people.length > 0)
      await settleBatch(sql, {
        ...at,
        batchId: batch.batchId,
        enricher,
        results: batch.people.map((p) => ({ recipientId: p.recipientId, address: null })),
        last: true,
      });
    return (batch?.people ?? []).map((p) => p.email).sort();
  };
  assert.deepEqual(await asked('1'), []);
  assert.deepEqual(await asked('2', 'another'), ['a@example.com', 'b@example.com']);
  await turnClock(sql, 100 * 24 * HOUR);
  assert.deepEqual(await asked('3'), ['b@example.com']);
  assert.deepEqual(await asked('4'), [], 'the second miss was cached as well');
  await turnClock(sql, 300 * 24 * HOUR);
  assert.deepEqual(await asked('5'), ['a@example.com', 'b@example.com']);
  assert.deepEqual(await asked('6'), []);
});

void test('the rules of admission meet the address that was found: duplicate, blacklist, holdout', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sql`
    select postrider.suppress(
      ${at.organizationId}, p_line1 => '3 Bad Road', p_postal_code => '94607'
    )`;
  await syncPeople(sql, at, [
    { ...emailOnly('old'), ...home('1 Elm Street') },
    emailOnly('a'),
    emailOnly('b'),
    emailOnly('c'),
  ]);
  await answer(sql, at, await claimed(sql, at), { a: '1 ELM ST', b: '3 Bad Rd', c: '5 Oak St' });
  assert.deepEqual(await reasonsOf(sql, at), {
    old: 'pending (new)',
    a: 'skipped (duplicate)',
    b: 'blacklisted (suppressed)',
    c: 'pending (address_found)',
  });
  const held = await place(sql, { holdout_percent: 100 });
  await syncPeople(sql, held, [emailOnly('a')]);
  await answer(sql, held, await claimed(sql, held), { a: '1 Elm St' });
  assert.equal((await one(sql, held)).state, 'holdout');
});

void test('of two whose addresses turn out to be one household exactly one stays, in one answer or in two', async () => {
  const { sql } = rig;
  for (const together of [true, false]) {
    const at = await place(sql);
    await syncPeople(sql, at, [emailOnly('a', 1), emailOnly('b', 2), emailOnly('c', 3)]);
    const batch = await claimed(sql, at);
    if (together)
      await answer(sql, at, batch, { a: '1 Elm St', b: '1 elm street', c: '1 Elm Street' });
    else
      for (const name of ['a', 'b', 'c'])
        await answer(sql, at, batch, { [name]: '1 Elm St' }, name === 'c');
    assert.deepEqual(await statesOf(sql, at), { a: 'pending', b: 'skipped', c: 'skipped' });
  }
});

void test('of two batches at once that find one household exactly one person stays', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const crowd = Array.from({ length: 20 }, (_, i) => emailOnly(`p${i}`, i));
  await syncPeople(sql, at, crowd);
  const batches = [await claimed(sql, at, 10), await claimed(sql, at, 10)];
  const clients = machine.connect(2);
  await Promise.all(
    batches.map(
      async (batch) =>
        await answer(
          clients,
          at,
          batch,
          Object.fromEntries(crowd.map((p, i) => [p.externalId, `${i % 10} Elm St`])),
        ),
    ),
  );
  const [row] = await sql`
    select count(*)::int as pending, count(distinct household_key)::int as homes
    from postrider.recipient r
    join postrider.recipient_state s
      on s.organization_id = r.organization_id and s.recipient_id = r.id
    where r.organization_id = ${at.organizationId} and s.state = 'pending'`;
  assert.deepEqual([row?.['pending'], row?.['homes']], [10, 10]);
});

void test('an answer teaches only about people of its batch, also of those who were taken out of it meanwhile', async () => {
  const { sql } = rig;
  const at = await place(sql);
  // One after the other: people of one millisecond have no order.
  await syncPeople(sql, at, [emailOnly('a'), emailOnly('b', 2)]);
  const batch = await claimed(sql, at);
  await syncPeople(sql, at, [emailOnly('c', 3)], false);
  const other = await one(sql, at, 'c');
  await cancel(sql, (await one(sql, at, 'b')).id);
  const told = [...batch.people.map((p) => p.recipientId), other.id].map((recipientId) => ({
    recipientId,
    address: home('1 Elm St'),
  }));
  await settleBatch(sql, {
    ...at,
    batchId: batch.batchId,
    enricher: 'faraday',
    results: told,
    last: true,
  });
  const cached = await sql<{ email_key: string }[]>`
    select email_key
    from postrider.address_cache
    where organization_id = ${at.organizationId}
    order by 1`;
  assert.deepEqual(
    cached.map((row) => row.email_key),
    ['a@example.com', 'b@example.com'],
  );
  await syncPeople(sql, at, [emailOnly('d', 4)], false);
  const next = await claimed(sql, at);
  await refused(
    'PR020',
    settleBatch(sql, {
      ...at,
      batchId: next.batchId,
      enricher: 'faraday',
      results: told.slice(0, 2),
      last: true,
    }),
    /nobody of the batch/,
  );
});

void test('who is held, and whose campaign or organization is, waits', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a'), emailOnly('b')]);
  const { id } = await one(sql, at, 'a');
  await hold(sql, { ...at, kind: 'campaign', id: at.campaignId });
  assert.equal(await claim(sql, at), null);
  await release(sql, { ...at, kind: 'campaign', id: at.campaignId });
  await hold(sql, { ...at, kind: 'organization', id: at.organizationId });
  assert.equal(await claim(sql, at), null);
  await release(sql, { ...at, kind: 'organization', id: at.organizationId });
  await hold(sql, { ...at, kind: 'recipient', id });
  assert.deepEqual(
    (await claimed(sql, at)).people.map((p) => p.email),
    ['b@example.com'],
  );
  assert.equal((await one(sql, at, 'a')).state, 'address_enrichable');
});

void test('who is cancelled, suppressed or erased while the enricher has them stays where they are', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, [emailOnly('a'), emailOnly('b'), emailOnly('c')]);
  const batch = await claimed(sql, at);
  await cancel(sql, (await one(sql, at, 'a')).id);
  await sql`select postrider.suppress(${at.organizationId}, 'b@example.com')`;
  const c = await one(sql, at, 'c');
  await erase(sql, c.id);
  assert.equal(await answer(sql, at, batch, { a: '1 Elm St', b: '2 Elm St', c: '3 Elm St' }), 0);
  const reasons = await reasonsOf(sql, at);
  assert.deepEqual(Object.values(reasons).sort(), [
    'blacklisted (suppressed)',
    'skipped (cancelled)',
    'skipped (erased)',
  ]);
  const [cached] = await sql`
    select 1
    from postrider.address_cache
    where organization_id = ${at.organizationId} and email_key = 'c@example.com'`;
  assert.equal(cached, undefined, 'nothing is learnt of who was erased');
  const [closed] =
    await sql`select closed_why from postrider.enrichment_batch where id = ${batch.batchId}`;
  assert.equal(closed?.['closed_why'], 'done');
});
