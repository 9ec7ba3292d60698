/**
 * Settings of a database or a role reach every session: the library's own clients set what they
 * rely on, another client is told at the start.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  connect,
  createPipeline,
  integrationsOf,
  migrate,
  migrationSql,
  planMigration,
  UnsuitableSessionError,
} from '@postrider/core';
import { freshMachine, machineServer } from '../../support/machine.ts';
import { connect as plainly, databasesOn, postgres, type Sql } from '../../support/server.ts';
import { alike, hostile, impose, known, limits, mailThrough, refused } from './hostile-settings.ts';
import { noopPorts } from '../rig.ts';
import { isLong } from '../../support/long.ts';

function quietly(url: string, connection: Record<string, string> = {}): Sql {
  return postgres(url, { max: 8, onnotice: () => undefined, connection });
}

async function majorOf(sql: Sql): Promise<number> {
  return (
    (
      await sql<
        { major: number }[]
      >`select current_setting('server_version_num')::int / 10000 as major`
    )[0]?.major ?? 0
  );
}

function pipelineOf(sql: Sql, queueSql = sql, said: string[] = []) {
  const note = (fields: object, message: string): void =>
    void said.push(`${message} ${JSON.stringify(fields)}`);
  return createPipeline({
    sql,
    queueSql,
    restoreWatermark: 'not kept',
    integrations: integrationsOf(noopPorts()),
    logger: { debug: () => undefined, info: () => undefined, warn: note, error: note },
    settings: { beats: false },
  });
}

void test('a mailing goes its way under every hostile setting, whether the database or the role has it', async () => {
  for (const [number, group] of alike(hostile).entries()) {
    await using machine = await freshMachine();
    await impose(
      machine.database,
      await known(machine.database, group),
      number % 2 === 0 ? 'database' : 'role',
    );
    await mailThrough(machine.sql);
  }
});

if (isLong)
  void test("through another client a mailing goes its way under all that does no harm, with escaped bytes and another country's times", async () => {
    await using machine = await freshMachine();
    const harmless = hostile.filter(
      ({ name }) => !refused.has(name) && !limits.has(name) && name !== 'search_path',
    );
    assert.ok(harmless.some(({ name }) => name === 'bytea_output'));
    for (const group of alike(harmless).slice(0, 1))
      await impose(machine.database, await known(machine.database, group), 'database');
    const sql = quietly(machine.url);
    try {
      await mailThrough(sql);
    } finally {
      await sql.end({ timeout: 2 });
    }
  });

void test('another client whose sessions would read or write something wrong is refused at the start, with what helps', async () => {
  await using machine = await freshMachine();
  const wrong = hostile.filter(({ name }) => refused.has(name));
  assert.deepEqual(new Set(wrong.map(({ name }) => name)), refused);
  for (const { name, value } of wrong) {
    for (const asQueue of [false, true]) {
      const sql = quietly(machine.url, { [name]: value.replaceAll("'", '') });
      const pipeline = asQueue ? pipelineOf(machine.sql, sql) : pipelineOf(sql);
      try {
        await assert.rejects(pipeline.start(), (error: unknown) => {
          assert.ok(error instanceof UnsuitableSessionError, String(error));
          assert.match(error.message, new RegExp(name.replace('default_', '')));
          assert.match(error.hint, /connect\(\).*nothing was changed/);
          return true;
        });
      } finally {
        await pipeline.stop({ timeoutMs: 2000 });
        await sql.end({ timeout: 2 });
      }
    }
  }
});

void test("another client whose search_path puts somebody's functions before the server's is refused without calling one", async () => {
  await using machine = await freshMachine();
  await impose(
    machine.database,
    hostile.filter(({ name }) => name === 'search_path'),
    'role',
  );
  const sql = quietly(machine.url);
  const pipeline = pipelineOf(sql);
  try {
    await assert.rejects(pipeline.start(), /search_path puts hijack before pg_catalog/);
  } finally {
    await pipeline.stop({ timeoutMs: 2000 });
    await sql.end({ timeout: 2 });
  }
});

void test('a client whose sessions may end in the midst of their work is told so', async () => {
  await using machine = await freshMachine();
  const said: string[] = [];
  const sql = quietly(machine.url, {
    statement_timeout: '30s',
    idle_session_timeout: '59000',
    lock_timeout: '1s',
  });
  const pipeline = pipelineOf(sql, sql, said);
  try {
    await pipeline.start();
    assert.equal(said.length, 1);
    assert.match(said[0] ?? '', /statement_timeout is 30s","idle_session_timeout is 59s"/);
  } finally {
    await pipeline.stop({ timeoutMs: 2000 });
    await sql.end({ timeout: 2 });
  }
});

/** What each session of a client has, of so many at once. */
async function inSessions(sql: Sql, setting: string, count: number): Promise<string[]> {
  return await Promise.all(
    Array.from({ length: count }, async () => {
      const [row] = await sql<
        { value: string }[]
      >`select current_setting(${setting}) as value from pg_sleep(0.2)`;
      return row?.value ?? '';
    }),
  );
}

