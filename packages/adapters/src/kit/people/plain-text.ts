/** What can be printed and stored as it stands. */
import { maxLength } from './cells.ts';

// A control character, a line separator or a bidirectional override changes what is printed without
// being seen.
export const control = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/;

/** Whether a card can be printed with it and a database takes it. */
export function isPlain(value: string): boolean {
  return value.length <= maxLength && !control.test(value) && value.isWellFormed();
}

/** A report is stored too: an id that no database takes is left out of it. */
export function tellableId(id: string | undefined): string | null {
  const value = id?.normalize('NFC').trim() ?? '';
  return value !== '' && isPlain(value) && !value.includes('\uFFFD') ? value : null;
}
