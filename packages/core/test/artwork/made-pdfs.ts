/** PDFs for the tests of the cutter: written by hand, and by pdf-lib. */
import { readFile } from 'node:fs/promises';
import { deflateSync } from 'node:zlib';
import { PDFiumLibrary } from '@hyzyla/pdfium';
import { degrees, PDFDocument, PDFName, rgb, StandardFonts } from 'pdf-lib';
import { cutPages, PdfSource } from '../../src/runtime/artwork/pdf-cut.ts';
import { PdfFile } from '../../src/runtime/artwork/pdf-file.ts';

export async function document(name: string): Promise<Buffer> {
  return await readFile(new URL(`documents/${name}.pdf`, import.meta.url));
}

export function sourceOf(bytes: Uint8Array): PdfSource {
  return new PdfSource(new PdfFile(Buffer.from(bytes)));
}

export function cutOf(bytes: Uint8Array, ...pages: readonly number[]): Buffer {
  const source = sourceOf(bytes);
  return cutPages(pages.map((page) => ({ source, page })));
}

/** A document of these objects, numbered from 1; the first is the catalog. */
export function written(objects: readonly string[], trailer = ''): Buffer {
  let text = '%PDF-1.7\n';
  const offsets = objects.map((object, index) => {
    const at = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const table = text.length;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`;
  for (const offset of offsets) text += `${String(offset).padStart(10, '0')} 00000 n \n`;
  text += `trailer\n<</Size ${objects.length + 1}/Root 1 0 R${trailer}>>\n`;
  return Buffer.from(`${text}startxref\n${table}\n%%EOF\n`, 'latin1');
}

export function stream(content: string, head = ''): string {
  return `<<${head}/Length ${content.length}>>\nstream\n${content}\nendstream`;
}

export function deflated(content: string, head = ''): string {
  return stream(deflateSync(content).toString('latin1'), `${head}/Filter/FlateDecode`);
}

const font = '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>';

/**
 * Pages that have size, turn and resources from the tree above them, and one list of everything:
 * `/Own1` to `/Own<n>` are each one person's.
 */
export function inheriting(pages: number): Buffer {
  const first = 5;
  const kids = Array.from({ length: pages }, (_, index) => `${first + 3 * index} 0 R`).join(' ');
  const own = Array.from(
    { length: pages },
    (_, index) => `/Own${index + 1} ${first + 3 * index + 2} 0 R`,
  );
  return written([
    '<</Type/Catalog/Pages 2 0 R/OpenAction[5 0 R/Fit]>>',
    `<</Type/Pages/Count ${pages}/Kids[3 0 R]/MediaBox[0 0 300 200]/Rotate 90>>`,
    `<</Type/Pages/Parent 2 0 R/Count ${pages}/Kids[${kids}]/CropBox[10 10 290 190]` +
      `/Resources<</Font<</F1 4 0 R>>/XObject<<${own.join('')}>>>>>>`,
    font,
    ...Array.from({ length: pages }, (_, index) => [
      `<</Type/Page/Parent 3 0 R/Contents ${first + 3 * index + 1} 0 R>>`,
      deflated(`BT /F1 20 Tf 40 100 Td (Page ${index + 1}) Tj ET /Own${index + 1} Do`),
      // No resources of its own: it uses the font of the page.
      stream(
        `BT /F1 9 Tf 40 60 Td (secret of person ${index + 1}) Tj ET`,
        '/Type/XObject/Subtype/Form/BBox[0 0 300 200]',
      ),
    ]).flat(),
  ]);
}

/** Fonts, a picture with transparency, forms, turned pages; objects in streams unless told. */
export async function byPdfLib({ useObjectStreams = true } = {}): Promise<Uint8Array> {
  const pdf = await PDFDocument.create();
  const serif = await pdf.embedFont(StandardFonts.TimesRoman);
  const inner = await PDFDocument.create();
  const stamp = inner.addPage([80, 40]);
  stamp.drawText('Stamp', { x: 10, y: 12, size: 18, color: rgb(0.8, 0, 0) });
  const [embedded] = await pdf.embedPdf(await inner.save());
  for (let number = 1; number <= 4; number++) {
    const page = pdf.addPage([450, 306]);
    page.setRotation(degrees(90 * (number - 1)));
    page.setTrimBox(9, 9, 432, 288);
    page.drawText(`Card ${number} of four`, { x: 30, y: 250, size: 24, font: serif });
    page.drawRectangle({
      x: 50,
      y: 60,
      width: 200,
      height: 90,
      color: rgb(0, 0.5, 0.9),
      opacity: 0.4,
    });
    if (embedded !== undefined) page.drawPage(embedded, { x: 200, y: 40 * number });
  }
  pdf.catalog.set(PDFName.of('Lang'), PDFName.of('en'));
  return await pdf.save({ useObjectStreams, addDefaultPage: false });
}

export interface Look {
  readonly text: string;
  readonly width: number;
  readonly height: number;
  readonly pixels: Buffer;
}

// Made once: it is a second of work, and a test of looks asks it fifty times.
let library: Promise<PDFiumLibrary> | undefined;

/** How pages look at 100 dots an inch; all of them without a list. */
export async function looksOf(pdf: Uint8Array, pages?: readonly number[]): Promise<Look[]> {
  const opened = await (await (library ??= PDFiumLibrary.init())).loadDocument(pdf);
  const all = Array.from({ length: opened.getPageCount() }, (_, index) => index + 1);
  const looks: Look[] = [];
  for (const page of pages ?? all) {
    // Text first: this pdfium reads no text from a page that was drawn before.
    const text = opened.getPage(page - 1).getText();
    const { width, height, data } = await opened
      .getPage(page - 1)
      .render({ scale: 100 / 72, render: 'bitmap' });
    looks.push({ text, width, height, pixels: Buffer.from(data) });
  }
  opened.destroy();
  return looks;
}
