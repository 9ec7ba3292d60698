/**
 * Which columns are the address of a person. Street and city come from one and the same address: of
 * a list with two, as billing and shipping, nobody knows which one is meant, and half of each is
 * somebody else's house.
 */
import {
  isAddressRole,
  noStreet,
  twoAddresses,
  unused,
  type AddressHeading,
  type Fault,
} from './address-faults.ts';
import { isKnownGroup } from './headings.ts';
import { addressRoles, weakWords, type AddressRole } from './spellings.ts';

export interface AddressColumns {
  readonly at: Readonly<Placed>;
  /** The address that the columns are of; blank where it has no name. */
  readonly group: string;
  /** Of other columns that look like part of an address, why they are left out. */
  readonly remarks: ReadonlyMap<number, string>;
  readonly fault: Fault | null;
}

type Placed = Partial<Record<AddressRole, number>>;

/** Columns that the campaign names; null: there is none. */
export type GivenColumns = Readonly<Partial<Record<AddressRole, number | null>>>;

interface Choice {
  readonly names: readonly string[];
  readonly given: GivenColumns;
  readonly headings: readonly AddressHeading[];
  /** Groups that have a street of their own. */
  readonly streets: ReadonlySet<string>;
  readonly group: string;
  /** The campaign has said which address is meant. */
  readonly isChosen: boolean;
  readonly at: Placed;
}

/** Of these somebody must tell the street. The country alone is no address. */
const needStreet = new Set(['city', 'postalCode', 'line2', 'line3', 'line4', 'region']);
const bareStreets = new Set(
  'street streetname strasse strassenname rue calle straat straatnaam ulica via rua'.split(' '),
);
const piecesOfStreet = new Set(
  (
    'streetnumber streetname streetunit streetnumbersuffix streetdirection streettype ' +
    'streetsuffix house number no nr numero num numeroexterior piso puerta portal'
  ).split(' '),
);

/** @param names all columns, for what is told. */
export function addressColumns(
  all: readonly AddressHeading[],
  given: GivenColumns,
  names: readonly string[],
): AddressColumns {
  const at: Placed = {};
  for (const role of addressRoles) {
    const index = given[role];
    if (typeof index === 'number') at[role] = index;
  }
  const none = { at, group: '', remarks: new Map<number, string>(), fault: null };
  // A list without addresses: what looks like one does not matter.
  if (given.line1 === null) return none;
  const streets = new Set(all.filter(({ part }) => part === 'line1').map(({ group }) => group));
  const only = streets.size === 1 && streets.has('') ? onlyGroup(all) : null;
  const headings = all.filter(
    ({ key, group, isLoose = false }) =>
      group === '' ||
      streets.has(group) ||
      group === only ||
      !(isLoose ? /\D/.test(group) : weakWords.has(key)),
  );
  const chosen = chosenGroup(headings, at, streets);
  if (chosen === null && streets.size > 1)
    return { ...none, fault: twoAddresses(headings, streets, names) };
  const group = chosen ?? [...streets][0] ?? '';

  const free = headings.filter(({ index }) => !Object.values(given).includes(index));
  place(
    at,
    given,
    free.filter((one) => one.group === group),
  );
  if (group === '' && only !== null && at.city === undefined && at.postalCode === undefined)
    place(
      at,
      given,
      free.filter((one) => one.group === only),
    );
  if (group !== '' && !streets.has('')) {
    const plain = free.filter((one) => one.group === '');
    const isWhole = at.city !== undefined || at.postalCode !== undefined;
    const isAnother = plain.some(({ part }) => part === 'city' || part === 'postalCode');
    if (!isWhole) place(at, given, plain);
    else if (!isAnother)
      place(
        at,
        given,
        plain.filter(({ part }) => part === 'region' || part === 'country'),
      );
  }
  if (at.postalCode === undefined && at.postalCodeSuffix !== undefined) {
    at.postalCode = at.postalCodeSuffix;
    delete at.postalCodeSuffix;
  }
  closeUp(at);
  const choice = { names, given, headings, streets, group, isChosen: chosen !== null, at };
  return { at, group, ...leftOver(choice) };
}

/** Etsy has `Street 1` beside `Ship City`: of which address the one town and the one code are. */
function onlyGroup(headings: readonly AddressHeading[]): string | null {
  const groupsOf = (role: AddressRole): readonly string[] => [
    ...new Set(
      headings
        .filter(({ part, isLoose }) => part === role && isLoose !== true)
        .map((one) => one.group),
    ),
  ];
  const [cities, codes] = [groupsOf('city'), groupsOf('postalCode')];
  const [group = ''] = cities;
  const isOne = cities.length === 1 && codes.length === 1 && codes[0] === group;
  return isOne && isKnownGroup(group) ? group : null;
}

