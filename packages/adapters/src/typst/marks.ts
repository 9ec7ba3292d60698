/** What pages say of themselves while they are laid out; see `_mark` in the prelude. */
import type { CardData } from './card-data.ts';
import type { Mark } from './compiler.ts';
import type { ToldAddress, ToldSide } from './preflight/sheet.ts';
import { quoted } from './preflight/sheet.ts';

export interface Failure {
  readonly reason: string;
  readonly message: string;
  /** What is wrong lies in the template, so that every card has it. */
  readonly ofTemplate?: boolean;
  /** There is no picture of such a card. */
  readonly undrawable?: boolean;
}

export type SideName = 'front' | 'back';

/** What a card says of its sides. */
export type Told = Readonly<Record<SideName, ToldSide>>;

export interface ReadMarks {
  readonly flawed: ReadonlyMap<number, Failure>;
  /** The cards that have a QR code of this text. */
  readonly texts: ReadonlyMap<string, ReadonlySet<number>>;
  readonly told: ReadonlyMap<number, Told>;
}

interface Telling {
  readonly addresses: ToldAddress[];
  readonly codes: string[];
}

export interface MarkedDocument {
  readonly marks: readonly Mark[];
  readonly pages: number;
  /** The cards of the document, as indexes into `cards`. */
  readonly active: readonly number[];
  readonly cards: readonly CardData[];
  /** How many pages a card has. */
  readonly sides: number;
}

export function readMarks({ marks, pages, active, cards, sides }: MarkedDocument): ReadMarks {
  const flawed = new Map<number, Failure>();
  const texts = new Map<string, Set<number>>();
  const glyphs = new Map<number, Set<string>>();
  const told = new Map<number, Record<SideName, Telling>>();
  const starts: { index: number; side: SideName; page: number }[] = [];
  let current = active[0] ?? 0;
  let telling: Telling = { addresses: [], codes: [] };
  for (const mark of marks) {
    switch (mark[0]) {
      case 'side': {
        current = active[mark[1]] ?? 0;
        starts.push({ index: current, side: mark[2], page: mark[3] });
        telling = { addresses: [], codes: [] };
        const both = told.get(current) ?? { front: telling, back: telling };
        told.set(current, { ...both, [mark[2]]: telling });
        break;
      }
      case 'overflow':
        flawed.set(current, {
          reason: 'text_does_not_fit',
          message: `the text ${quoted(mark[1])} does not fit, even at its smallest size`,
        });
        break;
      case 'glyph':
        glyphs.set(current, (glyphs.get(current) ?? new Set()).add(mark[1]));
        break;
      case 'qr':
        texts.set(mark[1], (texts.get(mark[1]) ?? new Set()).add(current));
        telling.codes.push(mark[1]);
        break;
      case 'address':
        telling.addresses.push({
          name: mark[1],
          ownName: mark[2],
          lines: mark[3],
          reference: mark[4],
          min: mark[5],
        });
        break;
    }
  }
  for (const [index, characters] of glyphs)
    flawed.set(index, missingGlyphs([...characters], cards[index] ?? {}));
  for (const [place, { index, side, page }] of starts.entries()) {
    const next = starts[place + 1]?.page ?? pages + 1;
    if (next !== page + 1) {
      flawed.set(index, {
        reason: 'text_does_not_fit',
        message: `the ${side} takes ${next - page} pages instead of one: its content is too tall`,
        undrawable: true,
      });
    }
  }
  if (starts.length !== active.length * sides)
    throw new Error(`typst told of ${starts.length} pages instead of ${active.length * sides}`);
  return { flawed, texts, told };
}

/** @param characters that no font has. */
export function missingGlyphs(characters: readonly string[], card: CardData): Failure {
  const list = characters.slice(0, 10).map((character) => {
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    return /\p{C}/u.test(character) ? `U+${code}` : `${character} (U+${code})`;
  });
  const fields = [...new Set(characters.flatMap((character) => fieldsWith(character, card)))].slice(
    0,
    5,
  );
  return {
    reason: 'missing_glyph',
    message:
      `no font of the renderer has ${list.join(', ')} of ` +
      (fields.length > 0 ? fields.join(', ') : 'the template itself') +
      '; add the file of a font that has them with renderer.fonts' +
      ' (and name its family where the template sets a font)',
    ofTemplate: fields.length === 0,
  };
}

/** By the names that a template has for them. */
function fieldsWith(character: string, values: CardData, within = ''): string[] {
  const forms = [character, character.toLowerCase(), character.toUpperCase()];
  return Object.entries(values).flatMap(([name, value]) => {
    // Both are made of other fields.
    if (name === 'name' || name === 'merge' || name === 'lines') return [];
    if (typeof value === 'string')
      return forms.some((form) => value.includes(form)) ? [`${within}${name}`] : [];
    return typeof value === 'object' && value !== null
      ? fieldsWith(character, value as CardData, `${within}${name}.`)
      : [];
  });
}
