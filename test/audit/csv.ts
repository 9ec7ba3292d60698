/**
 * A strict CSV reader (RFC 4180), so that the judge does not read its input with the library that
 * the accused uses.
 *
 * It knows nothing of headers beyond naming the fields, keeps every byte of a field, and remembers
 * on which line a record began: a quoted field may span lines, so counting records would point
 * people to the wrong line.
 */

export interface CsvRecord {
  /** The line the record begins on, counted from 1; the header is line 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** The text is not CSV at all: a quote that never closes, or text after a closing quote. */
export class CsvError extends Error {
  override readonly name = 'CsvError';
}

export function readCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  const end = text.length;
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  let line = 1;

  while (at < end) {
    const began = line;
    const fields: string[] = [];
    for (;;) {
      if (text[at] === '"') {
        let value = '';
        for (;;) {
          const quote = text.indexOf('"', at + 1);
          if (quote === -1) throw new CsvError(`line ${began}: a quoted field is never closed`);
          value += text.slice(at + 1, quote);
          at = quote + 1;
          if (text[at] !== '"') break;
          value += '"';
        }
        line += value.split('\n').length - 1;
        fields.push(value);
        if (at < end && text[at] !== ',' && text[at] !== '\n' && !text.startsWith('\r\n', at)) {
          throw new CsvError(`line ${line}: text follows a closing quote`);
        }
      } else {
        const start = at;
        while (at < end && text[at] !== ',' && text[at] !== '\n') at += 1;
        const stop = text[at] !== ',' && text[at - 1] === '\r' && at > start ? at - 1 : at;
        const value = text.slice(start, stop);
        if (value.includes('"'))
          throw new CsvError(`line ${line}: a quote inside a field that is not quoted`);
        fields.push(value);
      }
      if (text[at] !== ',') break;
      at += 1;
    }
    if (text.startsWith('\r\n', at)) at += 1;
    at += 1;
    line += 1;
    if (fields.length > 1 || fields[0] !== '') records.push({ line: began, fields });
  }
  return records;
}

export interface CsvTable {
  readonly columns: readonly string[];
  readonly records: readonly CsvRecord[];
}

/**
 * Splits off the header. Throws where there is none, or where a column that is asked for is not in
 * it.
 */
export function readTable(text: string, required: readonly string[], what: string): CsvTable {
  const [header, ...records] = readCsv(text);
  if (header === undefined) throw new CsvError(`${what}: the file is empty`);
  const missing = required.filter((column) => !header.fields.includes(column));
  if (missing.length > 0)
    throw new CsvError(`${what}: the header has no column ${missing.join(', ')}`);
  return { columns: header.fields, records };
}

/**
 * The fields of a record by column name; a column that the record is too short for is the empty
 * string.
 */
export function byColumn(table: CsvTable, record: CsvRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(
    table.columns.map((column, index) => [column, record.fields[index] ?? '']),
  );
}
