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

/** The one page of a file that has its objects in plain text and was never changed after. */
function inPlainText(bytes: Buffer): PageSize | null {
  if (bytes.includes('/ObjStm') || bytes.includes('/Encrypt')) return null;
  if (bytes.indexOf('startxref') !== bytes.lastIndexOf('startxref')) return null;
  const box = bytes.indexOf('/MediaBox');
  if (box === -1 || bytes.includes('/MediaBox', box + 1)) return null;
  if (!hasOnePage(bytes)) return null;
  const text = bytes.toString('latin1', box, box + 100);
  const numbers = /^\/MediaBox\s*\[\s*([-\d.\s]+)\]/.exec(text)?.[1]?.trim().split(/\s+/);
  const [left, bottom, right, top, ...more] = (numbers ?? []).map(Number);
  if (left === undefined || bottom === undefined || right === undefined || top === undefined)
    return null;
  if (more.length > 0 || ![left, bottom, right, top].every(Number.isFinite)) return null;
  return { width: (right - left) / PER_INCH, height: (top - bottom) / PER_INCH };
}

function hasOnePage(bytes: Buffer): boolean {
  let pages = 0;
  for (let at = bytes.indexOf('/Type'); at !== -1; at = bytes.indexOf('/Type', at + 5)) {
    if (/^\/Type\s*\/Page[^s]/.test(bytes.toString('latin1', at, at + 20))) pages += 1;
  }
  return pages === 1;
}
