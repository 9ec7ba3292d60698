/**
 * A PDF as its objects. It is read once; an object is read when it is first asked for, and
 * remembered.
 *
 * Nothing is repaired: readers repair in different ways, and what a printer's makes of a broken
 * document nobody has seen.
 */
import { unpack, unpredict } from './pdf-filters.ts';
import {
  PdfError,
  PdfReader,
  PdfReference,
  numberOf,
  nothing,
  type PdfDictionary,
  type PdfValue,
} from './pdf-syntax.ts';
import { readTable, type PdfPlace, type PdfTable } from './pdf-table.ts';

export interface PdfObject {
  readonly value: PdfValue;
  /** As it is packed; null where the object is no stream. */
  readonly stream: Buffer | null;
}

const absent: PdfObject = { value: nothing, stream: null };

/** In one go: of streams unpacked, in bytes, and of steps from object to object. */
const MOST_UNPACKED = 64 * 1024 * 1024;
const MOST_STEPS = 300_000;

export class PdfFile {
  readonly #bytes: Buffer;
  readonly #table: PdfTable;
  readonly #objects = new Map<number, PdfObject>();
  readonly #containers = new Map<number, Container>();
  readonly #beingRead = new Set<number>();
  #unpacked = 0;
  #steps = 0;

  /** Throws `PdfError`. */
  constructor(bytes: Buffer) {
    const start = bytes.subarray(0, 1024).indexOf('%PDF-');
    if (start < 0) throw new PdfError('it is not a PDF');
    this.#bytes = bytes.subarray(start);
    this.#table = readTable(this.#bytes, (at) => {
      const { value, stream } = this.#objectAt(at, null);
      if (!(value instanceof Map) || stream === null)
        throw new PdfError('its table of objects cannot be read');
      return { head: value, content: this.unpacked({ value, stream }) };
    });
    if (this.#table.trailer.has('Encrypt'))
      throw new PdfError('it is encrypted, and printers take none that is');
  }

  get catalog(): PdfDictionary {
    return this.dictionary(this.#table.trailer.get('Root'), 'catalog');
  }

  /** Of PDF, for example `1.7`. */
  get version(): string {
    const inHead = /^%PDF-(\d\.\d)/.exec(this.#bytes.toString('latin1', 0, 8))?.[1] ?? '1.4';
    const told = this.resolve(this.catalog.get('Version'));
    return typeof told === 'string' && /^\d\.\d$/.test(told) && told > inHead ? told : inHead;
  }

  /**
   * Begins to count anew what one request may cost: a few bytes can be made to unpack into
   * gigabytes.
   */
  beginRequest(): void {
    this.#unpacked = 0;
    this.#steps = 0;
  }

  /** Counts a step; throws where there were too many. */
  step(): void {
    if (++this.#steps > MOST_STEPS)
      throw new PdfError('it is more tangled than is read for a page');
  }

  object(id: number): PdfObject {
    this.step();
    const known = this.#objects.get(id);
    if (known !== undefined) return known;
    if (this.#beingRead.has(id)) throw new PdfError(`its object ${id} needs itself to be read`);
    this.#beingRead.add(id);
    try {
      const found = this.#read(id, this.#table.places.get(id) ?? null);
      this.#objects.set(id, found);
      return found;
    } finally {
      this.#beingRead.delete(id);
    }
  }

  /** What a reference stands for; nothing stands for what is not there. */
  resolve(value: PdfValue | undefined): PdfValue {
    let found = value ?? nothing;
    for (let hops = 0; found instanceof PdfReference; hops++) {
      if (hops > 20) throw new PdfError('it has references that go in a circle');
      found = this.object(found.id).value;
    }
    return found;
  }

  dictionary(value: PdfValue | undefined, what: string): PdfDictionary {
    const found = this.resolve(value);
    if (!(found instanceof Map)) throw new PdfError(`it has no ${what} that can be read`);
    return found as PdfDictionary;
  }

  list(value: PdfValue | undefined): readonly PdfValue[] {
    const found = this.resolve(value);
    return Array.isArray(found) ? (found as readonly PdfValue[]) : [];
  }

  /** What is in a stream. */
  unpacked({ value, stream }: PdfObject): Buffer {
    if (!(value instanceof Map) || stream === null)
      throw new PdfError('it has something else where a stream must be');
    const head = value as PdfDictionary;
    if (head.has('F')) throw new PdfError('it has contents that are in another file');
    const filters = this.#each(head.get('Filter'));
    const parameters = this.#each(head.get('DecodeParms'));
    let bytes = stream;
    for (const [index, filter] of filters.entries()) {
      if (typeof filter !== 'string') throw new PdfError('it has a stream that cannot be unpacked');
      bytes = unpack(filter, bytes, MOST_UNPACKED - this.#unpacked);
      this.#unpacked += bytes.length;
      const how = this.resolve(parameters[index]);
      if (how instanceof Map) bytes = this.#unpredicted(bytes, how as PdfDictionary);
    }
    return bytes;
  }

  #unpredicted(bytes: Buffer, how: PdfDictionary): Buffer {
    const number = (key: string, otherwise: number): number => {
      const value = numberOf(this.resolve(how.get(key)));
      return Number.isInteger(value) && value > 0 && value < 1_000_000 ? value : otherwise;
    };
    return unpredict(bytes, {
      kind: number('Predictor', 1),
      columns: number('Columns', 1),
      colors: number('Colors', 1),
      bits: number('BitsPerComponent', 8),
    });
  }

  /** One or a list of them. */
  #each(value: PdfValue | undefined): readonly PdfValue[] {
    const found = this.resolve(value);
    if (found === nothing) return [];
    return Array.isArray(found)
      ? (found as readonly PdfValue[]).map((one) => this.resolve(one))
      : [found];
  }

  #read(id: number, place: PdfPlace): PdfObject {
    if (place === null) return absent;
    if (typeof place === 'number') return this.#objectAt(place, id);
    let container = this.#containers.get(place.stream);
    if (container === undefined) {
      const holder = this.object(place.stream);
      container = new Container(holder, this.unpacked(holder));
      this.#containers.set(place.stream, container);
    }
    return container.object(id);
  }

  /** `id` is null where any will do. */
  #objectAt(at: number, id: number | null): PdfObject {
    const reader = new PdfReader(this.#bytes, at);
    const found = at < this.#bytes.length ? reader.wholeNumber() : -1;
    if (found !== id && id !== null)
      throw new PdfError(`its object ${id} is not where its table says`);
    reader.wholeNumber();
    if (!reader.takes('obj')) throw new PdfError('it has no object where its table says');
    const value = reader.value();
    if (!(value instanceof Map) || !reader.takes('stream')) return { value, stream: null };
    return { value, stream: this.#streamAt(reader.at, value as PdfDictionary) };
  }

  #streamAt(at: number, head: PdfDictionary): Buffer {
    const bytes = this.#bytes;
    let start = at;
    if (bytes[start] === 13) start++;
    if (bytes[start] === 10) start++;
    const length = numberOf(this.resolve(head.get('Length')));
    if (Number.isInteger(length) && length >= 0 && start + length <= bytes.length) {
      const reader = new PdfReader(bytes, start + length);
      if (reader.peekWord().startsWith('endstream')) return bytes.subarray(start, start + length);
    }
    throw new PdfError('it has a stream whose length is not what it says');
  }
}

/** A stream of objects. */
class Container {
  readonly #content: Buffer;
  readonly #offsets = new Map<number, number>();

  constructor({ value }: PdfObject, content: Buffer) {
    const head = value as PdfDictionary;
    this.#content = content;
    const [count, first] = [numberOf(head.get('N')), numberOf(head.get('First'))];
    if (!(count >= 0 && first >= 0 && count <= content.length))
      throw new PdfError('it has a stream of objects that cannot be read');
    const reader = new PdfReader(content);
    for (let index = 0; index < count; index++)
      this.#offsets.set(reader.wholeNumber(), first + reader.wholeNumber());
  }

  object(id: number): PdfObject {
    const at = this.#offsets.get(id);
    if (at === undefined) throw new PdfError(`its object ${id} is not where its table says`);
    return { value: new PdfReader(this.#content, at).value(), stream: null };
  }
}
