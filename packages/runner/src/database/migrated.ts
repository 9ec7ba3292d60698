/** The check before a pipeline works on a database. */
import { planMigration } from '@postrider/core';
import { exitCodes } from '../process/exit-codes.ts';
import { UserError } from '../process/user-error.ts';
import type { Sql } from './open.ts';

/** Throws where a pipeline cannot work on this database yet. */
export async function requireMigrated(sql: Sql): Promise<void> {
  const plan = await planMigration(sql);
  if (plan.migrations.length === 0 && !plan.repeatables && !plan.queue) return;
  throw new UserError(
    exitCodes.configuration,
    plan.queue ? 'the database is not set up yet' : 'the database is not on this version',
    'run `postrider migrate`; it changes nothing but the schemas postrider and postrider_queue',
  );
}
