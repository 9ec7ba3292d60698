/** Artwork for cards, and a look at what was printed of it. */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { PDFiumLibrary } from '@hyzyla/pdfium';
import { PDFDocument, StandardFonts } from 'pdf-lib';
import { type PieceOrder } from '../index.ts';

/** Card `card` (from 0) of a document that `makeArtwork` made. */
export function cardOf(url: string, card: number): Pick<PieceOrder, 'artwork'> {
  return { artwork: { front: { url, page: 2 * card + 1 }, back: { url, page: 2 * card + 2 } } };
}

export interface ArtworkRecipe {
  readonly cards?: number;
  /** In points, with bleed. */
  readonly size?: readonly [number, number];
  /** In points; null: no TrimBox. */
  readonly trim?: readonly [number, number] | null;
  /** Text of the fronts, followed by the number of the card. */
  readonly text?: string;
  /** Bytes of incompressible "photograph" behind every front. */
  readonly photo?: Uint8Array;
}

/**
 * Writes a PDF of cards, front and back alternating, "<text> front 0", "<text> back 0", … Returns
 * its file: URL.
 */
export async function makeArtwork(path: string, recipe: ArtworkRecipe = {}): Promise<string> {
  const { cards = 1, size = [450, 306], trim = [432, 288], text = 'Card', photo } = recipe;
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  const image =
    photo === undefined
      ? null
      : document.context.register(
          document.context.stream(photo, { Type: 'XObject', Subtype: 'Form', BBox: [0, 0, 1, 1] }),
        );
  for (let side = 0; side < 2 * cards; side += 1) {
    const page = document.addPage([...size]);
    if (trim !== null) {
      page.setTrimBox((size[0] - trim[0]) / 2, (size[1] - trim[1]) / 2, trim[0], trim[1]);
      page.setBleedBox(0, 0, size[0], size[1]);
    }
    if (image !== null && side % 2 === 0) page.node.newXObject('Photo', image);
    page.drawText(`${text} ${side % 2 === 0 ? 'front' : 'back'} ${side >> 1}`, {
      x: 30,
      y: 150,
      size: 14,
      font,
    });
  }
  await writeFile(path, await document.save());
  return pathToFileURL(path).href;
}

/** The text of every page, by a reader that shares no code with the press. */
export async function pageTexts(path: string): Promise<readonly string[]> {
  // Made once: it takes longer than the reading.
  pdfium ??= PDFiumLibrary.init();
  const document = await (await pdfium).loadDocument(await readFile(path));
  try {
    return [...document.pages()].map((page) => page.getText());
  } finally {
    document.destroy();
  }
}

let pdfium: Promise<PDFiumLibrary> | undefined;

export async function pdfNames(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.pdf')).toSorted();
}
