/** `print-shop`: the folder print shop by itself. */
import type { Command } from 'commander';
import {
  command,
  decimal,
  flag,
  number,
  text,
  wholeNumber,
  type Act,
  type Options,
} from '../program/command.ts';

export function printShops(program: Command, act: Act): void {
  const shop = command(
    program,
    'print-shop',
    'The folder print shop: a printer that prints into a folder. ' +
      'It takes cards over HTTP, writes PDFs and a posting manifest, ' +
      'and reports how they travel.',
    [
      'postrider print-shop start',
      'postrider print-shop start --days-per-second 2   # the mail arrives within seconds',
      'postrider print-shop stop',
    ],
  );
  const settings = (made: ReturnType<typeof command>) =>
    made
      .option(
        '--folder <dir>',
        'where the prints go; where they went last unless told, ' +
          'at first out/print-shop of the project',
      )
      .option(
        '--port <n>',
        'on 127.0.0.1; 0, the default, takes a free one',
        wholeNumber(0, 65_535),
      )
      .option(
        '--days-per-second <n>',
        'how fast the mail travels; as it did last in this folder unless told, ' +
          'at first `real` days',
        (given) => (given === 'real' ? 1 / 86_400 : decimal(0, 1000)(given)),
      )
      .option(
        '--collect',
        'full files of 500 cards only; `postrider print-shop close` prints the rest',
      )
      .option('--no-collect', 'ends --collect, which a folder keeps from start to start')
      .option('--yes', 'with another ledger, also where cards may be printed twice');
  const settingsOf = (options: Options) => ({
    folder: text(options['folder']) ?? null,
    port: number(options['port']) ?? null,
    daysPerSecond: number(options['daysPerSecond']) ?? null,
    collect: options['collect'] === undefined ? null : flag(options['collect']),
    yes: flag(options['yes']),
  });

  settings(
    command(
      shop,
      'start',
      'Starts it in the background. Campaigns of this project that print at it find it by ' +
        'themselves.',
      ['postrider print-shop start'],
    ),
  ).action(
    act(async (cli, _args, options) => {
      const { startInBackground } = await import('../print-shop/background.ts');
      await startInBackground(cli, settingsOf(options));
    }),
  );
  settings(
    command(shop, 'run', 'Runs it in the foreground, until Ctrl-C.', ['postrider print-shop run']),
  ).action(
    act(async (cli, _args, options) => {
      const { runInForeground } = await import('../print-shop/foreground.ts');
      await runInForeground(cli, settingsOf(options));
    }),
  );
  command(
    shop,
    'stop',
    'Stops it. What waits is in its ledger, and is printed when it is started again.',
    ['postrider print-shop stop'],
  ).action(
    act(async (cli) => {
      const { stopInBackground } = await import('../print-shop/background.ts');
      await stopInBackground(cli);
    }),
  );
  command(
    shop,
    'close',
    'Prints what waits for a file to fill up: the batch is whole. The shop goes on taking cards.',
    ['postrider print-shop close'],
  ).action(
    act(async (cli) => {
      const { closeFiles } = await import('../print-shop/close.ts');
      await closeFiles(cli);
    }),
  );
  command(shop, 'status', 'Whether it runs, and where.', [
    'postrider print-shop status --json',
  ]).action(
    act(async (cli) => {
      const { showStatus } = await import('../print-shop/status.ts');
      await showStatus(cli);
    }),
  );
}
