/** Small things about words: what is told to people, and what must not be. */

/**
 * The URL of a database without its password, wherever it stands in a text. Errors of drivers and
 * of Node itself may quote one. JSON stays JSON: an escaped quote is not cut in two.
 */
export function redacted(text: string): string {
  return text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/?#@:'"]*):[^\s@'"]*@/gi, '$1:***@')
    .replace(/((?:ssl)?password=)(?:[^&\s'"\\]|\\\\|\\(?!["'\\]))+/gi, '$1***');
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
  const [index, [name, size]] = [...units.entries()].find(([, [, one]]) => ms >= one) ?? [
    2,
    units[2],
  ];
  const whole = Math.floor(ms / size);
  const next = units[index + 1];
  const rest = next === undefined ? 0 : Math.floor((ms - whole * size) / next[1]);
  return `${whole} ${name}${next === undefined || rest === 0 ? '' : ` ${rest} ${next[0]}`}`;
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
