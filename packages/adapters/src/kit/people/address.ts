/** The address of a row, in the form in which it is printed, or what is wrong with it. */
import type { Address, Note } from '@postrider/core/ports';
import { countryOf, mendedPostalCode, regionOf } from '@postrider/core/ports/countries';
import { columnName, columnOf, type ColumnPlan, type Role } from './column-plan.ts';
import { named } from './named-columns.ts';
import { quote } from './quote.ts';

export interface AddressFault {
  readonly column: string;
  readonly reason: string;
  readonly message: string;
}

/** Null: the row has none. `at` gives the cell of a role, trimmed; blank where there is none. */
export function readAddress(
  plan: ColumnPlan,
  at: (role: Role) => string,
  defaultCountry: string,
): { readonly value: Address | null; readonly notes?: readonly Note[] } | { fault: AddressFault } {
  const [line1, line2, city, region, postal] = [
    at('line1'),
    at('line2'),
    at('city'),
    at('region'),
    at('postalCode'),
  ];
  if (line1 === '' && line2 === '' && city === '' && region === '' && postal === '')
    return { value: null };
  const countryText = at('country');
  const written = countryOf(countryText === '' ? defaultCountry : countryText);
  if (written === null) {
    return fault(
      'country',
      'bad_country',
      (column) =>
        `${column} is not a country (ISO 3166, or its usual name): ${quote(countryText)}.`,
    );
  }
  // Its territories are states of the United States, on letters.
  const country = countryOf(written.partOf ?? written.code) ?? written;
  const state = written.partOf === null ? region : written.code;
  // A shop's or a program's own number of it, which would be printed.
  if (/^\d+$/.test(state) && (country.needsRegion || country.layout.includes('%S')))
    return fault(
      'region',
      'bad_region',
      (column) => `${column} is a number, and no state or region: ${quote(state)}.`,
    );
  const needed: readonly Role[] = ['line1', 'city'];
  const missing =
    needed.find((role) => at(role) === '') ??
    (country.needsRegion && state === '' ? 'region' : undefined);
  if (missing !== undefined) {
    return fault(
      missing,
      'incomplete_address',
      (column) => `${column} is blank, but other parts of the address are there.`,
    );
  }
  if (!hasLetters(line1 + line2)) {
    return fault(
      'line1',
      'incomplete_address',
      (column) => `${column} has neither letters nor digits: ${quote(line1)}.`,
    );
  }
  const postalCode = mendedPostalCode(country, state, postal);
  if (postalCode === null) {
    return fault(
      'postalCode',
      'bad_postal_code',
      (column) => `${column} is not a postal code of ${country.code}: ${quote(postal)}.`,
    );
  }
  return {
    value: {
      line1,
      line2: line2 === '' ? null : line2,
      city,
      // Whether there is such a state, and whether the code is in it, is decided by the machine.
      region: state === '' ? null : (regionOf(country.code, state)?.code ?? state),
      postalCode,
      country: country.code,
    },
    notes: withZeros(postal, postalCode)
      ? [
          {
            column: columnName(plan, 'postalCode'),
            reason: 'mended',
            message:
              `Column "${columnName(plan, 'postalCode')}" was ${quote(postal)} and is read as ` +
              `${quote(postalCode)}: a spreadsheet takes leading zeros away.`,
          },
        ]
      : [],
  };

  function fault(
    role: Role,
    reason: string,
    message: (column: string) => string,
  ): { readonly fault: AddressFault } {
    const column = columnName(plan, role);
    const isThere = role === 'country' || at(role) !== '' || columnOf(plan, role) !== null;
    const told = isThere ? message(`Column "${column}"`) : noColumn(plan, role);
    return { fault: { column, reason, message: told } };
  }
}

function withZeros(written: string, code: string): boolean {
  const [digits, mended] = [written, code].map((text) => text.replace(/[^0-9]/g, ''));
  return code.startsWith('0') && digits !== mended && mended?.replace(/^0+/, '') === digits;
}

/** Letters or digits of any script: the lines of an address need some. */
export function hasLetters(text: string): boolean {
  return /[\p{L}\p{N}]/u.test(text);
}

const words: Readonly<Partial<Record<Role, string>>> = {
  line1: 'street',
  region: 'region (the state or province)',
  postalCode: 'postal code',
};

function noColumn(plan: ColumnPlan, role: Role): string {
  const what = `No column holds the ${words[role] ?? role}`;
  const there = plan.names.filter((name) => name !== '');
  return (
    `${what}, but other parts of the address are there: name it with columns.${role}; ` +
    `the columns are ${named(there)}.`
  );
}
