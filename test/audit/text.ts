/**
 * Compares what should stand on a card with what PDFium reads from it.
 *
 * A PDF has no words, only glyphs at places. What comes back may have a ligature for two letters, a
 * composed letter for a decomposed one, blanks that are mere gaps, and a break where a long line
 * was set in two. None of that is a wrong print; a wrong letter is. So both sides lose blanks and
 * commas and take one Unicode form, and case, hyphens and every other letter must be the same.
 */

// PDFium writes U+0002 for a hyphen at the end of a line, because it cannot know whether the word
// has one or was only broken there.
const BROKEN_HYPHEN = '\u0002';

/** Without blanks and commas, ligatures taken apart. */
export function squash(text: string): string {
  return text
    .normalize('NFKC')
    .replace(/[\u00ad\u200b-\u200d\u2060\ufeff]/g, '')
    .replace(/[\u2010\u2011]/g, '-')
    .replace(/[\s,]/g, '');
}

function readings(printed: string): string[] {
  return printed.includes(BROKEN_HYPHEN)
    ? [printed.replaceAll(BROKEN_HYPHEN, '-'), printed.replaceAll(BROKEN_HYPHEN, '')]
    : [printed];
}

/** The lines of a page that have something on them, squashed. */
export function linesOf(page: string): string[] {
  return page
    .split(/[\r\n]+/)
    .map(squash)
    .filter((line) => line !== '');
}

/**
 * Whether neighbouring lines say exactly `parts`, one after the other, with nothing before or after
 * them. A part may be broken over lines; it may not be part of something longer, so that house 1 is
 * not found in house 11.
 */
export function standsAsBlock(page: string, parts: readonly string[]): boolean {
  const wanted = squash(parts.join(' '));
  if (wanted === '') return false;
  const lines = linesOf(page);
  return lines.some((_, first) => {
    let block = '';
    for (const line of lines.slice(first)) {
      block += line;
      if (readings(block).includes(wanted)) return true;
      if (block.length > wanted.length + 8) return false;
    }
    return false;
  });
}

/**
 * Whether `words` stand in the text by themselves: Le is not in Leon. Blanks may be anything that
 * keeps words apart, a line break included.
 */
export function standsAsWords(page: string, words: string): boolean {
  const pattern = words.normalize('NFKC').trim().split(/\s+/).map(escape).join('\\s*');
  const found = new RegExp(`(?<![\\p{L}\\p{N}])${pattern}(?![\\p{L}\\p{N}])`, 'u');
  return readings(page.normalize('NFKC')).some((text) => found.test(text));
}

function escape(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/**
 * Every one of `codes` that the text has, blanks between its letters or not. They must all be
 * `length` long.
 */
export function codesIn(
  page: string,
  codes: ReadonlyMap<string, unknown>,
  length: number,
): string[] {
  const text = squash(page);
  const found = new Set<string>();
  for (let at = 0; at + length <= text.length; at += 1) {
    const candidate = text.slice(at, at + length);
    if (codes.has(candidate)) found.add(candidate);
  }
  return [...found];
}
