/** Least privilege: who works for one organization sees and changes that one only. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type postgres from 'postgres';
import { people, type Place } from '../support/machine.ts';
import { furnished, login, logout, type Login } from './logins.ts';
import { one, refused, sending, sharedMachine } from './rig.ts';

const rig = sharedMachine(arrange, async () => await logout(rig));
let mine: Place;
let theirs: Place;
let reader: Login;
let operator: Login;
let runner: Login;

async function arrange(): Promise<void> {
  theirs = await furnished(rig.sql);
  mine = await furnished(rig.sql);
  reader = await login(rig, 'postrider_reader', [mine.organizationId]);
  operator = await login(rig, 'postrider_operator', [mine.organizationId]);
  runner = await login(rig, 'postrider_runner', []);
}

async function keyed(): Promise<string[]> {
  return (
    await rig.sql<{ name: string }[]>`
      select c.relname as name from pg_class c where c.relnamespace = 'postrider'::regnamespace and c.relkind in ('r', 'p') and exists (
        select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped) order by 1`
  ).map((row) => row.name);
}

/**
 * Rows by whether they are of the role's own organization; null where the role may not read at all.
 */
async function seen(
  sql: postgres.Sql,
  relation: string,
  column = 'organization_id',
): Promise<{ own: number; foreign: number } | null> {
  try {
    const [row] = await sql.unsafe<{ own: number; foreign: number }[]>(
      `select count(*) filter (where ${column} = '${mine.organizationId}')::int as own, count(*) filter (where ${column} <> '${mine.organizationId}')::int as foreign
       from postrider."${relation}"`,
    );
    return row ?? null;
  } catch (error) {
    assert.equal((error as { code?: string }).code, '42501', relation);
    return null;
  }
}

void test('in every table that is keyed by organization a role sees the rows of its own organization and no other', async () => {
  const closed = new Set<string>();
  let withRows = 0;
  for (const table of await keyed()) {
    const all = await seen(rig.sql, table);
    for (const who of [reader, operator]) {
      const rows = await seen(who.sql, table);
      if (rows === null) closed.add(table);
      else assert.deepEqual([rows.own, rows.foreign], [all?.own, 0], `${table} as ${who.name}`);
    }
    if ((all?.own ?? 0) > 0 && (all?.foreign ?? 0) > 0) withRows += 1;
    const [secured] =
      await rig.sql`select relrowsecurity from pg_class where oid = ${`postrider.${table}`}::regclass`;
    assert.equal(secured?.['relrowsecurity'], true, `${table} has row-level security`);
  }
  const secret = [...closed].filter((name) => !name.startsWith('recipient_event_')).sort();
  assert.deepEqual(secret, ['organization_key', 'provider_event', 'suppression']);
  assert.ok(withRows > 20, `${withRows} tables had rows of both`);
  assert.deepEqual(await seen(reader.sql, 'organization', 'id'), { own: 1, foreign: 0 });
});

void test('so it does in every view', async () => {
  const views = await rig.sql<
    { name: string }[]
  >`select c.relname as name from pg_class c where c.relnamespace = 'postrider'::regnamespace and c.relkind = 'v'
    and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')`;
  assert.ok(views.length >= 9);
  for (const { name } of views) {
    const all = await seen(rig.sql, name);
    for (const who of [reader, operator]) {
      const rows = await seen(who.sql, name);
      assert.deepEqual([rows?.own, rows?.foreign], [all?.own, 0], `${name} as ${who.name}`);
    }
  }
  assert.deepEqual(await seen(reader.sql, 'organizations', 'id'), { own: 1, foreign: 0 });
});

