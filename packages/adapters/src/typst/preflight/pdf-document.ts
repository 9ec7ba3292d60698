/**
 * The pages of a PDF as typst writes it: plain objects, a plain table of offsets, contents
 * deflated. Anything else is an error: a card that could not be looked at must not reach a press.
 */
import { inflateSync } from 'node:zlib';
import { PdfOperator, PdfReader, PdfReference } from './pdf-syntax.ts';
import type { PdfDictionary, PdfValue } from './pdf-syntax.ts';

export interface PdfFont {
  /** Of each glyph's number: two, or one of fonts with coloured glyphs. */
  readonly bytes: 1 | 2;
  /** Advance by glyph, in thousandths of the size. */
  readonly widths: ReadonlyMap<number, number>;
  /** What a glyph stands for. */
  readonly texts: ReadonlyMap<number, string>;
}

export interface PdfPicture {
  readonly object: number;
  /** Of a drawing (an SVG) its size in its own units; null for pixels. */
  readonly size: readonly [number, number] | null;
}

export interface PdfAlpha {
  readonly fill: number;
  readonly stroke: number;
}

export interface PdfPage {
  readonly height: number;
  readonly contents: string;
  readonly resources: PdfResources;
}

export class PdfDocument {
  readonly #text: string;
  readonly #bytes: Buffer;
  readonly #offsets: readonly number[];
  readonly #resources = new Map<number, PdfResources>();
  readonly pages: readonly PdfDictionary[];

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#text = bytes.toString('latin1');
    const table = Number(/startxref\n(\d+)\n%%EOF\s*$/.exec(this.#text.slice(-64))?.[1] ?? NaN);
    const head = /^xref\n0 (\d+)\n/.exec(this.#text.slice(table, table + 32));
    if (head === null) throw new Error('the PDF has no plain table of offsets');
    const entries = table + head[0].length;
    this.#offsets = Array.from({ length: Number(head[1]) }, (_, index) =>
      Number(this.#text.slice(entries + 20 * index, entries + 20 * index + 10)),
    );
    const trailer = this.#text.indexOf('trailer', entries);
    const root = dictionary(new PdfReader(this.#text, trailer + 7).next(), 'trailer').get('Root');
    const tree = this.dictionary(this.dictionary(root).get('Pages'));
    this.pages = this.#leaves(tree);
  }

  page(index: number): PdfPage {
    const page = this.pages[index];
    if (page === undefined) throw new Error(`the PDF has no page ${index + 1}`);
    const [, , , height] = numbers(page.get('MediaBox'));
    const resources = page.get('Resources');
    const contents = page.get('Contents');
    if (height === undefined || !(resources instanceof PdfReference))
      throw new Error(`page ${index + 1} of the PDF has no size or no resources`);
    let shared = this.#resources.get(resources.id);
    if (shared === undefined) {
      shared = new PdfResources(this, this.dictionary(resources));
      this.#resources.set(resources.id, shared);
    }
    return { height, contents: this.stream(contents), resources: shared };
  }

  value(value: PdfValue | undefined): PdfValue | undefined {
    if (!(value instanceof PdfReference)) return value;
    const reader = this.#object(value);
    const found = reader.next();
    if (found instanceof PdfOperator) throw new Error(`object ${value.id} of the PDF is no value`);
    return found;
  }

  dictionary(value: PdfValue | undefined): PdfDictionary {
    return dictionary(this.value(value), 'object');
  }

  stream(value: PdfValue | undefined): string {
    if (!(value instanceof PdfReference)) throw new Error('the PDF has a stream without a number');
    const reader = this.#object(value);
    const head = dictionary(reader.next() as PdfValue, `object ${value.id}`);
    const start = this.#text.indexOf('stream', reader.at);
    const from = start + (this.#text.startsWith('\r\n', start + 6) ? 8 : 7);
    const bytes = this.#bytes.subarray(from, from + Number(this.value(head.get('Length'))));
    const filter = head.get('Filter');
    if (filter === undefined) return bytes.toString('latin1');
    if (filter !== '/FlateDecode') throw new Error('the PDF has a filter that cannot be read');
    return inflateSync(bytes).toString('latin1');
  }

  #object({ id }: PdfReference): PdfReader {
    const head = `${id} 0 obj`;
    const at = this.#offsets[id] ?? NaN;
    if (!this.#text.startsWith(head, at)) throw new Error(`the PDF has no object ${id}`);
    return new PdfReader(this.#text, at + head.length);
  }

  #leaves(tree: PdfDictionary): PdfDictionary[] {
    if (tree.get('Type') === '/Page') return [tree];
    const kids = this.value(tree.get('Kids'));
    if (!Array.isArray(kids)) throw new Error('the PDF has no list of pages');
    return kids.flatMap((kid: PdfValue) => this.#leaves(this.dictionary(kid)));
  }
}

/** What the contents of pages name. Read when first asked for: typst shares them among pages. */
export class PdfResources {
  readonly #document: PdfDocument;
  readonly #resources: PdfDictionary;
  readonly #found = new Map<string, unknown>();

  constructor(document: PdfDocument, resources: PdfDictionary) {
    this.#document = document;
    this.#resources = resources;
  }

  font(name: string): PdfFont {
    return this.#once('Font', name, (font) => {
      const texts = this.#texts(font.get('ToUnicode'));
      if (font.get('Subtype') === '/Type3') {
        const [scale = 0.001] = numbers(font.get('FontMatrix'));
        const first = Number(font.get('FirstChar') ?? 0);
        const widths = numbers(this.#document.value(font.get('Widths'))).map(
          (width, index): [number, number] => [first + index, width * scale * 1000],
        );
        return { bytes: 1, widths: new Map(widths), texts };
      }
      const [descendant] = this.#document.value(font.get('DescendantFonts')) as PdfValue[];
      const widths = this.#document.value(this.#document.dictionary(descendant).get('W'));
      return { bytes: 2, widths: readWidths(widths), texts };
    });
  }

  picture(name: string): PdfPicture {
    return this.#once('XObject', name, (picture, object) => {
      const [left, top, right, bottom] = numbers(picture.get('BBox') ?? []);
      const drawn = picture.get('Subtype') === '/Form' && bottom !== undefined;
      return {
        object,
        size: drawn ? [(right ?? 0) - (left ?? 0), bottom - (top ?? 0)] : null,
      };
    });
  }

  alpha(name: string): PdfAlpha {
    return this.#once('ExtGState', name, (state) => ({
      fill: Number(state.get('ca') ?? 1),
      stroke: Number(state.get('CA') ?? 1),
    }));
  }

  #texts(value: PdfValue | undefined): ReadonlyMap<number, string> {
    const map = value === undefined ? '' : this.#document.stream(value);
    const texts = new Map<number, string>();
    for (const [, characters = ''] of map.matchAll(/beginbfchar(.*?)endbfchar/gs))
      for (const [, glyph = '', text = ''] of characters.matchAll(/<([0-9A-F]+)> <([0-9A-F]*)>/g))
        texts.set(
          Number.parseInt(glyph, 16),
          Buffer.from(text, 'hex').swap16().toString('utf16le'),
        );
    return texts;
  }

  #once<Kind>(
    of: string,
    name: string,
    make: (value: PdfDictionary, object: number) => Kind,
  ): Kind {
    const key = `${of}${name}`;
    if (!this.#found.has(key)) {
      const value = this.#document.dictionary(this.#resources.get(of)).get(name.slice(1));
      const object = value instanceof PdfReference ? value.id : 0;
      this.#found.set(key, make(this.#document.dictionary(value), object));
    }
    return this.#found.get(key) as Kind;
  }
}

function readWidths(list: PdfValue | undefined): ReadonlyMap<number, number> {
  const widths = new Map<number, number>();
  if (!Array.isArray(list)) return widths;
  const parts = list as PdfValue[];
  for (let index = 0; index < parts.length;) {
    const first = Number(parts[index]);
    const next = parts[index + 1];
    if (Array.isArray(next)) {
      for (const [step, width] of next.entries()) widths.set(first + step, Number(width));
      index += 2;
    } else {
      for (let glyph = first; glyph <= Number(next); glyph++)
        widths.set(glyph, Number(parts[index + 2]));
      index += 3;
    }
  }
  return widths;
}

function dictionary(value: unknown, what: string): PdfDictionary {
  if (!(value instanceof Map)) throw new Error(`the PDF has no ${what} that can be read`);
  return value as PdfDictionary;
}

function numbers(value: PdfValue | undefined): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}
