/**
 * Rows that stand inside a cell of another row: a quote was opened and not closed, and the reader
 * took the line break and all behind it for text, up to the next quote. Nothing of such a file is
 * wrong by itself, so that it is found by its form: a line within a cell has as many delimiters as
 * the header; or several cells of which one is an e-mail, since the row may have another fault,
 * too.
 */

export interface SwallowedRow {
  /** Of the file, counted from 1. */
  readonly line: number;
  /** Without the quotes that were taken away. */
  readonly text: string;
  /** The cell that it stands in. Null where it ends in a later one: two rows are mixed up. */
  readonly cell: number | null;
}

/** A line of the file as it was before the record was made of it. */
interface Line {
  text: string;
  /** What of it stands in the cell in which it begins. */
  readonly first: string;
  readonly begunIn: number;
  endsIn: number;
}

const lineBreak = /\r\n|\n|\r/;
const email = /^\s*"?[^\s@]+@[^\s@]+\.[^\s@]+?"?\s*$/;

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
  const lines = linesOf(cells, delimiter);
  const hasPerson = (text: string, cellsAtLeast: number): boolean => {
    const parts = text.split(delimiter);
    return parts.length >= cellsAtLeast && parts.some((part) => email.test(part));
  };
  const isWhole = (text: string): boolean => text.split(delimiter).length >= width;
  // The last line of a cell has the cells behind it, too, in every row that is well. They belong to
  // another row where the first line is a whole one already, where the record does not fit the
  // header, where a quote was left over, or where the line begins as rows do.
  const mixed =
    cells.length < width ||
    cells.slice(width).some((cell) => cell.trim() !== '') ||
    cells.some((cell) => lineBreak.test(cell) && /^\s*"/.test(cell)) ||
    isWhole(lines[0]?.text ?? '');
  return lines.flatMap((one, offset) => {
    if (offset === 0 || !(isWhole(one.text) || hasPerson(one.text, mixed ? 2 : 3))) return [];
    const within = one.begunIn === one.endsIn;
    if (!within && !mixed && !hasPerson(one.first, 2)) return [];
    return [{ line: line + offset, text: one.text, cell: within ? one.begunIn : null }];
  });
}

function linesOf(cells: readonly string[], delimiter: string): readonly Line[] {
  const lines: Line[] = [];
  for (const [index, cell] of cells.entries()) {
    const [first = '', ...others] = cell.split(lineBreak);
    const last = lines.at(-1);
    if (last === undefined) lines.push({ text: first, first, begunIn: 0, endsIn: 0 });
    else {
      last.text += delimiter + first;
      last.endsIn = index;
    }
    for (const text of others) lines.push({ text, first: text, begunIn: index, endsIn: index });
  }
  return lines;
}
