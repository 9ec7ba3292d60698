/** What each role may write and call: nothing of another organization, and no table. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { people, type Place } from '../../support/machine.ts';
import { logout, twoOrganizations, type Login } from './logins.ts';
import { one, refused, sending, sharedMachine } from '../rig.ts';

const rig = sharedMachine(arrange, async () => await logout(rig));
let mine: Place;
let theirs: Place;
let reader: Login;
let operator: Login;
let runner: Login;

async function arrange(): Promise<void> {
  ({ mine, theirs, reader, operator, runner } = await twoOrganizations(rig));
}

void test('nobody but the owner writes a table', async () => {
  for (const who of [reader, operator, runner]) {
    for (const table of [
      'recipient_state',
      'recipient',
      'mailpiece',
      'campaign',
      'connection',
      'connection_secret',
      'organization',
      'organization_member',
      'transition',
      'clock',
      'recipient_event',
    ]) {
      const [column] = await rig.sql<{ name: string }[]>`
        select attname as name
        from pg_attribute
        where attrelid = ${`postrider.${table}`}::regclass and attnum = 1`;
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
  const [connection] = await rig.sql<
    { id: string }[]
  >`select id from postrider.connection where organization_id = ${o} limit 1`;
  return {
    hold: `'${o}', 'campaign', '${theirs.campaignId}'`,
    release: `'${o}', 'campaign', '${theirs.campaignId}'`,
    retry: `'${person?.id}'`,
    amend: `'${person?.id}', '{"firstName": "x"}'`,
    cancel: `'${person?.id}'`,
    erase: `'${person?.id}'`,
    resolve: `'${piece?.id}', 'printed', 'x'`,
    suppress: `'${o}', 'p1@example.com'`,
    suppress_and_list: `'${o}', 'p1@example.com'`,
    rekey: `'${o}'`,
    rekey_preview: `'${o}'`,
    lift_suppression: `'${o}', 'email', 'no@example.com'`,
    go_live: `'${o}', '${theirs.campaignId}'`,
    launch: `'${o}', '${theirs.campaignId}', 'live'`,
    launch_preview: `'${o}', '${theirs.campaignId}', 'live'`,
    launch_sample: `'${o}', '${theirs.campaignId}'`,
    arm_printer: `'${o}', 'press'`,
    disarm_printer: `'${o}', 'press'`,
    make_connection: `'${o}', gen_random_uuid(), 'x', 'lob', 'test', '{}', '[]'`,
    note_finding: `'${o}', '${connection?.id}', '{}'`,
    remove_connection: `'${o}', '${connection?.id}'`,
    rename_connection: `'${o}', '${connection?.id}', 'mine'`,
    rotate_secret: `'${o}', '${connection?.id}', '{"purpose": "x", "reference": "env:X"}'`,
    end_campaign: `'${o}', '${theirs.campaignId}', 'archived'`,
    apply_campaign: `'${o}', '{"name": "spring", "printer_name": "press"}'`,
    count_opened: `'${o}', '${theirs.campaignId}'`,
    replace_lost_mailpieces: `'${o}'`,
    cancel_people: `'${o}', '${theirs.campaignId}'`,
    cancel_preview: `'${o}', '${theirs.campaignId}'`,
    claim_pieces: `'${o}', '{"campaignId": "${theirs.campaignId}"}'`,
    claim_preview: `'${o}', '{"campaignId": "${theirs.campaignId}"}'`,
    retry_all: `'${o}', '${theirs.campaignId}', 'rejected'`,
    clear_alarm: `'${alarm?.id}', 'I looked'`,
    retry_webhooks: `'${o}'`,
    retry_effects: `'${o}'`,
    replay_events: `'${o}', '${theirs.campaignId}', null, null, true`,
    switch_on_sink: `'${o}', '${theirs.campaignId}'`,
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
    await rig.sql`
      select md5(string_agg(t::text, ',' order by t::text)) as sum
      from (
        select s::text
        from postrider.recipient_state s
        where organization_id = ${theirs.organizationId}
        union all
        select c::text
        from postrider.campaign c
        where organization_id = ${theirs.organizationId}
        union all
        select p::text
        from postrider.printer p
        where organization_id = ${theirs.organizationId}
        union all
        select x::text
        from postrider.connection x
        where organization_id = ${theirs.organizationId}
        union all
        select x::text
        from postrider.connection_secret x
        where organization_id = ${theirs.organizationId}
        union all
        select a::text
        from postrider.alarm a
        where organization_id = ${theirs.organizationId}
        union all
        select x::text
        from postrider.suppression x
        where organization_id = ${theirs.organizationId}
        union all
        select m::text
        from postrider.mailpiece m
        where organization_id = ${theirs.organizationId}
      ) t`;
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
  await operator.sql`
    select postrider.hold(${mine.organizationId}, 'campaign', ${mine.campaignId}, 'a look at it')`;
  await operator.sql`
    select postrider.release(${mine.organizationId}, 'campaign', ${mine.campaignId})`;
  const [moved] = await rig.sql`
    select by_role
    from postrider.recipient_event
    where organization_id = ${mine.organizationId}
    order by at desc
    limit 1`;
  assert.ok(moved?.['by_role']);
  const [entry] =
    await operator.sql`select postrider.suppress(${mine.organizationId}, 'p1@example.com') as n`;
  assert.ok(Number(entry?.['n']) >= 0);
  const [added] = await rig.sql`
    select added_by
    from postrider.suppression
    where organization_id = ${mine.organizationId}
    order by created_at desc
    limit 1`;
  assert.equal(added?.['added_by'], operator.name, 'by whom is recorded');
});

async function ownCampaign(): Promise<Place> {
  await rig.sql`delete from postrider.campaign_lock where organization_id = ${mine.organizationId}`;
  return mine;
}

void test('a runner sees every organization, and calls all that programs call and nothing that only functions call', async () => {
  assert.ok((await runner.sql`select id from postrider.organizations`).length >= 2);
  const closed = await rig.sql<
    { name: string }[]
  >`select distinct proname as name from pg_proc where pronamespace = 'postrider'::regnamespace
    and not has_function_privilege('postrider_runner', oid, 'execute') order by 1`;
  assert.ok(closed.length > 50, `${closed.length} functions are closed to runners`);
  const packages = join(import.meta.dirname, '../../../packages');
  const programs = readdirSync(packages, { recursive: true, encoding: 'utf8' })
    // The benchmarks are the owner's.
    .filter((file) => /^[\w-]+\/src\/.*\.ts$/.test(file) && !/generated|^bench\//.test(file))
    .map((file) => readFileSync(join(packages, file), 'utf8'))
    .join('\n');
  const called = new Set([...programs.matchAll(/postrider\.(\w+)\(/g)].map(([, name]) => name));
  assert.deepEqual(
    closed.filter(({ name }) => called.has(name)).map(({ name }) => name),
    [],
    'programs call them: they belong in v_running of sql/privileges.sql',
  );
  await runner.sql`select postrider.reap('1 hour', '1 hour')`;
  assert.ok((await runner.sql`select postrider.stage_round('proof', 100, 10) as n`)[0]?.['n'] >= 0);
});

void test('a role of no group may do nothing at all', async () => {
  const nobody = `t_nobody_${process.pid}_${randomBytes(3).toString('hex')}`;
  await rig.admin.unsafe(`create role "${nobody}"`);
  try {
    const open = await rig.sql`
      select p.oid::regprocedure::text as name
      from pg_proc p
      where pronamespace = 'postrider'::regnamespace
        and has_function_privilege(${nobody}, p.oid, 'execute')`;
    assert.deepEqual(
      open.map((row) => row['name']),
      [],
    );
    const tables = await rig.sql`
      select relname
      from pg_class
      where relnamespace = 'postrider'::regnamespace
        and relkind in ('r', 'v', 'p')
        and has_table_privilege(${nobody}, oid, 'select, insert, update, delete, truncate')`;
    assert.deepEqual(
      tables.map((row) => row['relname']),
      [],
    );
  } finally {
    await rig.admin.unsafe(`drop role "${nobody}"`);
  }
});
