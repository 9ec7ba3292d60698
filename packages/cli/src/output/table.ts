/**
 * Tables with own columns. Cells are made printable here, whatever they hold: names come from other
 * people's lists.
 */
import type { styleText } from 'node:util';
import { printable } from '@postrider/runner/process';
import { width } from './text.ts';

export type Style = Parameters<typeof styleText>[0];

export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | null | undefined;
  readonly right?: boolean;
  readonly style?: (row: Row) => Style | null;
}

/** Name and value; the first is the headline. */
export type Fields = readonly (readonly [name: string, value: string])[];

export interface Rendering {
  /** Of the screen, in cells; null: no end. */
  readonly width: number | null;
  paint(style: Style, text: string): string;
}

const GAP = '  ';

export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  rendering: Rendering,
): string {
  const cells = rows.map((row) => columns.map((column) => cell(column.value(row))));
  const widths = columns.map((column, index) =>
    // Not as arguments of one call: a table may have more rows than a stack has room.
    cells.reduce((widest, line) => Math.max(widest, width(line[index] ?? '')), width(column.title)),
  );
  const last = columns.length - 1;
  const before = widths.slice(0, last).reduce((sum, one) => sum + one + GAP.length, 0);
  const room = rendering.width === null ? Infinity : rendering.width - before;
  const header = columns
    .map((column, index) =>
      pad(
        column.title,
        index === last && column.right !== true ? 0 : (widths[index] ?? 0),
        column.right,
      ),
    )
    .join(GAP);
  const lines = [rendering.paint('dim', header)];
  for (const [rowIndex, line] of cells.entries()) {
    const row = rows[rowIndex];
    // Only the last column is ever long; it goes on below itself. Where even that has no room, the
    // terminal wraps.
    const [first = '', ...more] = room >= 20 ? wrapped(line[last] ?? '', room) : [line[last] ?? ''];
    const painted = columns.map((column, index) => {
      const style = row === undefined ? null : (column.style?.(row) ?? null);
      const text = pad(
        index === last ? first : (line[index] ?? ''),
        index === last && column.right !== true ? 0 : (widths[index] ?? 0),
        column.right,
      );
      return style === null ? text : rendering.paint(style, text);
    });
    lines.push(painted.join(GAP).trimEnd(), ...more.map((text) => ' '.repeat(before) + text));
  }
  return lines.join('\n');
}

export function renderRecords(records: readonly Fields[], rendering: Rendering): string {
  return records
    .map((fields) => {
      const [headline, ...rest] = fields;
      const named = Math.max(0, ...rest.map(([name]) => name.length));
      const room = rendering.width === null ? Infinity : Math.max(20, rendering.width - named - 4);
      const lines = rest.flatMap(([name, value]) =>
        wrapped(cell(value), room).map(
          (text, index) =>
            `  ${rendering.paint('dim', (index === 0 ? name : '').padEnd(named))}  ${text}`,
        ),
      );
      return [rendering.paint('bold', cell(headline?.[1])), ...lines].join('\n');
    })
    .join('\n\n');
}

function cell(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'number' ? value.toLocaleString('en-US') : printable(value);
}

function pad(text: string, cells: number, right = false): string {
  const blanks = ' '.repeat(Math.max(0, cells - width(text)));
  return right ? blanks + text : text + blanks;
}

/**
 * At blanks; a word that is longer than a line, such as a path, is cut. With --json, or piped,
 * nothing is.
 */
export function wrapped(text: string, cells: number): string[] {
  if (width(text) <= cells) return [text];
  const lines: string[] = [];
  let line = '';
  for (const whole of text.split(' ')) {
    let word = whole;
    if (line !== '' && width(line) + 1 + width(word) <= cells) {
      line = `${line} ${word}`;
      continue;
    }
    if (line !== '') lines.push(line);
    while (width(word) > cells) {
      const part = [...word].slice(0, cells).join('');
      lines.push(part);
      word = word.slice(part.length);
    }
    line = word;
  }
  return line === '' ? lines : [...lines, line];
}
