/**
 * Where the objects of a PDF are: by its tables, newest first. They are plain text or streams; both
 * may name an older one.
 */
import { PdfError, PdfReader, numberOf, type PdfDictionary, type PdfValue } from './pdf-syntax.ts';

/** An offset, or a place in a stream of objects; null: it was deleted. */
export type PdfPlace = number | { readonly stream: number; readonly index: number } | null;

export interface PdfTable {
  readonly places: ReadonlyMap<number, PdfPlace>;
  /** The newest one. */
  readonly trailer: PdfDictionary;
}

/** A stream that is a table: what it says of itself, and what is in it. */
export interface TableStream {
  readonly head: PdfDictionary;
  readonly content: Buffer;
}

const MOST_TABLES = 1000;
const TABLE_FAULT = 'its table of objects cannot be read';

/** Throws `PdfError`. `streamAt` reads a table that is a stream. */
export function readTable(bytes: Buffer, streamAt: (at: number) => TableStream): PdfTable {
  const places = new Map<number, PdfPlace>();
  const mark = bytes.lastIndexOf('startxref');
  if (mark < 0) throw new PdfError('it has no end: it is cut off, or no PDF');
  const first = new PdfReader(bytes, mark + 9).wholeNumber();
  const seen = new Set<number>();
  const waiting = [first];
  let newest: PdfDictionary | null = null;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    if (at >= bytes.length || seen.size > MOST_TABLES) throw new PdfError(TABLE_FAULT);
    const trailer = readOne(bytes, at, { places, streamAt });
    newest ??= trailer;
    // What is popped first counts first.
    for (const key of ['Prev', 'XRefStm']) {
      const next = numberOf(trailer.get(key));
      if (Number.isInteger(next) && next >= 0) waiting.push(next);
    }
  }
  if (newest === null) throw new PdfError(TABLE_FAULT);
  return { places, trailer: newest };
}

interface Reading {
  readonly places: Map<number, PdfPlace>;
  readonly streamAt: (at: number) => TableStream;
}

function readOne(bytes: Buffer, at: number, { places, streamAt }: Reading): PdfDictionary {
  const reader = new PdfReader(bytes, at);
  if (!reader.takes('xref')) {
    const { head, content } = streamAt(at);
    if (head.get('Type') !== 'XRef') throw new PdfError(TABLE_FAULT);
    readPacked(head, content, places);
    return head;
  }
  while (!reader.takes('trailer')) {
    const start = reader.wholeNumber();
    const count = reader.wholeNumber();
    if (count > bytes.length) throw new PdfError(TABLE_FAULT);
    for (let id = start; id < start + count; id++) {
      const offset = reader.wholeNumber();
      reader.wholeNumber();
      const inUse = reader.takes('n');
      if (!inUse && !reader.takes('f')) throw new PdfError(TABLE_FAULT);
      if (!places.has(id)) places.set(id, inUse ? offset : null);
    }
  }
  return dictionaryOf(reader.value());
}

function readPacked(head: PdfDictionary, content: Buffer, places: Map<number, PdfPlace>): void {
  const [ofKind = 0, ofPlace = 0, ofIndex = 0] = numbersOf(head.get('W'));
  const wide = ofKind + ofPlace + ofIndex;
  if (!(wide >= 1 && wide <= 24 && ofPlace <= 6)) throw new PdfError(TABLE_FAULT);
  const listed = numbersOf(head.get('Index'));
  const sections = listed.length > 0 ? listed : [0, numberOf(head.get('Size'))];
  let at = 0;
  const next = (width: number): number => {
    let value = 0;
    for (const end = at + width; at < end; at++) value = value * 256 + (content[at] ?? 0);
    return value;
  };
  for (let section = 0; section + 1 < sections.length; section += 2) {
    const [start = 0, count = 0] = [sections[section], sections[section + 1]];
    for (let id = start; id < start + count && at + wide <= content.length; id++) {
      const kind = ofKind === 0 ? 1 : next(ofKind);
      const place = next(ofPlace);
      const index = next(ofIndex);
      if (places.has(id)) continue;
      if (kind === 1) places.set(id, place);
      else places.set(id, kind === 2 ? { stream: place, index } : null);
    }
  }
}

function numbersOf(value: PdfValue | undefined): number[] {
  if (!Array.isArray(value)) return [];
  const numbers = (value as readonly PdfValue[]).map(numberOf);
  if (!numbers.every((one) => Number.isSafeInteger(one) && one >= 0))
    throw new PdfError(TABLE_FAULT);
  return numbers;
}

function dictionaryOf(value: PdfValue): PdfDictionary {
  if (!(value instanceof Map)) throw new PdfError(TABLE_FAULT);
  return value as PdfDictionary;
}
