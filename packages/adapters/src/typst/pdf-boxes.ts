/**
 * typst writes no TrimBox and no BleedBox, which presses need to know where to cut. Page
 * dictionaries are plain text in its PDFs, so the boxes are put in behind each MediaBox and the
 * table of offsets is moved along: 1 ms for 100 pages, against 60 ms for reading and writing the
 * whole file again with a PDF library. Anything unexpected is an error; a PDF with wrong boxes must
 * not reach a press.
 */
import type { CardFormat } from './formats.ts';

/** Throws where the bytes are not a PDF of `pages` pages of this format as typst writes it. */
export function addPageBoxes(pdf: Buffer, format: CardFormat, pages: number): Buffer {
  const { width, height, bleed } = format;
  const mediaBox = Buffer.from(`/MediaBox [0 0 ${width} ${height}]`);
  const boxes = Buffer.from(
    `\n  /BleedBox [0 0 ${width} ${height}]\n  /TrimBox [${bleed} ${bleed} ${width - bleed} ${height - bleed}]`,
  );
  const inserts: number[] = [];
  for (let at = pdf.indexOf(mediaBox); at >= 0; at = pdf.indexOf(mediaBox, at + 1))
    inserts.push(at + mediaBox.length);
  if (inserts.length !== pages) {
    throw new Error(
      `the PDF has ${inserts.length} pages of ${width} x ${height} pt instead of ${pages}`,
    );
  }
  const moved = (offset: number): number => {
    // Inserts are in ascending order; how many stand before the offset is found by halving.
    let [low, high] = [0, inserts.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((inserts[middle] ?? Infinity) <= offset) low = middle + 1;
      else high = middle;
    }
    return offset + low * boxes.length;
  };

  const trailer = /startxref\n(\d+)\n%%EOF\s*$/.exec(
    pdf.toString('latin1', Math.max(0, pdf.length - 64)),
  );
  const tableAt = Number(trailer?.[1] ?? NaN);
  const table = pdf.toString('latin1', Number.isNaN(tableAt) ? pdf.length : tableAt);
  const head = /^xref\n0 (\d+)\n/.exec(table);
  if (head === null) throw new Error('the PDF has no plain table of offsets');
  const count = Number(head[1]);
  const entries = table.slice(head[0].length, head[0].length + 20 * count);
  let newEntries = '';
  for (let index = 0; index < count; index++) {
    const entry = entries.slice(20 * index, 20 * index + 20);
    if (!/^\d{10} \d{5} [nf][\r ]\n$/.test(entry))
      throw new Error('the PDF has an offset that cannot be read');
    newEntries +=
      entry[17] === 'n'
        ? String(moved(Number(entry.slice(0, 10)))).padStart(10, '0') + entry.slice(10)
        : entry;
  }
  const rest = table
    .slice(head[0].length + 20 * count)
    .replace(/startxref\n\d+\n/, `startxref\n${moved(tableAt)}\n`);

  const parts: Buffer[] = [];
  let from = 0;
  for (const at of inserts) {
    parts.push(pdf.subarray(from, at), boxes);
    from = at;
  }
  parts.push(pdf.subarray(from, tableAt), Buffer.from(head[0] + newEntries + rest, 'latin1'));
  return Buffer.concat(parts);
}
