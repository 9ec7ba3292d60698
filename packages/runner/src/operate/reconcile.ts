/** `reconcile`: asks printers about cards of which nobody knows whether they were printed. */
import type { Cli } from '../cli/cli.ts';
import { openDatabase } from '../cli/database.ts';
import { CliError } from '../cli/errors.ts';
import { exitCodes } from '../cli/exit-codes.ts';
import { organizationNamed } from '../cli/names.ts';
import { count } from '../cli/text.ts';
import { makePipeline, quietLogger } from '../run/pipeline.ts';
import { requireMigrated } from './migrate.ts';

export async function reconcileNow(cli: Cli, since: Date | null, organization: string | undefined): Promise<void> {
  await using database = await openDatabase(cli, { max: 4, name: 'postrider reconcile' });
  const { sql } = database;
  await requireMigrated(sql);
  if (since !== null && since > new Date())
    throw new CliError(exitCodes.usage, '--since is in the future', 'give the time of the backup that was restored');
  const all =
    organization === undefined
      ? await sql<{ id: string; name: string }[]>`select id, name from postrider.organizations order by created_at`
      : [await organizationNamed(sql, organization)];
  const pipeline = makePipeline(await cli.project(), sql, quietLogger(cli.out));
  let moved = 0;
  for (const { id, name } of all) {
    const some = await pipeline.reconcile(id, since);
    moved += some;
    if (some > 0) cli.out.detail(`${name}: ${count(some, 'person', 'people')} moved`);
  }
  // Asked for everybody, the restore is dealt with: doctor says no more about it.
  if (since !== null && organization === undefined) await sql`select postrider.restore_reconciled()`;
  const [left] = await sql<{ unknown: number }[]>`select count(*)::int as unknown from postrider.mailpieces where status = 'unknown'`;
  const unknown = left?.unknown ?? 0;
  cli.out.result(
    { moved, unknown },
    `${count(moved, 'person', 'people')} moved; ${unknown === 0 ? 'no outcome is unknown' : `${count(unknown, 'outcome is', 'outcomes are')} still unknown, and ${unknown === 1 ? 'is' : 'are'} asked for again later`}`,
  );
}
