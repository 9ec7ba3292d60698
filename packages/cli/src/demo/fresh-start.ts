/** Whether the prints in out/ belong to this database, and beginning anew. */
import { existsSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { oneLiveRunner } from '@postrider/core/machine';
import type { Sql } from '@postrider/runner/database';
import { UserError, count, exitCodes } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import type { Cli } from '../program/cli.ts';
import { confirm } from '../output/confirm.ts';
import { printsDirectory } from '../print-shop/own-shop.ts';
import { readCards } from './summary.ts';

/**
 * Throws `UserError` where cards were printed that this database does not know: it would print
 * everybody again.
 */
export async function requireKnownPrints(project: Project, sql: Sql): Promise<void> {
  const printed = await readCards(printsDirectory(project));
  const [row] = await sql<{ strangers: number }[]>`
    select count(*)::int as strangers from unnest(${printed}::text[]) as c (mailpiece)
    where not exists (select from postrider.mailpieces m where m.id::text = c.mailpiece)`;
  const strangers = row?.strangers ?? 0;
  if (strangers === 0) return;
  throw new UserError(
    exitCodes.configuration,
    `${printsDirectory(project)} holds ${count(strangers, 'card')} that this database does ` +
      'not know',
    'they were printed for another database (is DATABASE_URL another one now?). ' +
      '`postrider demo --fresh` moves them aside and begins anew; nothing was changed',
  );
}

export interface Fresh {
  readonly project: Project;
  readonly sql: Sql;
  /** Of the demonstration. */
  readonly campaign: { readonly organization: string; readonly name: string };
  /** Nobody is asked. */
  readonly yes: boolean;
}

/**
 * Empties the database of the last demonstration and moves its prints aside. Refuses where anything
 * else is in it.
 */
export async function startFresh(cli: Cli, { project, sql, campaign, yes }: Fresh): Promise<void> {
  const [exists] = await sql<{ there: boolean }[]>`
    select to_regclass('postrider.campaigns') is not null as there`;
  if (exists?.there === true) {
    const others = await sql<{ name: string }[]>`
      select organization || '/' || name as name
      from postrider.campaigns
      where (organization, name) <> (${campaign.organization}, ${campaign.name})
      limit 3`;
    if (others.length > 0) {
      throw new UserError(
        exitCodes.failed,
        'this database holds more than the demonstration: ' +
          others.map((row) => row.name).join(', '),
        '--fresh would forget who has been mailed. Use another database (DATABASE_URL) or ' +
          'another project (POSTRIDER_HOME); nothing was changed',
      );
    }
    const alive = await oneLiveRunner(sql);
    if (alive !== null)
      throw new UserError(
        exitCodes.tryLater,
        `runner ${alive} works on this database`,
        'stop it and try again; nothing was changed',
      );
    const { length: cards } = await readCards(printsDirectory(project));
    await confirm(cli.out, {
      what:
        'This forgets the demonstration: its database is emptied, ' +
        `and the folder with ${cards} cards is moved aside.`,
      yes,
    });
    await sql.unsafe(
      'drop schema if exists postrider cascade; drop schema if exists postrider_queue cascade',
    );
  }
  if (!existsSync(printsDirectory(project))) return;
  const aside = join(
    dirname(printsDirectory(project)),
    `print-shop-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`,
  );
  renameSync(printsDirectory(project), aside);
  cli.out.note(`the old prints are in ${aside}`);
}
