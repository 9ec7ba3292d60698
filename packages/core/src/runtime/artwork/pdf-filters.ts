/** What the streams of a PDF are packed with, as far as their content must be read. */
import { inflateSync } from 'node:zlib';
import { PdfError } from './pdf-syntax.ts';

export interface Predictor {
  /** As PDF counts them: 1 is none, 10 and more are those of PNG. */
  readonly kind: number;
  readonly columns: number;
  readonly colors: number;
  readonly bits: number;
}

/** Throws `PdfError`, also where it would be larger than `most`. */
export function unpack(filter: string, packed: Buffer, most: number): Buffer {
  switch (filter) {
    case 'FlateDecode':
    case 'Fl':
      return inflate(packed, most);
    case 'ASCII85Decode':
    case 'A85':
      return fromAscii85(packed);
    case 'ASCIIHexDecode':
    case 'AHx':
      return fromHexadecimal(packed);
  }
  throw new PdfError(`it is packed with ${filter.slice(0, 40)}, which is not read here`);
}

function inflate(packed: Buffer, most: number): Buffer {
  try {
    return inflateSync(packed, { maxOutputLength: Math.max(1, most) });
  } catch (error) {
    if (error instanceof RangeError)
      throw new PdfError('it holds more than is read of a page, once it is unpacked');
    throw new PdfError('it has contents that cannot be unpacked');
  }
}

function fromAscii85(packed: Buffer): Buffer {
  const text = packed.toString('latin1').replace(/\s|\0/g, '').replace(/^<~/, '');
  const bytes: number[] = [];
  let group: number[] = [];
  const flush = (digits: number[]): void => {
    let value = 0;
    for (const digit of [...digits, 84, 84, 84, 84].slice(0, 5)) value = value * 85 + digit;
    for (let index = 0; index < digits.length - 1; index++)
      bytes.push(Math.floor(value / 256 ** (3 - index)) & 255);
  };
  for (const char of text) {
    if (char === '~') break;
    if (char === 'z' && group.length === 0) bytes.push(0, 0, 0, 0);
    else if (char < '!' || char > 'u')
      throw new PdfError('it has contents that cannot be unpacked');
    else group.push(char.charCodeAt(0) - 33);
    if (group.length < 5) continue;
    flush(group);
    group = [];
  }
  if (group.length > 1) flush(group);
  return Buffer.from(bytes);
}

function fromHexadecimal(packed: Buffer): Buffer {
  const digits = packed
    .toString('latin1')
    .replace(/>[^]*$/, '')
    .replace(/\s|\0/g, '');
  if (/[^0-9A-Fa-f]/.test(digits)) throw new PdfError('it has contents that cannot be unpacked');
  return Buffer.from(digits.length % 2 === 1 ? `${digits}0` : digits, 'hex');
}

/** Undoes what was done to rows so that they pack better. Throws `PdfError`. */
export function unpredict(bytes: Buffer, { kind, columns, colors, bits }: Predictor): Buffer {
  if (kind === 1) return bytes;
  const wide = Math.ceil((columns * colors * bits) / 8);
  if (kind < 10 || !(wide >= 1) || wide > bytes.length)
    throw new PdfError('it has contents that cannot be unpacked');
  const step = Math.max(1, (colors * bits) >> 3);
  const rows = Math.ceil(bytes.length / (wide + 1));
  const result = Buffer.alloc(rows * wide);
  for (let row = 0; row < rows; row++) {
    const from = row * (wide + 1);
    const filter = bytes[from];
    for (let index = 0; index < wide; index++) {
      const at = row * wide + index;
      const left = index >= step ? (result[at - step] ?? 0) : 0;
      const above = row > 0 ? (result[at - wide] ?? 0) : 0;
      const corner = row > 0 && index >= step ? (result[at - wide - step] ?? 0) : 0;
      const added =
        filter === 1
          ? left
          : filter === 2
            ? above
            : filter === 3
              ? (left + above) >> 1
              : filter === 4
                ? paeth(left, above, corner)
                : 0;
      result[at] = (bytes[from + 1 + index] ?? 0) + added;
    }
  }
  return result;
}

function paeth(left: number, above: number, corner: number): number {
  const guess = left + above - corner;
  const [toLeft, toAbove, toCorner] = [left, above, corner].map((one) => Math.abs(guess - one)) as [
    number,
    number,
    number,
  ];
  if (toLeft <= toAbove && toLeft <= toCorner) return left;
  return toAbove <= toCorner ? above : corner;
}
