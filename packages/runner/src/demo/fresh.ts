/**
 * Which database the prints in out/ belong to, and beginning anew. Prints and database know of each other only what the database knows: an empty database
 * beside a full folder would print everybody again.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Cli } from '../cli/cli.ts';
import { confirm } from '../cli/confirm.ts';
import type { Sql } from '../cli/database.ts';
import { CliError } from '../cli/errors.ts';
import { exitCodes } from '../cli/exit-codes.ts';
import type { Project } from '../config/project.ts';
import { countCards } from './summary.ts';

const name = 'demo.json';

/** Throws `CliError` where the prints were made for another database. */
export async function claimPrints(project: Project, organizationId: string): Promise<void> {
  const file = project.stateFile(name);
  const owner = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { organizationId?: string }).organizationId : undefined;
  const cards = await countCards(project.printsDirectory);
  if (owner !== organizationId && cards > 0) {
    throw new CliError(
      exitCodes.configuration,
      `${project.printsDirectory} holds ${cards} cards that this database does not know`,
      'they were printed for another database (is DATABASE_URL another one now?). `postrider demo --fresh` moves them aside and begins anew; nothing was changed',
    );
  }
  writeFileSync(file, `${JSON.stringify({ organizationId })}\n`);
}

/** Empties the database of the last demonstration and moves its prints aside. Refuses where anything else is in it. */
export async function beginAnew(
  cli: Cli,
  project: Project,
  sql: Sql,
  campaign: { organization: string; name: string },
  yes: boolean,
): Promise<void> {
  const [exists] = await sql<{ there: boolean }[]>`select to_regclass('postrider.campaign') is not null as there`;
  if (exists?.there === true) {
    const others = await sql<{ name: string }[]>`
      select o.name || '/' || c.name as name from postrider.campaign c join postrider.organization o on o.id = c.organization_id
      where (o.name, c.name) <> (${campaign.organization}, ${campaign.name}) limit 3`;
    if (others.length > 0) {
      throw new CliError(
        exitCodes.failed,
        `this database holds more than the demonstration: ${others.map((row) => row.name).join(', ')}`,
        '--fresh would forget who has been mailed. Use another database (DATABASE_URL) or another project (POSTRIDER_HOME); nothing was changed',
      );
    }
    const [alive] = await sql<
      { name: string }[]
    >`select name from postrider.runner where seen_at > clock_timestamp() - interval '45 seconds' limit 1`;
    if (alive !== undefined)
      throw new CliError(exitCodes.tryLater, `runner ${alive.name} works on this database`, 'stop it and try again; nothing was changed');
    const cards = await countCards(project.printsDirectory);
    await confirm(cli.out, {
      what: `This forgets the demonstration: its database is emptied, and the folder with ${cards} cards is moved aside.`,
      yes,
    });
    await sql.unsafe('drop schema if exists postrider cascade; drop schema if exists postrider_queue cascade');
  }
  if (!existsSync(project.printsDirectory)) return;
  const aside = join(dirname(project.printsDirectory), `print-shop-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`);
  renameSync(project.printsDirectory, aside);
  cli.out.note(`the old prints are in ${aside}`);
}
