/** `sync` and `enrich`: what the beats do for a campaign, done now. */
import type { Command } from 'commander';
import { command, flag, number, wholeNumber, type Act } from '../program/command.ts';

export function syncs(program: Command, act: Act): void {
  command(
    program,
    'sync',
    'Reads the segment of a campaign now, and reports what became of every row. ' +
      'Safe to repeat: running it again changes nothing. ' +
      'Exit code 75 where somebody else syncs the same campaign.',
    [
      'postrider sync bakery-welcome',
      'postrider sync bakery-welcome --limit 300',
      'postrider sync bakery-welcome --wait --json',
      'postrider sync holiday-cards --amend --dry-run   # a one-off that was launched',
    ],
  )
    .argument('<campaign>', 'by name, by organization/name, or by id')
    .option(
      '--limit <n>',
      'stop after so many rows; nobody is then said to have left the segment',
      wholeNumber(1),
    )
    .option(
      '--allow-departures',
      'it is meant that more than half of those who wait leave the segment at once: conclude it',
    )
    .option('--wait', 'where somebody else syncs it, wait until they are done')
    .option(
      '--amend',
      'of a one-off that was launched: take the rows of its list that have changed, for people ' +
        'whose card the printer does not have; nobody comes, and nobody leaves',
    )
    .option('--dry-run', 'with --amend: count and show what would change, and change nobody')
    .option(
      '--force',
      'marks the run as forced in its report; the gate of the campaign holds all the same',
    )
    .action(
      act(async (cli, [campaign = ''], options) => {
        const { syncNow } = await import('../operate/sync.ts');
        await syncNow(cli, campaign, {
          limit: number(options['limit']) ?? null,
          wait: flag(options['wait']),
          force: flag(options['force']),
          allowDepartures: flag(options['allowDepartures']),
          amend: flag(options['amend']),
          dryRun: flag(options['dryRun']),
        });
      }),
    );

  command(
    program,
    'enrich',
    'Looks up the addresses of people known by e-mail only, now instead of at 1:00, ' +
      '7:00, 13:00 or 19:00 New York time.',
    ['postrider enrich bakery-welcome'],
  )
    .argument('<campaign>', 'by name, by organization/name, or by id')
    .action(
      act(async (cli, [campaign = '']) => {
        const { enrichNow } = await import('../operate/enrich.ts');
        await enrichNow(cli, campaign);
      }),
    );
}
