/** `hold` and `release`: when hold returns, nothing new begins. */
import type { HoldTarget } from '@postrider/core';
import type { Sql } from '@postrider/runner/database';
import type { Command } from 'commander';
import type { Cli } from '../program/cli.ts';
import { command, flag, text, type Act, type Options } from '../program/command.ts';
import { confirm } from '../output/confirm.ts';
import { open } from './open-database.ts';

const kinds = ['organization', 'campaign', 'printer', 'connection', 'recipient'] as const;
type Kind = (typeof kinds)[number];

/** What is held or released, with the name by which the reader knows it. */
interface Target extends HoldTarget {
  readonly name: string;
}

/** As the command line says it. */
interface Named {
  readonly kind: Kind;
  readonly given: string;
  readonly organization: string | undefined;
}

interface Verb {
  readonly command: Command;
  readonly describes: string;
  /** Where the reason of `--why` is shown. */
  readonly whyIn: string;
  /** Does it, and tells it: for programs, and in a sentence. */
  work(
    cli: Cli,
    sql: Sql,
    target: Target,
    options: Options,
  ): Promise<readonly [told: object, sentence: string]>;
}

export function holds(program: Command, act: Act): void {
  for (const verb of [holding(program), releasing(program)])
    for (const kind of kinds)
      declared(verb, kind).action(
        act(async (cli, [given = ''], options) => {
          const named = { kind, given, organization: text(options['organization']) };
          await each(cli, named, async (sql, target) => {
            const [told, sentence] = await verb
              .work(cli, sql, target, options)
              .catch((error: unknown) => {
                throw calledByName(error, target);
              });
            cli.out.result(told, sentence);
          });
        }),
      );
}

function holding(program: Command): Verb {
  return {
    command: command(
      program,
      'hold',
      'Holds an organization, a campaign, a printer, a connection or one person: ' +
        'when it returns, nothing new begins. It says how many cards are at the printer already ' +
        'and still go out.',
      [
        'postrider hold campaign bakery-welcome --why "wrong price"',
        'postrider hold printer print-shop',
        'postrider hold connection lob',
        'postrider hold recipient ada@example.com',
      ],
    ),
    describes: 'Holds',
    whyIn: 'stuck and why',
    async work(_cli, sql, target, options) {
      const { kind, name } = target;
      const { hold } = await import('@postrider/core');
      const held = await hold(sql, target, text(options['why']) ?? null);
      const { peopleAtPrinter } = await import('../operate/pause-and-end.ts');
      return [
        { ...held, name },
        `held ${kind} ${name}: nothing new begins${peopleAtPrinter(held)}`,
      ];
    },
  };
}

function releasing(program: Command): Verb {
  return {
    command: command(
      program,
      'release',
      'Lets what was held go on. A campaign gets back the status it had before.',
      ['postrider release campaign bakery-welcome'],
    ),
    describes: 'Releases',
    whyIn: 'interventions and trace',
    async work(cli, sql, target, options) {
      const { kind, id, name } = target;
      if (kind === 'printer') await confirmUnasked(cli, sql, flag(options['yes']));
      const { release } = await import('@postrider/core');
      const status = await release(sql, target, text(options['why']) ?? null);
      return [
        { released: kind, id, name, status },
        `released ${kind} ${name}${kind === 'campaign' ? `: it is ${status} again` : ''}`,
      ];
    },
  };
}

function declared({ command: parent, describes, whyIn }: Verb, kind: Kind): Command {
  const isPerson = kind === 'recipient';
  const made = command(
    parent,
    kind,
    `${describes} ${kind === 'organization' ? 'an' : 'a'} ${kind}.`,
    [`postrider ${parent.name()} ${kind} ${isPerson ? 'ada@example.com' : 'name'}`],
  ).argument(isPerson ? '<who>' : '<name>');
  if (['printer', 'connection', 'recipient'].includes(kind))
    made.option(
      '--organization <name>',
      `whose ${isPerson ? 'customer' : kind} it is; needed only where there are several`,
    );
  made.option('--why <sentence>', `shown by ${whyIn}`);
  return kind === 'printer' && parent.name() === 'release'
    ? made.option('--yes', 'also where nobody has asked it since a restore was noticed')
    : made;
}

/**
 * A restore may have been noticed since the printers were asked about another one: who releases
 * then knows nothing of it.
 */
async function confirmUnasked(cli: Cli, sql: Sql, yes: boolean): Promise<void> {
  const { noticedRestore } = await import('@postrider/core/machine');
  const noticed = await noticedRestore(sql);
  if (noticed === null) return;
  await confirm(cli.out, {
    what:
      `${noticed.why}, and nobody has asked the printers since what they made (postrider ` +
      'reconcile --since): some cards may be printed a second time.',
    yes,
  });
}

/** The machine knows an id, and the reader a name. */
function calledByName(error: unknown, { id, name }: Target): unknown {
  if (error instanceof Error) error.message = error.message.replace(id, name);
  return error;
}

/** One thing, or one person in each campaign that is still under way. */
async function each(
  cli: Cli,
  { kind, given, organization }: Named,
  work: (sql: Sql, target: Target) => Promise<void>,
): Promise<void> {
  await using database = await open(cli);
  const names = await import('../operate/names.ts');
  const { sql } = database;
  switch (kind) {
    case 'organization': {
      const { id, name } = await names.ensureOrganization(sql, given);
      return await work(sql, { kind, organizationId: id, id, name });
    }
    case 'campaign': {
      const { organizationId, campaignId, name } = await names.campaignNamed(sql, given);
      return await work(sql, { kind, organizationId, id: campaignId, name });
    }
    case 'printer': {
      const { organizationId, name } = await names.printerNamed(sql, given, organization);
      return await work(sql, { kind, organizationId, id: name, name });
    }
    case 'connection': {
      const { connectionNamed } = await import('../accounts/names.ts');
      const { organizationId, connectionId, name } = await connectionNamed(
        sql,
        given,
        organization,
      );
      return await work(sql, { kind, organizationId, id: connectionId, name });
    }
    case 'recipient': {
      const { terminalStates } = await import('@postrider/core/states');
      const isOver = (state: string): boolean =>
        state === 'sent' || (terminalStates as ReadonlySet<string>).has(state);
      const found = await names.peopleNamed(sql, [given], organization);
      const moving = found.filter(({ state }) => !isOver(state));
      // Where nobody is under way the machine says why each cannot be held.
      for (const one of moving.length > 0 ? moving : found.slice(0, 1)) {
        await work(sql, {
          kind,
          organizationId: one.organizationId,
          id: one.recipientId,
          name: names.fullRecipientName(one),
        });
      }
    }
  }
}
