/** `suppress`: do-not-mail. An entry stands from the moment this returns. */
import { UserError, count, exitCodes, printable } from '@postrider/runner/process';
import type { Encoding } from '@postrider/adapters/lists';
import type { Command } from 'commander';
import type { Change } from '../operate/list-cells.ts';
import type { Stopped } from '../operate/suppress-all.ts';
import type { entryOf, SuppressionRow, Suppression } from '../operate/suppressions.ts';
import type { Cli } from '../program/cli.ts';
import { listed } from '../output/text.ts';
import {
  command,
  flag,
  oneCharacter,
  oneOf,
  text,
  type Act,
  type Options,
} from '../program/command.ts';
import { open } from './open-database.ts';
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
  )
    .option('--email <address>', 'an e-mail address, or several with commas between them')
    .option('--external-id <id>', 'the id at the source of the audience')
    .option('--line1 <text>', 'an address: first line')
    .option('--line2 <text>', 'an address: second line, such as the apartment')
    .option('--postal-code <code>', 'an address: postal code')
    .option(
      '--country <code>',
      'two letters; US unless told. With --file: of addresses whose row names none',
    )
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
    .option('--every-row', 'with --file: also those who have not opted out, as a column says')
    .option('--reason <text>', 'opted out unless told')
    .option('--organization <name>', 'by name or id; needed only where there are several')
    .option('--dry-run', 'only say whom it would stop')
    .option('--yes', 'with --file: do not ask where it stops most of those who wait')
    .action(
      act(async (cli, _args, options) => {
        const { entryOf, readSuppressions } = await import('../operate/suppressions.ts');
        const { confirmMany, suppressAll, wouldStop } = await import('../operate/suppress-all.ts');
        const { chosenRows } = await import('../operate/subscriber-lists.ts');
        const file = text(options['file']);
        const given = keysOf(options);
        const alone = Object.entries(given).every(
          ([key, value]) => value === undefined || (key === 'country' && file !== undefined),
        );
        if (file === undefined && alone)
          throw new UserError(
            exitCodes.usage,
            'say whom: --email, --external-id, an address, or --file',
            'for example: postrider suppress --email ada@example.com',
          );
        if (file !== undefined && !alone)
          throw new UserError(
            exitCodes.usage,
            '--file and a single entry exclude each other',
            'a list has a column for each; nothing was changed',
          );
        const only = text(options['only']);
        const everyRow = options['everyRow'] === true;
        if (
          (file === undefined && (only !== undefined || everyRow)) ||
          (only !== undefined && everyRow)
        )
          throw new UserError(
            exitCodes.usage,
            '--only and --every-row say which rows of a --file are meant: one or the other',
            'nothing was changed',
          );
        const encoding = text(options['encoding']) as Encoding | undefined;
        const delimiter = text(options['delimiter']);
        if (file === undefined && (encoding !== undefined || delimiter !== undefined))
          throw new UserError(
            exitCodes.usage,
            '--encoding and --delimiter say how a --file is read',
            'nothing was changed',
          );
        const list =
          file === undefined
            ? {
                entries: [oneEntry(entryOf(given))],
                rejects: [],
                changes: [],
                recognised: {},
                withoutCountry: 0,
                leftOut: 0,
                furtherEmails: [],
                unusedEmails: [],
              }
            : await readSuppressions(file, {
                only: only === undefined ? null : chosenRows(only),
                everyRow,
                encoding,
                delimiter,
                country: given.country,
              });
        await using database = await open(cli);
        const { ensureOrganization } = await import('../operate/names.ts');
        const organization = await ensureOrganization(database.sql, text(options['organization']));
        const source = file ?? 'operator';
        const ready = { organization, entries: list.entries, source };
        const dryRun = flag(options['dryRun']);
        if (!dryRun)
          await confirmMany(cli, database.sql, { list: ready, yes: flag(options['yes']) });
        const stopped = dryRun
          ? await wouldStop(database.sql, ready)
          : await suppressAll(database.sql, organization.id, list.entries, source);
        const possible = stopped.filter(({ match }) => match === 'possible');
        cli.out.result(
          {
            ...(dryRun ? { dryRun } : {}),
            organization: organization.name,
            entries: list.entries.length,
            stopped: stopped.length,
            possible,
            rejected: list.rejects,
            changed: list.changes,
            ...counted(list.changes),
            recognised: list.recognised,
            withoutCountry: list.withoutCountry,
            leftOut: list.leftOut,
            furtherEmails: list.furtherEmails,
            unusedEmails: list.unusedEmails,
          },
          (dryRun
            ? `${count(list.entries.length, 'entry', 'entries')} would stand for ` +
              `${organization.name}; ${count(stopped.length, 'person', 'people')} would be stopped`
            : `${count(list.entries.length, 'entry stands', 'entries stand')} for ` +
              `${organization.name}; ${count(stopped.length, 'person was', 'people were')} ` +
              'stopped') +
            (possible.length === 0 ? '' : `, ${possible.length} only as possible matches`),
        );
        if (!cli.out.json) tellPossible(cli, possible);
        if (stopped.length === 0 && list.entries.length > 0 && !dryRun)
          cli.out.note(
            'nobody who is here and could still be stopped is known by that; ' +
              'it stands for people who come later',
          );
        const { noted, notedColumns } = counted(list.changes);
        if (list.changes.length > 0)
          cli.out.note(printable(`something was changed: ${listed(noted, notedColumns)}`));
        if (!cli.out.json)
          for (const { row, message } of list.changes.slice(0, 20))
            cli.out.note(`row ${row}: ${message}`);
        for (const [name, heading] of Object.entries(list.recognised))
          cli.out.note(`column ${heading} was taken for ${name}`);
        for (const heading of list.furtherEmails)
          cli.out.note(`e-mails in column ${heading} count as well`);
        if (list.withoutCountry > 0 && given.country === undefined)
          cli.out.note(
            `${count(list.withoutCountry, 'address names', 'addresses name')} no country and ` +
              'counted as of the United States; --country says which one',
          );
        if (list.leftOut > 0)
          cli.out.note(`${count(list.leftOut, 'row')} without ${only ?? ''} were left out`);
        for (const { column, rows, firstRow } of list.unusedEmails)
          cli.out.warn(
            `column ${column} has e-mails in ${count(rows, 'row')} (from row ${firstRow} on) ` +
              "and was left out: where they are the people's, name it email in a list of its own",
          );
        if (list.rejects.length === 0) return;
        if (!cli.out.json)
          for (const { row, message } of list.rejects.slice(0, 20))
            cli.out.warn(`row ${row}: ${message}`);
        throw new UserError(
          exitCodes.badData,
          `${count(list.rejects.length, 'row')} of ${file ?? ''} cannot be used`,
          dryRun ? 'nothing was changed' : 'the others stand',
        );
      }),
    );

  lift(suppress, act);
}

/** Changes by reason, and by reason and column, as a sync counts them. */
function counted(changes: readonly Change[]) {
  const noted: Record<string, number> = {};
  const notedColumns: Record<string, Record<string, number>> = {};
  for (const { reason, column } of changes) {
    noted[reason] = (noted[reason] ?? 0) + 1;
    const columns = (notedColumns[reason] ??= {});
    columns[column] = (columns[column] ?? 0) + 1;
  }
  return { noted, notedColumns };
}

/** Names who may live at an address of the list, and is stopped for that. */
function tellPossible(cli: Cli, possible: readonly Stopped[]): void {
  for (const one of possible.slice(0, 20))
    cli.out.note(
      printable(
        `may live there: ${one.externalId} of ${one.campaign}, ` +
          [one.line1, one.line2].filter((line) => line !== null).join(', '),
      ),
    );
  if (possible.length > 20) cli.out.note(`… and ${possible.length - 20} more`);
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

/** All of it or nothing: one entry can be typed again. */
function oneEntry({ entry, problems }: ReturnType<typeof entryOf>): Suppression {
  if (entry === null || problems.length > 0)
    throw new UserError(exitCodes.usage, problems.join('; '), 'nothing was changed');
  return entry;
}
