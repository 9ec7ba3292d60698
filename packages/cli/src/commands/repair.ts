/**
 * Safe repairs: retry, cancel, resolve, erase. Each is one function of the machine, which knows
 * when it must refuse.
 */
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Command } from 'commander';
import type { Sql } from '@postrider/runner/database';
import type { Cli } from '../program/cli.ts';
import { command, flag, oneOf, text, type Act, type Options } from '../program/command.ts';
import { confirm } from '../output/confirm.ts';
import {
  campaignNamed,
  organizationIdOf,
  peopleNamed,
  type RecipientRow,
} from '../operate/names.ts';
import type { Output } from '../output/output.ts';
import { moveEach, listedPeople } from '../operate/each-person.ts';
import { cancel } from './cancel.ts';
import { open } from './open-database.ts';

const whose = 'whose customer it is, where an id is used by several';

export function repairs(program: Command, act: Act): void {
  retrying(program, act);
  cancel(program, act);
  resolving(program, act);
  erasing(program, act);
}

function retrying(program: Command, act: Act): void {
  command(
    program,
    'retry',
    'Tries again people who are in error. Refuses where a card may exist already: ' +
      'that one must be resolved.',
    [
      'postrider retry ada@example.com',
      'postrider retry --campaign bakery-welcome --reason render_failed --dry-run',
      'postrider retry --effects usage_meter   # charges that failed for good; ' +
        'nothing is charged twice',
    ],
  )
    .argument('[who...]', 'people in error, by e-mail, customer id, reference or id')
    .option('--campaign <name>', 'everybody in error of this campaign')
    .option('--reason <code>', 'with --campaign: only who is in error for this reason')
    .addOption(
      oneOf(
        '--effects [kind]',
        'not people, but what follows from their cards and failed for good',
        ['usage_meter', 'event_sink', 'image_cleanup'],
      ),
    )
    .option(
      '--organization <name>',
      'whose customers they are, where an id is used by several; with --effects: only of this one',
    )
    .option('--dry-run', 'only say who, or what, it would be')
    .option('--yes', 'do not ask')
    .action(
      act(async (cli, given, options) => {
        await using database = await open(cli);
        requireOneWay(given, options);
        const { sql } = database;
        if (options['effects'] !== undefined) return await retryEffects(cli, sql, options);
        const campaign = text(options['campaign']);
        if (campaign !== undefined) return await retryCampaign(cli, sql, campaign, options);
        await retryPeople(cli, sql, given, options);
      }),
    );
}

/** People by name, everybody of a campaign, or effects. */
function requireOneWay(people: readonly string[], options: Options): void {
  const { campaign, effects, organization, reason } = options;
  if (campaign !== undefined && organization !== undefined)
    throw new UserError(
      exitCodes.usage,
      '--organization goes with people or --effects',
      'a campaign may be given as organization/name',
    );
  if (effects !== undefined) {
    if (people.length > 0 || campaign !== undefined || reason !== undefined)
      throw new UserError(
        exitCodes.usage,
        '--effects is for all of an organization: leave out people, --campaign and --reason',
      );
    return;
  }
  if ((people.length === 0) === (campaign === undefined))
    throw new UserError(
      exitCodes.usage,
      'say who: people, or --campaign; or what: --effects',
      'for example: postrider retry --campaign bakery-welcome --reason render_failed',
    );
  if (campaign === undefined && reason !== undefined)
    throw new UserError(exitCodes.usage, '--reason goes with --campaign');
}

async function retryEffects(cli: Cli, sql: Sql, options: Options): Promise<void> {
  const { retryFailedEffects } = await import('../operate/retry.ts');
  const { effects } = options;
  await retryFailedEffects(cli, sql, {
    kind:
      effects === 'usage_meter' || effects === 'event_sink' || effects === 'image_cleanup'
        ? effects
        : null,
    organizationId: await organizationIdOf(sql, text(options['organization'])),
    dryRun: flag(options['dryRun']),
    yes: flag(options['yes']),
  });
}

async function retryCampaign(
  cli: Cli,
  sql: Sql,
  campaign: string,
  options: Options,
): Promise<void> {
  const operate = await import('../operate/retry.ts');
  await operate.retryCampaign(cli, sql, await campaignNamed(sql, campaign), {
    reason: text(options['reason']) ?? null,
    dryRun: flag(options['dryRun']),
    yes: flag(options['yes']),
  });
}

