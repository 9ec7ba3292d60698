/**
 * What stands between a database and this version: looked at without changing anything, and refused
 * where it must not be migrated.
 */
import { createHash } from 'node:crypto';
import type postgres from 'postgres';
import { sqlState } from '../common/driver-errors.ts';
import { messageOf } from '../common/message-of.ts';
import { QUEUE_SCHEMA, queues } from '../queues/queues.ts';
import { withConnectionErrors } from './connection-error.ts';
import { MigrationError, notMigrated } from './migration-error.ts';
import { setForTransaction } from './session.ts';
import { sqlFiles, type SqlFiles } from './sql-files.ts';

export interface MigrationPlan {
  /** Names of migrations to apply, in order. */
  readonly migrations: readonly string[];
  /** Functions, views and machine data differ from this version. */
  readonly repeatables: boolean;
  /** pg-boss, or one of its queues, is not there. */
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
  const done = sql.begin(`isolation level read committed ${access}`, async (tx) => {
    await tx.unsafe(setForTransaction);
    return await work(tx);
  });
  return (await withConnectionErrors(sql, done)) as Answer;
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
  try {
    return await withOwnSettings(sql, 'read only', async (tx) => await planIn(tx, files));
  } catch (error) {
    if (sqlState(error) !== '42501') throw error;
    throw new MigrationError(
      'no_rights',
      `no right to see which version the database has: ${messageOf(error)}`,
      'connect as the owner of the schema postrider, or as a role that was granted ' +
        'postrider_runner (for a pipeline), postrider_operator or postrider_reader; ' +
        'nothing was changed',
      error,
    );
  }
}

/**
 * Throws `MigrationError` where this version cannot work on the database: it is empty, older or
 * newer, or not Postrider's. A role that was granted nothing yet keeps nobody else from work.
 */
export async function requireMigrated(sql: postgres.Sql): Promise<void> {
  const { migrations, repeatables, queue } = await planMigration(sql);
  if (migrations.includes('baseline'))
    throw notMigrated('Postrider is not set up in this database');
  if (migrations.length > 0)
    throw notMigrated(`the database is older than this version: it lacks ${migrations.join(', ')}`);
  if (queue) throw notMigrated(`a queue is missing, or the whole schema ${QUEUE_SCHEMA}`);
  if (repeatables)
    throw notMigrated('functions and views of the database are those of another version');
}

async function planIn(sql: postgres.TransactionSql, files: SqlFiles): Promise<MigrationPlan> {
  await check(sql);
  const there = await lookInto(sql);
  const applied = new Map<string, string>(
    !there.machine
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
  if (names.length === 0 && there.tables.length > 0) throw madeByHand(there, files);
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
    queue: !there.queue,
    grants: there.grants,
  };
}

interface Contents {
  /** `migrate` or the bootstrap has been here. */
  readonly machine: boolean;
  readonly queue: boolean;
  readonly grants: boolean;
  /** Four names at most of what else is in the schema postrider. */
  readonly tables: readonly string[];
}

async function lookInto(sql: postgres.TransactionSql): Promise<Contents> {
  // By the catalog: to_regclass fails for a role that has no right on the schema, and an operator
  // has none on the queue's.
  const [there] = await sql<(Contents & { seen: boolean })[]>`
    with relation as (
      select n.nspname, c.oid, c.relname, c.relkind
      from pg_class c
      join pg_namespace n on n.oid = c.relnamespace
    )
    select
      exists (
        select from relation where nspname = 'postrider' and relname = 'migration') as machine,
      exists (
        select from relation where nspname = ${QUEUE_SCHEMA} and relname = 'version') as queue,
      exists (
        select from relation r
        where r.nspname = ${QUEUE_SCHEMA}
          and r.relname = 'queue'
          and has_schema_privilege(r.nspname, 'usage')
          and has_table_privilege(r.oid, 'select')) as seen,
      exists (
        select from pg_namespace n, pg_roles r
        where n.nspname = 'postrider'
          and r.rolname in ('postrider_reader', 'postrider_operator', 'postrider_runner')
          and not has_schema_privilege(r.oid, n.oid, 'usage')) as grants,
      array(
        select relname::text
        from relation
        where nspname = 'postrider'
          and relkind in ('r', 'p')
          and relname <> 'migration'
        order by relname
        limit 4
      ) as tables`;
  if (there === undefined) throw new Error('the database answered no row');
  if (!there.queue || !there.seen) return there;
  const [known] = await sql<{ all: boolean }[]>`
    select count(*) = ${Object.keys(queues).length} as all
    from ${sql(QUEUE_SCHEMA)}.queue
    where name = any (${Object.keys(queues)})`;
  return { ...there, queue: known?.all === true };
}

/** psql has run the files one by one: nothing notes which they were. */
function madeByHand({ machine, tables }: Contents, { migrations }: SqlFiles): MigrationError {
  const notes = migrations
    .slice(0, 1)
    .map(({ name, text }) => `('${name}', '${checksum(text)}')`)
    .join();
  const some = [...tables.slice(0, 3), ...(tables.length > 3 ? ['…'] : [])].join(', ');
  return new MigrationError(
    'unsuitable',
    `the schema postrider has tables (${some}), and no note of how they were made: sql/ was ` +
      "run by hand, or the schema is somebody else's",
    'where nothing in it is needed: drop schema postrider cascade, and migrate (for psql, ' +
      '`postrider migrate --dry-run` prints everything in order, with its notes).' +
      (machine
        ? ' Where all of baseline.sql of this very version made it: insert into ' +
          `postrider.migration (name, checksum) values ${notes}; and migrate.`
        : '') +
      ' Nothing was changed',
  );
}
