/** Files that tests send as artwork. */
import { PDFDocument } from 'pdf-lib';

/** @param pages width and height in inches. @param plain without compressed objects. */
export async function pdfOf(
  pages: readonly (readonly [number, number])[],
  plain: boolean,
): Promise<Uint8Array<ArrayBuffer>> {
  const document = await PDFDocument.create();
  for (const [width, height] of pages) document.addPage([width * 72, height * 72]);
  return Uint8Array.from(await document.save({ useObjectStreams: !plain }));
}

/** The beginning of a PNG of that many pixels: as much as the twin looks at. */
export function pngHeader(width: number, height: number): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.alloc(33);
  bytes.write('\u0089PNG\r\n\u001a\n', 0, 'latin1');
  bytes.write('IHDR', 12, 'latin1');
  bytes.writeUInt32BE(width, 16);
  bytes.writeUInt32BE(height, 20);
  return Uint8Array.from(bytes);
}
