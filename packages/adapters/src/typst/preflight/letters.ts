/** Finds lines of text among what a page paints. */
import type { Painted } from './painted.ts';

/** Something painted that is text. */
export type Written = Painted & { readonly text: NonNullable<Painted['text']> };

export function isWritten(one: Painted): one is Written {
  return one.text !== null;
}

// In these scripts a PDF tells letter by letter what its glyphs stand for. Elsewhere letters
// change places and melt into each other, so that only where they stand can be looked at.
const plain =
  /^(?:[\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Common}])*$/u;

/**
 * The texts that make up these lines, one after another in the order of painting; every place where
 * they do. A line that is null may say anything.
 */
export function findLines(
  written: readonly Written[],
  lines: readonly (string | null)[],
): readonly (readonly (readonly Written[])[])[] {
  const found: (readonly Written[])[][] = [];
  for (let start = 0; start < written.length; start++) {
    const block: Written[][] = [];
    let at = start;
    for (const line of lines) {
      const end = endOfLine(written, at, line);
      if (end === null) break;
      block.push(written.slice(at, end));
      at = end;
    }
    if (block.length === lines.length) found.push(block);
  }
  return found;
}

function endOfLine(written: readonly Written[], start: number, line: string | null): number | null {
  const baseline = written[start]?.text.baseline;
  if (baseline === undefined) return null;
  const wanted = line !== null && plain.test(line.normalize('NFC')) ? skeleton(line) : null;
  let content = '';
  let at = start;
  for (; Math.abs((written[at]?.text.baseline ?? NaN) - baseline) < 0.1; at++) {
    content += written[at]?.text.content ?? '';
    if (wanted !== null && isSame(skeleton(content), wanted)) return at + 1;
  }
  return wanted === null ? at : null;
}

/**
 * A glyph may stand for a letter with its accent and the accent for both again, so letters may be
 * told twice; none may be missing, out of order, or strange.
 */
function isSame(told: string, wanted: string): boolean {
  if (told === wanted) return true;
  const letters = [...wanted];
  let next = 0;
  for (const letter of told) {
    if (letter === letters[next]) next++;
    else if (!letters.slice(0, next).includes(letter)) return false;
  }
  return next === letters.length && told.length <= 2 * wanted.length;
}

// The post likes capitals, so a template may make some.
function skeleton(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}\s]/gu, '')
    .toUpperCase();
}
