/** What fails of a beat undoes nothing else, and is seen: in the log, by doctor, and as an alarm after three in a row, until it works again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import driver from 'postgres';
import { connect, integrationsOf } from '@postrider/core';
import { onBeat } from '../../packages/core/src/pipeline/beats.ts';
import { makeContext, type Wake } from '../../packages/core/src/pipeline/context.ts';
import { broken, freshMachine, launched, people, states, syncPeople, type Machine, type Place } from '../support/machine.ts';
import { DAY, sent, turnClock } from '../sql/rig.ts';
import { noopPorts, open, until } from './rig.ts';

interface Watched extends AsyncDisposable {
  readonly machine: Machine;
  readonly sql: postgres.Sql;
  /** Lines of the level error, and those of info, since the last look. */
  readonly errors: () => Record<string, unknown>[];
  readonly infos: () => Record<string, unknown>[];
  /** One beat of so many seconds, done here and now; whether it failed. */
  readonly beat: (seconds: number) => Promise<boolean>;
  /** What `doctor` says of the beat house. */
  readonly doctor: (beat?: string) => Promise<{ verdict: string; message: string; helps: string }>;
  readonly alarms: () => Promise<{ id: string; meaning: string; organization: string | null }[]>;
}

/** Beats as a runner does them, one by one. */
const watched = async (over: { wake?: (what: Wake) => void; client?: (machine: Machine) => postgres.Sql } = {}): Promise<Watched> => {
  const machine = await freshMachine();
  const { sql } = machine;
  const [errors, infos]: Record<string, unknown>[][] = [[], []];
  const context = makeContext(
    {
      sql: over.client?.(machine) ?? sql,
      integrations: integrationsOf(noopPorts()),
      settings: { window: 100 },
      logger: {
        debug: () => undefined,
        warn: () => undefined,
        info: (fields) => void infos?.push({ ...fields }),
        error: (fields) => void errors?.push({ ...fields }),
      },
    },
    { stopping: new AbortController().signal, wake: over.wake ?? (() => undefined), onBossError: () => undefined },
  );
  return {
    machine,
    sql,
    errors: () => errors?.splice(0) ?? [],
    infos: () => infos?.splice(0) ?? [],
    beat: async (seconds) =>
      await onBeat(context, { seconds }).then(
        () => false,
        () => true,
      ),
    doctor: async (beat = 'house') => {
      const [row] = await sql<{ verdict: string; message: string; helps: string }[]>`
        select verdict, message, what_helps as helps from postrider.doctor() where check_name = ${`beat ${beat}`}`;
      return row ?? { verdict: 'none', message: '', helps: '' };
    },
    alarms: async () => [
      ...(await sql<{ id: string; meaning: string; organization: string | null }[]>`
        select id, meaning, organization_id as organization from postrider.alarms where kind = 'beat_failing' order by meaning`),
    ],
    async [Symbol.asyncDispose]() {
      await machine[Symbol.asyncDispose]();
    },
  };
};

const connected = (url: string): { sql: postgres.Sql } & AsyncDisposable => {
  const sql = connect(url, { max: 1 });
  return { sql, [Symbol.asyncDispose]: async () => await sql.end({ timeout: 2 }) };
};

const bakery = async (sql: postgres.Sql, name: string): Promise<Place> => await launched(sql, {}, name);

/** Every statement of this kind on this table is refused, for one organization or all. */
const refuse = async (sql: postgres.Sql, what: 'insert' | 'update' | 'delete', table: string, organizationId?: string): Promise<void> => {
  const row = what === 'delete' ? 'old' : 'new';
  const condition = organizationId === undefined ? 'true' : `${row}.organization_id = '${organizationId}'`;
  await sql.unsafe(`create function public.refuse() returns trigger language plpgsql as $$
    begin if ${condition} then raise 'refused by hand' using hint = 'drop the trigger'; end if; return ${row}; end $$;
    create trigger refuse before ${what} on ${table} for each row execute function public.refuse()`);
};
const allow = async (sql: postgres.Sql): Promise<void> => void (await sql`drop function public.refuse() cascade`);

/** Something to do for all parts of the housekeeping: cards that nobody scans, a tally, an old webhook and a runner that is gone. */
const chores = async (sql: postgres.Sql): Promise<void> => {
  await sql`select postrider.receive_webhook((select id from postrider.organization limit 1), 'press', ${crypto.randomUUID()}, '{}'::bytea)`;
  await sql`update postrider.provider_event set applied_at = now() - interval '1 year'`;
  await sql`insert into postrider.runner (id, name, proof_slots, mail_slots, version, started_at, seen_at)
    values (gen_random_uuid(), 'gone', 1, 1, '0', now() - interval '3 days', now() - interval '2 days')`;
};
/** Of these chores, what is still to be done. */
const left = async (sql: postgres.Sql): Promise<string[]> => {
  const [row] = await sql<{ left: string[] }[]>`select array_remove(array[
    case when exists (select from postrider.tally) then 'tally' end,
    case when exists (select from postrider.recipient_state where state = 'sent') then 'sent' end,
    case when exists (select from postrider.provider_event) then 'webhooks' end,
    case when exists (select from postrider.runner) then 'runners' end,
    case when to_regclass('postrider.recipient_event_' || to_char(postrider.now() at time zone 'UTC', 'YYYY_MM')) is null then 'partition' end], null) as left`;
  return row?.left ?? [];
};

