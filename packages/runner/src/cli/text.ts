/** Small things about words: what somebody meant, how long ago, how wide. */

/** The URL of a database without its password, wherever it stands in a text. Errors of drivers and of Node itself may quote one. */
export function redacted(text: string): string {
  return text.replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:'"]*):[^\s@'"]*@/gi, '$1:***@').replace(/((?:ssl)?password=)[^&\s'"]+/gi, '$1***');
}

/** The known names that `typed` may have been meant for, best first; at most three. */
export function similar(typed: string, known: readonly string[]): string[] {
  const wanted = typed.toLowerCase();
  return known
    .map((name) => {
      const candidate = name.toLowerCase();
      const near = candidate.includes(wanted) || wanted.includes(candidate) ? 1 : distance(wanted, candidate);
      return { name, near };
    })
    .filter(({ name, near }) => near <= Math.max(1, Math.floor(Math.min(name.length, typed.length) / 3)))
    .toSorted((a, b) => a.near - b.near || a.name.localeCompare(b.name))
    .slice(0, 3)
    .map(({ name }) => name);
}

/** `did you mean a or b?`, or null. */
export function didYouMean(typed: string, known: readonly string[]): string | null {
  const names = similar(typed, known);
  return names.length === 0 ? null : `did you mean ${names.join(' or ')}?`;
}

/** Edits between two words; two letters that changed places count once. */
function distance(a: string, b: string): number {
  const rows: number[][] = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array<number>(b.length).fill(0)]);
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  rows[0] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, at(i - 2, j - 2) + 1);
      const row = rows[i];
      if (row !== undefined) row[j] = best;
    }
  }
  return at(a.length, b.length);
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** `340 ms`, `7.4 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
  const [index, [name, size]] = [...units.entries()].find(([, [, one]]) => ms >= one) ?? [2, units[2]];
  const whole = Math.floor(ms / size);
  const next = units[index + 1];
  const rest = next === undefined ? 0 : Math.floor((ms - whole * size) / next[1]);
  return `${whole} ${name}${next === undefined || rest === 0 ? '' : ` ${rest} ${next[0]}`}`;
}

/** `12 min ago`, `in 3 h`, for people; programs get the time itself. */
export function relative(time: Date, now: Date = new Date()): string {
  const ms = now.getTime() - time.getTime();
  if (Math.abs(ms) < 1000) return 'now';
  return ms > 0 ? `${duration(ms)} ago` : `in ${duration(-ms)}`;
}

export function count(n: number, one: string, many: string = `${one}s`): string {
  return `${n.toLocaleString('en-US')} ${n === 1 ? one : many}`;
}

/** What would move the cursor, colour the screen or turn the direction of writing is shown as an escape: names come from other people's lists. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (c) => {
    if (c === '\n') return '\\n';
    if (c === '\t') return ' ';
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const wide =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;

/** Cells of a terminal that a text without escapes takes. */
export function width(text: string): number {
  if (/^[\u0020-\u007e]*$/.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of segmenter.segment(text)) cells += wide.test(segment) ? 2 : 1;
  return cells;
}
