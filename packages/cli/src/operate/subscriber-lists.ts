/**
 * Exports of subscribers that are given as a do-not-mail list: a column says who has opted out and
 * who has not, and other columns hold further e-mails.
 */
import {
  emailKey,
  quote,
  readEmails,
  saysConsent,
  saysNo,
  saysYes,
} from '@postrider/adapters/lists';
import { UserError, exitCodes } from '@postrider/runner/process';

export interface Column {
  readonly name: string;
  readonly index: number;
}

/** The rows that are meant: those with one of the values in this column. */
export interface Chosen {
  readonly column: string;
  readonly values: readonly string[];
}

/** `Status=unsubscribed,cleaned`. */
export function chosenRows(text: string): Chosen {
  const equals = text.indexOf('=');
  const values = text
    .slice(equals + 1)
    .split(',')
    .map(folded)
    .filter((value) => value !== '');
  if (equals < 1 || values.length === 0)
    throw new UserError(
      exitCodes.usage,
      `--only names no column and value: ${quote(text)}`,
      'for example: --only "Status=unsubscribed"; nothing was changed',
    );
  return { column: text.slice(0, equals).trim(), values };
}

export function chosenColumn(file: string, names: readonly string[], { column }: Chosen): number {
  const index = names.findIndex((name) => folded(name) === folded(column));
  if (index < 0)
    throw new UserError(
      exitCodes.badData,
      `${file}: there is no column ${quote(column)} for --only (line 1 has ${names.join(', ')})`,
      'nothing was changed',
    );
  return index;
}

export function isChosen({ values }: Chosen, cell: string): boolean {
  return values.includes(folded(cell));
}

// Of a column "Unsubscribed" or "Email opt-out" yes means the opposite.
const ofOptOuts = /unsub|opt.?out|opted.?out|do.?not|suppress|exclu|bounce|complain|block/i;
const ofSubscribers = /status|subscri|consent|opt.?in|opted.?in|accepts|marketing/i;

/**
 * Whether a cell says that the person has not opted out. Dates, sources and the like say nothing.
 */
export function saysSubscribed(column: string, cell: string): boolean {
  if (ofOptOuts.test(column)) return saysNo(cell);
  return ofSubscribers.test(column) && (saysConsent(cell) || saysYes(cell));
}

export function notOptedOut(
  file: string,
  { line, column, cell }: { readonly line: number; readonly column: string; readonly cell: string },
): UserError {
  return new UserError(
    exitCodes.badData,
    `${file}: column ${quote(column)} says ${quote(cell)} in line ${line}: ` +
      'not everybody in this list has opted out',
    'say which rows are meant, for example --only "Status=unsubscribed", or --every-row; ' +
      'nothing was changed',
  );
}

/** Columns that are left out although they hold e-mails: how many rows, and the first one. */
export class UnusedEmails {
  readonly #columns = new Map<string, { rows: number; firstRow: number }>();

  look(line: number, columns: readonly Column[], cells: readonly string[], used: string): void {
    const known = new Set(readEmails(used).addresses.map(emailKey));
    for (const { name, index } of columns) {
      const cell = cells[index] ?? '';
      if (!cell.includes('@')) continue;
      const { addresses } = readEmails(cell);
      if (addresses.every((email) => known.has(emailKey(email)))) continue;
      const { rows = 0, firstRow = line } = this.#columns.get(name) ?? {};
      this.#columns.set(name, { rows: rows + 1, firstRow });
    }
  }

  get columns(): readonly { column: string; rows: number; firstRow: number }[] {
    return [...this.#columns].map(([column, rest]) => ({ column, ...rest }));
  }
}

function folded(text: string): string {
  return text.normalize('NFC').trim().toLowerCase();
}
