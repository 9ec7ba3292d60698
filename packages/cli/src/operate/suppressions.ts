/**
 * Lists of people who must not be mailed. Checked by the audience's own rules: an entry that nobody
 * can have would be reported as standing, and the person would be mailed.
 */
import {
  csvRecords,
  detectDelimiter,
  furtherEmails,
  hasLetters,
  isPlain,
  isRounded,
  countryOf,
  mendedPostalCode,
  openSource,
  quote,
  readEmails,
  wrongNumberOfFields,
  type Encoding,
} from '@postrider/adapters/lists';
import { cellsAsMeant, linesAsMeant, type Change } from './list-cells.ts';
import { UserError, exitCodes } from '@postrider/runner/process';
import {
  chosenColumn,
  isChosen,
  notOptedOut,
  saysSubscribed,
  UnusedEmails,
  type Chosen,
} from './subscriber-lists.ts';
import {
  columns,
  suppressionHeader,
  type SuppressionColumn,
  type SuppressionHeader,
} from './suppression-columns.ts';

export interface Suppression {
  /** One address, or several with semicolons between them. */
  readonly email: string | null;
  readonly externalId: string | null;
  readonly line1: string | null;
  readonly line2: string | null;
  readonly postalCode: string | null;
  readonly country: string;
  readonly reason: string | null;
}

export interface SuppressionList {
  readonly entries: readonly Suppression[];
  /** What does not stand, by the line of its row in the file. */
  readonly rejects: readonly { readonly row: number; readonly message: string }[];
  /** What was read otherwise than it is written, by the line of its row. */
  readonly changes: readonly (Change & { readonly row: number })[];
  /** Columns with another heading than ours, by what they were taken for. */
  readonly recognised: SuppressionHeader['recognised'];
  /** Addresses of which no cell says the country. */
  readonly withoutCountry: number;
  /** Rows that were not chosen. */
  readonly leftOut: number;
  /** Columns with further e-mails of the same people, each of which is a key. */
  readonly furtherEmails: readonly string[];
  /** Columns that hold e-mails and were not read. */
  readonly unusedEmails: UnusedEmails['columns'];
}

export interface ListOptions {
  /** Of an export of subscribers, the rows that have opted out. Null: all rows. */
  readonly only: Chosen | null;
  /** All rows are meant, whatever a column says of them. */
  readonly everyRow: boolean;
  /** Default: UTF-8. A byte order mark is believed before it. */
  readonly encoding?: Encoding | undefined;
  /** Default: found out from the header. */
  readonly delimiter?: string | undefined;
  /** Of addresses whose row names none. Default: US. */
  readonly country?: string | undefined;
}

export type SuppressionRow = Readonly<Partial<Record<SuppressionColumn, string | undefined>>>;

/** The keys that can stand, null where there is none, and why the others cannot. */
export function entryOf(given: SuppressionRow): {
  readonly entry: Suppression | null;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const cell = (name: Exclude<SuppressionColumn, 'email'>): string | null => {
    const value = given[name]?.normalize('NFC').trim() ?? '';
    if (name === 'external_id' && isRounded(value)) {
      problems.push(`external_id was rounded by a spreadsheet: ${quote(value)}`);
      return null;
    }
    if (value !== '' && isPlain(value) && !value.includes('\uFFFD')) return value;
    if (value !== '')
      problems.push(
        `${name} is too long, or has a line break or bytes that are not UTF-8: ${quote(value)}`,
      );
    return null;
  };
  const { addresses, unread } = readEmails(given.email ?? '');
  if (unread !== null)
    problems.push(
      addresses.length === 0
        ? `email is not an e-mail address: ${quote(given.email?.trim() ?? '')}`
        : `email was read as ${addresses.join(', ')}; this in it is no address: ${quote(unread)}`,
    );
  const email = addresses.length === 0 ? null : addresses.join('; ');
  const [line1, line2, postal, region, place] = [
    cell('line1'),
    cell('line2'),
    cell('postal_code'),
    cell('region'),
    cell('country') ?? 'US',
  ];
  const country = countryOf(place);
  const postalCode =
    country === null || postal === null ? null : mendedPostalCode(country, region, postal);
  const lettered = hasLetters(`${line1 ?? ''}${line2 ?? ''}`);
  const addressed = line1 !== null && lettered && postalCode !== null && country !== null;
  if ((line1 === null) !== (postal === null))
    problems.push('an address needs line1 and postal_code');
  else if (country === null)
    problems.push(`country is not a country (ISO 3166, or its usual name): ${quote(place)}`);
  else if (line1 !== null && postalCode === null)
    problems.push(`postal_code is not a postal code of ${country.code}: ${quote(postal ?? '')}`);
  else if (line1 !== null && !lettered)
    problems.push(`line1 has neither letters nor digits: ${quote(line1)}`);
  const entry = {
    email,
    externalId: cell('external_id'),
    line1: addressed ? line1 : null,
    line2: addressed ? line2 : null,
    postalCode: addressed ? postalCode : null,
    country: country?.code ?? 'US',
    reason: cell('reason'),
  };
  if (email !== null || entry.externalId !== null || addressed) return { entry, problems };
  return {
    entry: null,
    problems:
      problems.length > 0 ? problems : ['names nobody: no email, no external_id, no address'],
  };
}

