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
  return new PartsReader(plan, cellOf).read(defaultCountry);
}

class PartsReader {
  readonly #plan: ColumnPlan;
  readonly #cellOf: (role: Role) => string;
  /** The name of the column with the street. */
  readonly #column: string;
  /** What a role has in place of its cell. */
  readonly #parts: Partial<Record<Role, string>> = {};
  readonly #notes: Note[] = [];
  /** The street cell, without the town. */
  readonly #line1: string;
  #fault: PartFault | null = null;

  constructor(plan: ColumnPlan, cellOf: (role: Role) => string) {
    this.#plan = plan;
    this.#cellOf = cellOf;
    this.#column = columnName(plan, 'line1');
    this.#line1 = this.#withoutPlace(cellOf('line1'));
  }

  read(defaultCountry: string): AddressParts {
    if (this.#plan.whole && this.#line1 !== '') this.#readWhole(defaultCountry);
    else this.#readLines();
    this.#leaveOutTwice();
    this.#leaveOutPlace();
    this.#readHouseNumber();
    this.#readSuffix();
    return {
      at: (role) => this.#parts[role] ?? this.#cellOf(role),
      notes: this.#notes,
      fault: this.#fault,
    };
  }

  #readWhole(defaultCountry: string): void {
    const split = splitWhole(this.#line1, this.#cellOf('country') || defaultCountry);
    if (split !== null) Object.assign(this.#parts, split);
    else
      this.#fault = {
        column: this.#column,
        reason: 'address_in_one_cell',
        message:
          `Column "${this.#column}" would have to hold a whole address, since no column holds ` +
          'the city or the postal code, and it cannot be taken apart with certainty: ' +
          `${quote(this.#line1)}. Give street, city, state and postal code a column each.`,
      };
  }

  #readLines(): void {
    const lines = (['line2', 'line3', 'line4'] as const).flatMap((role) => {
      const text = this.#cellOf(role);
      return text === '' ? [] : [{ text, column: columnName(this.#plan, role) }];
    });
    const street = lines.length > 0 ? null : splitStreet(this.#line1);
    if (street !== null) {
      Object.assign(this.#parts, street);
      const what = `Column "${this.#column}" has two lines, which are line 1 and line 2`;
      this.#notes.push({
        column: this.#column,
        reason: 'two_lines',
        message: `${what}: ${quote(this.#line1)}.`,
      });
    }
    const [first] = lines;
    if (first === undefined || (lines.length === 1 && first.text === this.#cellOf('line2'))) return;
    const joined = lines.map(({ text }) => text).join(', ');
    this.#parts.line2 = joined;
    if (lines.length === 1) return;
    const names = lines.map((one) => `"${one.column}"`).join(' and ');
    const message = `Columns ${names} are one line of the address: ${quote(joined)}.`;
    if (joined.length <= maxJoined)
      this.#notes.push({ column: first.column, reason: 'joined_lines', message });
    else
      this.#fault = {
        column: first.column,
        reason: 'too_many_lines',
        message:
          `Columns ${names} would be one line of the address with ${joined.length} characters; ` +
          `at most ${maxJoined} are taken: ${quote(joined)}.`,
      };
  }

  /** `Boston, MA` beside a column with the state, and a street that ends with all of it. */
  #leaveOutTwice(): void {
    const [city, region, code] = [
      this.#cellOf('city'),
      this.#cellOf('region'),
      this.#cellOf('postalCode'),
    ];
    if (city === '' || region === '' || this.#plan.whole) return;
    const place = `${literally(region)}\\.?(?:[, ]+${literally(code.slice(0, 5))}(?:-?\\d{4})?)?`;
    const town = city.replace(new RegExp(`[, ]*,[, ]*${place}$`, 'i'), '');
    this.#leaveOut('city', city, town);
    const street = this.#parts.line1 ?? this.#line1;
    const end = new RegExp(`[, ]+${literally(town)}[, ]+${place}(?:[, ]+USA?)?$`, 'i');
    this.#leaveOut('line1', street, street.replace(end, ''));
  }

  /** The town once more, in a line of its own: `Boston, MA 02138`, `10115 Berlin`. */
  #leaveOutPlace(): void {
    const second = this.#parts.line2 ?? this.#cellOf('line2');
    if (!this.#isPlace(second)) return;
    this.#parts.line2 = '';
    this.#twice(columnName(this.#plan, 'line2'), second);
  }

  /** The last line of a street cell may be the town. */
  #withoutPlace(cell: string): string {
    const lines = cell.split(/[\r\n]+/);
    const last = lines.at(-1) ?? '';
    if (lines.length < 2 || !this.#isPlace(last)) return cell;
    this.#twice(this.#column, last);
    this.#parts.line1 = lines.slice(0, -1).join('\n');
    return this.#parts.line1;
  }

  #twice(name: string, line: string): void {
    const what = `Column "${name}" has town and postal code once more`;
    const message = `${what}, which were left out: ${quote(line)}.`;
    this.#notes.push({ column: name, reason: 'mended', message });
  }

  #isPlace(line: string): boolean {
    const code = wordsIn(this.#cellOf('postalCode').slice(0, 10)).join('');
    if (this.#plan.whole || code === '' || this.#cellOf('city') === '') return false;
    const known = new Set(
      (['city', 'region', 'postalCode', 'country'] as const).flatMap((role) =>
        wordsIn(this.#cellOf(role)),
      ),
    );
    const words = wordsIn(line);
    return (
      wordsIn(this.#cellOf('city')).every((word) => words.includes(word)) &&
      words.join('').includes(code) &&
      words.every((word) => known.has(word) || word === 'usa' || word === 'us')
    );
  }

  #leaveOut(role: 'city' | 'line1', was: string, is: string): void {
    if (is === was || is === '') return;
    this.#parts[role] = is;
    const own = columnName(this.#plan, role);
    this.#notes.push({
      column: own,
      reason: 'mended',
      message: `Column "${own}" was ${quote(was)} and is read as ${quote(is)}.`,
    });
  }

  #readHouseNumber(): void {
    const number = this.#cellOf('houseNumber');
    if (number === '' || this.#line1 === '') return;
    // As it is spoken where the list comes from: Hauptstraße 5, Calle Mayor 5, 12 Elm Street.
    const isBehind =
      /^(?:haus|huis|hnr)/i.test(columnOf(this.#plan, 'houseNumber') ?? '') ||
      /^(?:calle|stra(?:ß|ss)e|straat|ulica|via\b|rua\b)/i.test(this.#column);
    const street = this.#parts.line1 ?? this.#line1;
    this.#parts.line1 = isBehind ? `${street} ${number}` : `${number} ${street}`;
  }

  #readSuffix(): void {
    const [code, suffix] = [this.#cellOf('postalCode'), this.#cellOf('postalCodeSuffix')];
    if (suffix === '' || code === '') return;
    const name = columnName(this.#plan, 'postalCodeSuffix');
    if (/^\d{3,5}$/.test(code) && /^\d{4}$/.test(suffix))
      this.#parts.postalCode = `${code}-${suffix}`;
    else if (suffix.startsWith(`${code}-`)) this.#parts.postalCode = suffix;
    else if (!code.endsWith(`-${suffix}`))
      this.#notes.push({
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
