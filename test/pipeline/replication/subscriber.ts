/** A subscriber by logical replication, on one server with what it follows. */
import type postgres from 'postgres';
import { connect } from '@postrider/core';
import type { Machine } from '../../support/machine.ts';
import { until } from '../rig.ts';

/** What a server needs that others subscribe to. */
export const LOGICAL = { wal_level: 'logical', max_wal_senders: '8', max_replication_slots: '8' };

export async function asAdmin(
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

/**
 * Both are copies of one template, so that nothing needs to be copied of tables that are published
 * from the beginning. The slot is made apart: a
 * server cannot wait for itself.
 */
export async function subscribe(
  publisher: Machine,
  subscriber: Machine,
  {
    tables = 'for all tables',
    copy = false,
  }: { readonly tables?: string; readonly copy?: boolean } = {},
): Promise<void> {
  await asAdmin(publisher, async (sql) => {
    await sql.unsafe(`
      create publication everything ${tables} with (publish_via_partition_root = true)`);
    await sql`select pg_create_logical_replication_slot('everything', 'pgoutput')`;
  });
  await asAdmin(subscriber, async (sql) => {
    await sql.unsafe(`
      create subscription everything
        connection '${publisher.database.adminUrl}' publication everything
      with (create_slot = false, slot_name = 'everything', copy_data = ${copy})`);
  });
}

/** A database that has a subscription or a slot cannot be dropped. */
export async function unsubscribe(publisher: Machine, subscriber: Machine): Promise<void> {
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

/** Every table of ours, by what is in it: of one organization, or all. */
export async function contents(
  sql: postgres.Sql,
  organizationId: string | null = null,
): Promise<Record<string, string>> {
  const tables = await sql<{ name: string; key: string | null }[]>`
    select relname as name, case
        when relname = 'organization' then 'id'
        when exists (
          select from pg_attribute a
          where a.attrelid = c.oid and a.attname = 'organization_id' and not a.attisdropped)
          then 'organization_id' end as key
    from pg_class c
    where relnamespace = 'postrider'::regnamespace
      and relkind in ('r', 'p')
      and not relispartition
    order by 1`;
  const rows = await sql.unsafe<{ name: string; rows: number; sum: string }[]>(
    tables
      .filter(({ key }) => organizationId === null || key !== null)
      .map(
        ({ name, key }) => `
          select '${name}' as name, count(*)::int as rows,
            md5(string_agg(t::text, e'\\n' order by t::text collate "C")) as sum
          from postrider.${name} t
          ${organizationId === null ? '' : `where ${key} = '${organizationId}'`}`,
      )
      .join(' union all '),
  );
  return Object.fromEntries(
    rows.map(({ name, rows: count, sum }) => [name, `${count} rows ${sum}`]),
  );
}

/** The subscriber has written down whatever was committed until now. */
export async function caughtUp(publisher: postgres.Sql): Promise<void> {
  const [now] = await publisher<{ lsn: string }[]>`select pg_current_wal_lsn()::text as lsn`;
  await until(async () => {
    const [slot] = await publisher<{ done: boolean }[]>`
      select confirmed_flush_lsn >= ${now?.lsn ?? ''}::pg_lsn as done
      from pg_replication_slots
      where slot_name = 'everything'`;
    return slot?.done === true;
  });
}

/** The tables of organizations, with the rows of one of them. */
export async function rowsOf(sql: postgres.Sql, organizationId: string): Promise<string> {
  const tables = await sql<{ name: string; key: string }[]>`
    select c.relname as name, a.attname as key
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and not a.attisdropped
      and a.attname = case c.relname when 'organization' then 'id' else 'organization_id' end
    where c.relnamespace = 'postrider'::regnamespace
      and c.relkind in ('r', 'p')
      and not c.relispartition`;
  const list = tables.map(
    ({ name, key }) => `table postrider.${name} where (${key} = '${organizationId}')`,
  );
  return `for ${list.join(', ')}`;
}

/** Every table of a subscription has been copied, and follows. */
export async function copied(subscriber: postgres.Sql): Promise<void> {
  await until(
    async () =>
      (await subscriber`select from pg_subscription_rel where srsubstate <> 'r'`).length === 0,
  );
}
