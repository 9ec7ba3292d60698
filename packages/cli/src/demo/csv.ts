/**
 * Records of a small CSV text by RFC 4180: quotes, doubled quotes, line breaks inside quotes.
 * Audiences are read by their adapters, as streams.
 */
export interface CsvRecord {
  /** The line it begins on, counted from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

export function readCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let began = 1;
  const end = (): void => {
    cells.push(cell);
    if (cells.length > 1 || cell.trim() !== '') records.push({ line: began, cells });
    cells = [];
    cell = '';
    began = line;
  };
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  for (let at = 0; at < body.length; at += 1) {
    const character = body[at];
    if (character === '\n') line += 1;
    if (quoted) {
      if (character !== '"') cell += character;
      else if (body[at + 1] === '"') {
        cell += '"';
        at += 1;
      } else quoted = false;
    } else if (character === '"' && cell === '') quoted = true;
    else if (character === ',') {
      cells.push(cell);
      cell = '';
    } else if (character === '\n') end();
    else if (character !== '\r' || body[at + 1] !== '\n') cell += character;
  }
  if (cell !== '' || cells.length > 0) end();
  return records;
}
