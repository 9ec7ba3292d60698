/** Patterns of postal codes, as SQL compares them: without blanks and hyphens. */

/** Where the data takes what the country cannot have. */
export const ownPatterns: Readonly<Record<string, string>> = {
  AT: '[1-9]\\d{3}',
  BE: '[1-9]\\d{3}',
  CH: '[1-9]\\d{3}',
  DE: '(?!01000|99999)(?:0[1-9]|[1-9]\\d)\\d{3}',
  ES: '(?:0[1-9]|[1-4]\\d|5[0-2])\\d{3}',
  FR: '(?:0[1-9]|[1-8]\\d|9[0-8]) ?\\d{3}',
  // A routing key, and four of the letters that the post gives out.
  IE: '(?:[AC-FHKNPRTV-Y]\\d{2}|D6W) ?[\\dAC-FHKNPRTV-Y]{4}',
  IN: '[1-9]\\d{5}',
  MX: '(?:0[1-9]|[1-9]\\d)\\d{3}',
  PT: '[1-9]\\d{3}-\\d{3}',
  RU: '[1-6]\\d{5}',
  SE: '[1-9]\\d{2} ?\\d{2}',
  TR: '(?:0[1-9]|[1-7]\\d|8[01])\\d{3}',
};

/** Takes blanks and hyphens out of a pattern, with what says that they may be missing. */
export function compact(pattern: string): string {
  let text = '';
  let inClass = false;
  for (let at = 0; at < pattern.length; at += 1) {
    if (pattern.startsWith('[ \\-]', at)) {
      at += 4;
    } else if (!inClass && ' -'.includes(pattern[at] ?? '')) {
      if (pattern[at + 1] === '?') at += 1;
    } else {
      if (pattern[at] === '[') inClass = true;
      if (pattern[at] === ']') inClass = false;
      text += pattern[at];
    }
  }
  return text;
}

const beginsWithDigit = /^\(?\\d|^\d|^(?:\(\?!.*?\))?(?:\(\?:)?(?:0?\[\d-\d\])/;

/** The whole code, with or without what may stand before it. */
export function asSql(pattern: string, prefixes: readonly string[]): string {
  // A code that begins with the letters of its country is often written without them.
  const own = prefixes.find((prefix) => new RegExp(`^${prefix}(?![A-Z])`).test(pattern));
  const bare = own === undefined ? pattern : `(?:${own})?${pattern.slice(own.length)}`;
  const before =
    own === undefined && beginsWithDigit.test(pattern) ? `(?:${prefixes.join('|')})?` : '';
  return `^${before}(?:${bare})$`.replaceAll('\\d', '[0-9]').replaceAll('[[0-9]', '[0-9');
}

/** All beginnings that a pattern of alternatives, classes and digits stands for. */
export function prefixes(pattern: string): string[] {
  const [texts, end] = alternatives(pattern, 0);
  if (end !== pattern.length) throw new Error(`cannot read the pattern ${pattern}`);
  return [...new Set(texts)].toSorted();
}

function alternatives(pattern: string, from: number): [string[], number] {
  const all: string[] = [];
  let texts = [''];
  let at = from;
  for (; at < pattern.length && pattern[at] !== ')';) {
    let next: readonly string[];
    if (pattern[at] === '|') {
      all.push(...texts);
      texts = [''];
      at += 1;
      continue;
    }
    if (pattern[at] === '(') {
      const [inner, end] = alternatives(pattern, at + 1);
      [next, at] = [inner, end + 1];
    } else if (pattern[at] === '[') {
      const end = pattern.indexOf(']', at);
      [next, at] = [lettersOf(pattern.slice(at + 1, end)), end + 1];
    } else if (pattern.startsWith('\\d', at)) {
      [next, at] = [[...'0123456789'], at + 2];
    } else {
      [next, at] = [[pattern[at] ?? ''], at + 1];
    }
    texts = texts.flatMap((text) => next.map((letter) => text + letter));
  }
  return [[...all, ...texts], at];
}

/** The letters of a class such as `0-57-8`. */
function lettersOf(written: string): string[] {
  return [...written.matchAll(/(.)-(.)|(.)/g)].flatMap(([, first, last, one = '']) => {
    if (first === undefined || last === undefined) return [one];
    const [low, high] = [first.charCodeAt(0), last.charCodeAt(0)];
    return Array.from({ length: high - low + 1 }, (_, index) => String.fromCharCode(low + index));
  });
}
