/** What a page of a sync computes: each thing once a person, whatever else the organization has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from '../../support/server.ts';
import { freshMachine, launched, people, states, syncPeople } from '../../support/machine.ts';

const PEOPLE = 60;
const SUPPRESSED = 40;

void test('a page makes the key of a household once a person, draws one lot, and compares a household with those alone that may be the same', async () => {
  await using machine = await freshMachine();
  const { sql, database } = machine;
  const place = await launched(sql, { holdout_percent: 10 }, 'Bakery', null);
  await sql`
    select postrider.suppress(${place.organizationId}, p_line1 => n || ' Elsewhere Road',
      p_postal_code => '10001', p_country => 'US', p_reason => 'opt_out', p_source => 'test')
    from generate_series(1, ${SUPPRESSED}) as n`;
  await sql`
    select postrider.suppress(${place.organizationId}, p_line1 => '7 Main Street Apt 2',
      p_postal_code => '94607', p_country => 'US', p_reason => 'opt_out', p_source => 'test')`;
  const admin = connect(database.adminUrl, { max: 1 });
  try {
    await admin.unsafe(`alter database ${database.name} set track_functions = 'all'`);
    const counted = connect(database.url, { max: 1 });
    const neighbours = people(3, 'n').map((person, n) => ({
      ...person,
      line1: ['7 Main St', '7 Main St Apt 2', '7 Main St Apt 3'][n] ?? null,
    }));
    await syncPeople(counted, place, [...people(PEOPLE), ...neighbours]);
    await counted.end();
    const calls = async (name: string): Promise<number> => {
      const [row] = await admin<{ calls: number }[]>`
        select coalesce(sum(calls), 0)::int as calls
        from pg_stat_user_functions
        where schemaname = 'postrider' and funcname = ${name}`;
      return row?.calls ?? 0;
    };
    assert.equal(await calls('apply_sync_page'), 1);
    assert.equal(await calls('household_key'), PEOPLE + neighbours.length);
    // Two of the three neighbours are suppressed, and nobody's lot is drawn before that is known.
    assert.equal((await states(sql))['blacklisted'], 2);
    assert.equal(await calls('is_held_out'), PEOPLE + 1);
    assert.equal(await calls('may_be_one_household'), neighbours.length);
  } finally {
    await admin.end();
  }
});

void test('a function that computes from its arguments alone is planned once a session, also within one that plans each call', async () => {
  await using machine = await freshMachine();
  const replanned = await machine.sql`
    select p.proname as name
    from pg_proc p
    join pg_language l on l.oid = p.prolang
    where p.pronamespace = 'postrider'::regnamespace
      and p.provolatile = 'i'
      -- It has settings or a body of its own, and so is not taken up into its caller's plan.
      and (l.lanname = 'plpgsql' or p.proconfig is not null)
      and not coalesce(p.proconfig @> '{plan_cache_mode=force_generic_plan}', false)
    order by 1`;
  assert.deepEqual(
    replanned.map(({ name }) => String(name)),
    [],
  );
});
