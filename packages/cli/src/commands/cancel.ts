/** `cancel`: people by name, or the cards of a campaign. */
import { UserError, count, exitCodes } from '@postrider/runner/process';
import type { Command } from 'commander';
import { moveEach, listedPeople } from '../operate/each-person.ts';
import { campaignNamed, peopleNamed } from '../operate/names.ts';
import { confirm } from '../output/confirm.ts';
import { command, flag, text, time, type Act, type Options } from '../program/command.ts';
import { open } from './open-database.ts';

export function cancel(program: Command, act: Act): void {
  command(
    program,
    'cancel',
    'Cancels people. Before the printer at once; at the printer as soon as the outcome is ' +
      'known; after that the printer is asked to call the card back.',
    [
      'postrider cancel ada@example.com --why "moved away"',
      'postrider cancel --campaign spring --dry-run',
      'postrider cancel --campaign spring --state proofed,sent --region CA --why "wrong offer"',
    ],
  )
    .argument('[who...]', 'by e-mail, customer id, reference or id')
    .option('--campaign <name>', 'the cards of this campaign: all, or those named below')
    .option('--state <states>', 'only who is in these states, as proofed,sent')
    .option('--since <time>', 'only who came to their state then or later', time)
    .option('--region <codes>', 'only who lives there, as CA,OR')
    .option('--country <codes>', 'only who lives there, as US,CA')
    .option('--printer <names>', 'only cards of these printers')
    .option('--ids <file>', 'only these people: a file with an id of the source in each line')
    .option('--dry-run', 'with --campaign: only say what it would be, and what is too late')
    .option('--results', 'with --campaign: what became of what was cancelled, with the money')
    .option('--organization <name>', 'whose customer it is, where an id is used by several')
    .option('--why <sentence>', 'shown by trace')
    .option('--yes', 'do not ask where it is more than one person')
    .action(
      act(async (cli, given, options) => {
        await using database = await open(cli);
        const campaign = text(options['campaign']);
        requireOneWay(given, options, campaign);
        if (campaign !== undefined) {
          const { cancelCampaign, showResults } = await import('../operate/cancel.ts');
          const named = await campaignNamed(database.sql, campaign);
          if (flag(options['results'])) return await showResults(cli, database.sql, named);
          const { since } = options;
          return await cancelCampaign(cli, database.sql, named, {
            filter: {
              states: text(options['state']) ?? null,
              since: since instanceof Date ? since : null,
              regions: text(options['region']) ?? null,
              countries: text(options['country']) ?? null,
              printers: text(options['printer']) ?? null,
              idsFile: text(options['ids']) ?? null,
            },
            why: text(options['why']) ?? null,
            dryRun: flag(options['dryRun']),
            yes: flag(options['yes']),
          });
        }
        const found = await peopleNamed(database.sql, given, text(options['organization']));
        const { terminalStates } = await import('@postrider/core/states');
        const over = new Set<string>(terminalStates);
        // Somebody in error may still be called off.
        over.delete('error');
        const moving = found.filter(({ state }) => !over.has(state));
        const people = moving.length > 0 ? moving : found;
        await confirm(cli.out, {
          what: `This cancels ${count(people.length, 'person', 'people')}: ${listedPeople(people)}.`,
          yes: flag(options['yes']) || people.length === 1,
        });
        const { cancel } = await import('@postrider/core');
        await moveEach(
          cli.out,
          people,
          async (one) => await cancel(database.sql, one.recipientId, text(options['why']) ?? null),
        );
      }),
    );
}

/** People by name, or cards of a campaign. */
function requireOneWay(
  people: readonly string[],
  options: Options,
  campaign: string | undefined,
): void {
  const ofCampaign = [
    'state',
    'since',
    'region',
    'country',
    'printer',
    'ids',
    'dryRun',
    'results',
  ].filter((name) => options[name] !== undefined);
  if ((people.length === 0) === (campaign === undefined))
    throw new UserError(
      exitCodes.usage,
      'say who: people, or --campaign',
      'for example: postrider cancel --campaign spring --dry-run; nothing was changed',
    );
  if (campaign === undefined && ofCampaign.length > 0)
    throw new UserError(
      exitCodes.usage,
      `--${ofCampaign[0] === 'dryRun' ? 'dry-run' : ofCampaign[0]} goes with --campaign`,
      'nothing was changed',
    );
  if (campaign !== undefined && options['organization'] !== undefined)
    throw new UserError(
      exitCodes.usage,
      '--organization goes with people',
      'a campaign may be given as organization/name; nothing was changed',
    );
}
