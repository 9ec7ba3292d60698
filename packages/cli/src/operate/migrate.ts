/** `migrate`, and the check whether it is needed. */
import { migrate, migrationSql, planMigration } from '@postrider/core';
import { misdatedPartitions } from '@postrider/core/machine';
import { openDatabase, type Sql } from '@postrider/runner/database';
import { count, duration } from '@postrider/runner/process';
import type { Cli } from '../cli.ts';
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
  const changed = plan.migrations.length > 0 || plan.repeatables || plan.queue || plan.grants;
  const done =
    plan.migrations.length === 0
      ? 'functions and views made anew'
      : `${count(plan.migrations.length, 'migration')} applied`;
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
    changed ? `${done} in ${duration(Date.now() - began)}` : 'the database is up to date',
  );
}

/**
 * False also where nobody can tell, or where the database is newer: `migrate` would not help there.
 */
export async function migrationHelps(sql: Sql): Promise<boolean> {
  try {
    const plan = await planMigration(sql);
    return plan.migrations.length > 0 || plan.repeatables || plan.queue;
  } catch {
    return false;
  }
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
    const plan = await planMigration(sql);
    if (plan.migrations.length === 0 && !plan.repeatables && !plan.queue)
      return { check: 'schema', verdict: 'ok', message: 'on this version', what_helps: null };
    const message = plan.queue
      ? 'not set up yet'
      : `behind this version: ${plan.migrations.join(', ') || 'functions and views differ'}`;
    return { check: 'schema', verdict: 'bad', message, what_helps: 'postrider migrate' };
  } catch (error) {
    if (!(error instanceof Error && error.name === 'MigrationError')) throw error;
    const { message, hint } = explain(error);
    return { check: 'schema', verdict: 'bad', message, what_helps: hint };
  }
}