/** What is moved in a beat is folded by the next. */
const leftButTally = async (sql: postgres.Sql): Promise<string[]> => (await left(sql)).filter((what) => what !== 'tally');

void test('a part of the housekeeping that fails undoes no other, is told each time, and raises one alarm after three in a row until it works again', async () => {
  await using at = await watched();
  const { sql } = at;
  const place = await bakery(sql, 'Bakery');
  await sent(sql, place, 3);
  await turnClock(sql, 400 * DAY);
  await chores(sql);
  await refuse(sql, 'delete', 'postrider.provider_event');
  assert.equal(await at.beat(60), true);
  assert.deepEqual(await leftButTally(sql), ['webhooks']);
  assert.deepEqual(await states(sql), { received: 3 });
  const [line, ...more] = at.errors();
  assert.deepEqual(more, []);
  assert.deepEqual(
    { ...line, since: line?.['since'] instanceof Date },
    {
      beat: 'house',
      stage: 'house',
      part: 'old_webhooks',
      code: 'P0001',
      error: 'refused by hand',
      hint: 'drop the trigger',
      inARow: 1,
      since: true,
    },
  );
  const once = await at.doctor();
  assert.equal(once.verdict, 'warn');
  assert.match(once.message, /^last .*, every 00:01:00; old_webhooks fails since \d{4}-.*, 1 in a row: refused by hand \(P0001\)$/);
  assert.match(once.helps, /^drop the trigger: nothing is lost, the next beat tries again$/);
  await at.beat(60);
  assert.deepEqual(await at.alarms(), []);
  for (let n = 3; n <= 5; n += 1) await at.beat(60);
  assert.deepEqual(
    at.errors().map(({ inARow }) => inARow),
    [2, 3, 4, 5],
  );
  assert.equal((await at.doctor()).verdict, 'bad');
  const [alarm, ...others] = await at.alarms();
  assert.deepEqual(others, []);
  assert.equal(alarm?.meaning, 'a part of the beat house, old_webhooks, has failed 5 times in a row: refused by hand');
  await assert.rejects(sql`select postrider.clear_alarm(${alarm?.id ?? ''}, 'seen')`, { code: 'PR017' });
  await allow(sql);
  assert.equal(await at.beat(60), false);
  assert.deepEqual(await left(sql), []);
  assert.deepEqual(await at.alarms(), []);
  assert.match((await at.doctor()).message, /^last [^;]*$/);
  assert.equal((await at.doctor()).verdict, 'ok');
  assert.deepEqual(
    at.infos().map(({ part, failures }) => ({ part, failures })),
    [{ part: 'old_webhooks', failures: 5 }],
  );
  // A later failure counts anew.
  await refuse(sql, 'delete', 'postrider.provider_event');
  await chores(sql);
  await at.beat(60);
  assert.deepEqual(
    at.errors().map(({ inARow }) => inARow),
    [1],
  );
  assert.deepEqual(await broken(sql), []);
});

void test("one organization's failure does not undo the others' housekeeping, and is named", async () => {
  await using at = await watched();
  const { sql } = at;
  const places = [await bakery(sql, 'First'), await bakery(sql, 'Second'), await bakery(sql, 'Third')];
  for (const place of places) await sent(sql, place, 2);
  await turnClock(sql, 400 * DAY);
  const unlucky = places.map(({ organizationId }) => organizationId).toSorted()[0] ?? '';
  await refuse(sql, 'update', 'postrider.recipient_state', unlucky);
  assert.equal(await at.beat(60), true);
  assert.deepEqual(await states(sql), { received: 4, sent: 2 });
  const [line, ...more] = at.errors();
  assert.deepEqual(more, []);
  assert.deepEqual([line?.['part'], line?.['organizations'], line?.['organization']], ['assume_received', 1, unlucky]);
  assert.match((await at.doctor()).message, new RegExp(`in a row \\(1 organizations, one is ${unlucky}\\): refused by hand`));
  await allow(sql);
  assert.equal(await at.beat(60), false);
  assert.deepEqual(await states(sql), { received: 6 });
});

