/** `print-shop run`: the print shop in this process, until Ctrl-C. */
import { startPrintShop } from '@postrider/twins/print-shop';
import type { Cli } from '../program/cli.ts';
import { requireSameLedger } from './ledger.ts';
import { folderFor, settingsInForce, noteShop, optionsOf, type ShopSettings } from './settings.ts';

export async function runInForeground(cli: Cli, settings: ShopSettings): Promise<void> {
  const project = await cli.project();
  if (!settings.yes) await requireSameLedger(cli, project, folderFor(project, settings), null);
  const options = optionsOf(project, settings);
  const stopped = new Promise<void>((end) => cli.signals.catch(() => end()));
  const shop = await startPrintShop({
    ...options,
    log: (line) => cli.out.note(`print shop: ${line}`),
  });
  const { url, ledger } = shop;
  const running = { url, ledger, pid: process.pid };
  noteShop(project, options, running, { goesOn: settingsInForce(project, settings) });
  if (cli.out.json)
    cli.out.emit({ event: 'ready', url: shop.url, pid: process.pid, folder: options.folder });
  else
    cli.out.note(
      `${cli.out.tint('green', 'open')}: takes cards on ${shop.url}, ` +
        `prints into ${options.folder}. Ctrl-C stops`,
    );
  const broken = await Promise.race([stopped.then(() => null), shop.broken]);
  await shop.stop();
  if (broken !== null) throw broken;
  cli.out.note('closed; what waits is in its ledger');
  if (cli.signals.received === 'SIGINT') process.exitCode = 130;
}
