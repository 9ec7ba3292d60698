/**
 * Lists of people who must not be mailed. Each row is an entry, a reject, or left out because it
 * was not chosen.
 */
import {
  csvRecords,
  detectDelimiter,
  furtherEmails,
  openSource,
  readEmails,
  wrongNumberOfFields,
  type CsvRecord,
  type Encoding,
} from '@postrider/adapters/lists';
import { UserError, exitCodes } from '@postrider/runner/process';
import { cellsAsMeant, linesAsMeant, type Change } from './list-cells.ts';
import {
  chosenColumn,
  isChosen,
  notOptedOut,
  saysSubscribed,
  UnusedEmails,
  type Chosen,
} from './subscriber-lists.ts';
import { columns, suppressionHeader, type SuppressionHeader } from './suppression-columns.ts';
import {
  entryOf,
  type ReadEntry,
  type Suppression,
  type SuppressionRow,
} from './suppression-entry.ts';

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

/** Throws `UserError` (bad data) where the file as a whole cannot be used. */
export async function readSuppressions(
  file: string,
  options: ListOptions = { only: null, everyRow: false },
): Promise<SuppressionList> {
  const { encoding = 'utf-8', delimiter } = options;
  const list = new ListReader(file, options);
  try {
    const source = await openSource(file, encoding);
    try {
      const reading = {
        path: file,
        delimiter: delimiter ?? detectDelimiter(source.head),
        strict: true,
      };
      for await (const record of csvRecords(source, reading, AbortSignal.any([])))
        list.take(record);
      await source.assertUnchanged();
    } finally {
      await source.close();
    }
  } catch (error) {
    throw ofTheFile(file, error);
  }
  return list.read();
}

/** What is wrong with a file, in the words of this command; anything else as it came. */
function ofTheFile(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'AudienceSourceError') return error;
  const isAbsent = (error.cause as { code?: unknown } | undefined)?.code === 'ENOENT';
  return new UserError(
    exitCodes.badData,
    isAbsent
      ? `${file}: there is no such file`
      : error.message.replace('or set encoding: ', 'or say --encoding '),
    'nothing was changed',
    error,
  );
}

/** A row as it is meant: its cells by our names, what was read otherwise, and what cannot be. */
interface MeantRow {
  readonly row: SuppressionRow;
  readonly emails: string;
  readonly changes: readonly Change[];
  readonly problems: readonly string[];
}

/** Takes one record after the other, the header first. */
class ListReader {
  readonly #file: string;
  readonly #options: ListOptions;
  readonly #entries: Suppression[] = [];
  readonly #rejects: { row: number; message: string }[] = [];
  readonly #changes: (Change & { row: number })[] = [];
  readonly #unused = new UnusedEmails();
  #header: SuppressionHeader | null = null;
  /** The column of `--only`. */
  #chosen: number | null = null;
  #leftOut = 0;
  #withoutCountry = 0;

  constructor(file: string, options: ListOptions) {
    this.#file = file;
    this.#options = options;
  }