void test('whatever a database administrator does to one table, the other parts of the housekeeping are done', async () => {
  const faults: readonly { name: string; part: string; code: string; there: string; back: string }[] = [
    {
      name: 'a table is renamed',
      part: 'old_addresses',
      code: '42P01',
      there: 'alter table postrider.address_cache rename to address_cash',
      back: 'alter table postrider.address_cash rename to address_cache',
    },
    {
      name: 'a right is revoked',
      part: 'old_cohorts',
      code: '42501',
      there: 'revoke delete on postrider.cohort from current_user',
      back: 'grant delete on postrider.cohort to current_user',
    },
    {
      name: 'a publication has a table whose rows cannot be told apart',
      part: 'old_addresses',
      code: '55000',
      there: `alter table postrider.address_cache replica identity nothing; create publication few for table postrider.address_cache`,
      back: 'drop publication few; alter table postrider.address_cache replica identity default',
    },
  ];
  for (const { name, part, code, there, back } of faults) {
    await using at = await watched();
    const { sql } = at;
    const place = await bakery(sql, 'Bakery');
    await sent(sql, place, 2);
    await turnClock(sql, 400 * DAY);
    await chores(sql);
    await sql.unsafe(there);
    assert.equal(await at.beat(60), true, name);
    assert.deepEqual(
      at.errors().map((line) => [line['part'], line['code']]),
      [[part, code]],
      name,
    );
    assert.deepEqual(await leftButTally(sql), [], name);
    await sql.unsafe(back);
    assert.equal(await at.beat(60), false, name);
    assert.deepEqual(await left(sql), [], name);
  }
});

void test('a table that somebody has locked holds up no other part of the housekeeping', async () => {
  await using at = await watched();
  const { sql } = at;
  const place = await bakery(sql, 'Bakery');
  await sent(sql, place, 2);
  await turnClock(sql, 400 * DAY);
  await chores(sql);
  const other = await at.machine.connect(1).reserve();
  await other`begin`;
  await other`lock table postrider.address_cache in access exclusive mode`;
  assert.equal(await at.beat(60), true);
  assert.deepEqual(
    at.errors().map((line) => [line['part'], line['code']]),
    [['old_addresses', '55P03']],
  );
  assert.deepEqual(await leftButTally(sql), []);
  await other`commit`;
  other.release();
  assert.equal(await at.beat(60), false);
});

void test('a housekeeping that never ends in time is done part by part, and what does not end alone is named', async () => {
  // A client of somebody's own, with a limit that Postrider's would not have.
  const client = ({ url }: Machine): postgres.Sql => (own ??= driver(url, { max: 1, connection: { statement_timeout: 1000 } }));
  let own: postgres.Sql | undefined;
  await using at = await watched({ client });
  await using _ = { [Symbol.asyncDispose]: async () => await own?.end({ timeout: 2 }) };
  const { sql } = at;
  await sent(sql, await bakery(sql, 'Bakery'), 2);
  await turnClock(sql, 400 * DAY);
  await chores(sql);
  await sql.unsafe(`create function public.refuse() returns trigger language plpgsql as $$ begin perform pg_sleep(60); return old; end $$;
    create trigger refuse before delete on postrider.provider_event for each row execute function public.refuse()`);
  // On a slow machine a part that would end may not, once.
  await until(async () => {
    assert.equal(await at.beat(60), true);
    const failed = at.errors().map(({ part, code }) => `${String(part)} ${String(code)}`);
    return failed.length === 1 && failed[0] === 'old_webhooks 57014';
  });
  assert.deepEqual(await leftButTally(sql), ['webhooks']);
});

void test('a failure outside the database is one, too, and keeps no other stage from the same beat; all of them are told', async () => {
  await using at = await watched({
    wake: () => {
      throw new TypeError('poll is not a function');
    },
  });
  const { sql } = at;
  const place = await bakery(sql, 'Bakery');
  await sent(sql, place, 1);
  await turnClock(sql, 400 * DAY);
  await chores(sql);
  await refuse(sql, 'delete', 'postrider.runner');
  assert.equal(await at.beat(60), true);
  assert.deepEqual(
    at.errors().map(({ stage, part, code, error }) => ({ stage, part, code, error })),
    [
      { stage: 'track', part: 'poll', code: null, error: 'poll is not a function' },
      { stage: 'house', part: 'old_runners', code: 'P0001', error: 'refused by hand' },
    ],
  );
  assert.deepEqual(await leftButTally(sql), ['runners']);
  assert.match((await at.doctor()).message, /old_runners fails since .*; poll fails since /);
});

