/** Small things about words: what somebody meant, how long ago, how wide. */

/**
 * The URL of a database without its password, wherever it stands in a text. Errors of drivers and
 * of Node itself may quote one.
 */
export function redacted(text: string): string {
  return text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:'"]*):[^\s@'"]*@/gi, '$1:***@')
    .replace(/((?:ssl)?password=)[^&\s'"]+/gi, '$1***');
}

export { didYouMean, similar } from '@postrider/adapters/near';

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
] as const;

/** `340 ms`, `7.4 s`, `12 min`, `3 h 5 min`, `2 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${ms < 10_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;
  const [index, [name, size]] = [...units.entries()].find(([, [, one]]) => ms >= one) ?? [
    2,
    units[2],
  ];
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

/**
 * What would move the cursor, colour the screen or turn the direction of writing is shown as an
 * escape: names come from other people's lists.
 */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, (c) => {
    if (c === '\n') return '\\n';
    if (c === '\t') return ' ';
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
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

/** The reader's own time zone. */
export const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** In that time zone; with --json times are UTC. */
export function clock(at: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}
