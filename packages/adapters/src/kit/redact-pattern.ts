/**
 * What a secret looks like in a text: letter by letter, each as it stands or as an encoding writes
 * it (percent, JSON, HTML; more than once, too), in hex, and in base64 at each place that it can
 * have in a longer text, because a key travels as `base64(key:)`. Letters of base64 that hold one
 * bit of it are part of it.
 */

const patterns = new Map<string, RegExp>();

/** Keys are few and asked for at each request; one that was rotated away is forgotten in time. */
export function patternOf(secret: string): RegExp {
  const known = patterns.get(secret);
  if (known !== undefined) return known;
  if (patterns.size >= 1000) patterns.clear();
  const bytes = Buffer.from(secret);
  const ways = [[...secret].map(letter).join(''), [...bytes].map((byte) => hex(byte, 2)).join('')];
  // What is shorter stands in any base64 by chance.
  if (bytes.length >= 4) ways.push(...[0, 1, 2].map((offset) => inBase64(bytes, offset)));
  const made = new RegExp(ways.join('|'), 'g');
  patterns.set(secret, made);
  return made;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
};
const ESCAPES: Readonly<Record<string, string>> = {
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
  '\b': 'b',
  '\f': 'f',
};
// Bounded, or a text of nothing but strokes takes the square of its length.
const STROKES = '\\\\{1,8}';

function letter(one: string): string {
  const units = Array.from({ length: one.length }, (_, at) => one.charCodeAt(at));
  const point = one.codePointAt(0) ?? 0;
  const entity = ENTITIES[one];
  const escape = ESCAPES[one];
  const ways = [
    // JSON may write strokes before any letter, and does before quotes and strokes.
    `(?:${STROKES})?${exactly(one)}`,
    units.map((unit) => `${STROKES}u${hex(unit, 4)}`).join(''),
    [...Buffer.from(one)].map((byte) => `%(?:25){0,4}${hex(byte, 2)}`).join(''),
    `&(?:amp;){0,4}#(?:0{0,6}${point}|[xX]0{0,6}${hex(point, 1)});`,
  ];
  if (entity !== undefined) ways.push(`&(?:amp;){0,4}${entity};`);
  if (escape !== undefined) ways.push(`${STROKES}${escape}`);
  if (one === ' ') ways.push('\\+');
  return `(?:${ways.join('|')})`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * The letters that hold bits of the secret where `offset` bytes stand before it in their group of
 * three. The first and the last may share their bits with what stands beside it.
 */
function inBase64(secret: Uint8Array, offset: number): string {
  const bits = [...secret].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  const before = (offset * 8) % 6;
  const held = `${'.'.repeat(before)}${bits}`;
  const letters = held.match(/.{1,6}/g) ?? [];
  return letters.map((known) => anyOf(known.padEnd(6, '.'))).join('');
}

/** The letters of base64 whose six bits are these; a dot is any. */
function anyOf(bits: string): string {
  const pattern = new RegExp(`^${bits}$`);
  const letters = [...ALPHABET].filter((_, value) =>
    pattern.test(value.toString(2).padStart(6, '0')),
  );
  const ways = letters.map(exactly);
  // Of addresses, and as forms and JSON write them.
  if (letters.includes('+')) ways.push('-', '%(?:25){0,4}2[bB]');
  if (letters.includes('/')) ways.push('_', '%(?:25){0,4}2[fF]', `${STROKES}/`);
  return ways.length === 1 ? (ways[0] ?? '') : `(?:${ways.join('|')})`;
}

/** For a pattern: each letter by its number, so that none means anything there. */
function exactly(text: string): string {
  return Array.from({ length: text.length }, (_, at) => {
    return `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}

/** A number in hex, in either case, with so many digits at least. */
function hex(value: number, digits: number): string {
  return value
    .toString(16)
    .padStart(digits, '0')
    .replace(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}