void test('a campaign that cannot be staged is told, and the others are staged', async () => {
  await using at = await watched();
  const { sql } = at;
  const [first, second] = [await bakery(sql, 'First'), await bakery(sql, 'Second')];
  for (const place of [first, second]) await syncPeople(sql, place, people(2));
  await refuse(sql, 'insert', 'postrider.cohort', first.organizationId);
  assert.equal(await at.beat(15), true);
  assert.deepEqual(await states(sql), { pending: 2, proofing_staged: 2 });
  const [line, ...more] = at.errors();
  assert.deepEqual(more, []);
  assert.deepEqual([line?.['beat'], line?.['part'], line?.['organization']], ['proof', 'staging', first.organizationId]);
  assert.match(String(line?.['error']), new RegExp(`campaign ${first.campaignId} could not be staged: refused by hand`));
  assert.equal((await at.doctor('proof')).verdict, 'warn');
  await allow(sql);
  assert.equal(await at.beat(15), false);
  assert.equal((await at.doctor('proof')).verdict, 'ok');
});

void test('where nobody knows what is due, whatever needs no such list is done, and it is told', async () => {
  await using at = await watched();
  const { sql } = at;
  await syncPeople(sql, await bakery(sql, 'Bakery'), people(2));
  await sql`revoke insert on postrider.beat from current_user`;
  assert.equal(await at.beat(15), true);
  assert.deepEqual(await states(sql), { proofing_staged: 2 });
  assert.deepEqual(
    at.errors().map(({ part, code }) => ({ part, code })),
    [{ part: 'what is due', code: '42501' }],
  );
  await sql`grant insert on postrider.beat to current_user`;
  assert.equal(await at.beat(15), false);
  assert.equal((await at.doctor('proof')).verdict, 'ok');
});

void test('a lost connection is no fault of a beat, and ends no failure that was counted', async () => {
  let lost: Error | null = null;
  await using at = await watched({
    wake: () => {
      if (lost !== null) throw lost;
    },
  });
  const { sql } = at;
  await bakery(sql, 'Bakery');
  await chores(sql);
  await refuse(sql, 'delete', 'postrider.provider_event');
  await at.beat(60);
  await allow(sql);
  lost = Object.assign(new Error('write CONNECTION_CLOSED'), { code: 'CONNECTION_CLOSED' });
  assert.equal(await at.beat(60), true);
  assert.deepEqual(
    at.errors().map(({ part }) => part),
    ['old_webhooks'],
  );
  assert.match((await at.doctor()).message, /old_webhooks fails since .*, 1 in a row/);
  lost = null;
  assert.equal(await at.beat(60), false);
  assert.equal((await at.doctor()).verdict, 'ok');
});

void test('what the error of a beat says is for whoever runs the installation, and not for readers of one organization', async () => {
  await using at = await watched();
  const { sql } = at;
  await bakery(sql, 'Bakery');
  await chores(sql);
  await refuse(sql, 'delete', 'postrider.provider_event');
  for (let n = 0; n < 3; n += 1) await at.beat(60);
  const seenAs = async (role: string): Promise<{ alarms: number; message: string }> => {
    await using admin = connected(at.machine.database.adminUrl);
    await admin.sql.unsafe(`set role ${role}`);
    const [row] = await admin.sql<{ alarms: number; message: string }[]>`
      select (select count(*)::int from postrider.alarms) as alarms, message from postrider.doctor() where check_name = 'beat house'`;
    return row ?? { alarms: -1, message: '' };
  };
  const reader = await seenAs('postrider_reader');
  assert.equal(reader.alarms, 0);
  assert.match(reader.message, /old_webhooks fails since \d{4}-\S+ \S+, 3 in a row$/);
  const runner = await seenAs('postrider_runner');
  assert.equal(runner.alarms, 1);
  assert.match(runner.message, /3 in a row: refused by hand \(P0001\)$/);
  for (const role of ['postrider_reader', 'postrider_operator']) {
    await using admin = connected(at.machine.database.adminUrl);
    await admin.sql.unsafe(`set role ${role}`);
    await assert.rejects(admin.sql`select from postrider.beat_failure`, { code: '42501' });
  }
});

void test('a job that fails is logged with its cause, and a beat that fails is logged by the runner that has it', async () => {
  await using place = await open({ people: 0, settings: { beats: true } });
  await place.sql`revoke update on postrider.mailpiece from current_user`;
  await place.sql`revoke insert on postrider.turn from current_user`;
  await place.sql`delete from postrider.turn`;
  await place.pipeline.start();
  const job = JSON.stringify({ organization_id: place.place.organizationId });
  await place.sql`select postrider.enqueue('reconcile', ${[crypto.randomUUID()]}::uuid[], ${[job]}::text[]::jsonb[], null)`;
  await until(() =>
    place.log.some((line) => line.startsWith('a job failed') && line.includes('"queue":"reconcile"') && line.includes('permission denied')),
  );
  await until(() =>
    place.log.some((line) => line.startsWith('a part of a beat failed') && line.includes('"part":"fold_tally","code":"42501"')),
  );
});
