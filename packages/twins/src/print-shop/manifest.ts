/**
 * The posting manifest: one row per printed card, RFC 4180, for the mail-house and its
 * spreadsheets.
 *
 * Each PDF has a part of its own in `shop/manifest/`, written before the PDF counts as printed;
 * `manifest.csv` is put together from the parts of what was printed. It never names a card whose
 * PDF is not there, and after a crash it is simply put together again.
 */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Plan, PrintedFile } from './pieces.ts';
import { writeAtomically } from '../kit/files.ts';

const columns = [
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
] as const;

export function pdfName(file: number): string {
  return `cards-${String(file).padStart(6, '0')}.pdf`;
}

export function partPath(parts: string, file: number): string {
  return join(parts, pdfName(file).replace(/pdf$/, 'csv'));
}

/** The rows of one plan. Its pieces must still have their content. */
export function manifestPart(plan: Plan): string {
  const printedAt = new Date(plan.stamp.at).toISOString();
  return plan.pieces
    .map((piece, index) => {
      if (piece.content === null) throw new Error(`The address of ${piece.id} is gone.`);
      const { name, address } = piece.content.to;
      return record([
        piece.id,
        piece.reference.mailpieceId,
        pdfName(plan.file),
        String(index + 1),
        String(2 * index + 1),
        String(2 * index + 2),
        name,
        address.line1,
        address.line2 ?? '',
        address.city,
        address.region ?? '',
        address.postalCode,
        address.country,
        piece.format,
        piece.mailClass,
        printedAt,
      ]);
    })
    .join('');
}

export async function writeManifest(
  path: string,
  parts: string,
  files: readonly PrintedFile[],
): Promise<void> {
  await writeAtomically(path, joined(parts, files));
}

async function* joined(
  parts: string,
  files: readonly PrintedFile[],
): AsyncGenerator<Uint8Array | string> {
  yield record(columns);
  for (const { file } of files)
    yield* createReadStream(partPath(parts, file)) as AsyncIterable<Uint8Array>;
}

function record(cells: readonly string[]): string {
  return `${cells.map(cell).join(',')}\r\n`;
}

/**
 * A cell that a spreadsheet would take for a formula gets an apostrophe: a name in somebody's list
 * must not run on the mail-house's machine.
 */
export function cell(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
