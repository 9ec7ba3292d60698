/**
 * Brings a database to this version: pg-boss first (the machine writes jobs), then migrations
 * forward, then everything repeatable (the machine's data, functions, views) dropped and created
 * again in the same transaction. A database that is up to date is left alone.
 */
import { getConstructionPlans, PgBoss, type Db } from 'pg-boss';
import type postgres from 'postgres';
import { insideTransaction, inTransaction } from '../queues/database.ts';
import { declareQueues, QUEUE_SCHEMA, queues } from '../queues/queues.ts';
import { sqlState } from '../common/driver-errors.ts';
import {
  checksum,
  isDone,
  planMigrationTo,
  REPEATABLES,
  repeatablesSum,
  withOwnSettings,
  type MigrationPlan,
} from './migration-plan.ts';
import { MigrationError } from './migration-error.ts';
import { setForSession } from './session.ts';
import { sqlFiles, type SqlFile, type SqlFiles } from './sql-files.ts';
import { messageOf } from '../common/message-of.ts';

// Views and functions go before the tables change beneath them. What others built upon them would
// go too (views, functions, defaults, indexes, triggers), so it is looked for first.
const FOREIGN_DEPENDENTS = `
  select distinct
    case o.type
      when 'rule' then substring(o.identity from ' on (.*)$')
      else o.type || ' ' || o.identity
    end as name
  from pg_depend d
  cross join lateral pg_identify_object(d.classid, d.objid, d.objsubid) o
  where d.deptype in ('n', 'a')
    and o.identity !~ '(^|\\s)postrider\\.'
    and (
      d.refclassid = 'pg_class'::regclass and d.refobjid in (
        select oid from pg_class
        where relnamespace = 'postrider'::regnamespace and relkind = 'v')
      or d.refclassid = 'pg_proc'::regclass and d.refobjid in (
        select oid from pg_proc where pronamespace = 'postrider'::regnamespace))`;

// The names are gathered before the first is dropped: what goes with another by cascade has no name
// any more.
const DROP_REPEATABLES = `do $$
declare
  v_commands text[] := array(
    select format('drop view if exists %s cascade', oid::regclass) from pg_class
    where relnamespace = 'postrider'::regnamespace and relkind = 'v'
    union all
    select format('drop policy %I on %I.%I', policyname, schemaname, tablename) from pg_policies
    where schemaname = 'postrider'
    union all
    select format('drop function if exists %s cascade', oid::regprocedure) from pg_proc
    where pronamespace = 'postrider'::regnamespace);
  v_command text;
begin
  foreach v_command in array v_commands loop
    execute v_command;
  end loop;
end $$;`;

/** The SQL that `migrate` would run, as psql takes it. */
export async function migrationSql(sql: postgres.Sql): Promise<string> {
  const files = sqlFiles();
  const plan = await planMigrationTo(sql, files);
  if (isDone(plan)) return '-- The database is up to date.\n';
  const section = (file: SqlFile): string => `-- ${file.name}\n${file.text}\n`;
  return [
    `-- Whatever the defaults of the database and the role are.\n${setForSession}`,
    plan.queue ? await queueSql(sql) : '',
    'begin;\n',
    section(files.bootstrap),
    `${DROP_REPEATABLES}\n`,
    ...files.migrations
      .filter((file) => plan.migrations.includes(file.name))
      .flatMap((file) => [section(file), remembering(file.name, checksum(file.text))]),
    ...files.repeatables.map(section),
    `select * from postrider.run_housekeeping(p_parts => '{event_partitions}');\n`,
    remembering(REPEATABLES, repeatablesSum(files)),
    'commit;\n',
  ].join('\n');
}

/** pg-boss's tables, where they are missing, and the queues: one that is there stays as it is. */
async function queueSql(sql: postgres.Sql): Promise<string> {
  const isThere = await withOwnSettings(sql, 'read only', async (tx) => {
    const [row] = await tx`select to_regclass(${`${QUEUE_SCHEMA}.version`}) as version`;
    return row?.['version'] !== null;
  });
  return [
    '-- pg-boss',
    ...(isThere ? [] : [getConstructionPlans(QUEUE_SCHEMA)]),
    ...Object.entries(queues).map(
      ([name, settings]) =>
        `select ${QUEUE_SCHEMA}.create_queue('${name}', '${JSON.stringify(settings)}');`,
    ),
    '',
  ].join('\n');
}

function remembering(name: string, sum: string): string {
  return `insert into postrider.migration (name, checksum) values ('${name}', '${sum}')
on conflict (name) do update set checksum = excluded.checksum, applied_at = clock_timestamp();
`;
}

async function installQueue(sql: postgres.Sql): Promise<void> {
  const db = {
    executeSql: async (text: string, values?: unknown[]) =>
      await withOwnSettings(
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
  return await migrateTo(sql, sqlFiles());
}

/** As `migrate`, to the version that these files make. */
export async function migrateTo(sql: postgres.Sql, files: SqlFiles): Promise<MigrationPlan> {
  const plan = await planMigrationTo(sql, files);
  if (isDone(plan)) return plan;
  try {
    await installQueue(sql);
    await withOwnSettings(sql, 'read write', async (tx) => {
      // A statement of somebody's that never ends must not make everybody else wait behind us; and
      // somebody may be migrating already.
      await tx`
        select set_config('lock_timeout', '30s', true),
          set_config('statement_timeout', '30min', true)`;
      await tx`select pg_advisory_xact_lock(hashtextextended('postrider:migrate', 0))`;
      // A session that waited for this lock remembers that there was no schema; only a look at a
      // table tells it what has been committed since.
      await tx`select from pg_namespace limit 1`;
      await tx.unsafe(files.bootstrap.text);
      const done = new Set(
        (await tx`select name, checksum from postrider.migration`).map(
          (row) => `${row['name']}:${row['checksum']}`,
        ),
      );
      if (
        !plan.grants &&
        done.has(`${REPEATABLES}:${repeatablesSum(files)}`) &&
        files.migrations.every((file) => done.has(`${file.name}:${checksum(file.text)}`))
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
      for (const file of files.migrations) {
        if (done.has(`${file.name}:${checksum(file.text)}`)) continue;
        await apply(tx, file);
        await tx.unsafe(remembering(file.name, checksum(file.text)));
      }
      for (const file of files.repeatables) await apply(tx, file);
      // Where a month cannot be made doctor says so, and the history goes into the default
      // partition: an upgrade is not refused for it.
      await tx`select from postrider.run_housekeeping(p_parts => '{event_partitions}')`;
      await tx.unsafe(remembering(REPEATABLES, repeatablesSum(files)));
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