void test("every view is the caller's, but for the one over the queue, which shows no payload", async () => {
  const views = await rig.sql<
    { name: string }[]
  >`select relname as name from pg_class where relnamespace = 'postrider'::regnamespace and relkind = 'v'
    and coalesce(array_to_string(reloptions, ','), '') !~ 'security_invoker=true' order by 1`;
  assert.deepEqual(
    views.map((row) => row.name),
    ['queue_job'],
  );
  const columns = await rig.sql<
    { name: string }[]
  >`select attname as name from pg_attribute where attrelid = 'postrider.queue_job'::regclass and attnum > 0 order by attnum`;
  assert.deepEqual(
    columns.map((row) => row.name),
    ['id', 'name', 'state', 'retry_count', 'created_on', 'started_on', 'completed_on'],
  );
});

void test('trace, why and the look-ups find nobody of another organization', async () => {
  const [person] = await rig.sql<{ id: string; reference: string; email: string }[]>`
    select id, reference, email from postrider.recipient where organization_id = ${theirs.organizationId} and external_id = 'p0'`;
  const [piece] = await rig.sql<{ id: string; provider_id: string }[]>`
    select id, provider_id from postrider.mailpiece where organization_id = ${theirs.organizationId} limit 1`;
  for (const who of [reader, operator]) {
    for (const what of [person?.id, person?.reference, piece?.id, piece?.provider_id]) {
      for (const name of ['trace', 'why', 'find_recipients'])
        assert.deepEqual(
          [...(await who.sql.unsafe(`select * from postrider.${name}($1)`, [what ?? '']))],
          [],
          `${name}(${what})`,
        );
    }
    // The same e-mail is known to both: each sees its own.
    const traced =
      await who.sql`select distinct recipient_id from postrider.trace('p0@example.com')`;
    const own =
      await rig.sql`select id from postrider.recipient where organization_id = ${mine.organizationId} and external_id = 'p0'`;
    assert.deepEqual(
      traced.map((row) => row['recipient_id']),
      own.map((row) => row['id']),
    );
    assert.equal((await who.sql`select * from postrider.why('p0@example.com')`).length, 1);
    assert.equal(
      (await who.sql`select * from postrider.why('p0@example.com', ${theirs.organizationId})`)
        .length,
      0,
    );
    assert.ok((await who.sql`select * from postrider.doctor()`).length > 5);
  }
});

void test('nobody but the owner writes a table', async () => {
  for (const who of [reader, operator, runner]) {
    for (const table of [
      'recipient_state',
      'recipient',
      'mailpiece',
      'campaign',
      'organization',
      'organization_member',
      'transition',
      'clock',
      'recipient_event',
    ]) {
      const [column] = await rig.sql<
        { name: string }[]
      >`select attname as name from pg_attribute where attrelid = ${`postrider.${table}`}::regclass and attnum = 1`;
      await refused(
        '42501',
        who.sql.unsafe(`update postrider.${table} set ${column?.name} = ${column?.name}`),
      );
      await refused('42501', who.sql.unsafe(`delete from postrider.${table}`));
      await refused('42501', who.sql.unsafe(`insert into postrider.${table} default values`));
    }
  }
});

/** What an operator may call, aimed at another organization. */
async function aimed(): Promise<Record<string, string>> {
  const o = theirs.organizationId;
  const [person] = await rig.sql<
    { id: string }[]
  >`select id from postrider.recipient where organization_id = ${o} and external_id = 'p1'`;
  const [piece] = await rig.sql<
    { id: string }[]
  >`select id from postrider.mailpiece where organization_id = ${o} limit 1`;
  const [alarm] = await rig.sql<
    { id: string }[]
  >`select id from postrider.alarm where organization_id = ${o} limit 1`;
  return {
    hold: `'${o}', 'campaign', '${theirs.campaignId}'`,
    release: `'${o}', 'campaign', '${theirs.campaignId}'`,
    retry: `'${person?.id}'`,
    cancel: `'${person?.id}'`,
    erase: `'${person?.id}'`,
    resolve: `'${piece?.id}', 'printed', 'x'`,
    suppress: `'${o}', 'p1@example.com'`,
    lift_suppression: `'${o}', 'email', 'no@example.com'`,
    launch: `'${o}', '${theirs.campaignId}', 'live'`,
    arm_printer: `'${o}', 'press'`,
    disarm_printer: `'${o}', 'press'`,
    end_campaign: `'${o}', '${theirs.campaignId}', 'archived'`,
    apply_campaign: `'${o}', '{"name": "spring", "printer_name": "press"}'`,
    count_opened: `'${o}', '${theirs.campaignId}'`,
    replace_lost_mailpieces: `'${o}'`,
    retry_all: `'${o}', '${theirs.campaignId}', 'rejected'`,
    clear_alarm: `'${alarm?.id}', 'I looked'`,
    retry_webhooks: `'${o}'`,
    retry_effects: `'${o}'`,
  };
}

