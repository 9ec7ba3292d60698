/** `suppress`: do-not-mail. An entry stands from the moment this returns. */
import { UserError, exitCodes } from '@postrider/runner/process';
import type { Encoding } from '@postrider/adapters/lists';
import type { Command } from 'commander';
import type { SuppressionRow } from '../operate/suppression-entry.ts';
import type { ListOptions } from '../operate/suppressions.ts';
import {
  command,
  flag,
  oneCharacter,
  oneOf,
  text,
  type Act,
  type Options,
} from '../program/command.ts';
import { lift } from './suppress-lift.ts';

export function suppressions(program: Command, act: Act): void {
  const suppress = command(
    program,
    'suppress',
    'Puts people on the do-not-mail list, by e-mail, customer id or address, ' +
      'and stops the people who are not at the printer yet. ' +
      'An address reaches everybody who may live there. ' +
      'It stands from the moment this returns.',
    [
      'postrider suppress --email ada@example.com',
      'postrider suppress --file suppressions.csv --organization "Flour & Field Bakery"',
      'postrider suppress --file members.csv --only "Status=unsubscribed,cleaned"',
      'postrider suppress --file export.csv --encoding windows-1252 --delimiter ";"',
      'postrider suppress --line1 "12 Elm Street" --postal-code 02138 --reason "asked by letter"',
      'postrider suppress lift --email ada@example.com',
    ],
  );
  anEntry(suppress);
  aList(suppress);
  suppress
    .option('--reason <text>', 'opted out unless told')
    .option('--organization <name>', 'by name or id; needed only where there are several')
    .option('--dry-run', 'only say whom it would stop')
    .option('--yes', 'with --file: do not ask where it stops most of those who wait')
    .action(
      act(async (cli, _args, options) => {
        const file = text(options['file']);
        const given = keysOf(options);
        requireOneWay(file, given);
        requireListFor(file, options);
        const { suppressFile, suppressOne } = await import('../operate/suppress.ts');
        const asked = {
          organization: text(options['organization']),
          dryRun: flag(options['dryRun']),
          yes: flag(options['yes']),
        };
        if (file === undefined) return await suppressOne(cli, given, asked);
        const reading = await readingOf(options);
        await suppressFile(cli, file, { ...asked, reading, only: text(options['only']) });
      }),
    );

  lift(suppress, act);
}

function anEntry(suppress: Command): void {
  suppress
    .option('--email <address>', 'an e-mail address, or several with commas between them')
    .option('--external-id <id>', 'the id at the source of the audience')
    .option('--line1 <text>', 'an address: first line')
    .option('--line2 <text>', 'an address: second line, such as the apartment')
    .option('--postal-code <code>', 'an address: postal code')
    .option(
      '--country <code>',
      'two letters; US unless told. With --file: of addresses whose row names none',
    );
}

function aList(suppress: Command): void {
  suppress
    .option(
      '--file <csv>',
      'a list with the columns email, external_id, line1, line2, postal_code, ' +
        'region, country, reason, or an export with an e-mail or a customer id; ' +
        'others are left out',
    )
    .option(
      '--only <column=values>',
      'with --file: the rows that have one of these values in this column of the list',
    )
    .addOption(
      oneOf('--encoding <name>', 'with --file: utf-8 unless told; a byte order mark counts more', [
        'utf-8',
        'utf-16le',
        'utf-16be',
        'windows-1252',
      ] satisfies Encoding[]),
    )
    .option(
      '--delimiter <character>',
      'with --file: one character, or tab; found out from the header unless told',
      oneCharacter,
    )
    .option('--every-row', 'with --file: also those who have not opted out, as a column says');
}

function keysOf(options: Options): SuppressionRow {
  return {
    email: text(options['email']),
    external_id: text(options['externalId']),
    line1: text(options['line1']),
    line2: text(options['line2']),
    postal_code: text(options['postalCode']),
    country: text(options['country']),
    reason: text(options['reason']),
  };
}

/** One entry, or a list. With a list, `--country` is of addresses whose row names none. */
function requireOneWay(file: string | undefined, given: SuppressionRow): void {
  const isAlone = Object.entries(given).every(
    ([key, value]) => value === undefined || (key === 'country' && file !== undefined),
  );
  if (file === undefined && isAlone)
    throw new UserError(
      exitCodes.usage,
      'say whom: --email, --external-id, an address, or --file',
      'for example: postrider suppress --email ada@example.com',
    );
  if (file !== undefined && !isAlone)
    throw new UserError(
      exitCodes.usage,
      '--file and a single entry exclude each other',
      'a list has a column for each; nothing was changed',
    );
}

/** How a list is read is said of a list alone, and which of its rows are meant in one way. */
function requireListFor(file: string | undefined, options: Options): void {
  const [only, encoding, delimiter] = ['only', 'encoding', 'delimiter'].map((name) =>
    text(options[name]),
  );
  const everyRow = flag(options['everyRow']);
  const isChosen = only !== undefined;
  if ((file === undefined && (isChosen || everyRow)) || (isChosen && everyRow))
    throw new UserError(
      exitCodes.usage,
      '--only and --every-row say which rows of a --file are meant: one or the other',
      'nothing was changed',
    );
  if (file === undefined && (encoding !== undefined || delimiter !== undefined))
    throw new UserError(
      exitCodes.usage,
      '--encoding and --delimiter say how a --file is read',
      'nothing was changed',
    );
}

async function readingOf(options: Options): Promise<ListOptions> {
  const { chosenRows } = await import('../operate/subscriber-lists.ts');
  const only = text(options['only']);
  return {
    only: only === undefined ? null : chosenRows(only),
    everyRow: flag(options['everyRow']),
    encoding: text(options['encoding']) as Encoding | undefined,
    delimiter: text(options['delimiter']),
    country: text(options['country']),
  };
}
