/**
 * Prints small cards for the auditor's own tests: valid PDFs and a manifest, written by hand, so
 * that each fault can be planted exactly.
 *
 * The real renderer would be the wrong tool here: a test of the judge must not depend on the
 * accused, and the renderer cannot be asked for a card with a wrong box or with somebody else's
 * code.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Box } from './pdf.ts';

export interface TestCard {
  /** Lines of text on the front. `\u0001` is the ligature fi, as fonts have it. */
  front: string[];
  /** The address block on the back. */
  back: string[];
  qr: string | null;
  /** In points, without its quiet zone. */
  qrSize: number;
  boxes: { Media: Box; Bleed: Box | null; Trim: Box | null };
  manifest: Record<string, string>;
}

const MANIFEST_COLUMNS = [
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

interface QrEncoder {
  encode(
    text: string,
    options: { ecc: 'M'; border: number },
  ): { readonly size: number; readonly data: readonly (readonly boolean[])[] };
}

// Only the adapters depend on a QR encoder; a test has no need of a second one.
const { encode } = createRequire(new URL('../../packages/adapters/package.json', import.meta.url))(
  'uqr',
) as QrEncoder;

/** Writes `<name>.pdf` with two pages a card. */
export function printPdf(folder: string, name: string, cards: readonly TestCard[]): void {
  mkdirSync(folder, { recursive: true });
  const objects: string[] = ['<< /Type /Catalog /Pages 2 0 R >>', ''];
  const font = objects.push(
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica ' +
      '/Encoding << /BaseEncoding /WinAnsiEncoding /Differences [1 /fi] >> >>',
  );
  const pages: number[] = [];
  for (const card of cards) {
    for (const content of [
      text(card.front, { x: 40, y: 250, size: 14 }),
      `${text(card.back, { x: 245, y: 160, size: 10 })}${code(card)}`,
    ]) {
      const stream = objects.push(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
      const boxes = Object.entries(card.boxes).flatMap(([kind, box]) =>
        box === null ? [] : [`/${kind}Box [${box.join(' ')}]`],
      );
      pages.push(
        objects.push(
          `<< /Type /Page /Parent 2 0 R ${boxes.join(' ')} ` +
            `/Resources << /Font << /F ${font} 0 R >> >> /Contents ${stream} 0 R >>`,
        ),
      );
    }
  }
  const kids = pages.map((page) => `${page} 0 R`).join(' ');
  objects[1] = `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`;

  let pdf = '%PDF-1.7\n';
  const offsets = objects.map((object, index) => {
    const offset = pdf.length;
    pdf += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const start = pdf.length;
  pdf += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`;
  pdf += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  writeFileSync(join(folder, name), Buffer.from(pdf, 'latin1'));
}

/** Writes the manifest as it is given, so that a test can also write an unsafe one. */
export function writeManifest(folder: string, lines: readonly Record<string, string>[]): void {
  const record = (cells: readonly string[]): string =>
    cells
      .map((cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell))
      .join(',');
  const records = [
    MANIFEST_COLUMNS,
    ...lines.map((line) => MANIFEST_COLUMNS.map((column) => line[column] ?? '')),
  ];
  writeFileSync(join(folder, 'manifest.csv'), `${records.map(record).join('\r\n')}\r\n`);
}

function text(
  lines: readonly string[],
  { x, y, size }: { readonly x: number; readonly y: number; readonly size: number },
): string {
  const shown = lines.map((line) => `(${line.replace(/[\\()]/g, '\\$&')}) Tj T*`).join('\n');
  return `BT /F ${size} Tf ${size * 1.4} TL ${x} ${y} Td\n${shown}\nET\n`;
}

function code({ qr, qrSize }: TestCard): string {
  if (qr === null) return '';
  const { size, data } = encode(qr, { ecc: 'M', border: 0 });
  const module = qrSize / size;
  const squares = data.flatMap((row, y) =>
    row.flatMap((dark, x) =>
      dark ? [`${50 + x * module} ${200 - (y + 1) * module} ${module} ${module} re`] : [],
    ),
  );
  return `${squares.join('\n')}\nf\n`;
}