async function granted(role: string): Promise<string[]> {
  return (
    await rig.sql<
      { name: string }[]
    >`select distinct proname as name from pg_proc where pronamespace = 'postrider'::regnamespace
      and has_function_privilege(${role}, oid, 'execute') order by 1`
  ).map((row) => row.name);
}

void test('everything that an operator may call refuses another organization and changes nothing of it', async () => {
  const calls = await aimed();
  const reading = new Set(await granted('postrider_reader'));
  assert.deepEqual(
    (await granted('postrider_operator')).filter((name) => !reading.has(name)),
    Object.keys(calls).sort(),
    'one call for each function',
  );
  const snapshot = async () =>
    await rig.sql`select md5(string_agg(t::text, ',' order by t::text)) as sum from (
      select s::text from postrider.recipient_state s where organization_id = ${theirs.organizationId}
      union all select c::text from postrider.campaign c where organization_id = ${theirs.organizationId}
      union all select p::text from postrider.printer p where organization_id = ${theirs.organizationId}
      union all select a::text from postrider.alarm a where organization_id = ${theirs.organizationId}
      union all select x::text from postrider.suppression x where organization_id = ${theirs.organizationId}
      union all select m::text from postrider.mailpiece m where organization_id = ${theirs.organizationId}) t`;
  const before = await snapshot();
  for (const [name, args] of Object.entries(calls)) {
    // By organization: PR019. By an id of somebody: there is no such id.
    await refused(
      args.startsWith(`'${theirs.organizationId}'`) ? 'PR019' : 'PR010',
      operator.sql.unsafe(`select postrider.${name}(${args})`),
    );
    await refused('42501', reader.sql.unsafe(`select postrider.${name}(${args})`));
  }
  assert.deepEqual([...(await snapshot())], [...before]);
});

void test('and works on its own', async () => {
  const batch = await sending(rig.sql, await ownCampaign(), people(1, 'own'));
  const { id } = await one(rig.sql, mine, batch.pieces[0]?.recipientId);
  assert.equal(
    (await operator.sql`select postrider.cancel(${id}) as state`)[0]?.['state'],
    'sending (cancel requested)',
  );
  await operator.sql`select postrider.hold(${mine.organizationId}, 'campaign', ${mine.campaignId}, 'a look at it')`;
  await operator.sql`select postrider.release(${mine.organizationId}, 'campaign', ${mine.campaignId})`;
  const [moved] =
    await rig.sql`select by_role from postrider.recipient_event where organization_id = ${mine.organizationId} order by at desc limit 1`;
  assert.ok(moved?.['by_role']);
  const [entry] =
    await operator.sql`select postrider.suppress(${mine.organizationId}, 'p1@example.com') as n`;
  assert.ok(Number(entry?.['n']) >= 0);
  const [added] =
    await rig.sql`select added_by from postrider.suppression where organization_id = ${mine.organizationId} order by created_at desc limit 1`;
  assert.equal(added?.['added_by'], operator.name, 'by whom is recorded');
});

async function ownCampaign(): Promise<Place> {
  await rig.sql`delete from postrider.campaign_lock where organization_id = ${mine.organizationId}`;
  return mine;
}