void test('transactions of connect() have no end of their own, where the server knows such a thing', async () => {
  await using machine = await freshMachine();
  if ((await majorOf(machine.sql)) < 17) return;
  await impose(machine.database, [{ name: 'transaction_timeout', value: `'1h'` }], 'database');
  const sql = connect(machine.url, { max: 4 });
  const pipeline = pipelineOf(sql);
  try {
    // Its first session begins before anybody knows the server.
    await pipeline.start();
    assert.deepEqual(new Set(await inSessions(sql, 'transaction_timeout', 4)), new Set(['0']));
  } finally {
    await pipeline.stop({ timeoutMs: 2000 });
    await sql.end({ timeout: 2 });
  }
});

/** Objects of ours that stand on something of the schema `hijack`. */
const HIJACKED = `
  select distinct pg_describe_object(d.classid, d.objid, d.objsubid) as name from pg_depend d
  where (d.refclassid = 'pg_proc'::regclass
        and d.refobjid in (select oid from pg_proc where pronamespace = 'hijack'::regnamespace)
      or d.refclassid = 'pg_operator'::regclass
        and d.refobjid in (select oid from pg_operator where oprnamespace = 'hijack'::regnamespace)
      or d.refclassid = 'pg_class'::regclass
        and d.refobjid in (select oid from pg_class where relnamespace = 'hijack'::regnamespace))
    and pg_describe_object(d.classid, d.objid, d.objsubid) !~ 'hijack|schema'
    and not (d.classid = 'pg_type'::regclass
      or d.classid = 'pg_rewrite'::regclass and d.deptype = 'i')`;

/** The settings under which a migration makes things, told by an event trigger of the superuser. */
const WATCH = `
  create table public.seen (name text, value text, unique (name, value));
  grant insert, select on public.seen to public;
  create function public.see() returns event_trigger language plpgsql
    set search_path = pg_catalog as $$
  begin
    insert into public.seen select s, current_setting(s, true)
    from unnest(array['transaction_timeout', 'statement_timeout', 'check_function_bodies',
      'standard_conforming_strings']) s
      where current_setting(s, true) is not null on conflict do nothing;
  end $$;
  create event trigger see on ddl_command_end execute function public.see();`;

const migrators = [
  ['connect()', (url: string) => connect(url, { max: 2 })],
  ['another client', (url: string) => quietly(url)],
] as const;
for (const [who, open] of isLong ? migrators : []) {
  void test(`migrate by ${who} makes the same under every hostile setting, and nothing that calls what somebody planted`, async () => {
    // What ends a session before it can say a word is left to connect().
    const able = hostile.filter(({ name }) => who === 'connect()' || !limits.has(name));
    for (const group of alike([
      ...able,
      { name: 'transaction_timeout', value: `'1h'`, since: 17 },
      { name: 'statement_timeout', value: `'1h'` },
    ])) {
      await using database = await databasesOn(await machineServer()).empty();
      const admin = plainly(database.adminUrl);
      const sql = open(database.url);
      try {
        await admin.unsafe(WATCH);
        await impose(database, await known(database, group), 'database');
        await migrate(sql);
        const seen = await admin<
          { name: string; value: string }[]
        >`select name, value from public.seen order by 1, 2`;
        const values = (name: string): string[] =>
          seen.filter((one) => one.name === name).map(({ value }) => value);
        assert.deepEqual(values('check_function_bodies'), ['on']);
        assert.deepEqual(values('standard_conforming_strings'), ['on']);
        assert.deepEqual(values('statement_timeout'), ['0', '30min']);
        assert.ok(values('transaction_timeout').every((value) => value === '0'));
        if (group.some(({ name }) => name === 'search_path'))
          assert.deepEqual([...(await admin.unsafe(HIJACKED))], []);
      } finally {
        await Promise.all([sql, admin].map(async (client) => await client.end({ timeout: 2 })));
      }
    }
  });
}

void test('so does its script, as psql runs it', async () => {
  const able = hostile.filter(({ name }) => !limits.has(name));
  for (const group of alike(able).slice(0, 1)) {
    await using database = await databasesOn(await machineServer()).empty();
    const admin = plainly(database.adminUrl);
    const sql = plainly(database.url);
    try {
      // This session is to be as it always is.
      await admin`select 1`;
      await impose(database, await known(database, group), 'database');
      const script = await migrationSql(sql);
      // What is sent at once is one transaction, which has begun by then; psql sends one statement
      // after the other.
      const start = script.indexOf('-- pg-boss');
      await sql.unsafe(script.slice(0, start));
      await sql.unsafe(script.slice(start));
      assert.deepEqual([...(await admin.unsafe(HIJACKED))], []);
      assert.equal((await planMigration(sql)).repeatables, false);
    } finally {
      await Promise.all([sql, admin].map(async (client) => await client.end({ timeout: 2 })));
    }
  }
});
