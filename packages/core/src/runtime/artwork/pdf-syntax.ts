/** The words of PDF, read and written byte by byte: numbers and texts stay as they stand. */

/**
 * A name is a string without its slash. Numbers, texts, `true`, `false` and `null` are kept as they
 * are written.
 */
export type PdfValue = PdfRaw | string | PdfReference | readonly PdfValue[] | PdfDictionary;
export type PdfDictionary = ReadonlyMap<string, PdfValue>;

/** What is wrong with a document, as the end of a sentence that names it. */
export class PdfError extends Error {
  override readonly name = 'PdfError';
}

export class PdfRaw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class PdfReference {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

export const nothing = new PdfRaw('null');

/** NaN where it is none. */
export function numberOf(value: PdfValue | undefined): number {
  return value instanceof PdfRaw && /^[+-]?\d*\.?\d*$/.test(value.text)
    ? Number.parseFloat(value.text)
    : Number.NaN;
}

/** Below it nobody writes; a document that nests deeper is made to exhaust who reads it. */
const DEEPEST = 100;
const LARGEST_ID = 8_388_607;

const REGULAR = 0;
const BLANK = 1;
const DELIMITER = 2;
/** What each byte is. */
const kinds = new Uint8Array(256);
for (const code of [0, 9, 10, 12, 13, 32]) kinds[code] = BLANK;
for (const char of '()<>[]{}/%') kinds[char.charCodeAt(0)] = DELIMITER;

/** Reads one value after another. Throws `PdfError`. */
export class PdfReader {
  readonly #bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** Also skips comments. */
  skipBlanks(): void {
    const bytes = this.#bytes;
    for (; this.at < bytes.length; this.at++) {
      const code = bytes[this.at] ?? 0;
      if (code === 0x25) {
        while (this.at < bytes.length && bytes[this.at] !== 10 && bytes[this.at] !== 13) this.at++;
      } else if (kinds[code] !== BLANK) return;
    }
  }

  /** The next word, without moving on; empty before a delimiter and at the end. */
  peekWord(): string {
    this.skipBlanks();
    return this.#bytes.toString('latin1', this.at, wordEnd(this.#bytes, this.at));
  }

  /** Moves on where this is the next word, and says whether it was. */
  takes(word: string): boolean {
    if (this.peekWord() !== word) return false;
    this.at += word.length;
    return true;
  }

  /** The next word as a whole number; throws where it is none. */
  wholeNumber(): number {
    const word = this.peekWord();
    if (!/^\d{1,12}$/.test(word)) throw new PdfError('it has no number where one must stand');
    this.at += word.length;
    return Number(word);
  }

  value(depth = 0): PdfValue {
    if (depth > DEEPEST) throw new PdfError(`its objects are nested more than ${DEEPEST} deep`);
    this.skipBlanks();
    const bytes = this.#bytes;
    switch (bytes[this.at]) {
      case undefined:
        throw new PdfError('it ends where a value must stand');
      case 0x2f:
        return this.#name();
      case 0x28: {
        const start = this.at;
        this.at = endOfText(bytes, start);
        if (this.at < 0) throw new PdfError('it has a text without an end');
        return new PdfRaw(bytes.toString('latin1', start, this.at));
      }
      case 0x5b:
        this.at++;
        return this.#list(depth);
      case 0x3c:
        if (bytes[this.at + 1] === 0x3c) {
          this.at += 2;
          return this.#dictionary(depth);
        }
        return this.#hexadecimal();
    }
    const word = this.peekWord();
    if (word === '') throw new PdfError('it has a bracket where a value must stand');
    this.at += word.length;
    if (/^\d{1,7}$/.test(word)) return this.#referenceOr(word);
    // Some write `--1` or `1.5.0`, and readers make something of it.
    if (/^[-+.\d]+$/.test(word) || word === 'true' || word === 'false') return new PdfRaw(word);
    if (word === 'null') return nothing;
    throw new PdfError(`it has ${JSON.stringify(word.slice(0, 20))} where a value must stand`);
  }

