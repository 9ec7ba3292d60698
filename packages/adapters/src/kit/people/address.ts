/** The address of a row, in the form in which it is printed, or what is wrong with it. */
import type { Address } from '@postrider/core/ports';
import { columnName, columnOf } from './columns.ts';
import type { ColumnPlan, Role } from './columns.ts';
import { normaliseCountry, normalisePostalCode } from './postal-code.ts';
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
): { readonly value: Address | null } | { readonly fault: AddressFault } {
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
  const country = countryText === '' ? defaultCountry : normaliseCountry(countryText);
  if (country === null) {
    const column = columnName(plan, 'country');
    return {
      fault: {
        column,
        reason: 'bad_country',
        message: `Column "${column}" is not a country (two letters, ISO 3166): ${quote(countryText)}.`,
      },
    };
  }
  const needed: readonly Role[] =
    country === 'US' || country === 'CA' ? ['line1', 'city', 'region'] : ['line1', 'city'];
  const missing = needed.find((role) => at(role) === '');
  if (missing !== undefined) {
    const column = columnName(plan, missing);
    const message =
      columnOf(plan, missing) === null
        ? noColumn(plan, missing)
        : `Column "${column}" is blank, but other parts of the address are there.`;
    return { fault: { column, reason: 'incomplete_address', message } };
  }
  const postalCode = normalisePostalCode(country, region, postal);
  if (postalCode === null) {
    const column = columnName(plan, 'postalCode');
    return {
      fault: {
        column,
        reason: 'bad_postal_code',
        message:
          columnOf(plan, 'postalCode') === null && postal === ''
            ? noColumn(plan, 'postalCode')
            : `Column "${column}" is not a postal code of ${country}: ${quote(postal)}.`,
      },
    };
  }
  return {
    value: {
      line1,
      line2: line2 === '' ? null : line2,
      city,
      region: region === '' ? null : region,
      postalCode,
      country,
    },
  };
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
