/**
 * Looks for secrets where none may stand: in every table of a database, and in what was logged or
 * printed. Each is looked for as it stands, as an address or base64 writes it, and in hex, which is
 * how bytes are shown as text.
 *
 * A test says which values are its secrets; each database that ever had a connection, or a call of
 * a provider, is searched for them before it is dropped (`machine.ts`).
 */
import assert from 'node:assert/strict';
import { connect } from '@postrider/core';
import type postgres from 'postgres';
import { isLostConnection, sqlState } from '../../packages/core/src/common/driver-errors.ts';
import type { TestDatabase } from './server.ts';

const known = new Set<string>();

/** Marks a value as a secret of the tests of this process, and returns it. */
export function secret(value: string): string {
  known.add(value);
  return value;
}

export function knownSecrets(): readonly string[] {
  return [...known];
}

/**
 * Drops a database, and throws where a secret of this process stood in it.
 *
 * @param asked the test's own client: a session of its own costs more than to look. Where the test
 * has ended it, another one looks. Either is ended here.
 */
export async function dropSearched(database: TestDatabase, asked: postgres.Sql): Promise<void> {
  const another = connect(database.url, { max: 1, name: 'secrets' });
  try {
    const found = (await secretsSeenBy(asked)) ?? (await secretsSeenBy(another)) ?? [];
    assert.deepEqual(found, [], 'a secret stands in the database');
  } finally {
    await Promise.all([asked, another].map(async (sql) => await sql.end({ timeout: 2 })));
    await database.drop();
  }
}

/**
 * Where a secret of this process stands, sealed ones aside. A schema that a test has taken away
 * keeps nothing. Null where the client is ended, or its server gone.
 */
async function secretsSeenBy(sql: postgres.Sql): Promise<readonly string[] | null> {
  if (known.size === 0) return [];
  try {
    const [row] = await sql<{ hasAccounts: boolean }[]>`
      select exists (select from postrider.connection)
        or exists (select from postrider.provider_call) as "hasAccounts"`;
    return row?.hasAccounts === true ? await tablesWith(sql, knownSecrets()) : [];
  } catch (error) {
    if (isLostConnection(error)) return null;
    if (['3F000', '42P01'].includes(sqlState(error) ?? '')) return [];
    throw error;
  }
}

/** How a secret may be written. */
export function waysToWrite(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Of so many bytes before it the first letter may have a part, and the last of what follows.
  const inBase64 = [0, 1, 2].map((before) => {
    const all = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64url');
    return all.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  return [
    ...new Set([
      secret,
      encodeURIComponent(secret),
      bytes.toString('hex'),
      ...inBase64,
      ...inBase64.map((way) => way.replaceAll('-', '+').replaceAll('_', '/')),
    ]),
  ];
}

/** Of these secrets, those that stand in a text in any way. */
export function secretsIn(text: string, secrets: readonly string[]): string[] {
  return secrets.filter((secret) => waysToWrite(secret).some((way) => text.includes(way)));
}

/** The tables that have one of them in any column, each with a row as it has it. */
export async function tablesWith(sql: postgres.Sql, secrets: readonly string[]): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    select c.oid::regclass::text as name
    from pg_class c
    where c.relnamespace in ('postrider'::regnamespace, to_regnamespace('postrider_queue'))
      and c.relkind = 'r'
    order by 1`;
  const ways = secrets.flatMap(waysToWrite).map((way) => way.replaceAll(/[^\w]/g, '\\$&'));
  if (ways.length === 0) return [];
  const looks = tables.map(
    ({ name }) =>
      `(select '${name.replaceAll("'", "''")}: ' || t::text as found
        from ${name} t where t::text ~ $1 limit 1)`,
  );
  const found = await sql.unsafe<{ found: string }[]>(looks.join(' union all '), [ways.join('|')]);
  return found.map((row) => row.found);
}
