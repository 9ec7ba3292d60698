/** `demo`: the main job on real input. */
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Command } from 'commander';
import {
  command,
  decimal,
  flag,
  number,
  oneOf,
  text,
  wholeNumber,
  type Act,
} from '../program/command.ts';

export function demonstration(program: Command, act: Act): void {
  command(
    program,
    'demo',
    'Mails the example: a bakery writes to its customers. ' +
      'Reads the list, prints into a folder, and follows every card until it is received. ' +
      'It can be stopped at any time, also with kill -9: ' +
      'the same command goes on, and no card is printed twice.',
    [
      'postrider demo                 # the first 300 rows',
      'postrider demo --all           # goes on with the same campaign to all 3,220 rows',
      'postrider demo --printer lob   # through a stand-in for Lob, without an account',
      'postrider demo --json          # ends with one JSON object on stdout',
    ],
  )
    .addOption(
      oneOf(
        '--printer <kind>',
        'print-shop (unless told): prints into a folder; lob: the twin of Lob, a stand-in ' +
          'for it on this machine that prints nothing',
        ['print-shop', 'lob'],
      ),
    )
    .option('--all', 'the whole list')
    .option(
      '--rows <n>',
      'only so many rows of the list, and nobody else; ' +
        'unless told 300, and the people who are under way already',
      wholeNumber(1),
    )
    .option(
      '--days-per-second <n>',
      'how fast the mail travels; a card takes six days, at Lob up to ten',
      decimal(0.01, 1000),
    )
    .option(
      '--fresh',
      'forget the last demonstration: empties its database and moves its prints aside; asks first',
    )
    .option('--yes', 'do not ask')
    .action(
      act(async (cli, _args, options) => {
        if (flag(options['all']) && number(options['rows']) !== undefined)
          throw new UserError(exitCodes.usage, '--rows and --all exclude each other');
        const { demo } = await import('../demo/demo.ts');
        await demo(cli, {
          printer: text(options['printer']) === 'lob' ? 'lob' : 'print-shop',
          rows: flag(options['all']) ? null : number(options['rows']),
          daysPerSecond: number(options['daysPerSecond']) ?? null,
          fresh: flag(options['fresh']),
          yes: flag(options['yes']),
        });
      }),
    );
}
