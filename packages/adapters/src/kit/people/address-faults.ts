/** Why nobody can tell which columns are the address, and what to say in the campaign file. */
import type { Heading } from './headings.ts';
import { named } from './named-columns.ts';
import { addressRoles, type AddressRole } from './spellings.ts';

/** A heading that may be part of an address, and where it stands. */
export interface AddressHeading extends Heading {
  readonly index: number;
}

export interface Fault {
  readonly reason: string;
  /** The columns that it is about: of a row in which they are blank it does not matter. */
  readonly indexes: readonly number[];
  /** Without a full stop. */
  readonly message: string;
}

interface Found {
  readonly names: readonly string[];
  readonly at: Readonly<Partial<Record<AddressRole, number>>>;
}

export function isAddressRole(part: string): part is AddressRole {
  return (addressRoles as readonly string[]).includes(part);
}

const looks: Readonly<Record<string, string>> = {
  line1: 'a street',
  line2: 'a second address line',
  line3: 'a third address line',
  line4: 'a fourth address line',
  houseNumber: 'a house number',
  city: 'a city',
  region: 'a state or region',
  postalCode: 'a postal code',
  postalCodeSuffix: 'the end of a postal code',
  country: 'a country',
  other: 'a part of an address',
};

export function unused(refused: readonly AddressHeading[], { at, names }: Found): Fault {
  const columns = refused.map(({ index }) => names[index] ?? '');
  const what = refused.map(({ part }, nth) => `"${columns[nth]}" looks like ${looks[part]}`);
  const part = refused[0]?.part ?? 'other';
  const line = (['line2', 'line3', 'line4'] as const).find((one) => at[one] === undefined);
  const isCounty = refused[0]?.key.startsWith('county') === true;
  const role = isCounty ? 'region' : isAddressRole(part) ? part : (line ?? 'line2');
  return {
    reason: 'unused_address_column',
    indexes: refused.map(({ index }) => index),
    message:
      `${what.join(', ')}, and would be left out of the address: say what it is, as columns: ` +
      `${JSON.stringify({ [role]: columns[0] })}, or that it is no part of the address, as ` +
      `ignore: ${JSON.stringify(columns)}`,
  };
}

export function noStreet(parts: readonly AddressHeading[], { names }: Found): Fault {
  const columns = parts.map(({ index }) => names[index] ?? '');
  return {
    reason: 'no_street_column',
    indexes: parts.map(({ index }) => index),
    message:
      `no column holds the street, although ${named(columns)} ` +
      `${columns.length === 1 ? 'looks' : 'look'} like part of an address (the columns are ` +
      `${named(names)}): name it with columns.line1, or say columns: {"line1":null} where the ` +
      'list has no addresses',
  };
}

export function twoAddresses(
  headings: readonly AddressHeading[],
  streets: ReadonlySet<string>,
  names: readonly string[],
): Fault {
  const addresses = [...streets].map((group) => {
    const own = headings.filter((one) => one.group === group && isAddressRole(one.part));
    const lines = own.filter(({ part }) => part === 'line1').toSorted((a, b) => a.rank - b.rank);
    return { line: lines[0]?.index ?? -1, columns: own.map(({ index }) => names[index] ?? '') };
  });
  const ways = addresses.map(({ line }) => `columns: ${JSON.stringify({ line1: names[line] })}`);
  return {
    reason: 'two_addresses',
    indexes: addresses.map(({ line }) => line),
    message:
      `there are ${addresses.length} addresses (` +
      `${addresses.map(({ columns }) => named(columns)).join('; ')}): say which one is meant, as ` +
      ways.join(' or '),
  };
}
