import { AudienceSourceError } from '@postrider/core/ports';
import { z } from 'zod';

/** What is printed. */
export const nameAndAddress = [
  'firstName',
  'lastName',
  'name',
  'line1',
  'line2',
  'city',
  'region',
  'postalCode',
  'country',
] as const;

/** What a column may stand for. A column without a role is merge data. */
export const roles = ['externalId', 'email', ...nameAndAddress] as const;
export type Role = (typeof roles)[number];

/**
 * Column names as in the header; `null` switches the guess off, and the column becomes merge data.
 */
export const columnsOption = z.partialRecord(z.enum(roles), z.string().min(1).nullable());
export type ColumnNames = z.infer<typeof columnsOption>;

/** Usual spellings, most trusted first, compared without case, blanks and punctuation. */
const spellings: Record<Role, string> = {
  externalId:
    'externalid id customerid profileid recipientid personid contactid memberid subscriberid userid accountid',
  email: 'email emailaddress mail primaryemail',
  firstName: 'firstname givenname forename first fname',
  lastName: 'lastname surname familyname last lname',
  name: 'name fullname recipientname customername contactname',
  line1:
    'line1 addressline1 address1 addr1 streetaddress street addressstreet addressaddress1 mailingstreet address',
  line2: 'line2 addressline2 address2 addr2 addressaddress2 unit apartment apt suite',
  city: 'city town posttown locality addresscity mailingcity',
  region: 'region state province stateprovince statecode addressregion addressstate mailingstate',
  postalCode:
    'postalcode zip zipcode postcode zippostalcode addresspostalcode addresszip mailingpostalcode',
  country: 'country countrycode addresscountry mailingcountry',
};

/** Where each role stands in a row, and which cells are merge data. */
export interface ColumnPlan {
  readonly at: Readonly<Partial<Record<Role, number>>>;
  /** Column names by position; a blank name is an unnamed trailing column. */
  readonly names: readonly string[];
  readonly merge: readonly number[];
}

function fold(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
}

/**
 * The name of a role's column, or the role itself where no column has it: what a reject calls it.
 */
export function columnName(plan: ColumnPlan, role: Role): string {
  const index = plan.at[role];
  return index === undefined ? role : (plan.names[index] ?? role);
}

/**
 * @param strict a name given in the options must be there (a file with a header); otherwise its
 * cells count as blank (NDJSON, where each line may have other keys).
 */
export function planColumns(
  names: readonly string[],
  given: ColumnNames,
  strict: boolean,
): ColumnPlan {
  const folded = names.map(fold);
  const at: Partial<Record<Role, number>> = {};
  const taken = new Set<number>();
  for (const role of roles) {
    const name = given[role];
    if (typeof name !== 'string') continue;
    let index = names.indexOf(name.trim());
    if (index < 0) index = folded.indexOf(fold(name));
    if (index >= 0) {
      at[role] = index;
      taken.add(index);
    } else if (strict) {
      throw new AudienceSourceError(
        `there is no column "${name}" for ${role} (line 1); the columns are ${list(names)}`,
      );
    }
  }
  for (const role of roles) {
    if (given[role] !== undefined) continue;
    for (const spelling of spellings[role].split(' ')) {
      const index = folded.findIndex((name, i) => name === spelling && !taken.has(i));
      if (index < 0) continue;
      at[role] = index;
      taken.add(index);
      break;
    }
  }
  const merge = names.flatMap((name, index) => (taken.has(index) || name === '' ? [] : [index]));
  return { at, names, merge };
}

/** Checks the header of a file. Throws `AudienceSourceError` with what, where and a hint. */
export function planHeader(
  header: readonly string[],
  given: ColumnNames,
  needsExternalId: boolean,
): ColumnPlan {
  const names = header.map((name) => name.normalize('NFC').trim());
  while (names.length > 0 && names.at(-1) === '') names.pop();
  const unnamed = names.indexOf('');
  if (unnamed >= 0)
    throw new AudienceSourceError(
      `column ${unnamed + 1} has no name (line 1); give each column a name or delete it`,
    );
  const seen = new Map<string, number>();
  for (const [index, name] of names.entries()) {
    if (name.includes('\uFFFD')) {
      throw new AudienceSourceError(
        `the name of column ${index + 1} is not UTF-8 (line 1); save the file as UTF-8, or set encoding: windows-1252`,
      );
    }
    if (name.includes('\0'))
      throw new AudienceSourceError(
        `the name of column ${index + 1} has a NUL byte (line 1); is this a text file?`,
      );
    const key = name.toLowerCase();
    const first = seen.get(key);
    if (first !== undefined) {
      throw new AudienceSourceError(
        `columns ${first + 1} and ${index + 1} are both named "${name}" (line 1); rename or delete one of them`,
      );
    }
    seen.set(key, index);
  }
  const plan = planColumns(names, given, true);
  if (plan.at.externalId === undefined && needsExternalId) {
    throw new AudienceSourceError(
      `no column holds the id of a person (line 1 has ${list(names)}); if line 1 is a person, add a header line, else name the column with columns.externalId`,
    );
  }
  if (plan.at.email === undefined && plan.at.line1 === undefined) {
    throw new AudienceSourceError(
      `neither an e-mail nor an address column was found (line 1 has ${list(names)}); name them with columns.email or columns.line1, city, region, postalCode`,
    );
  }
  return plan;
}

function list(names: readonly string[]): string {
  const shown = names
    .slice(0, 12)
    .map((name) => `"${name.length > 40 ? `${name.slice(0, 40)}…` : name}"`);
  return names.length > 12
    ? `${shown.join(', ')} and ${names.length - 12} more`
    : shown.join(', ') || 'no columns';
}
