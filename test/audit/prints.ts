/** What lies in the folder of the print shop: manifests and PDFs. */
import { readFileSync, readdirSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { byColumn, readTable } from './csv.ts';

export interface ManifestLine {
  /** For people: `cards-000001.pdf #7`. */
  readonly card: string;
  /** Absolute path of the PDF. */
  readonly pdf: string;
  readonly frontPage: number;
  readonly backPage: number;
  /** Every cell by its column, without the apostrophe that keeps it from being a formula. */
  readonly cells: Readonly<Record<string, string>>;
}

export interface Prints {
  readonly lines: readonly ManifestLine[];
  /** Absolute paths. */
  readonly pdfs: readonly string[];
  /** Relative path for people. */
  name(pdf: string): string;
}

const COLUMNS = [
  'piece_id',
  'mailpiece',
  'file',
  'card',
  'front_page',
  'back_page',
  'name',
  'line1',
  'line2',
  'city',
  'region',
  'postal_code',
  'country',
  'format',
  'mail_class',
  'printed_at',
];

/** A spreadsheet takes a cell that begins so for a formula, and runs it. */
const FORMULA = /^[=+\-@\t\r]/;

/**
 * All manifests and PDFs below `folder`, so that a card printed twice is found even if it lies in
 * another batch.
 * @param report is told what is wrong with a manifest itself.
 */
export function readPrints(folder: string, report: (what: string) => void): Prints {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const lines: ManifestLine[] = [];
  const manifests = files.filter((path) => basename(path) === 'manifest.csv');
  if (manifests.length === 0) report(`there is no manifest.csv below ${folder}`);
  for (const path of manifests) {
    const where = relative(folder, path);
    const table = readTable(readFileSync(path, 'utf8'), COLUMNS, where);
    for (const record of table.records) {
      const line = `${where} line ${record.line}`;
      if (record.fields.length !== table.columns.length)
        report(`${line}: ${record.fields.length} cells instead of ${table.columns.length}`);
      for (const [index, cell] of record.fields.entries()) {
        if (FORMULA.test(cell))
          report(
            `${line}: a spreadsheet would run the cell ` +
              `${table.columns[index]}: ${cell.slice(0, 40)}`,
          );
      }
      const cells = Object.fromEntries(
        Object.entries(byColumn(table, record)).map(([column, cell]) => [
          column,
          /^'[=+\-@\t\r]/.test(cell) ? cell.slice(1) : cell,
        ]),
      );
      lines.push({
        card: `${cells['file']} #${cells['card']}`,
        pdf: join(dirname(path), cells['file'] ?? ''),
        frontPage: Number(cells['front_page']),
        backPage: Number(cells['back_page']),
        cells,
      });
    }
  }
  return {
    lines,
    pdfs: files.filter((path) => path.endsWith('.pdf')),
    name: (pdf) => relative(folder, pdf),
  };
}
