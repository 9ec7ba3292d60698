/** Least privilege: who works for one organization sees and changes that one only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import type { Place } from '../../support/machine.ts';
import { SEALED, logout, twoOrganizations, type Login } from './logins.ts';
import { sharedMachine } from '../rig.ts';

const rig = sharedMachine(arrange, async () => await logout(rig));
let mine: Place;
let theirs: Place;
let reader: Login;
let operator: Login;

async function arrange(): Promise<void> {
  ({ mine, theirs, reader, operator } = await twoOrganizations(rig));
}

async function keyed(): Promise<string[]> {
  return (
    await rig.sql<{ name: string }[]>`
      select c.relname as name
      from pg_class c
      where c.relnamespace = 'postrider'::regnamespace
        and c.relkind in ('r', 'p')
        and exists (
          select from pg_attribute a
          where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped
        )
      order by 1`
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
      `
        select count(*) filter (where ${column} = '${mine.organizationId}')::int as own,
          count(*) filter (where ${column} <> '${mine.organizationId}')::int as foreign
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
    const [secured] = await rig.sql`
      select relrowsecurity from pg_class where oid = ${`postrider.${table}`}::regclass`;
    assert.equal(secured?.['relrowsecurity'], true, `${table} has row-level security`);
  }
  const secret = [...closed]
    .filter((name) => !/^(recipient_event|provider_call)_/.test(name))
    .sort();
  assert.deepEqual(secret, [
    'connection_state',
    'mailpiece_link',
    'organization_key',
    'provider_event',
    'suppression',
    'waiting_webhook',
  ]);
  assert.ok(withRows > 20, `${withRows} tables had rows of both`);
  assert.deepEqual(await seen(reader.sql, 'organization', 'id'), { own: 1, foreign: 0 });
});

void test('so it does in every view', async () => {
  const views = await rig.sql<{ name: string }[]>`
    select c.relname as name
    from pg_class c
    where c.relnamespace = 'postrider'::regnamespace
      and c.relkind = 'v'
      and exists (
        select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id'
      )`;
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

void test('who reads or operates sees where a secret is, and never what is sealed', async () => {
  const stored = await rig.sql`
    select sealed from postrider.connection_secret where organization_id = ${mine.organizationId}`;
  assert.deepEqual(stored[0]?.['sealed'], SEALED);
  for (const who of [reader, operator]) {
    for (const columns of ['sealed', '*', 'length(sealed)', 'connection_secret'])
      await assert.rejects(
        who.sql.unsafe(`select ${columns} from postrider.connection_secret`),
        { code: '42501' },
        `${columns} as ${who.name}`,
      );
    const seenOf = await who.sql`select purpose, key_id from postrider.connection_secret`;
    assert.deepEqual(
      seenOf.map((row) => ({ ...row })),
      [{ purpose: 'api_key', key_id: 'k1' }],
    );
    const [shown] = await who.sql`select name, secrets from postrider.connections`;
    assert.match(JSON.stringify(shown), /"kept":"sealed"/);
    assert.doesNotMatch(JSON.stringify(shown), new RegExp(SEALED.toString('base64')));
    for (const call of [
      `connection_brief('${mine.organizationId}', gen_random_uuid())`,
      `secrets_to_reseal('k2')`,
      `reseal_secret('${mine.organizationId}', gen_random_uuid(), gen_random_uuid(), '', 'b', 'c')`,
    ])
      await assert.rejects(who.sql.unsafe(`select postrider.${call}`), { code: '42501' }, call);
  }
});

void test("every view is the caller's, but for the one over the queue, which shows no payload", async () => {
  const views = await rig.sql<{ name: string }[]>`
    select relname as name
    from pg_class
    where relnamespace = 'postrider'::regnamespace
      and relkind = 'v'
      and coalesce(array_to_string(reloptions, ','), '') !~ 'security_invoker=true'
    order by 1`;
  assert.deepEqual(
    views.map((row) => row.name),
    ['queue_job'],
  );
  const columns = await rig.sql<{ name: string }[]>`
    select attname as name
    from pg_attribute
    where attrelid = 'postrider.queue_job'::regclass and attnum > 0
    order by attnum`;
  assert.deepEqual(
    columns.map((row) => row.name),
    ['id', 'name', 'state', 'retry_count', 'created_on', 'started_on', 'completed_on'],
  );
});

void test('trace, why and the look-ups find nobody of another organization', async () => {
  const [person] = await rig.sql<{ id: string; reference: string; email: string }[]>`
    select id, reference, email
    from postrider.recipient
    where organization_id = ${theirs.organizationId} and external_id = 'p0'`;
  const [piece] = await rig.sql<{ id: string; provider_id: string }[]>`
    select id, provider_id
    from postrider.mailpiece
    where organization_id = ${theirs.organizationId}
    limit 1`;
  for (const who of [reader, operator]) {
    const told = async (name: string, what: string): Promise<unknown[]> => [
      ...(await who.sql.unsafe(`select * from postrider.${name}($1)`, [what])),
    ];
    for (const what of [person?.id, person?.reference, piece?.id, piece?.provider_id]) {
      assert.ok(what !== undefined);
      for (const name of ['find_recipients', 'suppressed'])
        assert.deepEqual(await told(name, what), [], `${name}(${what})`);
      // The same as of an id that nobody has anywhere.
      const text = JSON.stringify(await told('why', 'nobody at all'));
      assert.match(text, /^\[\{"why":"Nobody is known by nobody at all: [^"]*"\}\]$/);
      assert.equal(
        JSON.stringify(await told('why', what)),
        text.replace('nobody at all', what),
        `why(${what})`,
      );
      const rows = (await told('trace', what)) as { what: string; recipient_id: string | null }[];
      assert.deepEqual(
        rows.map((row) => [row.what, row.recipient_id]),
        [['not found', null]],
        `trace(${what})`,
      );
    }
    // The same e-mail is known to both: each sees its own.
    const traced =
      await who.sql`select distinct recipient_id from postrider.trace('p0@example.com')`;
    const own = await rig.sql`
      select id
      from postrider.recipient
      where organization_id = ${mine.organizationId} and external_id = 'p0'`;
    assert.deepEqual(
      traced.map((row) => row['recipient_id']),
      own.map((row) => row['id']),
    );
    assert.equal((await who.sql`select * from postrider.why('p0@example.com')`).length, 1);
    assert.deepEqual(
      [...(await who.sql`select * from postrider.why('p0@example.com', ${theirs.organizationId})`)],
      [{ why: 'Nobody is known by p0@example.com: no list was read yet.' }],
    );
    assert.ok((await who.sql`select * from postrider.doctor()`).length > 5);
  }
});

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

void test('doctor tells nobody of the troubles of other organizations', async () => {
  await rig.sql`
    insert into postrider.provider_event (
      id, organization_id, printer_name, delivery_id, body, received_at, error
    )
    select gen_random_uuid(), o.id, 'press', 'unreadable', '', postrider.now(),
      'what is wrong at ' || o.id
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
