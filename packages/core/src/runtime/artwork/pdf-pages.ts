/** The pages of a PDF, each with what it has from the tree above it. */
import type { PdfFile } from './pdf-file.ts';
import {
  PdfError,
  PdfRaw,
  PdfReference,
  numberOf,
  type PdfDictionary,
  type PdfValue,
} from './pdf-syntax.ts';

/** What is taken of a page, besides its contents and resources. */
const taken = [
  'MediaBox',
  'CropBox',
  'BleedBox',
  'TrimBox',
  'ArtBox',
  'Rotate',
  'UserUnit',
  'Group',
] as const;
const inherited = ['Resources', 'MediaBox', 'CropBox', 'Rotate'] as const;

const MOST_PAGES = 100_000;

/** All pages, in order, with what they inherit. Throws `PdfError`. */
export function pagesOf(file: PdfFile): readonly PdfDictionary[] {
  const pages: PdfDictionary[] = [];
  const seen = new Set<number>();
  interface Node {
    readonly value: PdfValue | undefined;
    readonly above: PdfDictionary;
  }
  const waiting: Node[] = [{ value: file.catalog.get('Pages'), above: new Map() }];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const { value, above } = node;
    if (value instanceof PdfReference) {
      if (seen.has(value.id)) throw new PdfError('its tree of pages has a page in two places');
      seen.add(value.id);
    }
    const own = file.dictionary(value, 'tree of pages');
    const down = new Map(above);
    for (const key of inherited) {
      const found = own.get(key);
      if (found !== undefined) down.set(key, found);
    }
    if (own.has('Kids')) {
      const kids = file.list(own.get('Kids'));
      for (const kid of kids.toReversed()) waiting.push({ value: kid, above: down });
    } else pages.push(new Map([...own, ...down]));
    if (pages.length + waiting.length > MOST_PAGES)
      throw new PdfError(`it has more than ${MOST_PAGES} pages`);
  }
  return pages;
}

/**
 * What is printed of a page, but for its resources; without the way back to the others. Throws
 * `PdfError` where something lies on it that would be lost.
 */
export function printedOf(
  file: PdfFile,
  page: PdfDictionary,
  number: number,
): Map<string, PdfValue> {
  const box = file.list(page.get('MediaBox')).map((side) => numberOf(file.resolve(side)));
  const [left = 0, bottom = 0, right = 0, top = 0] = box;
  if (box.length !== 4 || !(Math.abs((right - left) * (top - bottom)) > 0))
    throw new PdfError(`its page ${number} has no size`);
  requireNothingOnTop(file, page, number);
  const printed = new Map<string, PdfValue>([['Type', 'Page']]);
  for (const key of taken) {
    const value = page.get(key);
    if (value !== undefined) printed.set(key, value);
  }
  return printed;
}

const HIDDEN = 2;

/**
 * Links are dropped: there is nothing to click on a card. What a form field or a note shows is no
 * part of the page, and printers differ in whether they print it.
 */
function requireNothingOnTop(file: PdfFile, page: PdfDictionary, number: number): void {
  for (const one of file.list(page.get('Annots'))) {
    const note = file.resolve(one);
    if (!(note instanceof Map)) continue;
    const kind = file.resolve((note as PdfDictionary).get('Subtype'));
    const flags = file.resolve((note as PdfDictionary).get('F'));
    const isHidden = flags instanceof PdfRaw && (numberOf(flags) & HIDDEN) !== 0;
    if (kind === 'Link' || kind === 'Popup' || isHidden) continue;
    const what = typeof kind === 'string' ? kind.slice(0, 40) : 'unknown';
    throw new PdfError(
      `its page ${number} has a form field or a note on top (${what}), ` +
        'which would not be printed: make it a part of the page',
    );
  }
}

/** What is on a page, unpacked. */
export function contentsOf(file: PdfFile, page: PdfDictionary): Buffer {
  const value = page.get('Contents');
  const found = file.resolve(value);
  const parts = Array.isArray(found) ? (found as readonly PdfValue[]) : [value];
  const streams = parts.flatMap((part) =>
    part instanceof PdfReference ? [file.object(part.id)] : [],
  );
  const [only] = streams;
  if (only !== undefined && streams.length === 1) return file.unpacked(only);
  return Buffer.concat(streams.flatMap((stream) => [file.unpacked(stream), Buffer.from('\n')]));
}
