/**
 * Plans: what happens every few seconds, and what people ask, reads no big table from end to end,
 * whatever the planner knew when it planned.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { applyCampaign } from '@postrider/core';
import type postgres from 'postgres';
import { definition, freshMachine, launched, people, syncPeople } from '../../support/machine.ts';
import { BIG_LISTS, fill, fillLists, greedy, watched, type Watched } from './many-people.ts';
import { everyday } from './everyday-statements.ts';
import { askedAtNight } from './night-statements.ts';
import { isLong } from '../../support/long.ts';

const PEOPLE = 30_000;
/** Rows of a big table that a statement on some fifty people may look at. */
const MOST = 2_000;

/**
 * A few questions over all organizations need statistics to find the index of the few. Those come
 * within a minute, by autovacuum.
 */
const NEEDS_STATISTICS = new Set(['due', 'candidates', 'effects', 'what moves']);

async function lookedAt(
  session: Watched,
  at: Parameters<typeof everyday>[1],
  statistics: boolean,
): Promise<string[]> {
  const found: string[] = [];
  for (const [what, run] of everyday(session.sql, at, randomUUID())) {
    if (!statistics && NEEDS_STATISTICS.has(what)) continue;
    const plans = await session.plansOf(run);
    for (const plan of plans)
      found.push(...greedy(plan, MOST).map((problem) => `${what} ${problem}`));
  }
  return found;
}

/** On a slow machine it would come in between, and know the tables while they are small. */
async function withoutAutovacuum(sql: postgres.Sql): Promise<void> {
  await sql.unsafe(`do $$
    declare
      t regclass;
    begin
      for t in
        select oid
        from pg_class
        where relnamespace = 'postrider'::regnamespace and relkind = 'r'
      loop
        execute format('alter table %s set (autovacuum_enabled = off)', t);
      end loop;
    end $$`);
}

void test('no everyday statement reads a big table, with fresh statistics, with none, or with plans made when all was empty', async () => {
  await using machine = await freshMachine();
  const { sql, database } = machine;
  await withoutAutovacuum(sql);
  const at = await launched(sql, { effects: ['usage_meter'] });
  await syncPeople(sql, at, people(600));
  await using old = await watched(database.adminUrl);
  // Often enough that a plan which may be kept is kept.
  for (let round = 0; round < 7; round += 1)
    for (const [, run] of everyday(old.sql, at, randomUUID())) await run();
  await fill(old.sql, at, PEOPLE);
  await using young = await watched(database.adminUrl);
  const found: Record<string, string[]> = {
    'planned when all was empty, no statistics': await lookedAt(old, at, false),
    'a new session, no statistics': await lookedAt(young, at, false),
  };
  await young.sql`analyze`;
  found['fresh statistics'] = await lookedAt(young, at, true);
  await using fresh = await watched(database.adminUrl);
  found['a new session, fresh statistics'] = await lookedAt(fresh, at, true);
  assert.deepEqual(found, Object.fromEntries(Object.keys(found).map((name) => [name, []])));
});

void test('a page of a second campaign beside a small first one, of which the planner knows nothing, looks at what it needs', async () => {
  await using machine = await freshMachine();
  await withoutAutovacuum(machine.sql);
  const at = await launched(machine.sql);
  const { campaignId } = await applyCampaign(
    machine.sql,
    at.organizationId,
    definition({ name: 'second' }),
  );
  await using session = await watched(machine.database.adminUrl);
  await syncPeople(session.sql, at, people(200, 'first'));
  // While a table is small all its indexes look alike; a join in the wrong order is cubic, and
  // takes minutes for a page.
  const plans = await session.plansOf(
    async () => await syncPeople(session.sql, { ...at, campaignId }, people(200, 'second')),
  );
  assert.deepEqual(
    plans.flatMap((plan) => greedy(plan, 400 * 400)),
    [],
  );
});

if (isLong)
  void test('what is asked at night looks people, entries, rejects and cohorts up by index', async () => {
    await using machine = await freshMachine();
    await withoutAutovacuum(machine.sql);
    const at = await launched(machine.sql, { daily_cap: 5, total_cap: 900_000 });
    await using old = await watched(machine.database.adminUrl);
    for (let round = 0; round < 7; round += 1)
      for (const [, run] of askedAtNight(old.sql, at)) await run();
    await fill(old.sql, at, PEOPLE);
    await fillLists(old.sql, at, PEOPLE);
    const found: string[] = [];
    const look = async (when: string, session: Watched): Promise<void> => {
      for (const [what, run] of askedAtNight(session.sql, at))
        for (const plan of await session.plansOf(run))
          found.push(
            ...greedy(plan, MOST, BIG_LISTS).map((problem) => `${when}: ${what} ${problem}`),
          );
    };
    await look('planned when all was empty, no statistics', old);
    await using young = await watched(machine.database.adminUrl);
    await look('a new session, no statistics', young);
    await young.sql`analyze`;
    await look('fresh statistics', old);
    await look('a new session, fresh statistics', young);
    assert.deepEqual(found, []);
  });

void test('the look itself sees a scan, and an index that is read from end to end', async () => {
  await using machine = await freshMachine();
  const at = await launched(machine.sql);
  await using session = await watched(machine.database.adminUrl);
  await fill(session.sql, at, 3000);
  const problems = async (query: string): Promise<string[]> =>
    (await session.plansOf(async () => await session.sql.unsafe(query))).flatMap((plan) =>
      greedy(plan, MOST),
    );
  assert.match(
    (await problems('select count(*) from postrider.recipient_state')).join(),
    /^(scans|looks at 3000 rows of) recipient_state/,
  );
  await session.sql`set enable_seqscan = off`;
  assert.match(
    (
      await problems(
        `
          select count(*)
          from postrider.recipient
          where organization_id = '${at.organizationId}' and first_name = 'x'`,
      )
    ).join(),
    /looks at 3000 rows of recipient/,
  );
  assert.match(
    (
      await problems(`do $$ begin perform from postrider.recipient where first_name = 'x'; end $$`)
    ).join(),
    /recipient/,
  );
});
