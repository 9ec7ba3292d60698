/**
 * Records of a CSV file with the line each begins on.
 *
 * csv-parse says on which line a record *ends*, and counts a CRLF inside quotes as two lines
 * (checked against 3,000 random files in random chunks), so the start is worked out from the line
 * breaks in the cells. That number is what a person types into an editor to find a bad row.
 */
import { AudienceSourceError } from '@postrider/core/ports';
import type { Info } from 'csv-parse';
import type { SourceFile } from './source-file.ts';
import { swallowedRows } from './swallowed-rows.ts';
import type { SwallowedRow } from './swallowed-rows.ts';

const maxRecord = 128_000;

export interface CsvRecord {
  readonly cells: readonly string[];
  /** Counted from 1. */
  readonly line: number;
  /** Other rows of the file that stand inside this one. */
  readonly swallowed: readonly SwallowedRow[];
}

export interface CsvReading {
  /** The path of the file, for errors. */
  readonly path: string;
  readonly delimiter: string;
  /**
   * A stray quote ends the reading, where half a list is worse than none: what stands behind it may
   * have swallowed rows.
   */
  readonly strict?: boolean;
}

export async function* csvRecords(
  file: SourceFile,
  { path, delimiter, strict = false }: CsvReading,
  signal: AbortSignal,
): AsyncGenerator<CsvRecord> {
  const { parse } = await import('csv-parse');
  if (/^\s*(?:\[\s*[{[]|\{\s*")/.test(file.head))
    throw new AudienceSourceError(
      `${path}: is JSON, and no CSV; write one object a line, and say kind: ndjson`,
    );
  const quote = quoteOf(file.head, delimiter);
  const parser = parse({
    bom: true,
    delimiter,
    quote,
    escape: quote,
    info: true,
    // A quote that is never closed would otherwise take the rest of the file into memory.
    max_record_size: maxRecord,
    record_delimiter: ['\r\n', '\n', '\r'],
    // A row of the wrong length, or with a stray quote, is one bad row and no reason to give up the
    // file.
    relax_column_count: true,
    relax_quotes: !strict,
    skip_empty_lines: true,
    // Blanks between a delimiter and a quote are no part of the cell. Those behind a quote are left
    // to the reader of the row: to trim them, too, turns every stray quote into an error.
    ltrim: true,
  });
  const source = file.stream(signal);
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  let doubleCounted = 0;
  let width: number | null = null;
  let separatorLine = separatorOf(file.head) !== null;
  try {
    for await (const { record, info } of parser as AsyncIterable<{
      record: string[];
      info: Info;
    }>) {
      let inner = 0;
      for (const cell of record) {
        if (!cell.includes('\n') && !cell.includes('\r')) continue;
        for (const lineBreak of cell.match(/\r\n|\n|\r/g) ?? []) {
          inner++;
          if (lineBreak.length === 2) doubleCounted++;
        }
      }
      if (record.length === 1 && record[0]?.trim() === '') continue;
      if (separatorLine) {
        separatorLine = false;
        continue;
      }
      const line = info.lines - doubleCounted - inner;
      width ??= record.length;
      const swallowed = inner === 0 ? [] : swallowedRows(record, line, delimiter, width);
      yield { cells: record, line, swallowed };
    }
  } catch (error) {
    signal.throwIfAborted();
    throw sourceError(path, error, doubleCounted);
  } finally {
    source.destroy();
    parser.destroy();
  }
}

function sourceError(path: string, error: unknown, doubleCounted: number): AudienceSourceError {
  const { code, lines } = error as { code?: string; lines?: number };
  const where = lines === undefined ? '' : ` (line ${lines - doubleCounted})`;
  switch (code) {
    case 'CSV_QUOTE_NOT_CLOSED':
      return new AudienceSourceError(
        `${path}: a quote is opened and never closed${where}; close it, or double it where it is part of the text`,
        {
          cause: error,
        },
      );
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_INVALID_CLOSING_QUOTE':
      return new AudienceSourceError(
        `${path}: a quote stands inside a cell${where}; double it where it is part of the text, or close the one before it`,
        { cause: error },
      );
    case 'CSV_MAX_RECORD_SIZE':
      return new AudienceSourceError(
        `${path}: a row is longer than ${maxRecord} characters${where}; most likely a quote was never closed`,
        { cause: error },
      );
    default:
      return new AudienceSourceError(
        `${path}: cannot be read${where}: ${error instanceof Error ? error.message : String(error)}`,
        {
          cause: error,
        },
      );
  }
}

/** `sep=;` in the first line, by which a spreadsheet is told the delimiter. It is no row. */
function separatorOf(head: string): string | null {
  return /^"?sep=([^\r\n"])"?[ \t]*(?:\r|\n|$)/i.exec(head)?.[1] ?? null;
}

/** Some programs write each cell in single quotes: known by a header line that is so throughout. */
function quoteOf(head: string, delimiter: string): string {
  const [first = ''] = head
    .replace(/^\uFEFF/, '')
    .trimStart()
    .split(/\r\n|\n|\r/);
  const cells = first.split(delimiter).map((cell) => cell.trim());
  const isSingle = cells.length > 1 && cells.every((cell) => /^'[^']*'$/.test(cell));
  return isSingle ? "'" : '"';
}

/**
 * The one of comma, semicolon, tab and bar that the header line has most of, outside quotes; where
 * it has none of them, a caret, tilde or colon that stands there several times.
 */
export function detectDelimiter(head: string): string {
  const told = separatorOf(head);
  if (told !== null) return told;
  const line = headerLine(head);
  const usual = mostOf(line, [',', ';', '\t', '|']);
  const rare = mostOf(line, ['^', '~', ':']);
  return !line.includes(usual) && line.split(rare).length > 2 ? rare : usual;
}

/** Without what stands in quotes. */
function headerLine(head: string): string {
  let line = '';
  let quoted = false;
  for (const character of head.trimStart()) {
    if (character === '"') quoted = !quoted;
    else if (!quoted && /[\r\n]/.test(character)) break;
    else if (!quoted) line += character;
  }
  return line;
}

/** The first of them where several stand there as often. */
function mostOf(line: string, among: readonly string[]): string {
  const times = (delimiter: string): number => line.split(delimiter).length;
  return among.toSorted((one, two) => times(two) - times(one))[0] ?? ',';
}
