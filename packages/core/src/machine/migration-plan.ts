/**
 * What stands between a database and this version: looked at without changing anything, and refused
 * where it must not be migrated.
 */
import { createHash } from 'node:crypto';
import type postgres from 'postgres';
import { QUEUE_SCHEMA } from '../queues/queues.ts';
import { setForTransaction } from './session.ts';
import { sqlFiles, type SqlFiles } from './sql-files.ts';

export class MigrationError extends Error {
  override readonly name = 'MigrationError';
  readonly kind: 'too_old' | 'no_rights' | 'unsuitable' | 'newer' | 'changed' | 'in_use' | 'failed';
  readonly hint: string;
  constructor(kind: MigrationError['kind'], message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
    this.hint = hint;
  }
}

export interface MigrationPlan {
  /** Names of migrations to apply, in order. */
  readonly migrations: readonly string[];
  /** Functions, views and machine data differ from this version. */
  readonly repeatables: boolean;
  /** pg-boss is not there. */
  readonly queue: boolean;
  /**
   * A role of ours came after the last migration and was granted nothing yet. Others can do without
   * its grants.
   */
  readonly grants: boolean;
}

export function isDone(plan: MigrationPlan): boolean {
  return plan.migrations.length === 0 && !plan.repeatables && !plan.queue && !plan.grants;
}

/** The sum under which the database remembers a file that was applied. */
export function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** The name under which it remembers everything that is made anew, as one. */
export const REPEATABLES = 'repeatables';

export function repeatablesSum({ repeatables }: SqlFiles): string {
  return checksum(repeatables.map((file) => `${file.name}\n${file.text}`).join('\n'));
}

const OLDEST_SERVER = 150000;

/**
 * What is made here is read by the settings of the session that makes it: which function a view
 * calls, what a literal means. So nothing is asked or made but under settings of our own, also on
 * the client of another program.
 */
export async function withOwnSettings<Answer>(
  sql: postgres.Sql,
  access: 'read only' | 'read write',
  work: (tx: postgres.TransactionSql) => Promise<Answer>,
): Promise<Answer> {
  return (await sql.begin(`isolation level read committed ${access}`, async (tx) => {
    await tx.unsafe(setForTransaction);
    return await work(tx);
  })) as Answer;
}

async function check(sql: postgres.TransactionSql): Promise<void> {
  const [server] = await sql<
    { version: number; name: string; encoding: string; creates: boolean; database: string }[]
  >`
    select current_setting('server_version_num')::int as version,
      current_setting('server_version') as name,
      current_setting('server_encoding') as encoding,
      current_database() as database,
      has_database_privilege(current_database(), 'create')
        or to_regnamespace('postrider') is not null as creates`;
  if (server === undefined) return;
  if (server.version < OLDEST_SERVER)
    throw new MigrationError(
      'too_old',
      `PostgreSQL ${server.name} is too old`,
      'Postrider needs PostgreSQL 15 or newer; nothing was changed',
    );
  if (server.encoding !== 'UTF8')
    throw new MigrationError(
      'unsuitable',
      `database ${server.database} is encoded in ${server.encoding}`,
      `names and addresses need UTF8: create database … encoding 'UTF8'; nothing was changed`,
    );
  if (!server.creates)
    throw new MigrationError(
      'no_rights',
      `no right to create schemas in database ${server.database}`,
      `the database's owner can: grant create on database ${server.database} to <role>; nothing was changed`,
    );
}

/**
 * What `migrate` would do. Throws `MigrationError` where a migration that was applied has been
 * changed, or the database is newer.
 */
export async function planMigration(sql: postgres.Sql): Promise<MigrationPlan> {
  return await planMigrationTo(sql, sqlFiles());
}

/** As `planMigration`, to the version that these files make. */
export async function planMigrationTo(sql: postgres.Sql, files: SqlFiles): Promise<MigrationPlan> {
  return await withOwnSettings(sql, 'read only', async (tx) => await planIn(tx, files));
}

async function planIn(sql: postgres.TransactionSql, files: SqlFiles): Promise<MigrationPlan> {
  await check(sql);
  // By the catalog: to_regclass fails for a role that has no right on the schema, and an operator
  // has none on the queue's.
  const [there] = await sql<{ machine: boolean; queue: boolean; grants: boolean }[]>`
    with relation as (
      select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
    )
    select
      exists (
        select from relation where nspname = 'postrider' and relname = 'migration') as machine,
      exists (
        select from relation where nspname = ${QUEUE_SCHEMA} and relname = 'version') as queue,
      exists (
        select from pg_namespace n, pg_roles r
        where n.nspname = 'postrider'
          and r.rolname in ('postrider_reader', 'postrider_operator', 'postrider_runner')
          and not has_schema_privilege(r.oid, n.oid, 'usage')) as grants`;
  const applied = new Map<string, string>(
    there?.machine !== true
      ? []
      : (await sql`select name, checksum from postrider.migration`).map((row) => [
          String(row['name']),
          String(row['checksum']),
        ]),
  );
  const { migrations } = files;
  const names = [...applied.keys()].filter((name) => name !== REPEATABLES);
  if (names.length > 0 && !names.includes('baseline'))
    throw new MigrationError(
      'unsuitable',
      'the database was made before the first release',
      'nothing leads from there to this version: give this one an empty database, and let the campaigns of the old one end with the version that made it; nothing was changed',
    );
  const ours = new Set(migrations.map((file) => file.name));
  const newer = names.filter((name) => !ours.has(name));
  if (newer.length > 0)
    throw new MigrationError(
      'newer',
      `the database is newer than this version: it has ${newer.join(', ')}`,
      'use the newer version of Postrider; nothing was changed',
    );
  const changed = migrations.filter(
    (file) => applied.has(file.name) && applied.get(file.name) !== checksum(file.text),
  );
  if (changed.length > 0)
    throw new MigrationError(
      'changed',
      `${changed.map((file) => file.name).join(', ')} was changed after it had been applied`,
      'a migration never changes once it has landed: put the change into a new one; nothing was changed',
    );
  return {
    migrations: migrations.filter((file) => !applied.has(file.name)).map((file) => file.name),
    repeatables: applied.get(REPEATABLES) !== repeatablesSum(files),
    queue: there?.queue !== true,
    grants: there?.grants === true,
  };
}
