/** Which column of a list stands for what: by its heading, or as the campaign file says. */
import { AudienceSourceError } from '@postrider/core/ports';
import { z } from 'zod';
import { addressColumns } from './address-columns.ts';
import type { AddressHeading, Fault } from './address-faults.ts';
import { misleading } from './exports.ts';
import { fold, type Heading } from './headings.ts';
import { headingsOf } from './loose-headings.ts';
import { literally } from './literally.ts';
import { mailColumns, markColumns, mayForbidMail, type MailColumn } from './mail-columns.ts';
import { named } from './named-columns.ts';
import {
  addressRoles,
  idSpellings,
  ownEmails,
  personsEmails,
  type AddressRole,
} from './spellings.ts';

/** What is printed. */
export const nameAndAddress = [
  'firstName',
  'lastNamePrefix',
  'lastName',
  'name',
  ...addressRoles,
] as const;

/** What a column may stand for. A column without a role is merge data. */
export const roles = ['externalId', 'email', ...nameAndAddress] as const;
export type Role = (typeof roles)[number];

/** Several columns may say that somebody is not to be mailed: each of them counts. */
export const columnRoles = [...roles, 'doNotMail'] as const;
export type CellRole = (typeof columnRoles)[number];

/**
 * Column names as in the header; `null` switches the guess off, and the column becomes merge data.
 */
export const columnsOption = z.partialRecord(z.enum(columnRoles), z.string().min(1).nullable());
export type ColumnNames = z.infer<typeof columnsOption>;

/** Columns of which nothing is guessed; `*` stands for any letters. */
export const ignoreOption = z.array(z.string().min(1));

/** Where each role stands in a row, and which cells are merge data. */
export interface ColumnPlan {
  readonly at: Readonly<Partial<Record<Role, number>>>;
  /** Column names by position; a blank name is an unnamed trailing column. */
  readonly names: readonly string[];
  readonly merge: readonly number[];
  /** Which columns say whether mail may go to the person. */
  readonly mail: readonly MailColumn[];
  /** In which columns a mark may stand that forbids mail. */
  readonly marks: readonly number[];
  /** The street column holds the whole address: there is none for city and postal code. */
  readonly whole: boolean;
  /** Of columns without a role, why they are no part of the address, by position. */
  readonly remarks: ReadonlyMap<number, string>;
  /** Further e-mails of the same person: merge data, and an opt-out of one counts. */
  readonly otherEmails: readonly number[];
  /** Why nobody can tell what the columns are; the first of several. */
  readonly fault: Fault | null;
}

/** A column that the campaign names and this row does not have. */
const nowhere = -1;

/** The name of a role's column; null where no column has it. */
export function columnOf(plan: ColumnPlan, role: Role): string | null {
  const index = plan.at[role];
  return index === undefined ? null : (plan.names[index] ?? null);
}

/** The same, and the role itself where no column has it: what a reject calls it. */
export function columnName(plan: ColumnPlan, role: Role): string {
  return columnOf(plan, role) ?? role;
}

export interface ColumnOptions {
  readonly columns: ColumnNames;
  readonly ignore: readonly string[];
}

/**
 * @param strict a name given in the options must be there (a file with a header); otherwise its
 * cells count as blank (NDJSON, where each line may have other keys).
 */
