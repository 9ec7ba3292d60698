/**
 * Brings a database to this version: pg-boss first (the machine writes jobs), then migrations
 * forward, then everything repeatable (the machine's data, functions, views) dropped and created
 * again in the same transaction. A database that is up to date is left alone.
 */
import { createHash } from 'node:crypto';
import { getConstructionPlans, PgBoss, type Db } from 'pg-boss';
import type postgres from 'postgres';
import { insideTransaction, inTransaction } from '../queues/database.ts';
import { declareQueues, QUEUE_SCHEMA } from '../queues/queues.ts';
import { sqlState } from '../common/driver-errors.ts';
import { setForSession, setForTransaction } from './session.ts';
import { bootstrap, migrations, repeatables, type SqlFile } from './sql.generated.ts';
import { messageOf } from '../common/message-of.ts';

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
   * A role of ours came after the last migration and was granted nothing yet. Whoever is no such
   * role can do without.
   */
  readonly grants: boolean;
}

function isDone(plan: MigrationPlan): boolean {
  return plan.migrations.length === 0 && !plan.repeatables && !plan.queue && !plan.grants;
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
const REPEATABLES = 'repeatables';
const repeatablesSum = checksum(repeatables.map((file) => `${file.name}\n${file.text}`).join('\n'));
const OLDEST_SERVER = 150000;

// Views and functions go before the tables change beneath them. What others built upon them would
// go too (views, functions, defaults, indexes, triggers), so it is looked for first.
const FOREIGN_DEPENDENTS = `
  select distinct case o.type when 'rule' then substring(o.identity from ' on (.*)$') else o.type || ' ' || o.identity end as name
  from pg_depend d cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) o
  where d.deptype in ('n', 'a') and o.identity !~ '(^|\\s)postrider\\.' and (
    d.refclassid = 'pg_class'::regclass and d.refobjid in (select oid from pg_class where relnamespace = 'postrider'::regnamespace and relkind = 'v')
    or d.refclassid = 'pg_proc'::regclass and d.refobjid in (select oid from pg_proc where pronamespace = 'postrider'::regnamespace))`;

// The names are gathered before the first is dropped: what goes with another by cascade has no name
// any more.
const DROP_REPEATABLES = `do $$
declare
  v_commands text[] := array(
    select format('drop view if exists %s cascade', oid::regclass) from pg_class where relnamespace = 'postrider'::regnamespace and relkind = 'v')
    || array(select format('drop policy %I on %I.%I', policyname, schemaname, tablename) from pg_policies where schemaname = 'postrider')
    || array(select format('drop function if exists %s cascade', oid::regprocedure) from pg_proc where pronamespace = 'postrider'::regnamespace);
  v_command text;
begin
  foreach v_command in array v_commands loop
    execute v_command;
  end loop;
end $$;`;

/**
 * What is made here is read by the settings of the session that makes it: which function a view
 * calls, what a literal means. So nothing is asked or made but under settings of our own, whoever's
 * client it is.
 */
async function underOurSettings<Answer>(
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
    select current_setting('server_version_num')::int as version, current_setting('server_version') as name,
      current_setting('server_encoding') as encoding, current_database() as database,
      has_database_privilege(current_database(), 'create') or to_regnamespace('postrider') is not null as creates`;
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
  return await underOurSettings(sql, 'read only', planIn);
}

async function planIn(sql: postgres.TransactionSql): Promise<MigrationPlan> {
  await check(sql);
  // By the catalog: to_regclass fails for whoever has no right on the schema, and an operator has
  // none on the queue.
  const [there] = await sql<{ machine: boolean; queue: boolean; grants: boolean }[]>`
    with relation as (select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace)
    select exists (select from relation where nspname = 'postrider' and relname = 'migration') as machine,
      exists (select from relation where nspname = ${QUEUE_SCHEMA} and relname = 'version') as queue,
      exists (select from pg_namespace n, pg_roles r where n.nspname = 'postrider' and r.rolname in ('postrider_reader', 'postrider_operator',
        'postrider_runner') and not has_schema_privilege(r.oid, n.oid, 'usage')) as grants`;
  const applied = new Map<string, string>(
    there?.machine !== true
      ? []
      : (await sql`select name, checksum from postrider.migration`).map((row) => [
          String(row['name']),
          String(row['checksum']),
        ]),
  );
  const ours = new Set(migrations.map((file) => file.name));
  const newer = [...applied.keys()].filter(
    (name) => name.startsWith('migrations/') && !ours.has(name),
  );
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
    repeatables: applied.get(REPEATABLES) !== repeatablesSum,
    queue: there?.queue !== true,
    grants: there?.grants === true,
  };
}

function byName(names: readonly string[]): readonly SqlFile[] {
  return migrations.filter((file) => names.includes(file.name));
}

/** The SQL that `migrate` would run, as psql takes it. */
export async function migrationSql(sql: postgres.Sql): Promise<string> {
  const plan = await planMigration(sql);
  if (isDone(plan)) return '-- The database is up to date.\n';
  const section = (file: SqlFile): string => `-- ${file.name}\n${file.text}\n`;
  return [
    `-- Whatever the defaults of the database and the role are.\n${setForSession}`,
    plan.queue
      ? `-- pg-boss (its queues are declared by the program)\n${getConstructionPlans(QUEUE_SCHEMA)}\n`
      : '',
    'begin;\n',
    section(bootstrap),
    `${DROP_REPEATABLES}\n`,
    ...byName(plan.migrations).map(
      (file) =>
        `${section(file)}insert into postrider.migration (name, checksum) values ('${file.name}', '${checksum(file.text)}');\n`,
    ),
    ...repeatables.map(section),
    `select * from postrider.keep_house('{event_partitions}');\n`,
    `insert into postrider.migration (name, checksum) values ('${REPEATABLES}', '${repeatablesSum}') on conflict (name) do update set checksum = excluded.checksum, applied_at = clock_timestamp();\n`,
    'commit;\n',
  ].join('\n');
}

async function installQueue(sql: postgres.Sql): Promise<void> {
  const db = {
    executeSql: async (text: string, values?: unknown[]) =>
      await underOurSettings(
        sql,
        'read write',
        async (tx) => await inTransaction(tx).executeSql(insideTransaction(text) ?? text, values),
      ),
  } as Db;
  const boss = new PgBoss({
    db,
    schema: QUEUE_SCHEMA,
    supervise: false,
    schedule: false,
    registerInstance: false,
  });
  boss.on('error', () => undefined);
  await boss.start();
  try {
    await declareQueues(boss);
  } finally {
    await boss.stop({ graceful: false });
  }
}

/**
 * Brings the database to this version. Safe to call from several processes at once, and cheap where
 * there is nothing to do.
 */
export async function migrate(sql: postgres.Sql): Promise<MigrationPlan> {
  const plan = await planMigration(sql);
  if (isDone(plan)) return plan;
  try {
    await installQueue(sql);
    await underOurSettings(sql, 'read write', async (tx) => {
      // A statement of somebody's that never ends must not make everybody else wait behind us; and
      // somebody may be migrating already.
      await tx`select set_config('lock_timeout', '30s', true), set_config('statement_timeout', '30min', true)`;
      await tx`select pg_advisory_xact_lock(hashtextextended('postrider:migrate', 0))`;
      // Whoever waited there remembers that there was no schema; only a look at a table tells the
      // session what has been committed since.
      await tx`select from pg_namespace limit 1`;
      await tx.unsafe(bootstrap.text);
      const done = new Set(
        (await tx`select name, checksum from postrider.migration`).map(
          (row) => `${row['name']}:${row['checksum']}`,
        ),
      );
      if (
        !plan.grants &&
        done.has(`${REPEATABLES}:${repeatablesSum}`) &&
        migrations.every((file) => done.has(`${file.name}:${checksum(file.text)}`))
      )
        return;
      const dependents = await tx.unsafe(FOREIGN_DEPENDENTS);
      if (dependents.length > 0)
        throw new MigrationError(
          'in_use',
          `${dependents.map((row) => String(row['name'])).join(', ')} depend(s) on Postrider's views or functions, which are made anew`,
          'drop them, migrate, and create them again; nothing was changed',
        );
      await tx.unsafe(DROP_REPEATABLES);
      for (const file of migrations) {
        if (done.has(`${file.name}:${checksum(file.text)}`)) continue;
        await apply(tx, file);
        await tx`insert into postrider.migration (name, checksum) values (${file.name}, ${checksum(file.text)})`;
      }
      for (const file of repeatables) await apply(tx, file);
      // Where a month cannot be made doctor says so, and the history goes into the default
      // partition: an upgrade is not refused for it.
      await tx`select from postrider.keep_house('{event_partitions}')`;
      await tx`insert into postrider.migration (name, checksum) values (${REPEATABLES}, ${repeatablesSum})
        on conflict (name) do update set checksum = excluded.checksum, applied_at = clock_timestamp()`;
    });
  } catch (error) {
    throw explained(error);
  }
  return plan;
}

/** What the server said, with what helps; anything that is not known here as it is. */
function explained(error: unknown): unknown {
  const said = messageOf(error);
  switch (sqlState(error)) {
    case '42501':
      return new MigrationError(
        'no_rights',
        `no right to change the database: ${said}`,
        'migrate as the owner of the schemas postrider and postrider_queue; nothing was changed',
        error,
      );
    case '55P03':
      return new MigrationError(
        'in_use',
        `somebody else's transaction held what is to be changed for too long: ${said}`,
        'stop the runners, end what select * from postrider.doctor() names as the oldest transaction, and migrate again; nothing was changed',
        error,
      );
    case '25006':
    case '0A000':
      return new MigrationError(
        'unsuitable',
        `nothing can be written here: ${said}`,
        'migrate on the primary; nothing was changed',
        error,
      );
    default:
      return error;
  }
}

async function apply(tx: postgres.TransactionSql, file: SqlFile): Promise<void> {
  try {
    await tx.unsafe(file.text);
  } catch (error) {
    throw new MigrationError(
      'failed',
      `sql/${file.name}: ${messageOf(error)}`,
      'everything was rolled back; the database is as it was',
      error,
    );
  }
}
