/**
 * A publication FOR ALL TABLES, as change data capture and replicas of reports make it, stops
 * nothing; and its subscriber has the same rows.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import {
  broken,
  freshMachine,
  launched,
  people,
  states,
  syncPeople,
} from '../../support/machine.ts';
import { startServer } from '../../support/server.ts';
import { open, until } from '../rig.ts';
import { asAdmin, caughtUp, contents, LOGICAL, subscribe, unsubscribe } from './subscriber.ts';

async function beat(sql: postgres.Sql): Promise<void> {
  await sql`
    select postrider.enqueue('beat', ${[crypto.randomUUID()]}::uuid[],
      ${['{"seconds": 60}']}::text[]::jsonb[], null)`;
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
    // The beat of the minute may come at any moment, too.
    await until(async () => {
      const { sent = 0, received = 0 } = await states(place.sql);
      return sent + received === 65;
    });
    await beat(place.sql);
    await until(async () => (await states(place.sql))['received'] === 60);
    const [month] = await place.sql`
      select to_regclass(
        'postrider.recipient_event_' || to_char(postrider.now() at time zone 'UTC', 'YYYY_MM')
      ) as made`;
    assert.notEqual(month?.['made'], null);
    assert.equal((await place.sql`select from postrider.recipient_event_default`).length, 0);
    await place.pipeline.stop();
    assert.deepEqual(
      place.log.filter((line) => /fail|error/i.test(line)),
      [],
    );
    await place.sql`select postrider.run_housekeeping()`;
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
