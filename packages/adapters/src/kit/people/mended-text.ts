/**
 * Text that came through one machine too many, made whole where there is one right value only:
 * entities of HTML, UTF-8 that was read as another encoding, escapes, letters that cannot be seen.
 */
import { decodeHTMLStrict } from 'entities/decode';

// Browsers read them without their semicolon, too, and some programs cut it off.
const openEntity = new RegExp(
  '&((?:[aeiouAEIOU](?:uml|acute|grave|circ)|[anoANO]tilde|[cC]cedil|[aA]ring|[oO]slash|szlig|' +
    'nbsp|amp|quot))(?![a-z]*;)',
  'g',
);
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
  if (/^[\x20-\x7E]*$/.test(value) && !/[&<\\%=]|_x|''/.test(value)) return value;
  const letter = (_: string, code: string): string => String.fromCharCode(parseInt(code, 16));
  let text = value
    .replace(/\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})/g, (all, four?: string, two?: string) =>
      letter(all, four ?? two ?? ''),
    )
    .replace(/_x([0-9a-fA-F]{4})_/g, letter)
    .replace(/(?:\\r)?\\n/g, '\n')
    .replace(/\\(["'])/g, '$1')
    .replace(/(\p{L})''(?=\p{L})/gu, "$1'")
    .replace(/(?:%[0-9a-fA-F]{2})+/g, decoded)
    .replace(/(?:=[0-9A-F]{2}){2,}/g, decoded);
  // Three times: what is encoded twice is common.
  text = text.replace(openEntity, '&$1;');
  for (let time = 0; time < 3 && entity.test(text); time++) text = decodeHTMLStrict(text);
  text = text.replace(lineBreakTag, '\n').replace(looks, '');
  // In small letters the first of the two was changed as well.
  text = text.replace(/ã(?=[\u00A0-\u00BF])/g, 'Ã');
  for (let time = 0; time < 2; time++) text = readAgain(text) ?? text;
  return text;
}

/** Bytes that are written out, as `%C3%BC` and `=C3=BC`; the same where they are no letters. */
function decoded(run: string): string {
  const bytes = Uint8Array.from(run.match(/[0-9a-fA-F]{2}/g) ?? [], (byte) => parseInt(byte, 16));
  try {
    const text = utf8.decode(bytes);
    return /^[\p{L}\p{M} '’.,&#/()-]+$/u.test(text) ? text : run;
  } catch {
    return run;
  }
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

// JOÃO has its Ã between capitals; before a small letter the second byte is gone.
const garbled =
  /[ÃÂ][\u0080-\u00BF]|â€|á[º»]|ï¿½|Ã[a-z]|[a-z]Ã|^Ã$|[ÐÑ][\u0080-\u00BF€œ‘’“”•–—˜™š›žŸ‚„…†‡]/;

/** Whether it looks like UTF-8 that was read as another encoding, and cannot be read again. */
export function isGarbled(value: string): boolean {
  return garbled.test(value);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin = /^[\x20-\x7E\u00A0-\u017F\u1E00-\u1EFF\u2010-\u203A\u20AC\u2122]*$/;
/** Greek, Cyrillic, Hebrew, Arabic. */
const otherLetters = /^(?=(?:.*[\u0370-\u06FF]){3})[\x20-\x7E\u00A0-\u00BF\u0370-\u06FF]*$/;
const eastAsian = new RegExp(
  String.raw`^(?=(?:.*[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}` +
    String.raw`\p{Script=Hangul}]){2})` +
    String.raw`[\x20-\x7E\u3000-\u30FF\p{Script=Han}\p{Script=Hangul}]*$`,
  'u',
);
const encoders = ['windows-1252', 'windows-1250', 'windows-1251'].map(encoderOf);
const macRoman = encoderOf('macintosh');

/**
 * UTF-8 that was read as Windows-1252, 1250 or 1251, or as MacRoman. Null where it is not so
 * throughout, or where the letters that it makes are none of a name: `CAFÉ’S` is two bytes of
 * something, too.
 */
function readAgain(text: string): string | null {
  if (/^[\x20-\x7E]*$/.test(text) || /[ÄÅ][’”–—…]/.test(text)) return null;
  for (const encode of text.includes('√') ? [...encoders, macRoman] : encoders) {
    const bytes = encode(text);
    if (bytes === null) continue;
    try {
      const read = utf8.decode(bytes);
      if (latin.test(read) || otherLetters.test(read) || eastAsian.test(read)) return read;
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
