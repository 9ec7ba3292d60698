/** The checks of doctor: each can be asked for by itself, and none is asked that does not exist. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, migrate, planMigration } from '@postrider/core';
import { crowd } from '@postrider/bench/crowd';
import { freshMachine } from '../../support/machine.ts';
import { place, refused, sharedMachine } from '../rig.ts';

const rig = sharedMachine();
async function checks(...only: (string | null)[]): Promise<string[]> {
  return (
    await rig.sql<
      { name: string }[]
    >`select check_name as name from postrider.doctor(variadic ${only}::text[])`
  ).map((row) => row.name);
}

void test('every check has its function, every function is a check, and each answers alone what it answers among all', async () => {
  const { sql } = rig;
  assert.deepEqual(await checks('beats'), ['beats'], 'that none has come is told, too');
  await sql`
    insert into postrider.beat (name, every, last_at)
    values ('house', '1 minute', clock_timestamp())`;
  const functions = await sql<{ name: string }[]>`
    select replace(substr(proname, 8), '_', ' ') as name from pg_proc
    where pronamespace = 'postrider'::regnamespace and proname like 'doctor\\_%'`;
  const all = await checks();
  const alone = new Map<string, string[]>();
  for (const { name } of functions) alone.set(name, await checks(name));
  assert.deepEqual([...alone.values()].flat().toSorted(), all.toSorted());
  assert.deepEqual(alone.get('beats'), ['beat house']);
  assert.deepEqual(await checks('webhooks', 'runners', 'webhooks'), ['runners', 'webhooks']);
});

void test('a check that does not exist is refused with those that do', async () => {
  for (const only of [['horoscope'], ['runners', ''], [null], ['beat house']])
    await refused('PR020', checks(...only), /doctor has no check/);
});

void test('with many people the round looks at some and says so, a check that is named looks at all, and a month that is gone shows in both', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const admin = connect(machine.database.adminUrl, { max: 1 });
  const at = await place(sql);
  await crowd(sql, at, 3000);
  const told = async (...only: string[]): Promise<string[]> =>
    [
      ...(await sql<{ told: string }[]>`
      select verdict || ': ' || message as told from postrider.doctor(variadic ${only}::text[])
      where check_name in ('history', 'tried again') order by check_name`),
    ].map((row) => row.told);
  // Of 1,500 people who wait for a proof or the printer a third.
  const [history, tried] = await told();
  assert.match(
    history ?? '',
    /^ok: whole \(of \d{3} people among 3000: doctor\('history'\) looks at all\)$/,
  );
  assert.match(
    tried ?? '',
    /^warn: \d+ people at the renderer of campaign spring \[HTTP 500\]; \d+ people at printer press \[HTTP 500\]$/,
  );
  assert.match(
    (await told('history', 'tried again'))[0] ?? '',
    /^ok: whole \(of 3000 people, in [\d.]+ s\)$/,
  );
  const gone = async (where: string): Promise<void> =>
    await admin.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx.unsafe(
        `
          delete from postrider.recipient_event
          where organization_id = '${at.organizationId}' and ${where}`,
      );
    });
  // A single entry, which a sample rarely has; then a month.
  await gone(
    `move_no = 1 and recipient_id = (
      select max(recipient_id::text)::uuid
      from postrider.recipient_state
      where organization_id = '${at.organizationId}'
    )`,
  );
  assert.match(
    (await told('history'))[0] ?? '',
    /^bad: 1 moves have no entry in the history \(of 3000 people/,
  );
  await gone('move_no = 1');
  assert.match(
    (await told())[0] ?? '',
    /^bad: \d+ moves have no entry in the history \(of \d{3} people/,
  );
  await admin.end({ timeout: 5 });
});

void test('a month whose bounds are no month of UTC, as an older version made them on PostgreSQL 15, is told before the next one cannot be made', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const [month] = await sql<{ name: string; from: string; until: string }[]>`
    select 'recipient_event_' || to_char(m, 'YYYY_MM') as name,
      to_char(m, 'YYYY-MM-DD 03:30:00+00') as from,
      to_char(m + interval '1 month', 'YYYY-MM-DD 03:30:00+00') as until
    from date_trunc('month', (postrider.now() at time zone 'UTC') + interval '3 months') m`;
  assert.ok(month);
  const told = async (): Promise<string> => {
    const [row] = await sql<{ told: string }[]>`
      select concat_ws(': ', verdict, message, what_helps) as told
      from postrider.doctor('event partitions')`;
    return row?.told ?? '';
  };
  assert.equal(await told(), 'ok: 4 months from now on have a partition');
  await sql.unsafe(
    `alter table postrider.recipient_event detach partition postrider.${month.name}`,
  );
  await sql.unsafe(
    `
      alter table postrider.recipient_event attach partition postrider.${month.name}
        for values from ('${month.from}') to ('${month.until}')`,
  );
  for (const style of ['ISO, MDY', 'German, DMY']) {
    await sql.unsafe(`alter database "${machine.database.name}" set datestyle = '${style}'`);
    assert.match(
      await told(),
      new RegExp(
        '^bad: 3 months from now on have a partition, ' +
          `and bounds that are no month of UTC: ${month.name}: `,
      ),
    );
  }
});

void test('nor does it keep anybody from migrating', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const months = await sql<{ name: string; from: string; until: string }[]>`
    select 'recipient_event_' || to_char(m, 'YYYY_MM') as name,
      to_char(m, 'YYYY-MM-DD 03:30:00+00') as from,
      to_char(m + interval '1 month', 'YYYY-MM-DD 03:30:00+00') as until
    from generate_series(2, 3) n
    cross join lateral (
      select date_trunc(
        'month', (postrider.now() at time zone 'UTC') + make_interval(months => n)
      ) as m
    ) x
    order by n`;
  for (const { name } of months)
    await sql.unsafe(`alter table postrider.recipient_event detach partition postrider.${name}`);
  const [wrong, missing] = months;
  assert.ok(wrong && missing);
  await sql.unsafe(`drop table postrider.${missing.name}`);
  await sql.unsafe(
    `
      alter table postrider.recipient_event attach partition postrider.${wrong.name}
        for values from ('${wrong.from}') to ('${wrong.until}')`,
  );
  await assert.rejects(sql`select postrider.event_partitions()`, { code: 'PR017' });
  await sql`
    update postrider.migration set checksum = 'of another version' where name = 'repeatables'`;
  assert.equal((await planMigration(sql)).repeatables, true);
  await migrate(sql);
  assert.equal((await planMigration(sql)).repeatables, false);
  const [row] = await sql<
    { verdict: string }[]
  >`select verdict from postrider.doctor('event partitions')`;
  assert.equal(row?.verdict, 'bad');
});