  take({ line, cells, swallowed }: CsvRecord): void {
    const values = cells.map((cell) => cell.trim());
    if (this.#header === null) this.#header = this.#begin(values);
    else if (!this.#isLeftOut(values)) {
      this.#requireOptedOut(this.#header, line, values);
      const meant = asMeant(this.#header, values);
      const fields = wrongNumberOfFields(this.#header.width, values);
      const { entry, problems } =
        fields === null ? this.#entryOf(line, meant) : { entry: null, problems: [fields] };
      this.#rejectSwallowed(line, swallowed);
      this.#unused.look(line, this.#header.others, values, meant.emails);
      if (entry !== null) this.#entries.push(entry);
      if (problems.length > 0) {
        const rest = entry === null ? [] : ['the rest of the row stands'];
        this.#rejects.push({ row: line, message: [...problems, ...rest].join('; ') });
      }
    }
  }

  read(): SuppressionList {
    const { recognised, furtherEmails: more } = this.#header ?? suppressionHeader(this.#file, []);
    return {
      recognised,
      furtherEmails: more.map(({ name }) => name),
      entries: this.#entries,
      rejects: this.#rejects.toSorted((one, two) => one.row - two.row),
      changes: this.#changes,
      withoutCountry: this.#withoutCountry,
      leftOut: this.#leftOut,
      unusedEmails: this.#unused.columns,
    };
  }

  #begin(names: readonly string[]): SuppressionHeader {
    const { only } = this.#options;
    const header = suppressionHeader(this.#file, names);
    this.#chosen = only === null ? null : chosenColumn(this.#file, names, only);
    return header;
  }

  #isLeftOut(values: readonly string[]): boolean {
    const { only } = this.#options;
    if (only === null || this.#chosen === null || isChosen(only, values[this.#chosen] ?? ''))
      return false;
    this.#leftOut += 1;
    return true;
  }

  /** An export of subscribers in place of a list of opt-outs would stop everybody. */
  #requireOptedOut({ others }: SuppressionHeader, line: number, values: readonly string[]): void {
    const { only, everyRow } = this.#options;
    const contrary = others.find(({ name, index }) => saysSubscribed(name, values[index] ?? ''));
    if (contrary !== undefined && only === null && !everyRow)
      throw notOptedOut(this.#file, {
        line,
        column: contrary.name,
        cell: values[contrary.index] ?? '',
      });
  }

  #entryOf(line: number, { row, changes, problems }: MeantRow): ReadEntry {
    const isWithout = (row['country'] ?? '') === '';
    const country = this.#options.country;
    const read = withProblems(problems, entryOf(isWithout ? { ...row, country } : row));
    if (isWithout && typeof read.entry?.line1 === 'string') this.#withoutCountry += 1;
    this.#changes.push(...changes.map((change) => ({ row: line, ...change })));
    return read;
  }

  /** A row that a quote has swallowed is somebody who is mailed on. */
  #rejectSwallowed(line: number, swallowed: CsvRecord['swallowed']): void {
    for (const { line: row } of swallowed)
      this.#rejects.push({
        row,
        message:
          `the row stands inside the row of line ${line}: ` +
          'most likely a quote is opened there and not closed',
      });
  }
}

/**
 * The cells of a row, by the rules of an audience: all its e-mails, and the lines of its address.
 */
function asMeant(header: SuppressionHeader, values: readonly string[]): MeantRow {
  const { at, plan, spare } = header;
  const given = Object.fromEntries(columns.map((name) => [name, values[at.get(name) ?? -1] ?? '']));
  const further = furtherEmails(plan, values);
  const emails = [given['email'] ?? '', ...further.addresses]
    .filter((email) => email !== '')
    .join('; ');
  given['email'] = emails;
  const byAddress = isKnownByAddress(header, given);
  if (byAddress) for (const [name, index] of spare) given[name] = values[index] ?? '';
  const known = byAddress ? { ...header, at: new Map([...at, ...spare]) } : header;
  const lines = linesAsMeant(known, values, given);
  const cells = cellsAsMeant(lines.row);
  return {
    row: cells.row,
    emails,
    changes: [...lines.changes, ...cells.changes],
    problems: [
      ...lines.problems,
      ...cells.problems,
      ...further.notes.map(({ message }) => message),
    ],
  };
}

/** A row without e-mail and id; what stands in its e-mail cell is told all the same. */
function isKnownByAddress({ spare }: SuppressionHeader, given: SuppressionRow): boolean {
  const { email = '', external_id: id = '' } = given;
  return spare.has('line1') && id === '' && readEmails(email).addresses.length === 0;
}

/** That a row names nobody is no news where its keys were turned away. */
function withProblems(before: readonly string[], { entry, problems }: ReadEntry): ReadEntry {
  const isNoNews = before.length > 0 && entry === null;
  return { entry, problems: isNoNews ? before : [...before, ...problems] };
}
