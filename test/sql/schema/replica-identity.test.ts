/**
 * Every table can be published: it has what logical replication tells its rows by, and where it
 * belongs to organizations that names the organization.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hold, migrate, removeConnection, renameConnection, rotateSecret } from '@postrider/core';
import { people, syncPeople } from '../../support/machine.ts';
import { place, sharedMachine, stage } from '../rig.ts';
import { connected } from '../rig/connections.ts';

const rig = sharedMachine();

interface Table {
  readonly name: string;
  /** How its rows are told apart: by all of them, an index, or nothing. */
  readonly by: 'full' | 'index' | 'nothing';
  readonly columns: readonly string[];
  readonly organizations: boolean;
}

async function tables(schema: string): Promise<readonly Table[]> {
  return await rig.sql<Table[]>`
    select c.relname as name,
      case
        when c.relreplident = 'f' then 'full'
        when i.indexrelid is null then 'nothing'
        else 'index'
      end as by,
      array(
        select a.attname::text
        from pg_attribute a
        where a.attrelid = c.oid and a.attnum = any (i.indkey)
        order by 1
      ) as columns,
      exists (
        select from pg_attribute a
        where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped
      ) as organizations
    from pg_class c
    left join pg_index i
      on i.indrelid = c.oid and i.indisvalid and i.indimmediate and i.indpred is null and case
        c.relreplident
        when 'd' then i.indisprimary
        when 'i' then i.indisreplident
        else false
      end
    where c.relnamespace = ${schema}::regnamespace
      and c.relkind in ('r', 'p')
      and c.relpersistence = 'p'
    order by 1`;
}

void test('every table, the queue included, has a key or another replica identity', async () => {
  for (const schema of ['postrider', 'postrider_queue']) {
    const all = await tables(schema);
    assert.ok(all.length > 10, schema);
    assert.deepEqual(
      all.filter(({ by }) => by === 'nothing').map(({ name }) => `${schema}.${name}`),
      [],
    );
  }
});

void test('what tells the rows of an organization apart names it, so that its rows alone can be published', async () => {
  const all = await tables('postrider');
  assert.deepEqual(
    all
      .filter(
        ({ organizations, by, columns }) =>
          organizations && by === 'index' && !columns.includes('organization_id'),
      )
      .map(({ name }) => name),
    [],
  );
});

void test("one organization's rows are published, and to change or delete them stays possible", async () => {
  const { admin, sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  await sql`select postrider.receive_webhook(${at.organizationId}, 'press', 'one', '{}'::bytea)`;
  const filtered = (await tables('postrider'))
    .filter(({ organizations }) => organizations)
    .map(({ name }) => name);
  // Partitions are published through their parent.
  const published = filtered.filter((name) => !name.startsWith('recipient_event_'));
  await admin.unsafe(
    `create publication one_of_them for ${published
      .map((name) => `table postrider.${name} where (organization_id = '${at.organizationId}')`)
      .join(', ')} with (publish_via_partition_root = true)`,
  );
  try {
    assert.notEqual((await sql`select postrider.fold_tally() as folded`)[0]?.['folded'], '0');
    await stage(sql, at, 'proof', 1, 10);
    assert.equal(
      (
        await sql`
          update postrider.provider_event
          set received_at = now() - interval '1 year'
          returning id`
      ).length,
      1,
    );
    await sql`update postrider.waiting_webhook set events = '[]'`;
    assert.equal((await sql`select * from postrider.apply_read_webhooks(1)`)[0]?.['applied'], 1);
    await sql`select postrider.run_housekeeping()`;
    assert.equal((await sql`select from postrider.provider_event`).length, 0);
    const account = await connected(sql, at.organizationId);
    const secret = { purpose: 'api_key', reference: 'env:NEXT' };
    await rotateSecret(sql, account, { secret, overlapMs: 60_000 });
    await renameConnection(sql, account, 'renamed');
    await hold(sql, { ...at, kind: 'connection', id: account.connectionId });
    await removeConnection(sql, account);
  } finally {
    await admin`drop publication one_of_them`;
  }
});

void test('a database that is published as a whole can be migrated', async () => {
  const { admin, sql } = rig;
  await admin`create publication everything for all tables`;
  try {
    await sql`update postrider.migration set checksum = 'older' where name = 'repeatables'`;
    assert.equal((await migrate(sql)).repeatables, true);
  } finally {
    await admin`drop publication everything`;
  }
});
