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
