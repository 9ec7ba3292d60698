/**
 * Writes pages as a document of their own: the same pages, the same bytes, since nothing but what
 * is on them goes in. Streams are copied as they are packed, so that a page looks as it did.
 */
import type { PdfFile } from './pdf-file.ts';
import { contentsOf, pagesOf, printedOf } from './pdf-pages.ts';
import { isOfTree, PdfResources } from './pdf-resources.ts';
import {
  PdfError,
  PdfRaw,
  PdfReference,
  writtenName,
  type PdfDictionary,
  type PdfValue,
} from './pdf-syntax.ts';

/** A document that pages are taken from, with what was found out about it. */
export class PdfSource {
  readonly file: PdfFile;
  readonly resources: PdfResources;
  readonly pages: readonly PdfDictionary[];
  readonly templates = new Map<number, Template>();

  /** Throws `PdfError`. */
  constructor(file: PdfFile) {
    this.file = file;
    file.beginRequest();
    this.resources = new PdfResources(file);
    this.pages = pagesOf(file);
  }
}

export interface PageOf {
  readonly source: PdfSource;
  /** Counted from 1. */
  readonly page: number;
}

/** An object as it is written: text, and the ids of objects between it. */
interface Template {
  readonly parts: readonly (string | number)[];
  readonly stream: Buffer | null;
}

/** Of streams: what leads to other pages, or to what only its editor reads. */
const leftOut: ReadonlySet<string> = new Set([
  'Metadata',
  'PieceInfo',
  'LastModified',
  'StructParent',
  'StructParents',
  'Length',
]);

/** Throws `PdfError`. */
export function cutPages(pages: readonly PageOf[]): Buffer {
  return new Cut(pages).bytes;
}

class Cut {
  readonly #chunks: (string | Buffer)[] = [];
  #text = '';
  #length = 0;
  readonly #offsets: number[] = [];
  readonly #numbers = new Map<PdfSource, Map<number, number>>();
  readonly #waiting: { readonly source: PdfSource; readonly id: number }[] = [];
  readonly bytes: Buffer;

  constructor(pages: readonly PageOf[]) {
    const sources = [...new Set(pages.map(({ source }) => source))];
    for (const { file } of sources) file.beginRequest();
    const version =
      sources
        .map(({ file }) => file.version)
        .toSorted()
        .at(-1) ?? '1.4';
    this.#write(`%PDF-${version}\n%\u00e2\u00e3\u00cf\u00d3\n`);
    const first = 3;
    this.#offsets.length = pages.length + 2;
    this.#begin(1);
    this.#writeCatalog(sources);
    this.#end();
    this.#begin(2);
    const kids = pages.map((_, index) => `${first + index} 0 R`).join(' ');
    this.#write(`<</Type/Pages/Count ${pages.length}/Kids[${kids}]>>`);
    this.#end();
    for (const [index, page] of pages.entries()) {
      this.#begin(first + index);
      this.#writePage(page);
      this.#end();
    }
    let number = first + pages.length;
    // A list that grows while it is walked: what is written names further objects.
    for (const { source, id } of this.#waiting) {
      this.#begin(number++);
      this.#writeTemplate(source, templateOf(source, id));
      this.#end();
    }
    this.#finish();
    this.bytes = this.#written();
  }

