/**
 * From pieces to a PDF: finds out whose artwork is still what it was when the card was accepted,
 * and composes the sheets of those.
 */
import type { ArtworkReader } from './artwork.ts';
import type { Piece } from './pieces.ts';
import { ArtworkError } from './errors.ts';
import type { FrozenDocument, Sheet } from './sheets.ts';

export interface Composition {
  /** Null where no card is left to print. */
  readonly pdf: Uint8Array | null;
  /** The cards of the PDF, in order. */
  readonly printable: readonly Piece[];
  /** Pieces that can never be printed, by the reason. */
  readonly spoiled: ReadonlyMap<string, readonly Piece[]>;
}

/**
 * `printedAt` in milliseconds. Throws where the shop itself cannot read artwork: then no card is at
 * fault, and all of them wait.
 */
export async function compose(
  pieces: readonly Piece[],
  artwork: ArtworkReader,
  printedAt: number,
): Promise<Composition> {
  const cards = cardsOf(pieces);
  const faults = new Map<FrozenDocument, string>();
  const blame = (document: FrozenDocument | null, error: unknown): void => {
    // Not allowed is not spoiled: the shop was started without the directories that it had when it
    // accepted the card.
    if (
      document === null ||
      !(error instanceof ArtworkError) ||
      error.code === 'artwork_not_allowed'
    )
      throw error;
    faults.set(document, error.message);
  };
  for (const document of new Set(
    cards.flatMap(({ sheet }) => [sheet.front.document, sheet.back.document]),
  )) {
    await artwork.check(document).catch((error: unknown) => blame(document, error));
  }
  for (;;) {
    const judged = cards.map((card) => ({
      ...card,
      fault: faults.get(card.sheet.front.document) ?? faults.get(card.sheet.back.document),
    }));
    const good = judged.filter(({ fault }) => fault === undefined);
    const spoiled = Map.groupBy(
      judged.filter(({ fault }) => fault !== undefined),
      ({ fault }) => fault ?? '',
    );
    let reading: FrozenDocument | null = null;
    const read = (document: FrozenDocument): Promise<Uint8Array> => {
      reading = document;
      return artwork.read(document);
    };
    try {
      const sheets = good.map(({ sheet }) => sheet);
      // pdf-lib takes 150 ms to import, which a shop that prints no sheets need not spend.
      const pdf =
        sheets.length === 0
          ? null
          : await import('./sheets.ts').then(({ composeSheets }) =>
              composeSheets(sheets, read, printedAt),
            );
      return {
        pdf,
        printable: good.map(({ piece }) => piece),
        spoiled: new Map(
          [...spoiled].map(([fault, members]) => [fault, members.map(({ piece }) => piece)]),
        ),
      };
    } catch (error) {
      // Changed between the check and the reading, or it can be read but not copied: once more
      // without it.
      blame(reading, error);
    }
  }
}

/** What each piece looks like; cards of one document share its object. */
function cardsOf(
  pieces: readonly Piece[],
): readonly { readonly piece: Piece; readonly sheet: Sheet }[] {
  const documents = new Map<string, FrozenDocument>();
  const frozen = (url: string, sha256: string): FrozenDocument => {
    const key = `${sha256} ${url}`;
    const document = documents.get(key) ?? { url, sha256 };
    documents.set(key, document);
    return document;
  };
  return pieces.map((piece) => {
    if (piece.content === null)
      throw new Error(`The artwork of ${piece.id} is not known any more.`);
    const { artwork, hashes } = piece.content;
    return {
      piece,
      sheet: {
        front: { document: frozen(artwork.front.url, hashes.front), page: artwork.front.page },
        back: { document: frozen(artwork.back.url, hashes.back), page: artwork.back.page },
      },
    };
  });
}
