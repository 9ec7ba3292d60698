/** The words of PDF: what its objects and its page contents are written in. */

/** Numbers, names (with their slash), texts, lists and dictionaries; `R` is a reference. */
export type PdfValue =
  | number
  | string
  | boolean
  | null
  | PdfText
  | PdfReference
  | readonly PdfValue[]
  | PdfDictionary;
export type PdfDictionary = ReadonlyMap<string, PdfValue>;

export class PdfText {
  readonly bytes: string;
  /** @param bytes one byte a character. */
  constructor(bytes: string) {
    this.bytes = bytes;
  }

  /** UTF-16 where it says so; otherwise UTF-8, which typst 0.13 writes. */
  toString(): string {
    const bytes = Buffer.from(this.bytes, 'latin1');
    if (!this.bytes.startsWith('\u00fe\u00ff')) return bytes.toString('utf8');
    return bytes.subarray(2).swap16().toString('utf16le');
  }
}

export class PdfReference {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

export class PdfOperator {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A name with its slash; empty where the value is none. */
export function nameOf(value: PdfValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** Blanks and `()<>[]{}/%`, by their codes. */
const endsWord = new Uint8Array(256);
for (let code = 0; code <= 32; code++) endsWord[code] = 1;
for (const char of '()<>[]{}/%') endsWord[char.charCodeAt(0)] = 1;
const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  b: '\b',
  f: '\f',
};

/** Reads one value after another. Throws where the text is not PDF. */
export class PdfReader {
  readonly #text: string;
  at: number;

  constructor(text: string, at = 0) {
    this.#text = text;
    this.at = at;
  }

  /** The next value or operator; undefined at the end. */
  next(): PdfValue | PdfOperator | undefined {
    const text = this.#text;
    while (this.at < text.length && text.charCodeAt(this.at) <= 32) this.at++;
    const first = text[this.at];
    if (first === undefined) return undefined;
    switch (first) {
      case '/':
        this.at++;
        return `/${this.#word()}`;
      case '(':
        return this.#literal();
      case '[':
        this.at++;
        return this.#list(']');
      case '<':
        return this.#angle();
      case ']':
      case '>':
        throw new Error(`the PDF has ${first} where nothing is open`);
      case '%':
        while (this.at < text.length && text[this.at] !== '\n') this.at++;
        return this.next();
    }
    const word = this.#word();
    if (word === '') throw new Error(`the PDF has ${first} where a value was expected`);
    const code = word.charCodeAt(0);
    if ((code >= 48 && code <= 57) || code === 45 || code === 46 || code === 43) {
      const value = Number(word);
      if (Number.isNaN(value)) throw new Error(`the PDF has ${word} where a number was expected`);
      return value;
    }
    if (word === 'true' || word === 'false') return word === 'true';
    return word === 'null' ? null : new PdfOperator(word);
  }

  #word(): string {
    const text = this.#text;
    const start = this.at;
    while (this.at < text.length && endsWord[text.charCodeAt(this.at)] === 0) this.at++;
    return text.slice(start, this.at);
  }

  #literal(): PdfText {
    const text = this.#text;
    let result = '';
    for (let depth = 0; this.at < text.length; this.at++) {
      const code = text.charCodeAt(this.at);
      if (code === 0x5c) {
        result += this.#escaped();
        continue;
      }
      if (code === 0x28 && depth++ === 0) continue;
      if (code === 0x29 && --depth === 0) {
        this.at++;
        return new PdfText(result);
      }
      result += text[this.at];
    }
    throw new Error('the PDF has a text without an end');
  }

  /** What a backslash begins: three digits at most, or a letter. Ends at its last character. */
  #escaped(): string {
    const text = this.#text;
    let [value, digits] = [0, 0];
    for (; digits < 3; digits++) {
      const digit = text.charCodeAt(this.at + 1 + digits) - 48;
      if (!(digit >= 0 && digit < 8)) break;
      value = value * 8 + digit;
    }
    this.at += Math.max(1, digits);
    if (digits > 0) return String.fromCharCode(value & 255);
    const letter = text[this.at] ?? '';
    return letter === '\n' ? '' : (escapes[letter] ?? letter);
  }

  #angle(): PdfValue {
    if (this.#text[this.at + 1] === '<') {
      this.at += 2;
      const parts = this.#list('>>');
      const dictionary = new Map<string, PdfValue>();
      for (let index = 0; index + 1 < parts.length; index += 2)
        dictionary.set(nameOf(parts[index]).slice(1), parts[index + 1] ?? null);
      return dictionary;
    }
    const end = this.#text.indexOf('>', this.at);
    const hex = this.#text.slice(this.at + 1, end).replace(/\s/g, '');
    this.at = end + 1;
    return new PdfText(
      Buffer.from(hex.length % 2 === 1 ? `${hex}0` : hex, 'hex').toString('latin1'),
    );
  }

  #list(end: string): PdfValue[] {
    const values: PdfValue[] = [];
    for (;;) {
      while (this.at < this.#text.length && this.#text.charCodeAt(this.at) <= 32) this.at++;
      if (this.#text.startsWith(end, this.at)) {
        this.at += end.length;
        return values;
      }
      const value = this.next();
      if (value === undefined) throw new Error('the PDF has a list without an end');
      if (!(value instanceof PdfOperator)) values.push(value);
      else if (value.name !== 'R') throw new Error(`the PDF has ${value.name} inside a list`);
      else {
        values.pop();
        values.push(new PdfReference(Number(values.pop())));
      }
    }
  }
}
