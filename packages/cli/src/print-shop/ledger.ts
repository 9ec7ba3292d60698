/**
 * The one ledger that knows the cards of this project. A card whose answer was lost is looked up in
 * it, and only there: an empty ledger would say of every card that it was never printed, and print
 * it again. So the print shop opens with another one only while nothing is in question.
 */
import { cardsInQuestion } from '@postrider/core/machine';
import { openDatabase, type Sql } from '@postrider/runner/database';
import { UserError, count, exitCodes } from '@postrider/runner/process';
import type { Project } from '@postrider/runner/project';
import { ledgerIn } from '@postrider/twins/print-shop';
import type { Cli } from '../program/cli.ts';
import { folderOf, notedPrintShop } from './own-shop.ts';
import { printersAtOwnShop } from './printers.ts';

/**
 * Throws `UserError` where cards may be printed of which this folder's ledger knows nothing. `sql`:
 * null where no database is open yet.
 */
export async function requireSameLedger(
  cli: Cli,
  project: Project,
  folder: string,
  sql: Sql | null,
): Promise<void> {
  const noted = notedPrintShop(project);
  if (noted === null || noted.ledger === null || noted.ledger === (await ledgerIn(folder))) return;
  const open = sql === null ? await inOwnDatabase(cli) : await countOpen(sql);
  if (open === 0) return;
  const known = folderOf(project, noted);
  throw new UserError(
    exitCodes.tryLater,
    `${count(open, 'card')} may be printed already, and ${folder} does not hold the ledger ` +
      'that knows',
    known === folder
      ? 'put the folder back as it was. Where its ledger is lost, ' +
          '`postrider print-shop start --yes` begins another, ' +
          'and these cards may be printed twice; nothing was changed'
      : `\`postrider print-shop start --folder ${known}\` and a runner settle them; ` +
          'another folder is for the cards after that. Where that ledger is lost, ' +
          '--yes begins another, and these cards may be printed twice; nothing was changed',
  );
}

async function inOwnDatabase(cli: Cli): Promise<number> {
  try {
    await using database = await openDatabase(cli);
    return await countOpen(database.sql);
  } catch (error) {
    // Where there is no database yet, there are no cards.
    if (error instanceof UserError && error.exitCode === exitCodes.unavailable) return 0;
    throw error;
  }
}

/** Cards at the project's own print shop of which nobody knows whether they were printed. */
async function countOpen(sql: Sql): Promise<number> {
  const [exists] = await sql<{ there: boolean }[]>`
    select to_regclass('postrider.mailpieces') is not null as there`;
  if (exists?.there !== true) return 0;
  return await cardsInQuestion(sql, await printersAtOwnShop(sql));
}
