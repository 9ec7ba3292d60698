/** `suppress`: entries are put on the do-not-mail list, and whom they stop is told. */
import { openDatabase, type Sql } from '@postrider/runner/database';
import { UserError, count, exitCodes, printable } from '@postrider/runner/process';
import { listed } from '../output/text.ts';
import type { Cli } from '../program/cli.ts';
import type { Change } from './list-cells.ts';
import { ensureOrganization } from './names.ts';
import { confirmMany, suppressAll, wouldStop } from './suppress-all.ts';
import type { ReadyList, Stopped } from './suppress-all.ts';
import { entryOf, type SuppressionRow } from './suppression-entry.ts';
import { readSuppressions, type ListOptions, type SuppressionList } from './suppressions.ts';

/** Of each kind of note so many are told one by one. */
const MOST_TOLD = 20;

export interface SuppressOptions {
  readonly organization: string | undefined;
  readonly dryRun: boolean;
  readonly yes: boolean;
}

/** All of it or nothing: one entry can be typed again. */
export async function suppressOne(
  cli: Cli,
  given: SuppressionRow,
  options: SuppressOptions,
): Promise<void> {
  const { entry, problems } = entryOf(given);
  if (entry === null || problems.length > 0)
    throw new UserError(exitCodes.usage, problems.join('; '), 'nothing was changed');
  await putUp(cli, { ...nothingRead, entries: [entry] }, { ...options, source: 'operator' });
}

const nothingRead: SuppressionList = {
  entries: [],
  rejects: [],
  changes: [],
  recognised: {},
  withoutCountry: 0,
  leftOut: 0,
  furtherEmails: [],
  unusedEmails: [],
};

/** What can be used of a list stands; the exit code tells of the rest. */
export async function suppressFile(
  cli: Cli,
  file: string,
  options: SuppressOptions & {
    readonly reading: ListOptions;
    /** `--only`, as it was given. */
    readonly only: string | undefined;
  },
): Promise<void> {
  const { reading, only, dryRun } = options;
  const list = await readSuppressions(file, reading);
  await putUp(cli, list, { ...options, source: file });
  tellChanges(cli, list.changes);
  tellColumns(cli, list);
  if (list.withoutCountry > 0 && reading.country === undefined)
    cli.out.note(
      `${count(list.withoutCountry, 'address names', 'addresses name')} no country and ` +
        'counted as of the United States; --country says which one',
    );
  if (list.leftOut > 0)
    cli.out.note(`${count(list.leftOut, 'row')} without ${only ?? ''} were left out`);
  tellUnused(cli, list);
  failOnRejects(cli, list, { file, dryRun });
}

async function putUp(
  cli: Cli,
  list: SuppressionList,
  { source, dryRun, yes, organization: named }: SuppressOptions & { readonly source: string },
): Promise<void> {
  await using database = await openDatabase(cli);
  const { sql } = database;
  const organization = await ensureOrganization(sql, named);
  const ready = { organization, entries: list.entries, source };
  const stopped = dryRun ? await wouldStop(sql, ready) : await suppressAsked(cli, sql, ready, yes);
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
    whatStands(ready, stopped.length, dryRun) +
      (possible.length === 0 ? '' : `, ${possible.length} only as possible matches`),
  );
  tellPossible(cli, possible);
  if (stopped.length === 0 && list.entries.length > 0 && !dryRun)
    cli.out.note(
      'nobody who is here and could still be stopped is known by that; ' +
        'it stands for people who come later',
    );
}

async function suppressAsked(
  cli: Cli,
  sql: Sql,
  list: ReadyList,
  yes: boolean,
): Promise<readonly Stopped[]> {
  await confirmMany(cli, sql, { list, yes });
  return await suppressAll(sql, list.organization.id, list.entries, list.source);
}

function whatStands({ organization, entries }: ReadyList, stopped: number, dryRun: boolean) {
  return dryRun
    ? `${count(entries.length, 'entry', 'entries')} would stand for ${organization.name}; ` +
        `${count(stopped, 'person', 'people')} would be stopped`
    : `${count(entries.length, 'entry stands', 'entries stand')} for ${organization.name}; ` +
        `${count(stopped, 'person was', 'people were')} stopped`;
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
  if (cli.out.json) return;
  for (const one of possible.slice(0, MOST_TOLD))
    cli.out.note(
      printable(
        `may live there: ${one.externalId} of ${one.campaign}, ` +
          [one.line1, one.line2].filter((line) => line !== null).join(', '),
      ),
    );
  if (possible.length > MOST_TOLD) cli.out.note(`… and ${possible.length - MOST_TOLD} more`);
}

function tellChanges(cli: Cli, changes: SuppressionList['changes']): void {
  const { noted, notedColumns } = counted(changes);
  if (changes.length > 0)
    cli.out.note(printable(`something was changed: ${listed(noted, notedColumns)}`));
  if (cli.out.json) return;
  for (const { row, message } of changes.slice(0, MOST_TOLD))
    cli.out.note(`row ${row}: ${message}`);
}

function tellColumns(cli: Cli, { recognised, furtherEmails }: SuppressionList): void {
  for (const [name, heading] of Object.entries(recognised))
    cli.out.note(`column ${heading} was taken for ${name}`);
  for (const heading of furtherEmails) cli.out.note(`e-mails in column ${heading} count as well`);
}

function tellUnused(cli: Cli, { unusedEmails }: SuppressionList): void {
  for (const { column, rows, firstRow } of unusedEmails)
    cli.out.warn(
      `column ${column} has e-mails in ${count(rows, 'row')} (from row ${firstRow} on) ` +
        "and was left out: where they are the people's, name it email in a list of its own",
    );
}

function failOnRejects(
  cli: Cli,
  { rejects }: SuppressionList,
  { file, dryRun }: { readonly file: string; readonly dryRun: boolean },
): void {
  if (rejects.length === 0) return;
  if (!cli.out.json)
    for (const { row, message } of rejects.slice(0, MOST_TOLD))
      cli.out.warn(`row ${row}: ${message}`);
  throw new UserError(
    exitCodes.badData,
    `${count(rejects.length, 'row')} of ${file} cannot be used`,
    dryRun ? 'nothing was changed' : 'the others stand',
  );
}