  // What colours mean, and which layers are shown, is said of the whole document.
  #writeCatalog(sources: readonly PdfSource[]): void {
    this.#write('<</Type/Catalog/Pages 2 0 R');
    for (const key of ['OCProperties', 'OutputIntents']) {
      const having = sources.filter(({ file }) => file.catalog.has(key));
      if (having.length === 0) continue;
      const [only] = having;
      const value = only?.file.catalog.get(key);
      if (having.length !== sources.length || having.length > 1)
        throw new PdfError(
          'it has layers or an output intent, which hold for a whole document: ' +
            'it is not put together with pages of another one',
        );
      if (only === undefined || value === undefined) continue;
      this.#write(writtenName(key));
      this.#writeParts(only, partsOf(only, value));
    }
    this.#write('>>');
  }

  #writePage({ source, page }: PageOf): void {
    const { file, resources, pages } = source;
    const found = pages[page - 1];
    if (found === undefined) {
      const many = pages.length === 1 ? 'one page' : `${pages.length} pages`;
      throw new PdfError(`it has no page ${page}: it has ${many}`);
    }
    const printed = printedOf(file, found, page);
    printed.set('Parent', new PdfRaw('2 0 R'));
    printed.set('Resources', resources.needed(found.get('Resources'), [contentsOf(file, found)]));
    const contents = found.get('Contents');
    if (contents !== undefined) printed.set('Contents', contents);
    this.#writeParts(source, partsOf(source, printed));
  }

  #writeTemplate(source: PdfSource, { parts, stream }: Template): void {
    this.#writeParts(source, parts);
    if (stream === null) return;
    this.#write('\nstream\n');
    this.#flush();
    this.#chunks.push(stream);
    this.#length += stream.length;
    this.#write('\nendstream');
  }

  #writeParts(source: PdfSource, parts: readonly (string | number)[]): void {
    for (const part of parts)
      this.#write(typeof part === 'string' ? part : `${this.#numberOf(source, part)} 0 R`);
  }

  #numberOf(source: PdfSource, id: number): number {
    let numbers = this.#numbers.get(source);
    if (numbers === undefined) this.#numbers.set(source, (numbers = new Map()));
    let number = numbers.get(id);
    if (number === undefined) {
      this.#waiting.push({ source, id });
      this.#offsets.push(0);
      number = this.#offsets.length;
      numbers.set(id, number);
    }
    return number;
  }

  #begin(number: number): void {
    this.#offsets[number - 1] = this.#length;
    this.#write(`${number} 0 obj\n`);
  }

  #end(): void {
    this.#write('\nendobj\n');
  }

  /** @param text one byte a character. */
  #write(text: string): void {
    this.#text += text;
    this.#length += text.length;
  }

  #flush(): void {
    this.#chunks.push(this.#text);
    this.#text = '';
  }

  #written(): Buffer {
    const bytes = Buffer.alloc(this.#length);
    let at = 0;
    for (const chunk of this.#chunks)
      at += typeof chunk === 'string' ? bytes.write(chunk, at, 'latin1') : chunk.copy(bytes, at);
    return bytes;
  }

  #finish(): void {
    const at = this.#length;
    const size = this.#offsets.length + 1;
    this.#write(`xref\n0 ${size}\n0000000000 65535 f \n`);
    for (const offset of this.#offsets)
      this.#write(`${String(offset).padStart(10, '0')} 00000 n \n`);
    this.#write(`trailer\n<</Size ${size}/Root 1 0 R>>\nstartxref\n${at}\n%%EOF\n`);
    this.#flush();
  }
}

/** How an object is written; found out once a document. */
function templateOf(source: PdfSource, id: number): Template {
  const known = source.templates.get(id);
  if (known !== undefined) return known;
  const { file, resources } = source;
  const { value, stream } = file.object(id);
  let written = value;
  if (value instanceof Map) {
    const head = new Map(value as PdfDictionary);
    const own = resources.ownOf(value, stream);
    if (own !== null) head.set('Resources', resources.needed(head.get('Resources'), own.contents));
    if (stream !== null) {
      for (const key of leftOut) head.delete(key);
      head.set('Length', new PdfRaw(String(stream.length)));
    }
    written = head;
  }
  const template = { parts: partsOf(source, written), stream };
  source.templates.set(id, template);
  return template;
}

function partsOf({ file }: PdfSource, whole: PdfValue): readonly (string | number)[] {
  const parts: (string | number)[] = [];
  let text = '';
  const write = (value: PdfValue): void => {
    if (typeof value === 'string') text += writtenName(value);
    else if (value instanceof PdfRaw) text += ` ${value.text}`;
    else if (value instanceof PdfReference) {
      const object = file.object(value.id);
      if (isOfTree(object.value)) text += ' null';
      else {
        parts.push(`${text} `, value.id);
        text = '';
      }
    } else if (Array.isArray(value)) {
      text += '[';
      for (const one of value as readonly PdfValue[]) write(one);
      text += ']';
    } else {
      text += '<<';
      for (const [key, one] of value as PdfDictionary) {
        text += writtenName(key);
        write(one);
      }
      text += '>>';
    }
  };
  write(whole);
  parts.push(text);
  return parts;
}