/** Null where the campaign says nothing of it. */
function chosenGroup(
  headings: readonly AddressHeading[],
  at: Placed,
  streets: ReadonlySet<string>,
): string | null {
  if (at.line1 !== undefined) return headings.find(({ index }) => index === at.line1)?.group ?? '';
  const named = new Set(Object.values(at));
  const one = headings.find(({ index, group }) => named.has(index) && streets.has(group));
  return one?.group ?? null;
}

/** Of each role the most trusted column; a second line goes on in the third. */
function place(at: Placed, given: GivenColumns, headings: readonly AddressHeading[]): void {
  const ranked = headings
    .filter(({ isLoose = false }) => !isLoose)
    .toSorted((one, two) => one.rank - two.rank);
  for (const role of addressRoles) {
    if (at[role] !== undefined || given[role] !== undefined) continue;
    const found = ranked.find(({ part }) => part === role);
    if (found === undefined) continue;
    if (role === 'houseNumber' && !isBareStreet(at, headings)) continue;
    at[role] = found.index;
  }
  // `Address 2` and `Apt` are both lines of the address.
  if (given.line2 === null) return;
  const more = ranked.filter(({ part, index }) => part === 'line2' && index !== at.line2);
  for (const { index } of more) {
    const role = (['line2', 'line3', 'line4'] as const).find(
      (line) => at[line] === undefined && given[line] === undefined,
    );
    if (role !== undefined && !Object.values(at).includes(index)) at[role] = index;
  }
}

function isBareStreet(at: Placed, headings: readonly AddressHeading[]): boolean {
  return headings.some(({ index, key }) => index === at.line1 && bareStreets.has(key));
}

/** A third line without a second one is the second. */
function closeUp(at: Placed): void {
  const lines = (['line2', 'line3', 'line4'] as const).flatMap((line) => at[line] ?? []);
  const [line2, line3, line4] = lines;
  for (const [role, index] of Object.entries({ line2, line3, line4 }) as [AddressRole, number?][])
    if (index === undefined) delete at[role];
    else at[role] = index;
}

/** What is not used and looks like part of an address, and whether it can stay so. */
function leftOver(choice: Choice): Pick<AddressColumns, 'remarks' | 'fault'> {
  const { at, given, headings } = choice;
  const used = new Set(Object.values(at));
  const remarks = new Map<number, string>();
  const refused: AddressHeading[] = [];
  for (const heading of headings) {
    if (used.has(heading.index) || isOff(heading)) continue;
    const remark = remarkOn(heading, choice);
    if (remark === null) refused.push(heading);
    else if (remark !== '') remarks.set(heading.index, remark);
  }
  if (at.line1 !== undefined)
    return { remarks, fault: refused.length === 0 ? null : unused(refused, choice) };
  const parts = headings.filter((one) => needStreet.has(one.part) && !isOff(one));
  return { remarks, fault: parts.length === 0 ? null : noStreet(parts, choice) };

  function isOff({ part }: AddressHeading): boolean {
    return isAddressRole(part) && given[part] === null;
  }
}

/** Null: it must not be left out. Blank: it is no part of this address. */
function remarkOn(heading: AddressHeading, choice: Choice): string | null {
  const { part, key, group } = heading;
  const { at, headings, names, streets } = choice;
  const role = isAddressRole(part) ? part : null;
  if (group !== choice.group && streets.has(group) && choice.isChosen)
    return 'part of another address';
  const isFilled = role === null || role === 'country' || at[role] !== undefined;
  if (!isKnownGroup(group) && isFilled) return '';
  if (key.startsWith('county') && at.region !== undefined) return 'a county, which no card needs';
  const own = headings.find(({ index }) => role !== null && index === at[role]);
  if (own !== undefined && own.group === group && isSame(own, key))
    return `the same as "${names[own.index]}"`;
  const street = headings.find(({ index }) => index === at.line1);
  return piecesOfStreet.has(key) && street?.group === group && !bareStreets.has(street.key)
    ? `a piece of "${names[street.index]}"`
    : null;
}

/** `State/Province` and `State Code` say the same. */
function isSame({ part, key }: AddressHeading, other: string): boolean {
  return (part === 'region' || part === 'country') && baseOf(key) === baseOf(other);
}

function baseOf(key: string): string {
  const base = key.replace(/(?:code|name|abbreviation|abbr|iso\d?|id)+$/, '');
  return base.replace(/^(?:stateprovince|stateorprovince|provincestate)$/, 'state');
}
