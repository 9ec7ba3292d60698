/** A reader of manifests that shares no code with the shop. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Rows of a CSV file by RFC 4180, written for the tests. */
export function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let value = '';
    if (text[at] === '"') {
      at += 1;
      while (at < text.length && (text[at] !== '"' || text[at + 1] === '"')) {
        value += text[at];
        at += text[at] === '"' ? 2 : 1;
      }
      at += 1;
    } else {
      while (at < text.length && text[at] !== ',' && text[at] !== '\r') value += text[at++];
    }
    row.push(value);
    if (text[at] === ',') {
      at += 1;
    } else if (text.startsWith('\r\n', at)) {
      rows.push(row);
      row = [];
      at += 2;
    } else {
      throw new Error(`Not a record of RFC 4180, at byte ${at}.`);
    }
  }
  if (row.length > 0) throw new Error('The last record does not end.');
  return rows;
}

/** The manifest's rows by column name. */
export async function readManifest(
  folder: string,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const [header = [], ...rows] = parseCsv(await readFile(join(folder, 'manifest.csv'), 'utf8'));
  return rows.map((row) =>
    Object.fromEntries(header.map((name, column) => [name, row[column] ?? ''])),
  );
}
