/** `hold` and `release`: when hold returns, nothing new begins. */
import type { Sql } from '@postrider/runner/database';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { command, flag, text, type Act } from '../command.ts';
import { confirm } from '../confirm.ts';

const kinds = ['organization', 'campaign', 'printer', 'recipient'] as const;
type Kind = (typeof kinds)[number];

export function holds(program: Command, act: Act): void {
  const hold = command(
    program,
    'hold',
    'Holds an organization, a campaign, a printer or one person: ' +
      'when it returns, nothing new begins. It says how many cards are at the printer already ' +
      'and still go out.',
    [
      'postrider hold campaign bakery-welcome --why "wrong price"',
      'postrider hold printer print-shop',
      'postrider hold recipient ada@example.com',
    ],
  );
  const release = command(
    program,
    'release',
    'Lets what was held go on. A campaign gets back the status it had before.',
    ['postrider release campaign bakery-welcome'],
  );
  for (const kind of kinds) {
    const argument = kind === 'recipient' ? '<who>' : '<name>';
    const add = (parent: Command, description: string): Command => {
      const made = command(parent, kind, description, [
        `postrider ${parent.name()} ${kind} ${kind === 'recipient' ? 'ada@example.com' : 'name'}`,
      ]).argument(argument);
      return kind === 'printer' || kind === 'recipient'
        ? made.option(
            '--organization <name>',
            `whose ${kind === 'printer' ? 'printer' : 'customer'} it is; ` +
              'needed only where there are several',
          )
        : made;
    };
    add(hold, `Holds ${kind === 'organization' ? 'an' : 'a'} ${kind}.`)
      .option('--why <sentence>', 'shown by stuck and why')
      .action(
        act(async (cli, [given = ''], options) => {
          await each(
            cli,
            kind,
            given,
            text(options['organization']),
            async (sql, organizationId, id, name) => {
              const { hold: holdIt } = await import('@postrider/core');
              const held = await holdIt(
                sql,
                organizationId,
                kind,
                id,
                text(options['why']) ?? null,
              ).catch((error: unknown) => {
                throw calledByName(error, id, name);
              });
              const { peopleOut } = await import('../operate/campaign.ts');
              cli.out.result(
                { ...held, name },
                `held ${kind} ${name}: nothing new begins${peopleOut(held)}`,
              );
            },
          );
        }),
      );
    const releaseOne = add(
      release,
      `Releases ${kind === 'organization' ? 'an' : 'a'} ${kind}.`,
    ).option('--why <sentence>', 'shown by interventions and trace');
    (kind === 'printer'
      ? releaseOne.option('--yes', 'also where nobody has asked it since a restore was noticed')
      : releaseOne
    ).action(
      act(async (cli, [given = ''], options) => {
        await each(
          cli,
          kind,
          given,
          text(options['organization']),
          async (sql, organizationId, id, name) => {
            if (kind === 'printer') await confirmUnasked(cli, sql, flag(options['yes']));
            const { release: releaseIt } = await import('@postrider/core');
            const status = await releaseIt(
              sql,
              organizationId,
              kind,
              id,
              text(options['why']) ?? null,
            ).catch((error: unknown) => {
              throw calledByName(error, id, name);
            });
            cli.out.result(
              { released: kind, id, name, status },
              `released ${kind} ${name}${kind === 'campaign' ? `: it is ${status} again` : ''}`,
            );
          },
        );
      }),
    );
  }
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
function calledByName(error: unknown, id: string, name: string): unknown {
  if (error instanceof Error) error.message = error.message.replace(id, name);
  return error;
}

/** One thing, or one person in each campaign that is still under way. */
async function each(
  cli: Cli,
  kind: Kind,
  given: string,
  organization: string | undefined,
  work: (sql: Sql, organizationId: string, id: string, name: string) => Promise<void>,
): Promise<void> {
  const [{ openDatabase }, names] = await Promise.all([
    import('@postrider/runner/database'),
    import('../names.ts'),
  ]);
  await using database = await openDatabase(cli);
  const { sql } = database;
  switch (kind) {
    case 'organization': {
      const found = await names.ensureOrganization(sql, given);
      return await work(sql, found.id, found.id, found.name);
    }
    case 'campaign': {
      const found = await names.campaignNamed(sql, given);
      return await work(sql, found.organizationId, found.campaignId, found.name);
    }
    case 'printer': {
      const found = await names.printerNamed(sql, given, organization);
      return await work(sql, found.organizationId, found.name, found.name);
    }
    case 'recipient': {
      const ended = new Set([
        'received',
        'returned',
        'skipped',
        'holdout',
        'blacklisted',
        'error',
        'sent',
      ]);
      const found = await names.peopleNamed(sql, [given], organization);
      const moving = found.filter(({ state }) => !ended.has(state));
      // Where nobody is under way the machine says why each cannot be held.
      for (const one of moving.length > 0 ? moving : found.slice(0, 1)) {
        await work(sql, one.organizationId, one.recipientId, names.fullRecipientName(one));
      }
    }
  }
}
