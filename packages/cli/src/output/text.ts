/** Words on a terminal: how long ago, how wide, how a time is written. */
import { duration, printable } from '@postrider/runner/process';

/** `12 min ago`, `in 3 h`, for people; programs get the time itself. */
export function relative(time: Date, now: Date = new Date()): string {
  const ms = now.getTime() - time.getTime();
  if (Math.abs(ms) < 1000) return 'now';
  return ms > 0 ? `${duration(ms)} ago` : `in ${duration(-ms)}`;
}

export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const wide = new RegExp(
  String.raw`^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f` +
    String.raw`\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]`,
  'u',
);

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
  return (
    `${day} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}.` +
    `${String(at.getMilliseconds()).padStart(3, '0')}`
  );
}

/**
 * `holdout 36, duplicate 15`: the largest first; with the columns of each, `unwrapped 15 (zip 12,
 * id 3)`.
 */
export function listed(
  counts: Readonly<Record<string, number>>,
  columns: Readonly<Record<string, Readonly<Record<string, number>>>> = {},
): string {
  return Object.entries(counts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, n]) => {
      const within = columns[name] === undefined ? '' : ` (${listed(columns[name])})`;
      return `${name} ${n.toLocaleString('en-US')}${within}`;
    })
    .join(', ');
}
