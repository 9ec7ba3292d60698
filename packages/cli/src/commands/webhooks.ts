/** `webhooks`: the events of cards on their way to a system of one's own. */
import { UserError, exitCodes } from '@postrider/runner/process';
import { Option, type Command } from 'commander';
import { command, flag, number, text, time, wholeNumber, type Act } from '../program/command.ts';
import { open } from './open-database.ts';

const uuid = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

export function webhooks(program: Command, act: Act): void {
  const listed = command(
    program,
    'webhooks',
    'Events of cards on their way to the event sinks of campaigns, the last first.',
    [
      'postrider webhooks --campaign bakery-welcome --state waiting',
      'postrider webhooks replay bakery-welcome --failed',
      'postrider webhooks test bakery-welcome',
      'postrider webhooks on bakery-welcome   # after its endpoint was switched off',
    ],
  );
  listed
    .option('--campaign <name>', 'only of this one')
    .addOption(
      new Option('--state <state>', 'only these').choices(['waiting', 'done', 'failed', 'off']),
    )
    .option('--piece <id>', 'only of this mailpiece')
    .option('--limit <n>', 'so many at most', wholeNumber(1, 100_000), 50)
    .action(
      act(async (cli, _args, options) => {
        await using database = await open(cli);
        const { listEvents } = await import('../operate/webhooks.ts');
        await listEvents(cli, database.sql, {
          campaign: text(options['campaign']) ?? null,
          state: text(options['state']) ?? null,
          piece: pieceOf(options['piece']),
          limit: number(options['limit']) ?? 50,
        });
      }),
    );
  replaying(listed, act);
  testing(listed, act);
  switchingOn(listed, act);
}

function replaying(listed: Command, act: Act): void {
  command(
    listed,
    'replay',
    'Tells events of a campaign anew, with the ids they had: a receiver that knows one ' +
      'counts it once.',
    [
      'postrider webhooks replay bakery-welcome --since 2026-11-24T03:00:00Z',
      'postrider webhooks replay bakery-welcome --piece 0198c0de-…',
    ],
  )
    .argument('<campaign>', 'by its name')
    .option('--since <time>', 'those that happened since then', time)
    .option('--piece <id>', 'only of this mailpiece')
    .option('--failed', 'only those that failed: for good, or so far')
    .option('--yes', 'do not ask')
    .action(
      act(async (cli, [campaign = ''], options) => {
        const [since, piece] = [options['since'], pieceOf(options['piece'])];
        const failed = flag(options['failed']);
        if (!(since instanceof Date) && piece === null && !failed)
          throw new UserError(
            exitCodes.usage,
            'say which events: --since, --piece or --failed',
            'nothing was told anew',
          );
        await using database = await open(cli);
        const { replayCampaign } = await import('../operate/webhooks.ts');
        await replayCampaign(cli, database.sql, campaign, {
          which: {
            ...(since instanceof Date ? { since } : {}),
            ...(piece === null ? {} : { mailpieceId: piece }),
            failed,
          },
          yes: flag(options['yes']),
        });
      }),
    );
}

function testing(listed: Command, act: Act): void {
  command(
    listed,
    'test',
    'Sends the event sink of a campaign one signed example, in test mode and of no card.',
    ['postrider webhooks test bakery-welcome'],
  )
    .argument('<campaign>', 'by its name')
    .action(
      act(async (cli, [campaign = '']) => {
        const { sendExample } = await import('../operate/webhooks.ts');
        await sendExample(cli, campaign);
      }),
    );
}

function switchingOn(listed: Command, act: Act): void {
  command(
    listed,
    'on',
    'Switches the event sink of a campaign on again. What waits is told at once.',
    ['postrider webhooks on bakery-welcome'],
  )
    .argument('<campaign>', 'by its name')
    .action(
      act(async (cli, [campaign = '']) => {
        await using database = await open(cli);
        const { switchOn } = await import('../operate/webhooks.ts');
        await switchOn(cli, database.sql, campaign);
      }),
    );
}

function pieceOf(given: unknown): string | null {
  const id = text(given);
  if (id === undefined) return null;
  if (uuid.test(id)) return id;
  throw new UserError(
    exitCodes.usage,
    `${id} is not the id of a mailpiece`,
    '`postrider trace` names it; nothing was changed',
  );
}