void test('SET ROLE counts as who asks: a superuser who plays a reader sees what the reader sees', async () => {
  await rig.admin.begin(async (tx) => {
    await tx.unsafe(`set local role "${reader.name}"`);
    const rows = await tx`select id from postrider.organizations`;
    assert.deepEqual(
      rows.map((row) => row['id']),
      [mine.organizationId],
    );
  });
  assert.ok((await rig.admin`select id from postrider.organizations`).length >= 2);
});

void test('a runner sees every organization, and calls all that programs call and nothing that only functions call', async () => {
  assert.ok((await runner.sql`select id from postrider.organizations`).length >= 2);
  const closed = await rig.sql<
    { name: string }[]
  >`select distinct proname as name from pg_proc where pronamespace = 'postrider'::regnamespace
    and not has_function_privilege('postrider_runner', oid, 'execute') order by 1`;
  assert.ok(closed.length > 50, `${closed.length} functions are closed to runners`);
  const packages = join(import.meta.dirname, '../../packages');
  const programs = readdirSync(packages, { recursive: true, encoding: 'utf8' })
    // The benchmarks are the owner's.
    .filter((file) => /^[\w-]+\/src\/.*\.ts$/.test(file) && !/generated|^bench\//.test(file))
    .map((file) => readFileSync(join(packages, file), 'utf8'))
    .join('\n');
  const called = new Set([...programs.matchAll(/postrider\.(\w+)\(/g)].map(([, name]) => name));
  assert.deepEqual(
    closed.filter(({ name }) => called.has(name)).map(({ name }) => name),
    [],
    'programs call them: take them out of v_internal in sql/views/roles.sql',
  );
  await runner.sql`select postrider.reap('1 hour', '1 hour')`;
  assert.ok((await runner.sql`select postrider.stage_round('proof', 100, 10) as n`)[0]?.['n'] >= 0);
});

void test('doctor tells nobody of the troubles of other organizations', async () => {
  await rig.sql`insert into postrider.provider_event (id, organization_id, printer_name, delivery_id, body, received_at, error)
    select gen_random_uuid(), o.id, 'press', 'unreadable', '', postrider.now(), 'what is wrong at ' || o.id
    from unnest(${[mine.organizationId, theirs.organizationId]}::uuid[]) o (id)`;
  const told = async (who: postgres.Sql): Promise<string> =>
    JSON.stringify(await who`select * from postrider.doctor()`);
  for (const who of [reader.sql, operator.sql]) {
    assert.match(await told(who), new RegExp(mine.organizationId));
    assert.doesNotMatch(await told(who), new RegExp(theirs.organizationId));
    const [webhooks] =
      await who`select message from postrider.doctor() where check_name = 'webhooks'`;
    assert.equal(webhooks?.['message'], '1 wait, 1 could not be read');
  }
  await rig.sql`delete from postrider.provider_event where delivery_id = 'unreadable'`;
});

void test('a role of no group may do nothing at all', async () => {
  const nobody = `t_nobody_${process.pid}_${randomBytes(3).toString('hex')}`;
  await rig.admin.unsafe(`create role "${nobody}"`);
  try {
    const open =
      await rig.sql`select p.oid::regprocedure::text as name from pg_proc p where pronamespace = 'postrider'::regnamespace
      and has_function_privilege(${nobody}, p.oid, 'execute')`;
    assert.deepEqual(
      open.map((row) => row['name']),
      [],
    );
    const tables =
      await rig.sql`select relname from pg_class where relnamespace = 'postrider'::regnamespace and relkind in ('r', 'v', 'p')
      and has_table_privilege(${nobody}, oid, 'select, insert, update, delete, truncate')`;
    assert.deepEqual(
      tables.map((row) => row['relname']),
      [],
    );
  } finally {
    await rig.admin.unsafe(`drop role "${nobody}"`);
  }
});
