/**
 * Text that came through one machine too many, made whole where there is one right value only:
 * entities of HTML, UTF-8 that was read as another encoding, escapes, letters that cannot be seen.
 */
import { decodeHTMLStrict } from 'entities/decode';

const entity = /&(?:#[0-9]+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);/;
// Around a text they are only its looks. Any other tag is no part of a name or an address.
const looks = /<\/?(?:b|i|u|em|strong|span|font|p|div|small|big)(?:\s[^<>]*)?>/gi;
const lineBreakTag = /\s*<br\s*\/?>\s*/gi;
const anyTag = /<\/?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?\/?>/;
// Joiners have a meaning in other scripts than Latin; overrides of the direction are no accident.
const unseen = /[\u00AD\u180E\u200B\u200E\u200F\u202A-\u202C\u2060-\u2064\u2066-\u2069\uFEFF]/g;
const joiners = /[\u200C\u200D]/g;
const otherBlanks = /[\u00A0\u2000-\u200A\u202F\u205F]/g;
const override = /[\u202D\u202E]/;

/** The value as it was before the machines; the same where nothing has to be mended. */
export function mendText(value: string): string {
  if (/^[\x20-\x7E]*$/.test(value) && !/[&<\\]/.test(value)) return value;
  let text = value.replace(/\\u([0-9a-fA-F]{4})/g, (_, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
  text = text.replace(/\\(["'])/g, '$1');
  // Three times: what is encoded twice is common.
  for (let time = 0; time < 3 && entity.test(text); time++) text = decodeHTMLStrict(text);
  text = text.replace(lineBreakTag, '\n').replace(looks, '');
  for (let time = 0; time < 2; time++) text = readAgain(text) ?? text;
  return text;
}

/** Without what cannot be seen, and with the one blank that is printed. */
export function withoutUnseen(value: string): string {
  if (/^[\x20-\x7E]*$/.test(value) || override.test(value)) return value;
  const seen = value.replace(unseen, '').replace(otherBlanks, ' ');
  return /[^\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]/u.test(seen) ||
    /\p{Extended_Pictographic}/u.test(seen)
    ? seen
    : seen.replace(joiners, '');
}

/** Whether a tag is left that no rule takes away. */
export function hasMarkup(value: string): boolean {
  return anyTag.test(value);
}

/** Whether it looks like UTF-8 that was read as another encoding, and cannot be read again. */
export function isGarbled(value: string): boolean {
  return /[ÃÂ][\u0080-\u00BF]|â€|á[º»]/.test(value);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin = /^[\x20-\x7E\u00A0-\u017F\u1E00-\u1EFF\u2010-\u203A\u20AC\u2122]*$/;
const greekOrCyrillic = /^(?=(?:.*[\u0370-\u04FF]){3})[\x20-\x7E\u00A0-\u00BF\u0370-\u04FF]*$/;
const encoders = ['windows-1252', 'macintosh'].map(encoderOf);

/**
 * UTF-8 that was read as Windows-1252 or as MacRoman. Null where it is not so throughout, or where
 * the letters that it makes are none of a name: `CAFÉ’S` is two bytes of something, too.
 */
function readAgain(text: string): string | null {
  if (/^[\x20-\x7E]*$/.test(text) || /[ÄÅ][’”–—…]/.test(text)) return null;
  for (const encode of text.includes('√') ? encoders : encoders.slice(0, 1)) {
    const bytes = encode(text);
    if (bytes === null) continue;
    try {
      const read = utf8.decode(bytes);
      if (latin.test(read) || greekOrCyrillic.test(read)) return read;
    } catch {
      // It was no UTF-8.
    }
  }
  return null;
}

function encoderOf(encoding: string): (text: string) => Uint8Array | null {
  const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  const letters = [...new TextDecoder(encoding).decode(bytes)];
  const byteOf = new Map(letters.map((letter, byte) => [letter, byte]));
  // Some readers take the bytes that an encoding has no letter for as they are.
  if (encoding === 'windows-1252')
    for (let byte = 0x80; byte < 0xa0; byte++) byteOf.set(String.fromCharCode(byte), byte);
  return (text) => {
    const encoded: number[] = [];
    for (const letter of text) {
      const byte = byteOf.get(letter);
      if (byte === undefined) return null;
      encoded.push(byte);
    }
    return Uint8Array.from(encoded);
  };
}

const mixed =
  /\p{Script=Latin}[\p{Script=Cyrillic}\p{Script=Greek}]|[\p{Script=Cyrillic}\p{Script=Greek}]\p{Script=Latin}/u;

/** A word of letters of two scripts, as `Mаin` with a Cyrillic а; null where there is none. */
export function lookAlike(value: string): string | null {
  return mixed.test(value) ? (value.split(/\s+/).find((word) => mixed.test(word)) ?? null) : null;
}