export function planColumns(
  names: readonly string[],
  { columns: given, ignore }: ColumnOptions,
  strict: boolean,
): ColumnPlan {
  const told = givenColumns(names, given, strict);
  const ignored = ignore.map(asPattern);
  const off = misleading(names);
  const taken = new Set(told.values());
  const isIgnored = (name: string) => ignored.some((one) => one.test(name));
  const namedAt = columnOfMail(names, given, strict);
  const mail = mailColumns(names, {
    namedAt,
    isFree: (index) => given.doNotMail !== null && !taken.has(index),
    isIgnored,
  });
  const isOfMail = new Set(mail.map(({ index }) => index));
  const open = names.flatMap((name, index) =>
    taken.has(index) || isOfMail.has(index) || off.has(index) || name === '' || isIgnored(name)
      ? []
      : [index],
  );
  const headings = headingsOf(names);
  const isForAddress = (index: number) => open.includes(index) || taken.has(index);
  const address = addressColumns(
    addressHeadings(names, headings, isForAddress),
    givenAddress(given, told),
    names,
  );
  const at: Partial<Record<Role, number>> = Object.fromEntries(
    [...told, ...Object.entries(address.at)].filter(([, index]) => index !== nowhere),
  );
  const free = open.filter((index) => !Object.values(at).includes(index));
  if (given.externalId === undefined) set('externalId', idColumn(names, free));
  // The e-mail may be the id as well.
  if (given.email === undefined)
    set('email', emailColumn([...free, ...[told.get('externalId') ?? []].flat()]));
  const parts = (['firstName', 'lastNamePrefix', 'lastName', 'name'] as const).filter(
    (part) => given[part] === undefined,
  );
  const plain = parts.some((part) => find(part, free, '') !== undefined);
  for (const part of parts) set(part, find(part, free, plain ? '' : address.group));
  nameAsFamilyName();
  const used = new Set([...Object.values(at), ...mail.map(({ index }) => index)]);
  const otherEmails = free.filter(
    (index) =>
      !used.has(index) && at.email !== undefined && isEmailOf(ownEmails, headings[index] ?? null),
  );
  return {
    at,
    names,
    otherEmails,
    mail,
    marks: given.doNotMail === null ? [] : markColumns(names, isIgnored),
    merge: names.flatMap((name, index) => (used.has(index) || name === '' ? [] : [index])),
    whole:
      at.line1 !== undefined &&
      (['city', 'postalCode', 'line2', 'houseNumber'] as const).every(
        (role) => at[role] === undefined && given[role] === undefined,
      ),
    remarks: new Map([
      ...remarksOfMail(),
      ...address.remarks,
      ...remarksOfEmails(),
      ...otherEmails.map((index): [number, string] => [
        index,
        'a further e-mail of the person, by which an opt-out counts',
      ]),
    ]),
    fault: address.fault,
  };

  /** Vorname, Name: a given name and a family name. */
  function nameAsFamilyName(): void {
    const [first = -1, whole = -1] = [at.firstName, at.name];
    if (!/^(?:vorname|prenom|voornaam)$/.test(headings[first]?.key ?? '')) return;
    const isTold = given.lastName !== undefined || given.name !== undefined;
    if (at.lastName !== undefined || isTold || whole < 0) return;
    at.lastName = whole;
    delete at.name;
  }

  function remarksOfMail(): [number, string][] {
    if (given.doNotMail === null) return [];
    return names.flatMap((name, index): [number, string][] =>
      used.has(index) || isIgnored(name) || !mayForbidMail(name)
        ? []
        : [[index, 'nobody is kept out by it: if it forbids post, columns: { doNotMail: … }']],
    );
  }

  function remarksOfEmails(): [number, string][] {
    if (at.email !== undefined || given.email !== undefined) return [];
    return free.flatMap((index): [number, string][] =>
      headings[index]?.part === 'email'
        ? [[index, 'somebody else’s, as it says: if it is the person’s, columns: { email: … }']]
        : [],
    );
  }

  function set(role: Role, index: number | undefined): void {
    if (index !== undefined) at[role] = index;
  }

  function find(part: Heading['part'], among: readonly number[], group: string) {
    const found = among.filter(
      (index) => headings[index]?.part === part && headings[index]?.group === group,
    );
    return found.toSorted((a, b) => (headings[a]?.rank ?? 0) - (headings[b]?.rank ?? 0))[0];
  }

  /** Its heading names nobody, else it is of this address, else it is not somebody else's. */
  function emailColumn(among: readonly number[]): number | undefined {
    return (
      find('email', among, '') ??
      find('email', among, address.group) ??
      among.find((index) => isEmailOf(personsEmails, headings[index] ?? null))
    );
  }
}

/** The column that the campaign names for it; -1: none. */
function columnOfMail(names: readonly string[], given: ColumnNames, strict: boolean): number {
  const { doNotMail } = given;
  return typeof doNotMail === 'string' ? columnAt(names, doNotMail, 'doNotMail', strict) : nowhere;
}

function addressHeadings(
  names: readonly string[],
  headings: readonly (Heading | null)[],
  isForAddress: (index: number) => boolean,
): AddressHeading[] {
  return names.flatMap((name, index): AddressHeading[] => {
    const heading = headings[index] ?? null;
    return heading !== null &&
      isAddressPart(heading) &&
      !isId.has(fold(name)) &&
      isForAddress(index)
      ? [{ ...heading, index }]
      : [];
  });
}

/** Where the parts of an address stand that the campaign names; null: it says that none has it. */
function givenAddress(
  given: ColumnNames,
  told: ReadonlyMap<Role, number>,
): Readonly<Partial<Record<AddressRole, number | null>>> {
  return Object.fromEntries(
    addressRoles.flatMap((role): [AddressRole, number | null][] => {
      const name = given[role];
      return name === undefined ? [] : [[role, told.get(role) ?? (name === null ? null : nowhere)]];
    }),
  );
}

/** Whether it is an e-mail before which only some words stand. */
function isEmailOf(words: ReadonlySet<string>, heading: Heading | null): boolean {
  return (
    heading?.part === 'email' &&
    heading.group.split(' ').every((word) => word === '' || words.has(word))
  );
}

function isAddressPart({ part }: Heading): boolean {
  return part === 'other' || (addressRoles as readonly string[]).includes(part);
}

const isId = new Set(idSpellings.split(' '));

function idColumn(names: readonly string[], free: readonly number[]): number | undefined {
  const folded = names.map(fold);
  for (const spelling of idSpellings.split(' ')) {
    const index = free.find((one) => folded[one] === spelling);
    if (index !== undefined) return index;
  }
  return undefined;
}

function givenColumns(
  names: readonly string[],
  given: ColumnNames,
  strict: boolean,
): ReadonlyMap<Role, number> {
  const told = new Map<Role, number>();
  for (const role of roles) {
    const name = given[role];
    if (typeof name !== 'string') continue;
    const index = columnAt(names, name, role, strict);
    if (index >= 0) told.set(role, index);
  }
  return told;
}

/** Where a column stands that the campaign names; -1: nowhere. */
function columnAt(names: readonly string[], name: string, role: CellRole, strict: boolean): number {
  let index = names.indexOf(name.normalize('NFC').trim());
  if (index < 0 && fold(name) !== '') index = names.map(fold).indexOf(fold(name));
  if (index < 0 && strict)
    throw new AudienceSourceError(
      `there is no column "${name}" for ${role} (line 1); the columns are ${named(names)}`,
    );
  return index;
}

function asPattern(ignored: string): RegExp {
  const text = ignored.normalize('NFC').trim();
  const parts = text.split('*').map(literally);
  return new RegExp(`^${parts.join('.*')}$`, 'iu');
}