async function retryPeople(
  cli: Cli,
  sql: Sql,
  given: readonly string[],
  options: Options,
): Promise<void> {
  const people = await peopleNamed(sql, given, text(options['organization']), inError);
  if (flag(options['dryRun'])) return listPeople(cli.out, people);
  const { retry } = await import('@postrider/core');
  await moveEach(cli.out, people, async (one) => await retry(sql, one.recipientId));
}

function inError(found: readonly RecipientRow[], given: string): RecipientRow[] {
  const people = found.filter(({ state }) => state === 'error');
  if (people.length > 0) return people;
  throw new UserError(
    exitCodes.failed,
    `${given} is ${[...new Set(found.map(({ state }) => state))].join(' and ')}, not in error`,
    'only errors are tried again; nothing was changed',
  );
}

function listPeople(out: Output, people: readonly RecipientRow[]): void {
  out.list(people, [
    { title: 'organization', value: (row) => row.organization },
    { title: 'campaign', value: (row) => row.campaign },
    { title: 'who', value: (row) => row.name, style: () => 'bold' },
    { title: 'reason', value: (row) => row.reason },
    { title: 'recipient', value: (row) => row.recipientId },
  ]);
}

function resolving(program: Command, act: Act): void {
  command(
    program,
    'resolve',
    'Ends an outcome that nobody knows, after somebody has looked at the printer. ' +
      'Printed: give the printer’s id of the card as evidence. ' +
      'Not printed: say who found out and when.',
    [
      'postrider resolve 0198c0de-… printed --evidence fp_8kq2',
      'postrider resolve 0198c0de-… not_printed --evidence "phoned the shop, 24 Nov, ' +
        'order not there"',
    ],
  )
    .argument('<mailpiece>', 'its id; `postrider stuck` names it')
    .argument('<verdict>', 'printed or not_printed')
    .option('--evidence <text>', 'the printer’s id, or who said so and when; it must be given')
    .action(
      act(async (cli, [mailpiece = '', verdict = ''], options) => {
        if (verdict !== 'printed' && verdict !== 'not_printed')
          throw new UserError(
            exitCodes.usage,
            `the verdict is printed or not_printed, not ${verdict}`,
            'nothing was changed',
          );
        if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(mailpiece))
          throw new UserError(
            exitCodes.usage,
            `${mailpiece} is not the id of a mailpiece`,
            '`postrider stuck` names it; nothing was changed',
          );
        const evidence = text(options['evidence']);
        if (evidence === undefined)
          throw new UserError(
            exitCodes.usage,
            'say what shows it, with --evidence: the printer’s id, or who said so and when',
            'nothing was changed',
          );
        await using database = await open(cli);
        const { resolve } = await import('@postrider/core');
        const state = await resolve(database.sql, mailpiece, verdict, evidence);
        cli.out.result(
          { mailpieceId: mailpiece, verdict, state },
          `mailpiece ${mailpiece} is resolved as ${verdict}: its person is ${state}`,
        );
      }),
    );
}

function erasing(program: Command, act: Act): void {
  command(
    program,
    'erase',
    'Forgets a person: name, address, frozen requests and raw events are blanked for good. ' +
      'They stay suppressed, so the next sync does not bring them back.',
    ['postrider erase ada@example.com'],
  )
    .argument('<who>', 'by e-mail, customer id, reference or id')
    .option('--organization <name>', whose)
    .option('--yes', 'do not ask')
    .action(
      act(async (cli, [given = ''], options) => {
        await using database = await open(cli);
        const people = await peopleNamed(database.sql, [given], text(options['organization']));
        await confirm(cli.out, {
          what: `This forgets ${listedPeople(people)} for good; it cannot be undone.`,
          yes: flag(options['yes']),
        });
        const { erase } = await import('@postrider/core');
        const ended = async (one: RecipientRow): Promise<string> => {
          await erase(database.sql, one.recipientId);
          const [row] = await database.sql<{ state: string }[]>`
            select state
            from postrider.recipients
            where organization_id = ${one.organizationId}
              and id = ${one.recipientId}`;
          return row?.state ?? one.state;
        };
        await moveEach(cli.out, people, ended, ', erased');
      }),
    );
}