/** Throws `UserError` (bad data) where the file as a whole cannot be used. */
export async function readSuppressions(
  file: string,
  { only, everyRow, encoding = 'utf-8', delimiter, country }: ListOptions = {
    only: null,
    everyRow: false,
  },
): Promise<SuppressionList> {
  const entries: Suppression[] = [];
  const rejects: { row: number; message: string }[] = [];
  const changes: (Change & { row: number })[] = [];
  const unused = new UnusedEmails();
  let header: SuppressionHeader | null = null;
  let chosen: number | null = null;
  let leftOut = 0;
  let withoutCountry = 0;
  try {
    const source = await openSource(file, encoding);
    try {
      for await (const { line, cells, swallowed } of csvRecords(
        source,
        { path: file, delimiter: delimiter ?? detectDelimiter(source.head), strict: true },
        AbortSignal.any([]),
      )) {
        const values = cells.map((cell) => cell.trim());
        if (header === null) {
          header = suppressionHeader(file, values);
          chosen = only === null ? null : chosenColumn(file, values, only);
          continue;
        }
        const { at, others, width } = header;
        if (only !== null && chosen !== null && !isChosen(only, values[chosen] ?? '')) {
          leftOut += 1;
          continue;
        }
        const contrary = others.find(({ name, index }) =>
          saysSubscribed(name, values[index] ?? ''),
        );
        if (contrary !== undefined && only === null && !everyRow)
          throw notOptedOut(file, {
            line,
            column: contrary.name,
            cell: values[contrary.index] ?? '',
          });
        const fields = wrongNumberOfFields(width, values);
        const given = Object.fromEntries(
          columns.map((name) => [name, values[at.get(name) ?? -1] ?? '']),
        );
        const further = furtherEmails(header.plan, values);
        given['email'] = [given['email'] ?? '', ...further.addresses]
          .filter((email) => email !== '')
          .join('; ');
        const byAddress = isKnownByAddress(header, given);
        if (byAddress) for (const [name, index] of header.spare) given[name] = values[index] ?? '';
        const lines = linesAsMeant(
          byAddress ? { ...header, at: new Map([...at, ...header.spare]) } : header,
          values,
          given,
        );
        const meant = cellsAsMeant(lines.row);
        const isWithout = (meant.row['country'] ?? '') === '';
        const { entry, problems } =
          fields === null
            ? withProblems(
                [
                  ...lines.problems,
                  ...meant.problems,
                  ...further.notes.map(({ message }) => message),
                ],
                entryOf(isWithout ? { ...meant.row, country } : meant.row),
              )
            : { entry: null, problems: [fields] };
        if (isWithout && typeof entry?.line1 === 'string') withoutCountry += 1;
        if (fields === null)
          changes.push(
            ...[...lines.changes, ...meant.changes].map((change) => ({ row: line, ...change })),
          );
        // A row that a quote has swallowed is somebody who is mailed on.
        for (const { line: row } of swallowed)
          rejects.push({
            row,
            message:
              `the row stands inside the row of line ${line}: ` +
              'most likely a quote is opened there and not closed',
          });
        unused.look(line, others, values, given['email'] ?? '');
        if (entry !== null) entries.push(entry);
        if (problems.length > 0)
          rejects.push({
            row: line,
            message: [...problems, ...(entry === null ? [] : ['the rest of the row stands'])].join(
              '; ',
            ),
          });
      }
      await source.assertUnchanged();
    } finally {
      await source.close();
    }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'AudienceSourceError') throw error;
    const absent = (error.cause as { code?: unknown } | undefined)?.code === 'ENOENT';
    throw new UserError(
      exitCodes.badData,
      absent
        ? `${file}: there is no such file`
        : error.message.replace('or set encoding: ', 'or say --encoding '),
      'nothing was changed',
      error,
    );
  }
  const { recognised, furtherEmails: more } = header ?? suppressionHeader(file, []);
  return {
    recognised,
    furtherEmails: more.map(({ name }) => name),
    entries,
    rejects: rejects.toSorted((one, two) => one.row - two.row),
    changes,
    withoutCountry,
    leftOut,
    unusedEmails: unused.columns,
  };
}

/** A row without e-mail and id; what stands in its e-mail cell is told all the same. */
function isKnownByAddress({ spare }: SuppressionHeader, given: SuppressionRow): boolean {
  const { email = '', external_id: id = '' } = given;
  return spare.has('line1') && id === '' && readEmails(email).addresses.length === 0;
}

function withProblems(
  before: readonly string[],
  { entry, problems }: ReturnType<typeof entryOf>,
): ReturnType<typeof entryOf> {
  // That a row names nobody is no news where its keys were turned away.
  return {
    entry,
    problems: before.length > 0 && entry === null ? before : [...before, ...problems],
  };
}
