/** The partitions of the history: months of UTC, whatever the session's zone and styles. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { broken, freshMachine, launched, people, syncPeople } from '../../support/machine.ts';
import { refused } from '../rig.ts';

const ZONES = [
  'Asia/Kolkata',
  'America/Chicago',
  'Asia/Shanghai',
  'America/Los_Angeles',
  'Australia/Sydney',
];
const STYLES = ['German', 'SQL, DMY', 'Postgres, MDY', 'ISO'];

/** Each starts on the first of its month, in UTC, and ends where the next begins. */
async function wrongBounds(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ name: string; bound: string }[]>`
    select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'postrider.recipient_event'::regclass
      and c.relname <> 'recipient_event_default'
    order by 1`;
  assert.ok(rows.length > 4);
  return rows.flatMap(({ name, bound }) => {
    const [, year = '', month = ''] = /_(\d{4})_(\d{2})$/.exec(name) ?? [];
    const on = (months: number): string =>
      new Date(Date.UTC(Number(year), Number(month) - 1 + months)).toISOString().slice(0, 10);
    return bound === `FOR VALUES FROM ('${on(0)} 00:00:00+00') TO ('${on(1)} 00:00:00+00')`
      ? []
      : [`${name} ${bound}`];
  });
}

void test('the months of the history are those of UTC under every time zone and date style, and each next one can be made', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  for (const zone of ZONES) {
    for (const style of STYLES) {
      await sql`select postrider.turn_clock('95 days')`;
      const made = await sql.begin(async (tx) => {
        await tx`
          select set_config('timezone', ${zone}, true), set_config('datestyle', ${style}, true),
            set_config('intervalstyle', 'sql_standard', true)`;
        return (await tx`select postrider.event_partitions() as made`)[0]?.['made'] as number;
      });
      assert.ok(made >= 3, `${zone}, ${style}: ${made}`);
    }
  }
  await using session = {
    sql: machine.connect(1),
    [Symbol.asyncDispose]: async () => await session.sql.end(),
  };
  await session.sql`set time zone 'UTC'`;
  await session.sql`set datestyle = 'ISO'`;
  assert.deepEqual(await wrongBounds(session.sql), []);
});

void test('a month that cannot be made beside one with wrong bounds says what to do, and nothing is lost', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  const [row] = await sql<
    { last: string; following: string; from: string; until: string; turn: string }[]
  >`
    select 'recipient_event_' || to_char(m, 'YYYY_MM') as last,
      'recipient_event_' || to_char(m + interval '1 month', 'YYYY_MM') as following,
      to_char(m, 'YYYY-MM-DD 00:00:00+00') as from,
      to_char(m + interval '1 month', 'YYYY-MM-DD 00:00:00-06') as until,
      (m + interval '1 month 10 days' - now() at time zone 'UTC')::text as turn
    from (select date_trunc('month', now() at time zone 'UTC') + interval '3 months' as m) x`;
  assert.ok(row !== undefined);
  await sql.unsafe(`alter table postrider.recipient_event detach partition postrider.${row.last}`);
  await sql.unsafe(`alter table postrider.recipient_event attach partition postrider.${row.last}
    for values from ('${row.from}') to ('${row.until}')`);
  await sql`select postrider.turn_clock(${row.turn}::interval)`;
  await syncPeople(sql, at, people(4));
  const error = await refused(
    'PR017',
    sql`select postrider.event_partitions()`,
    new RegExp(`partition ${row.following} cannot be made: .*overlap`),
  );
  assert.match(error.hint ?? '', /select \* from postrider\.mend_event_partitions\(\)/);
  assert.deepEqual(await broken(sql), []);
  await sql`select postrider.mend_event_partitions()`;
  assert.equal((await sql`select from postrider.recipient_event_default`).length, 0);
  assert.deepEqual(await broken(sql), []);
});

/** Everybody's history, whichever partitions it lies in. */
async function history(sql: postgres.Sql): Promise<unknown> {
  const [row] = await sql`
    select count(*)::int as events,
      md5(string_agg(e::text, e'\n' order by e::text collate "C")) as sum
    from postrider.recipient_event e`;
  return row;
}

/** Events by the partition that they lie in, and whether all are of its month. */
async function byPartition(sql: postgres.Sql): Promise<Record<string, number>> {
  const rows = await sql<{ name: string; events: number; all_of_month: boolean }[]>`
    select e.tableoid::regclass::text as name, count(*)::int as events,
      bool_and(
        e.tableoid::regclass::text like '%' || to_char(e.at at time zone 'UTC', 'YYYY_MM')
      ) as all_of_month
    from postrider.recipient_event e
    group by 1
    order by 1`;
  assert.deepEqual(
    rows.filter((row) => !row.all_of_month),
    [],
  );
  return Object.fromEntries(rows.map(({ name, events }) => [name, events]));
}

/**
 * As an older version made them on PostgreSQL 15 in the time zone of India: a month begins when
 * Israel's does, and not UTC's.
 */
async function misdated(sql: postgres.Sql): Promise<string[]> {
  const months = await sql<{ name: string; from: string; until: string }[]>`
    select c.relname as name, to_char(m, 'YYYY-MM-DD 03:30:00+00') as from,
      to_char(m + interval '1 month', 'YYYY-MM-DD 03:30:00+00') as until
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    cross join lateral (select to_date(right(c.relname, 7), 'YYYY_MM')::timestamp as m) x
    where i.inhparent = 'postrider.recipient_event'::regclass
      and c.relname <> 'recipient_event_default'
    order by 1`;
  for (const { name } of months)
    await sql.unsafe(`alter table postrider.recipient_event detach partition postrider.${name}`);
  for (const { name, from, until } of months)
    await sql.unsafe(
      `
        alter table postrider.recipient_event attach partition postrider.${name} for values from
          ('${from}') to ('${until}')`,
    );
  return months.map(({ name }) => name);
}

