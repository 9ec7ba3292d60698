/**
 * What a page needs of its resources.
 *
 * Renderers give all pages one list of everything: every picture, every person's QR code. Taken
 * whole, each card would carry the data of all others, and be as large as the document. So what is
 * taken is what the contents name. Names are read more broadly than they are used: one too many is
 * a few bytes, one too few is a blank on a card.
 */
import type { PdfFile } from './pdf-file.ts';
import { namesIn, PdfReference, type PdfDictionary, type PdfValue } from './pdf-syntax.ts';

const categories = [
  'Font',
  'XObject',
  'ExtGState',
  'ColorSpace',
  'Pattern',
  'Shading',
  'Properties',
] as const;
/** Used without being named: what the colours of devices stand for. */
const unnamed: ReadonlySet<string> = new Set(['DefaultGray', 'DefaultRGB', 'DefaultCMYK']);

const none: ReadonlySet<string> = new Set();

export class PdfResources {
  readonly #file: PdfFile;
  readonly #borrowed = new Map<number, ReadonlySet<string>>();

  constructor(file: PdfFile) {
    this.#file = file;
  }

  /** The part of `resources` that these contents need. */
  needed(resources: PdfValue | undefined, contents: readonly Buffer[]): PdfDictionary {
    const file = this.#file;
    const whole = file.resolve(resources);
    const part = new Map<string, PdfValue>();
    if (!(whole instanceof Map)) return part;
    const offered = whole as PdfDictionary;
    const lists = categories.flatMap((category) => {
      const list = file.resolve(offered.get(category));
      return list instanceof Map ? [{ category, list: list as PdfDictionary }] : [];
    });
    const chosen = new Map(lists.map(({ category }) => [category, new Map<string, PdfValue>()]));
    const waiting = new Set(unnamed);
    for (const content of contents) for (const name of namesIn(content)) waiting.add(name);
    // A set that grows while it is walked: what is borrowed is looked up, too.
    for (const name of waiting)
      for (const { category, list } of lists) {
        const entry = list.get(name);
        if (entry === undefined) continue;
        chosen.get(category)?.set(name, entry);
        for (const borrowed of this.#borrowedBy(entry)) waiting.add(borrowed);
      }
    const procedures = offered.get('ProcSet');
    if (procedures !== undefined) part.set('ProcSet', procedures);
    // In the order of the names, however they were met.
    for (const [category, entries] of chosen)
      if (entries.size > 0)
        part.set(category, new Map([...entries].toSorted(([a], [b]) => (a < b ? -1 : 1))));
    return part;
  }

  /**
   * Contents that lie in an object of their own, and the resources that belong to them; null where
   * it has none of its own.
   */
  ownOf(value: PdfValue, stream: Buffer | null): { readonly contents: readonly Buffer[] } | null {
    if (!(value instanceof Map)) return null;
    const head = value as PdfDictionary;
    const drawn = this.#drawnIn(head, stream);
    return drawn === null || !head.has('Resources') ? null : { contents: drawn() };
  }

  /** How to read what an object draws; null where it draws nothing. */
  #drawnIn(head: PdfDictionary, stream: Buffer | null): (() => Buffer[]) | null {
    const file = this.#file;
    if (stream !== null) {
      const draws =
        head.get('Subtype') === 'Form' || (head.has('PatternType') && head.has('PaintType'));
      return draws ? () => [file.unpacked({ value: head, stream })] : null;
    }
    if (head.get('Subtype') !== 'Type3') return null;
    return () => {
      const glyphs = file.resolve(head.get('CharProcs'));
      return glyphs instanceof Map
        ? [...(glyphs as PdfDictionary).values()].flatMap((glyph) =>
            glyph instanceof PdfReference ? [file.unpacked(file.object(glyph.id))] : [],
          )
        : [];
    };
  }

  /**
   * Names that are looked up in the resources of who uses this: an old way to draw, without a list
   * of one's own.
   */
  #borrowedBy(entry: PdfValue): ReadonlySet<string> {
    if (entry instanceof PdfReference) {
      const known = this.#borrowed.get(entry.id);
      if (known !== undefined) return known;
    }
    const names = new Set<string>();
    const seen = new Set<number>();
    const waiting: PdfValue[] = [entry];
    const visit = (value: PdfValue): void => {
      this.#file.step();
      if (value instanceof PdfReference) {
        if (seen.has(value.id)) return;
        seen.add(value.id);
      } else if (!Array.isArray(value) && !(value instanceof Map)) return;
      waiting.push(value);
    };
    for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
      let stream: Buffer | null = null;
      if (value instanceof PdfReference) ({ value, stream } = this.#file.object(value.id));
      if (value instanceof PdfReference) visit(value);
      if (Array.isArray(value)) for (const one of value as readonly PdfValue[]) visit(one);
      if (!(value instanceof Map)) continue;
      const head = value as PdfDictionary;
      if (isOfTree(head) || drawsNothing(head)) continue;
      for (const [key, one] of head) if (key !== 'Parent') visit(one);
      const drawn = head.has('Resources') ? null : this.#drawnIn(head, stream);
      if (drawn !== null)
        for (const content of drawn()) for (const name of namesIn(content)) names.add(name);
    }
    const found = names.size === 0 ? none : names;
    if (entry instanceof PdfReference) this.#borrowed.set(entry.id, found);
    return found;
  }
}

/** Pictures, and fonts whose letters are no contents: what most of a document is. */
function drawsNothing(head: PdfDictionary): boolean {
  const kind = head.get('Subtype');
  return kind === 'Image' || (head.get('Type') === 'Font' && kind !== 'Type3');
}

/** Part of the tree of pages: never taken along, since it leads to all others. */
export function isOfTree(value: PdfValue): boolean {
  if (!(value instanceof Map)) return false;
  const type = (value as PdfDictionary).get('Type');
  return type === 'Page' || type === 'Pages' || type === 'Catalog';
}