  #name(): string {
    const end = wordEnd(this.#bytes, this.at + 1);
    const name = nameBetween(this.#bytes, this.at + 1, end);
    this.at = end;
    return name;
  }

  #hexadecimal(): PdfRaw {
    const start = this.at;
    const end = this.#bytes.indexOf(0x3e, start);
    if (end < 0) throw new PdfError('it has a text without an end');
    this.at = end + 1;
    return new PdfRaw(this.#bytes.toString('latin1', start, this.at));
  }

  /** `12 0 R`, or the number alone. */
  #referenceOr(word: string): PdfValue {
    const after = this.at;
    const generation = this.peekWord();
    if (/^\d{1,5}$/.test(generation)) {
      this.at += generation.length;
      if (this.takes('R')) {
        const id = Number(word);
        return id > LARGEST_ID ? nothing : new PdfReference(id);
      }
    }
    this.at = after;
    return new PdfRaw(word);
  }

  #list(depth: number): PdfValue[] {
    const values: PdfValue[] = [];
    for (;;) {
      this.skipBlanks();
      if (this.#bytes[this.at] === 0x5d) {
        this.at++;
        return values;
      }
      values.push(this.value(depth + 1));
    }
  }

  #dictionary(depth: number): PdfDictionary {
    const entries = new Map<string, PdfValue>();
    for (;;) {
      this.skipBlanks();
      if (this.#bytes[this.at] === 0x3e && this.#bytes[this.at + 1] === 0x3e) {
        this.at += 2;
        return entries;
      }
      if (this.#bytes[this.at] !== 0x2f)
        throw new PdfError('it has a dictionary with something else than names');
      const name = this.#name();
      entries.set(name, this.value(depth + 1));
    }
  }
}

function wordEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (at < bytes.length && kinds[bytes[at] ?? 0] === REGULAR) at++;
  return at;
}

function nameBetween(bytes: Buffer, start: number, end: number): string {
  const name = bytes.toString('latin1', start, end);
  return name.includes('#')
    ? name.replace(/#([0-9A-Fa-f]{2})/g, (_, hex: string) =>
        String.fromCharCode(Number.parseInt(hex, 16)),
      )
    : name;
}

/** Where a text in brackets ends, which begins here; -1 where it does not. */
function endOfText(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const code = bytes[at];
    if (code === 0x5c) at++;
    else if (code === 0x28) depth++;
    else if (code === 0x29 && --depth === 0) return at + 1;
  }
  return -1;
}

/** With its slash. */
export function writtenName(name: string): string {
  return `/${name.replace(
    /[^!-~]|[#()<>[\]{}/%]/g,
    (char) => `#${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )}`;
}

/** Reads the names in the contents of a page, and nothing else. */
export function namesIn(contents: Buffer): Set<string> {
  const names = new Set<string>();
  // Whatever is in doubt counts: a resource too many is harmless, one too few is a blank on a card.
  const takeAll = (from: number): Set<string> => {
    for (let at = contents.indexOf(0x2f, from); at >= 0; at = contents.indexOf(0x2f, at + 1))
      names.add(nameBetween(contents, at + 1, wordEnd(contents, at + 1)));
    return names;
  };
  for (let at = 0; at < contents.length;) {
    const code = contents[at] ?? 0;
    if (code === 0x28) {
      const end = endOfText(contents, at);
      if (end < 0) return takeAll(at);
      at = end;
    } else if (code === 0x3c && contents[at + 1] !== 0x3c) {
      const end = contents.indexOf(0x3e, at);
      if (end < 0) return takeAll(at);
      at = end + 1;
    } else if (code === 0x25) {
      while (at < contents.length && contents[at] !== 10 && contents[at] !== 13) at++;
    } else if (code === 0x2f) {
      const end = wordEnd(contents, at + 1);
      names.add(nameBetween(contents, at + 1, end));
      at = end;
    } else if (kinds[code] === REGULAR) {
      const start = at;
      at = wordEnd(contents, start);
      // The pixels of an inline image, in which anything may stand.
      if (at - start === 2 && code === 0x49 && contents[start + 1] === 0x44) return takeAll(at);
    } else at += code === 0x3c ? 2 : 1;
  }
  return names;
}
