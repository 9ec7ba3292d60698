/** Artwork for orders in tests: blank pages of a 4x6 card with bleed, as a real PDF. */
import { createHash } from 'node:crypto';
import { ArtworkError, type ArtworkCutter } from '../order.ts';

/** In points: 6.25 by 4.25 inches. */
const page = { width: 450, height: 306 };

export const blankArtwork: ArtworkCutter = {
  async cut(pages) {
    const missing = pages.find((one) => !Number.isInteger(one.page) || one.page < 1);
    if (missing !== undefined)
      throw new ArtworkError('unusable', `The document has no page ${missing.page}.`);
    const bytes = Buffer.from(blankPdf(pages.length), 'latin1');
    const hash = createHash('sha256').update(bytes).digest('hex');
    return { mediaType: 'application/pdf', bytes, hash };
  },
};

function blankPdf(pages: number): string {
  const kids = Array.from({ length: pages }, (_, index) => `${index + 3} 0 R`).join(' ');
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages} >>`,
    ...Array.from(
      { length: pages },
      () =>
        `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${page.width} ${page.height}] /Resources << >> >>`,
    ),
  ];
  let text = '%PDF-1.7\n';
  const places = objects.map((object, index) => {
    const place = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(place).padStart(10, '0')} 00000 n \n`;
  });
  const start = text.length;
  const size = objects.length + 1;
  const table = `xref\n0 ${size}\n0000000000 65535 f \n${places.join('')}`;
  const trailer = `trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`;
  return text + table + trailer;
}
