/** Whether the prints in out/ belong to this database, and beginning anew. */
import { existsSync, renameSync } from 'node:fs';
import { oneLiveRunner } from '@postrider/core/machine';
import type { Sql } from '@postrider/runner/database';
import { UserError, count, exitCodes } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import type { Cli } from '../program/cli.ts';
import { confirm } from '../output/confirm.ts';
import { forgetTwin, twinFolder } from '../lob-twin/note.ts';
import { printsDirectory } from '../print-shop/own-shop.ts';
import { countStrangers, readCards } from './cards.ts';
import { cardFolders, type DemoPrinter, type OpenPrinter } from './printers.ts';

/**
 * Throws `UserError` where cards were made that this database does not know: it would print
 * everybody again.
 */
export async function requireKnownCards(
  sql: Sql,
  { command }: DemoPrinter,
  { own }: OpenPrinter,
): Promise<void> {
  const strangers = await countStrangers(sql, await own.cards());
  if (strangers === 0) return;
  throw new UserError(
    exitCodes.configuration,
    `${own.folder} holds ${count(strangers, 'card')} that this database does not know`,
    'they were printed for another database (is DATABASE_URL another one now?). ' +
      `\`postrider ${command} --fresh\` moves them aside and begins anew; nothing was changed`,
  );
}

export interface Fresh {
  readonly project: Project;
  readonly sql: Sql;
  /** Of each demonstration: a database may hold one with each printer. */
  readonly campaigns: readonly { readonly organization: string; readonly name: string }[];
  /** Nobody is asked. */
  readonly yes: boolean;
}

/**
 * Empties the database of the last demonstration and moves its prints aside. Refuses where anything
 * else is in it.
 */
export async function startFresh(cli: Cli, { project, sql, campaigns, yes }: Fresh): Promise<void> {
  const [exists] = await sql<{ there: boolean }[]>`
    select to_regclass('postrider.campaigns') is not null as there`;
  if (exists?.there === true) {
    const others = await sql<{ name: string }[]>`
      select organization || '/' || name as name
      from postrider.campaigns
      where (organization, name) not in (
        select *
        from unnest(
          ${campaigns.map(({ organization }) => organization)}::text[],
          ${campaigns.map(({ name }) => name)}::text[]))
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
    const twin = existsSync(twinFolder(project)) ? ', and that of the twin of Lob,' : '';
    await confirm(cli.out, {
      what:
        'This forgets the demonstration: its database is emptied, ' +
        `and the folder with ${cards} cards${twin} is moved aside.`,
      yes,
    });
    await sql.unsafe(
      'drop schema if exists postrider cascade; drop schema if exists postrider_queue cascade',
    );
  }
  // The next twin may listen at another port, with another ledger.
  forgetTwin(project);
  const now = new Date().toISOString().replaceAll(/[:.]/g, '-');
  for (const folder of cardFolders(project)) {
    if (!existsSync(folder)) continue;
    const aside = `${folder}-${now}`;
    renameSync(folder, aside);
    cli.out.note(`the old cards are in ${aside}`);
  }
}
