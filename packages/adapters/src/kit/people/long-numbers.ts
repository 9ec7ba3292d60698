/**
 * Numbers that a spreadsheet shows in another form than they have: `7.00E+12` was an id of thirteen
 * digits, and nobody knows the last ten any more. Where all digits are there, the number is known.
 */
const scientific = /^([1-9])(?:[.,]([0-9]+))?[eE]\+([0-9]{2,3})$/;

/** The digits of a number in scientific form; null where some are lost, or it is no such number. */
export function wholeNumber(value: string): string | null {
  const [, first = '', rest = '', power = ''] = scientific.exec(value) ?? [];
  if (first === '' || rest.length < Number(power)) return null;
  const [digits, beyond] = [rest.slice(0, Number(power)), rest.slice(Number(power))];
  return /^0*$/.test(beyond) ? first + digits : null;
}

/** Whether digits are lost. */
export function isRounded(value: string): boolean {
  return scientific.test(value) && wholeNumber(value) === null;
}

/**
 * A reviver for `JSON.parse` that leaves a number as it is written where reading it as a number
 * loses digits: beyond 2^53 two ids would be one.
 */
export function keepDigits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined || String(value) === source) return value;
  const [mantissa = ''] = source.split(/[eE]/);
  // Fifteen digits are always kept.
  const many = mantissa.replace(/^[-0.]+|[^0-9]/g, '').length > 15;
  const huge = !Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER;
  // JSON may write it without the plus.
  const written = source.replace(/e(?=\d)/i, 'e+');
  if (Number.isFinite(value) && isRounded(written)) return written;
  return many || huge ? source : value;
}

/** Whether a JSON text may have such a number: a reviver takes several times as long. */
export function mayLoseDigits(text: string): boolean {
  return /[0-9.]{16}|[0-9][eE]/.test(text);
}
