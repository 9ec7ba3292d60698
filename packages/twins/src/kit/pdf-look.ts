/**
 * How many pages a PDF has, and how large they are, at a thousand files a second: most say it in
 * plain text, and only the others are parsed.
 */
import { PDFDocument } from 'pdf-lib';

export interface PageSize {
  /** In inches. */
  readonly width: number;
  readonly height: number;
}

export type PdfLook =
  | { readonly pages: readonly PageSize[] }
  | { readonly fault: 'no_pdf' | 'encrypted' };

const PER_INCH = 72;

export async function lookAtPdf(bytes: Buffer): Promise<PdfLook> {
  if (!bytes.subarray(0, 1024).includes('%PDF-')) return { fault: 'no_pdf' };
  const plain = inPlainText(bytes);
  if (plain !== null) return { pages: [plain] };
  try {
    const document = await PDFDocument.load(bytes, { ignoreEncryption: true });
    if (document.isEncrypted) return { fault: 'encrypted' };
    return {
      pages: document.getPages().map((page) => {
        const { width, height } = page.getMediaBox();
        return { width: width / PER_INCH, height: height / PER_INCH };
      }),
    };
  } catch {
    return { fault: 'no_pdf' };
  }
}

/** What tells of the pages of a file that has its objects in plain text. */
const TELLING = /\/(?:ObjStm|Encrypt|MediaBox|Type\s*\/Page(?!s))|startxref/g;

/** The one page of a file that has its objects in plain text and was never changed after. */
function inPlainText(bytes: Buffer): PageSize | null {
  const text = bytes.toString('latin1');
  let [box, pages, ends] = [-1, 0, 0];
  for (const { 0: word, index } of text.matchAll(TELLING)) {
    if (word === '/ObjStm' || word === '/Encrypt') return null;
    if (word === 'startxref') ends += 1;
    else if (word !== '/MediaBox') pages += 1;
    else if (box === -1) box = index;
    else return null;
  }
  if (box === -1 || pages !== 1 || ends > 1) return null;
  const sides = /^\/MediaBox\s*\[\s*([-\d.\s]+)\]/.exec(text.slice(box, box + 100))?.[1];
  const [left, bottom, right, top, ...more] = (sides?.trim().split(/\s+/) ?? []).map(Number);
  if (left === undefined || bottom === undefined || right === undefined || top === undefined)
    return null;
  if (more.length > 0 || ![left, bottom, right, top].every(Number.isFinite)) return null;
  return { width: (right - left) / PER_INCH, height: (top - bottom) / PER_INCH };
}
