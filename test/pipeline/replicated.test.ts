/**
 * A publication FOR ALL TABLES, as change data capture and replicas of reports make it, stops
 * nothing; and its subscriber has the same rows.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { connect } from '@postrider/core';
import {
  broken,
  freshMachine,
  launched,
  people,
  states,
  syncPeople,
  type Machine,
} from '../support/machine.ts';
import { startServer } from '../support/server.ts';
import { open, until } from './rig.ts';

const LOGICAL = { wal_level: 'logical', max_wal_senders: '8', max_replication_slots: '8' };

async function asAdmin(
  machine: Machine,
  work: (sql: postgres.Sql) => Promise<void>,
): Promise<void> {
  const sql = connect(machine.database.adminUrl, { max: 1 });
  try {
    await work(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}

async function beat(sql: postgres.Sql): Promise<void> {
  await sql`
    select postrider.enqueue('beat', ${[crypto.randomUUID()]}::uuid[],
      ${['{"seconds": 60}']}::text[]::jsonb[], null)`;
}

/**
 * Both are copies of one template, so that nothing needs to be copied. The slot is made apart: a
 * server cannot wait for itself.
 */
async function subscribe(publisher: Machine, subscriber: Machine): Promise<void> {
  await asAdmin(publisher, async (sql) => {
    await sql`
      create publication everything for all tables with (publish_via_partition_root = true)`;
    await sql`select pg_create_logical_replication_slot('everything', 'pgoutput')`;
  });
  await asAdmin(subscriber, async (sql) => {
    await sql.unsafe(`
      create subscription everything
        connection '${publisher.database.adminUrl}' publication everything
      with (create_slot = false, slot_name = 'everything', copy_data = false)`);
  });
}

/** A database that has a subscription or a slot cannot be dropped. */
async function unsubscribe(publisher: Machine, subscriber: Machine): Promise<void> {
  await asAdmin(subscriber, async (sql) => {
    await sql`alter subscription everything disable`;
    await sql`alter subscription everything set (slot_name = none)`;
    await sql`drop subscription everything`;
  });
  await asAdmin(publisher, async (sql) => {
    await until(async () => {
      const [slot] =
        await sql`select active from pg_replication_slots where slot_name = 'everything'`;
      return slot?.['active'] === false;
    });
    await sql`select pg_drop_replication_slot('everything')`;
  });
}

/** Every table of ours, by what is in it. */
async function contents(sql: postgres.Sql): Promise<Record<string, string>> {
  const tables = await sql<{ name: string }[]>`
    select relname as name
    from pg_class
    where relnamespace = 'postrider'::regnamespace
      and relkind in ('r', 'p')
      and not relispartition
    order by 1`;
  const rows = await sql.unsafe<{ name: string; rows: number; sum: string }[]>(
    tables
      .map(
        ({ name }) => `
          select '${name}' as name, count(*)::int as rows,
            md5(string_agg(t::text, e'\\n' order by t::text collate "C")) as sum
          from postrider.${name} t`,
      )
      .join(' union all '),
  );
  return Object.fromEntries(
    rows.map(({ name, rows: count, sum }) => [name, `${count} rows ${sum}`]),
  );
}

/** The subscriber has written down whatever was committed until now. */
async function caughtUp(publisher: postgres.Sql): Promise<void> {
  const [now] = await publisher<{ lsn: string }[]>`select pg_current_wal_lsn()::text as lsn`;
  await until(async () => {
    const [slot] = await publisher<{ done: boolean }[]>`
      select confirmed_flush_lsn >= ${now?.lsn ?? ''}::pg_lsn as done
      from pg_replication_slots
      where slot_name = 'everything'`;
    return slot?.done === true;
  });
}

void test('with a publication for all tables everybody arrives, the house is kept, and the subscriber has the same rows', async () => {
  const server = await startServer({ settings: LOGICAL });
  try {
    await using subscriber = await freshMachine(server.adminUrl);
    await using place = await open({
      people: 60,
      server: server.adminUrl,
      arrange: async (machine) => await subscribe(machine, subscriber),
      settings: { beats: true },
    });
    await using _ = {
      [Symbol.asyncDispose]: async () => await unsubscribe(place.machine, subscriber),
    };
    await place.pipeline.start();
    await until(async () => (await states(place.sql))['sent'] === 60);
    // A month that nobody made: its events go astray, and are moved where they belong.
    await place.sql`select postrider.turn_clock('400 days')`;
    await syncPeople(place.sql, place.place, people(5, 'later'), false);
    await until(async () => (await states(place.sql))['sent'] === 65);
    assert.ok((await place.sql`select from postrider.recipient_event_default`).length > 0);
    await beat(place.sql);
    await until(async () => (await states(place.sql))['received'] === 60);
    assert.equal((await place.sql`select from postrider.recipient_event_default`).length, 0);
    await place.pipeline.stop();
    assert.deepEqual(
      place.log.filter((line) => /fail|error/i.test(line)),
      [],
    );
    await place.sql`select postrider.keep_house()`;
    assert.equal((await place.sql`select from postrider.tally`).length, 0);
    await asAdmin(place.machine, caughtUp);
    assert.deepEqual(await contents(subscriber.sql), await contents(place.sql));
    assert.deepEqual(await broken(subscriber.sql), []);
  } finally {
    await server.drop();
  }
});

void test('a subscriber has the same history when months with wrong bounds were mended', async () => {
  const server = await startServer({ settings: LOGICAL });
  try {
    await using subscriber = await freshMachine(server.adminUrl);
    await using machine = await freshMachine(server.adminUrl);
    const { sql } = machine;
    const [month] = await sql<{ name: string; from: string; until: string }[]>`
      select 'recipient_event_' || to_char(m, 'YYYY_MM') as name,
        to_char(m, 'YYYY-MM-DD 03:30:00+00') as from,
        to_char(m + interval '1 month', 'YYYY-MM-DD 03:30:00+00') as until
      from date_trunc('month', (now() at time zone 'UTC') + interval '3 months') m`;
    assert.ok(month);
    await sql.unsafe(`
      alter table postrider.recipient_event detach partition postrider.${month.name};
      alter table postrider.recipient_event attach partition postrider.${month.name}
        for values from ('${month.from}') to ('${month.until}')`);
    await subscribe(machine, subscriber);
    await using _ = { [Symbol.asyncDispose]: async () => await unsubscribe(machine, subscriber) };
    const place = await launched(sql);
    // Before the month, in it, and in the hours after it that it covers here and nowhere else.
    for (const [at, prefix] of [
      ['3 months 1 hour', 'first'],
      ['3 months 1 day', 'then'],
      ['4 months 2 hours', 'after'],
    ] as const) {
      await sql`select postrider.turn_clock(
        date_trunc('month', now() at time zone 'UTC')
          + ${at}::interval - (postrider.now() at time zone 'UTC'))`;
      await syncPeople(sql, place, people(4, prefix), false);
    }
    const [did] = await sql`select moved::int from postrider.mend_event_partitions()`;
    assert.equal(did?.['moved'], 4);
    await syncPeople(sql, place, people(2, 'later'), false);
    await asAdmin(machine, caughtUp);
    assert.deepEqual(await contents(subscriber.sql), await contents(sql));
    assert.deepEqual(await broken(sql), []);
  } finally {
    await server.drop();
  }
});
