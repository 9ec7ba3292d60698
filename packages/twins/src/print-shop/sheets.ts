/**
 * Makes the print-ready PDF: one card per sheet, front and back as two pages, copied from the
 * artwork as they are.
 *
 * All pages of one document are copied in one call, which keeps what they share shared;
 * `SharedObjects` does the same across documents. (500 cards in ten documents of 50, with a
 * photograph of 5.8 MB: 58 MB without it, 6 MB with it.)
 */
import { ParseSpeeds, PDFDocument, PDFName, PDFNumber, type PDFPage } from 'pdf-lib';
import { messageOf } from '../kit/errors.ts';
import { ArtworkError } from './errors.ts';
import { BLEED, type PageSize } from './formats.ts';
import { SharedObjects } from './shared-objects.ts';

/** A document as it was when a card of it was accepted. */
export interface FrozenDocument {
  readonly url: string;
  readonly sha256: string;
}

export interface SheetSide {
  readonly document: FrozenDocument;
  /** Counted from 1. */
  readonly page: number;
}

export interface Sheet {
  readonly front: SheetSide;
  readonly back: SheetSide;
}

/**
 * A press has no use for what a screen or a screen reader needs, and for structure that stays
 * behind in the source.
 */
const screenOnly = [
  'Annots',
  'StructParents',
  'Tabs',
  'B',
  'Dur',
  'Trans',
  'AA',
  'Thumb',
  'PieceInfo',
  'Metadata',
  'PresSteps',
].map((name) => PDFName.of(name));

/** Reads a PDF in small steps, so that requests are answered meanwhile. */
function load(bytes: Uint8Array): Promise<PDFDocument> {
  return PDFDocument.load(bytes, { updateMetadata: false, parseSpeed: ParseSpeeds.Fast });
}

/** Throws where the bytes are not a PDF that can be copied, encrypted ones included. */
export async function pageSizes(bytes: Uint8Array): Promise<readonly PageSize[]> {
  const document = await load(bytes);
  return document.getPages().map((page) => {
    const unit = page.node.lookup(PDFName.of('UserUnit'));
    const scale = unit instanceof PDFNumber ? unit.asNumber() : 1;
    const media = page.getMediaBox();
    const trim = hasBox(page, 'TrimBox') ? page.getTrimBox() : null;
    return {
      media: [media.width * scale, media.height * scale],
      trim: trim === null ? null : [trim.width * scale, trim.height * scale],
    };
  });
}

/**
 * `read` gives the bytes of a document, one at a time. Throws `ArtworkError` where the last one
 * read cannot be copied. `printedAt` in milliseconds: the same plan gives the same file.
 */
export async function composeSheets(
  sheets: readonly Sheet[],
  read: (document: FrozenDocument) => Promise<Uint8Array>,
  printedAt: number,
): Promise<Uint8Array> {
  const output = await PDFDocument.create({ updateMetadata: false });
  const shared = new SharedObjects(output.context);
  const sides = sheets
    .flatMap((sheet) => [sheet.front, sheet.back])
    .map((side, position) => ({ ...side, position }));
  const pages: (PDFPage | undefined)[] = Array.from({ length: sides.length });
  for (const [document, wanted] of Map.groupBy(sides, (side) => side.document)) {
    const bytes = await read(document);
    const indices = wanted.map(({ page }) => page - 1);
    const copies = await copyPages(output, bytes, indices).catch((error: unknown) => {
      throw new ArtworkError(
        'bad_artwork',
        `${document.url} cannot be copied: ${messageOf(error)}`,
      );
    });
    shared.absorb();
    for (const [order, { position }] of wanted.entries()) pages[position] = copies[order];
  }
  for (const page of pages) {
    if (page === undefined) throw new Error('A side of a sheet was not copied.');
    setBoxes(page);
    output.addPage(page);
  }
  const date = new Date(printedAt);
  output.setCreationDate(date);
  output.setModificationDate(date);
  output.setProducer('Postrider folder print shop');
  return output.save({ addDefaultPage: false, updateFieldAppearances: false, objectsPerTick: 500 });
}

async function copyPages(
  output: PDFDocument,
  bytes: Uint8Array,
  indices: readonly number[],
): Promise<PDFPage[]> {
  const source = await load(bytes);
  for (const { node } of source.getPages()) for (const name of screenOnly) node.delete(name);
  return output.copyPages(source, [...indices]);
}

/**
 * A mail-house cuts by these. Where the source has them they are kept; where not, they follow from
 * the format's bleed.
 */
function setBoxes(page: PDFPage): void {
  const { x, y, width, height } = page.getMediaBox();
  if (!hasBox(page, 'TrimBox'))
    page.setTrimBox(x + BLEED, y + BLEED, width - 2 * BLEED, height - 2 * BLEED);
  if (!hasBox(page, 'BleedBox')) page.setBleedBox(x, y, width, height);
}

function hasBox(page: PDFPage, name: 'TrimBox' | 'BleedBox'): boolean {
  return page.node.get(PDFName.of(name)) !== undefined;
}
