/**
 * The parts of an address as its columns hold them: one cell with everything, a street of two
 * lines, three lines where a card has two, a house number or the end of a ZIP code by itself.
 */
import type { Note } from '@postrider/core/ports';
import { columnName, columnOf } from './columns.ts';
import type { ColumnPlan, Role } from './columns.ts';
import { literally } from './literally.ts';
import { quote } from './quote.ts';
import { splitWhole } from './whole-address.ts';

/** Of a second line that is made of several: more would be printed too small. */
const maxJoined = 60;

export interface PartFault {
  readonly column: string | null;
  readonly reason: string;
  readonly message: string;
}

export interface AddressParts {
  readonly at: (role: Role) => string;
  readonly notes: readonly Note[];
  readonly fault: PartFault | null;
}

/** `cellOf` gives the cell of a role, trimmed; blank where there is none. */
export function addressParts(
  plan: ColumnPlan,
  cellOf: (role: Role) => string,
  defaultCountry: string,
): AddressParts {
  const parts: Partial<Record<Role, string>> = {};
  const notes: Note[] = [];
  const column = columnName(plan, 'line1');
  let fault: PartFault | null = null;
  const line1 = withoutPlace(cellOf('line1'));
  if (plan.whole && line1 !== '') {
    const split = splitWhole(line1, cellOf('country') || defaultCountry);
    if (split !== null) Object.assign(parts, split);
    else
      fault = {
        column,
        reason: 'address_in_one_cell',
        message:
          `Column "${column}" would have to hold a whole address, since no column holds the city ` +
          'or the postal code, and it cannot be taken apart with certainty: ' +
          `${quote(line1)}. Give street, city, state and postal code a column each.`,
      };
  } else readLines();
  leaveOutTwice();
  leaveOutPlace();
  readHouseNumber();
  readSuffix();
  return { at: (role) => parts[role] ?? cellOf(role), notes, fault };

  function readLines(): void {
    const lines = (['line2', 'line3', 'line4'] as const).flatMap((role) => {
      const text = cellOf(role);
      return text === '' ? [] : [{ text, column: columnName(plan, role) }];
    });
    const street = lines.length > 0 ? null : splitStreet(line1);
    if (street !== null) {
      Object.assign(parts, street);
      const what = `Column "${column}" has two lines, which are line 1 and line 2`;
      notes.push({ column, reason: 'two_lines', message: `${what}: ${quote(line1)}.` });
    }
    const [first] = lines;
    if (first === undefined || (lines.length === 1 && first.text === cellOf('line2'))) return;
    const joined = lines.map(({ text }) => text).join(', ');
    parts.line2 = joined;
    if (lines.length === 1) return;
    const names = lines.map((one) => `"${one.column}"`).join(' and ');
    const message = `Columns ${names} are one line of the address: ${quote(joined)}.`;
    if (joined.length <= maxJoined)
      notes.push({ column: first.column, reason: 'joined_lines', message });
    else
      fault = {
        column: first.column,
        reason: 'too_many_lines',
        message:
          `Columns ${names} would be one line of the address with ${joined.length} characters; ` +
          `at most ${maxJoined} are taken: ${quote(joined)}.`,
      };
  }

  /** `Boston, MA` beside a column with the state, and a street that ends with all of it. */
  function leaveOutTwice(): void {
    const [city, region, code] = [cellOf('city'), cellOf('region'), cellOf('postalCode')];
    if (city === '' || region === '' || plan.whole) return;
    const place = `${literally(region)}\\.?(?:[, ]+${literally(code.slice(0, 5))}(?:-?\\d{4})?)?`;
    const town = city.replace(new RegExp(`[, ]*,[, ]*${place}$`, 'i'), '');
    leaveOut('city', city, town);
    const street = parts.line1 ?? line1;
    const end = new RegExp(`[, ]+${literally(town)}[, ]+${place}(?:[, ]+USA?)?$`, 'i');
    leaveOut('line1', street, street.replace(end, ''));
  }

  /** The town once more, in a line of its own: `Boston, MA 02138`, `10115 Berlin`. */
  function leaveOutPlace(): void {
    const second = parts.line2 ?? cellOf('line2');
    if (!isPlace(second)) return;
    parts.line2 = '';
    twice(columnName(plan, 'line2'), second);
  }

  /** The last line of a street cell may be the town. */
  function withoutPlace(cell: string): string {
    const lines = cell.split(/[\r\n]+/);
    const last = lines.at(-1) ?? '';
    if (lines.length < 2 || !isPlace(last)) return cell;
    twice(column, last);
    parts.line1 = lines.slice(0, -1).join('\n');
    return parts.line1;
  }

  function twice(name: string, line: string): void {
    const what = `Column "${name}" has town and postal code once more`;
    const message = `${what}, which were left out: ${quote(line)}.`;
    notes.push({ column: name, reason: 'mended', message });
  }

  function isPlace(line: string): boolean {
    const code = wordsIn(cellOf('postalCode').slice(0, 10)).join('');
    if (plan.whole || code === '' || cellOf('city') === '') return false;
    const known = new Set(
      (['city', 'region', 'postalCode', 'country'] as const).flatMap((role) =>
        wordsIn(cellOf(role)),
      ),
    );
    const words = wordsIn(line);
    return (
      wordsIn(cellOf('city')).every((word) => words.includes(word)) &&
      words.join('').includes(code) &&
      words.every((word) => known.has(word) || word === 'usa' || word === 'us')
    );
  }

  function leaveOut(role: 'city' | 'line1', was: string, is: string): void {
    if (is === was || is === '') return;
    parts[role] = is;
    const own = columnName(plan, role);
    notes.push({
      column: own,
      reason: 'mended',
      message: `Column "${own}" was ${quote(was)} and is read as ${quote(is)}.`,
    });
  }

  function readHouseNumber(): void {
    const number = cellOf('houseNumber');
    if (number === '' || line1 === '') return;
    // As it is spoken where the list comes from: Hauptstraße 5, Calle Mayor 5, 12 Elm Street.
    const isBehind =
      /^(?:haus|huis|hnr)/i.test(columnOf(plan, 'houseNumber') ?? '') ||
      /^(?:calle|stra(?:ß|ss)e|straat|ulica|via\b|rua\b)/i.test(column);
    const street = parts.line1 ?? line1;
    parts.line1 = isBehind ? `${street} ${number}` : `${number} ${street}`;
  }

  function readSuffix(): void {
    const [code, suffix] = [cellOf('postalCode'), cellOf('postalCodeSuffix')];
    if (suffix === '' || code === '') return;
    const name = columnName(plan, 'postalCodeSuffix');
    if (/^\d{3,5}$/.test(code) && /^\d{4}$/.test(suffix)) parts.postalCode = `${code}-${suffix}`;
    else if (suffix.startsWith(`${code}-`)) parts.postalCode = suffix;
    else if (!code.endsWith(`-${suffix}`))
      notes.push({
        column: name,
        reason: 'left_out',
        message:
          `Column "${name}" is no end of a ZIP code of four digits: ${quote(suffix)}. ` +
          'The cell was left out.',
      });
  }
}

function wordsIn(text: string): readonly string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/**
 * A street cell of two lines, where the second line has no cell of its own. Of three nobody knows
 * which two belong together.
 */
function splitStreet(cell: string): { readonly line1: string; readonly line2: string } | null {
  if (!/[\r\n]/.test(cell)) return null;
  const [line1 = '', line2 = '', ...more] = cell
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return more.length > 0 || line2 === '' ? null : { line1, line2 };
}
