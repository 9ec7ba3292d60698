/** `print-shop close`. */
import { count, exitCodes, UserError } from '@postrider/runner/process';
import type { Cli } from '../program/cli.ts';
import { isAnswering, folderOf, notedPrintShop, ownPrintShop, printNow } from './own-shop.ts';

/** Prints what waits for a file to fill up: the day's batch is whole. */
export async function closeFiles(cli: Cli): Promise<void> {
  const project = await cli.project();
  const shop = ownPrintShop(project);
  if (shop === null || !(await isAnswering(project, shop.url)))
    throw new UserError(
      exitCodes.unavailable,
      'the print shop does not run',
      '`postrider print-shop start` starts it; what waits is in its ledger',
    );
  const { files, failed } = await printNow(project, shop.url);
  const cards = files.reduce((sum, one) => sum + one.cards, 0);
  const spoiled =
    failed === 0
      ? ''
      : `; ${count(failed, 'card')} could not be printed, the log of the print shop says why`;
  const folder = folderOf(project, notedPrintShop(project));
  cli.out.result(
    { files, cards, failed, folder },
    files.length === 0
      ? `nothing waited${spoiled}`
      : `${count(cards, 'card')} in ${count(files.length, 'file')}${spoiled}\n` +
          `${files.map((one) => `  ${one.file}  ${one.cards}`).join('\n')}`,
  );
}
