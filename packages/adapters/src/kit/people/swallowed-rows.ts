/**
 * Rows that stand inside a cell of another row: a quote was opened and not closed, and the reader
 * took the line break and all behind it for text, up to the next quote. Nothing of such a file is
 * wrong by itself, so that it is found by its form: a line within a cell has as many delimiters as
 * the header.
 */

export interface SwallowedRow {
  /** Of the file, counted from 1. */
  readonly line: number;
  /** Without the quotes that were taken away. */
  readonly text: string;
  /** The cell that it stands in. Null where it ends in a later one: two rows are mixed up. */
  readonly cell: number | null;
}

const lineBreak = /\r\n|\n|\r/;

/**
 * @param line the one on which the record begins.
 * @param width the number of cells of the header line; one column alone shows nothing.
 */
export function swallowedRows(
  cells: readonly string[],
  line: number,
  delimiter: string,
  width: number,
): readonly SwallowedRow[] {
  if (width < 2) return [];
  // The record as the lines of the file that it was.
  const lines: { text: string; begunIn: number; endsIn: number }[] = [
    { text: '', begunIn: 0, endsIn: 0 },
  ];
  for (const [index, cell] of cells.entries()) {
    const [first = '', ...others] = cell.split(lineBreak);
    const last = lines.at(-1);
    if (last !== undefined) {
      last.text += (index === 0 ? '' : delimiter) + first;
      last.endsIn = index;
    }
    for (const text of others) lines.push({ text, begunIn: index, endsIn: index });
  }
  const isRow = ({ text }: { text: string }): boolean => text.split(delimiter).length >= width;
  const [own] = lines;
  return lines.flatMap((one, offset) => {
    if (offset === 0 || !isRow(one)) return [];
    const within = one.begunIn === one.endsIn;
    // The last line of a cell has the cells behind it, too, in every row that is well. Only where
    // the first line is a whole row already they belong to another one.
    if (!within && (own === undefined || !isRow(own))) return [];
    return [{ line: line + offset, text: one.text, cell: within ? one.begunIn : null }];
  });
}