/** The clock shows this hour of the first day of that month from now. */
async function turnTo(sql: postgres.Sql, months: number, hour: string): Promise<void> {
  await sql`
    select postrider.turn_clock(
      date_trunc('month', now() at time zone 'UTC') + make_interval(months => ${months}) +
        ${hour}::interval - (
        postrider.now() at time zone 'UTC'
      )
    )`;
}

void test('months with wrong bounds are mended in one call: every event comes into its month, and none is lost or doubled', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  const names = await misdated(sql);
  // The first hours of a month lie in the one before, or where there is none in the default
  // partition.
  for (const [months, hour] of [
    [0, '1 hour'],
    [1, '1 hour'],
    [1, '5 hours'],
    [2, '3 hours'],
    [4, '2 hours'],
    [4, '4 hours'],
  ] as const) {
    await turnTo(sql, months, hour);
    await syncPeople(sql, at, people(2, `m${months}-${hour[0]}-`), false);
  }
  const before = await history(sql);
  const told = async (): Promise<string> => {
    const [row] = await sql<{ told: string }[]>`
      select concat_ws(': ', verdict, what_helps) as told
      from postrider.doctor('event partitions')`;
    return row?.told ?? '';
  };
  assert.match(await told(), /^bad: .*select \* from postrider\.mend_event_partitions\(\)/);
  const did = await sql.begin(async (tx) => {
    await tx`
      select set_config('timezone', 'Asia/Kolkata', true), set_config('datestyle', 'German', true)`;
    return await tx<{ partition_name: string; became: string; moved: number }[]>`
      select partition_name, became, moved::int from postrider.mend_event_partitions()`;
  });
  assert.deepEqual(
    did.map(({ partition_name: name }) => name),
    names,
  );
  assert.deepEqual(
    did.map(({ moved }) => moved),
    [2, 2, 0, 2],
  );
  assert.deepEqual(await history(sql), before);
  assert.deepEqual(Object.values(await byPartition(sql)), [2, 4, 2, 4]);
  assert.match(await told(), /^ok/);
  assert.deepEqual([...(await sql`select * from postrider.mend_event_partitions()`)], []);
  assert.deepEqual(await history(sql), before);
  assert.deepEqual(await broken(sql), []);
  await using session = {
    sql: machine.connect(1),
    [Symbol.asyncDispose]: async () => await session.sql.end(),
  };
  await session.sql`set time zone 'UTC'`;
  assert.deepEqual(await wrongBounds(session.sql), []);
  // Each is still read through its parent only, with its policy.
  const [open] = await sql<{ many: number }[]>`
    select count(*)::int as many from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'postrider.recipient_event'::regclass
      and (not c.relrowsecurity or has_table_privilege('postrider_reader', c.oid, 'select'))`;
  assert.equal(open?.many, 0);
  // The next month can be made.
  await turnTo(sql, 9, '1 day');
  assert.ok((await sql`select postrider.event_partitions() as made`)[0]?.['made'] >= 1);
});

void test('a partition that is no month, and of no name of a month, goes when its events have gone to their months', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  const [month] = await sql<{ name: string; from: string; until: string }[]>`
    select 'recipient_event_' || to_char(m, 'YYYY_MM') as name,
      to_char(m, 'YYYY-MM-DD 03:30:00+00') as from,
      to_char(m + interval '1 month', 'YYYY-MM-DD 00:00:00+00') as until
    from date_trunc('month', (now() at time zone 'UTC') + interval '2 months') m`;
  assert.ok(month);
  await sql.unsafe(`
    alter table postrider.recipient_event detach partition postrider.${month.name};
    alter table postrider.${month.name} rename to by_hand;
    alter table postrider.recipient_event attach partition postrider.by_hand
      for values from ('${month.from}') to ('${month.until}')`);
  // What a month of it covers, and what the default partition has of it.
  for (const hour of ['1 hour', '50 hours']) {
    await turnTo(sql, 2, hour);
    await syncPeople(sql, at, people(3, hour[0]), false);
  }
  const before = await history(sql);
  const [did, ...others] = await sql`select * from postrider.mend_event_partitions()`;
  assert.deepEqual(
    [did?.['partition_name'], did?.['became'], did?.['moved'], others],
    ['by_hand', null, '3', []],
  );
  assert.deepEqual(
    [await history(sql), await byPartition(sql)],
    [before, { [`postrider.${month.name}`]: 6 }],
  );
  assert.equal((await sql`select to_regclass('postrider.by_hand') as it`)[0]?.['it'], null);
});

void test('who reads the history just now keeps it from being mended, and nobody else from moving', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  // The first hours of a month would stand in the partition of another one.
  await turnTo(sql, 1, '1 day');
  const at = await launched(sql);
  await syncPeople(sql, at, people(2));
  const names = await misdated(sql);
  const reader = await machine.connect(1).reserve();
  await reader`begin`;
  await reader`select count(*) from postrider.recipient_event`;
  const error = await refused(
    'PR017',
    machine.connect(1)`select postrider.mend_event_partitions()`,
    /open transaction/,
  );
  assert.match(error.hint ?? '', /Nothing was changed/);
  await sql`select postrider.cancel(id, 'moved away') from postrider.recipients`;
  await reader`commit`;
  reader.release();
  assert.equal((await sql`select postrider.mend_event_partitions()`).length, names.length);
  assert.deepEqual(await broken(sql), []);
});
