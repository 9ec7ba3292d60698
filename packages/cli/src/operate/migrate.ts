/** `migrate`, and the check whether it is needed. */
import {
  isNamed,
  migrate,
  migrationSql,
  requireMigrated,
  type MigrationError,
  type MigrationPlan,
} from '@postrider/core';
import { misdatedPartitions } from '@postrider/core/machine';
import { openDatabase, type Sql } from '@postrider/runner/database';
import { count, duration } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { explain } from '../errors/explain.ts';

export async function migrateDatabase(cli: Cli, dryRun: boolean): Promise<void> {
  await using database = await openDatabase(cli, {
    create: true,
    max: 2,
    name: 'postrider migrate',
  });
  if (dryRun) {
    const text = await migrationSql(database.sql);
    if (cli.out.json) cli.out.emit({ sql: text });
    else process.stdout.write(text);
    return;
  }
  const began = Date.now();
  const plan = await migrate(database.sql);
  const changed = hasChanged(plan);
  // A migration does not mend them: that locks the history, and takes the longer the larger it is.
  // A role that may mend them is told.
  const misdated = await misdatedPartitions(database.sql);
  if (misdated.length > 0)
    cli.out.warn(
      `the history has months whose bounds are no month of UTC (${misdated.join(', ')}): ` +
        'the months beside them cannot be made. In a quiet moment, ' +
        'since nobody moves meanwhile (about a second for each million events in them): ' +
        'postrider sql --write "select * from postrider.mend_event_partitions()"',
    );
  cli.out.result(
    { changed, ...plan, misdatedPartitions: misdated },
    changed
      ? `${whatWasDone(plan)} in ${duration(Date.now() - began)}`
      : 'the database is up to date',
  );
}

export function hasChanged({ migrations, repeatables, queue, grants }: MigrationPlan): boolean {
  return migrations.length > 0 || repeatables || queue || grants;
}

/** In words. The baseline is no migration: it makes what the first release has. */
export function whatWasDone({ migrations, repeatables, queue }: MigrationPlan): string {
  if (migrations.includes('baseline')) return 'tables, functions and views made';
  const parts = [
    migrations.length > 0 ? `${count(migrations.length, 'migration')} applied` : '',
    repeatables ? 'functions and views made anew' : '',
    queue ? 'queues made' : '',
  ].filter((part) => part !== '');
  return parts.join(', ') || 'rights granted';
}

/**
 * False also where nobody can tell, or where the database is newer: `migrate` would not help there.
 */
export async function migrationHelps(sql: Sql): Promise<boolean> {
  return await requireMigrated(sql).then(
    () => false,
    (error: unknown) => isNamed<MigrationError>(error, 'MigrationError') && isHelped(error),
  );
}

function isHelped({ kind }: MigrationError): boolean {
  return kind === 'not_migrated';
}

/** A line of `doctor`. */
export interface Check {
  readonly check: string;
  readonly verdict: 'ok' | 'warn' | 'bad';
  readonly message: string;
  readonly what_helps: string | null;
}

export async function checkSchema(sql: Sql): Promise<Check> {
  try {
    await requireMigrated(sql);
    return { check: 'schema', verdict: 'ok', message: 'on this version', what_helps: null };
  } catch (error) {
    if (!isNamed<MigrationError>(error, 'MigrationError')) throw error;
    const { message, hint } = explain(error);
    const what_helps = isHelped(error) ? 'postrider migrate' : hint;
    return { check: 'schema', verdict: 'bad', message, what_helps };
  }
}
