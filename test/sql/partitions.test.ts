/** The partitions of the history: months of UTC, whatever the session's zone and styles. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { broken, freshMachine, launched, people, syncPeople } from '../support/machine.ts';
import { refused } from './rig.ts';

const ZONES = ['Asia/Kolkata', 'America/Chicago', 'Asia/Shanghai', 'America/Los_Angeles', 'Australia/Sydney'];
const STYLES = ['German', 'SQL, DMY', 'Postgres, MDY', 'ISO'];

/** Each starts on the first of its month, in UTC, and ends where the next begins. */
const wrongBounds = async (sql: postgres.Sql): Promise<string[]> => {
  const rows = await sql<{ name: string; bound: string }[]>`
    select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'postrider.recipient_event'::regclass and c.relname <> 'recipient_event_default' order by 1`;
  assert.ok(rows.length > 4);
  return rows.flatMap(({ name, bound }) => {
    const [, year = '', month = ''] = /_(\d{4})_(\d{2})$/.exec(name) ?? [];
    const on = (months: number): string => new Date(Date.UTC(Number(year), Number(month) - 1 + months)).toISOString().slice(0, 10);
    return bound === `FOR VALUES FROM ('${on(0)} 00:00:00+00') TO ('${on(1)} 00:00:00+00')` ? [] : [`${name} ${bound}`];
  });
};

void test('the months of the history are those of UTC under every time zone and date style, and each next one can be made', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  for (const zone of ZONES) {
    for (const style of STYLES) {
      await sql`select postrider.turn_clock('95 days')`;
      const made = await sql.begin(async (tx) => {
        await tx`select set_config('timezone', ${zone}, true), set_config('datestyle', ${style}, true),
          set_config('intervalstyle', 'sql_standard', true)`;
        return (await tx`select postrider.event_partitions() as made`)[0]?.['made'] as number;
      });
      assert.ok(made >= 3, `${zone}, ${style}: ${made}`);
    }
  }
  await using session = { sql: machine.connect(1), [Symbol.asyncDispose]: async () => await session.sql.end() };
  await session.sql`set time zone 'UTC'`;
  await session.sql`set datestyle = 'ISO'`;
  assert.deepEqual(await wrongBounds(session.sql), []);
});

void test('a month that cannot be made beside one with wrong bounds says what to do, and nothing is lost', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  const [row] = await sql<{ last: string; following: string; from: string; until: string; turn: string }[]>`
    select 'recipient_event_' || to_char(m, 'YYYY_MM') as last, 'recipient_event_' || to_char(m + interval '1 month', 'YYYY_MM') as following,
      to_char(m, 'YYYY-MM-DD 00:00:00+00') as from, to_char(m + interval '1 month', 'YYYY-MM-DD 00:00:00-06') as until,
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
  assert.match(error.hint ?? '', /detach and rename it, select postrider\.event_partitions\(\)/);
  assert.deepEqual(await broken(sql), []);
  // As the hint says.
  await sql
    .unsafe(`alter table postrider.recipient_event detach partition postrider.${row.last};
    alter table postrider.${row.last} rename to misdated; select postrider.event_partitions();
    insert into postrider.recipient_event select * from postrider.misdated; drop table postrider.misdated`)
    .simple();
  assert.equal((await sql`select from postrider.recipient_event_default`).length, 0);
  assert.deepEqual(await broken(sql), []);
});
