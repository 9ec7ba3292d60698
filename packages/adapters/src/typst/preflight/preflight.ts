/**
 * Preflight: looks at the pages as they would be printed, before anybody prints them. What a
 * template says of itself is believed only as to what it meant; what is there is read from the PDF.
 */
import type { CardData } from '../card-data.ts';
import type { CardFormat } from '../formats.ts';
import { missingGlyphs } from '../marks.ts';
import type { Told } from '../marks.ts';
import { checkAddress } from './address-check.ts';
import { checkCodes } from './code-check.ts';
import type { Box } from './geometry.ts';
import { inkFault, suspectsIn } from './ink-check.ts';
import type { Suspects } from './ink-check.ts';
import { paintedOn } from './painter.ts';
import { PdfDocument } from './pdf-document.ts';
import type { Fault, Sheet, Side } from './sheet.ts';

export interface Proof {
  /** Front and back of each card after one another. */
  readonly pdf: Buffer;
  readonly format: CardFormat;
  readonly cards: readonly CardData[];
  readonly told: readonly Told[];
  /** How many modules the QR code of a text has on a side. */
  readonly modules: (text: string) => number;
  /** Where the back of a card, drawn without its address, has ink in the box; null for nowhere. */
  readonly look: (card: number) => Promise<Box | null>;
}

/** The faults of the cards that have any, by their place among the cards. */
export async function preflight(proof: Proof): Promise<ReadonlyMap<number, readonly Fault[]>> {
  const document = new PdfDocument(proof.pdf);
  const found = new Map<number, readonly Fault[]>();
  const looks = new Map<string, Box | null>();
  const look = async (index: number, { key }: Suspects): Promise<Box | null> => {
    const known = looks.get(key);
    if (known !== undefined) return known;
    const seen = await proof.look(index);
    looks.set(key, seen);
    return seen;
  };
  for (const [index, card] of proof.cards.entries()) {
    const told = proof.told[index];
    if (told === undefined) throw new Error(`nothing is told of card ${index + 1}`);
    const side = (name: 'front' | 'back', page: number): Side => ({
      ...told[name],
      name,
      painted: paintedOn(document.page(page)),
    });
    const sheet: Sheet = {
      card,
      format: proof.format,
      front: side('front', 2 * index),
      back: side('back', 2 * index + 1),
    };
    const { faults, block } = checkAddress(sheet);
    const letters = checkGlyphs(sheet);
    const all = [
      // An address with an empty box in it does not read as it should, which is said already.
      ...(letters.length > 0 ? letters : faults),
      ...checkCodes(sheet, sheet.front, proof.modules),
      ...checkCodes(sheet, sheet.back, proof.modules),
    ];
    const suspects = suspectsIn(sheet, block);
    const ink = suspects === null ? null : await look(index, suspects);
    if (suspects !== null && ink !== null) all.push(inkFault(sheet, suspects, ink));
    if (all.length > 0) found.set(index, all);
  }
  return found;
}

/** Letters without a glyph that were not noticed while the card was set: control characters are. */
function checkGlyphs({ card, front, back }: Sheet): readonly Fault[] {
  const empty = [...front.painted, ...back.painted].find(({ text }) => text?.missing === true);
  if (empty === undefined) return [];
  const content = empty.text?.content ?? '';
  const { reason, message } = missingGlyphs(content.match(/\p{C}/gu) ?? [...content], card);
  return [{ reason, message }];
}
