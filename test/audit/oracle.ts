/**
 * Who is to get a card, from the input files alone.
 *
 * This is the audit's own opinion: it reads the audience, the suppressions and the look-up of
 * addresses, and says of each row how it must end. It never sees the database, nor any code of the
 * pipeline. The rules are those of the campaign file of the example: one card for each household,
 * ten per cent held back, suppressions by e-mail, id or address.
 *
 * Rows are judged in the order of the file. A person who was let in before counts for the duplicate
 * rule, whatever became of him afterwards: a suppressed person's household does not get a card
 * through the next name in the file. E-mail-only rows meet the household rules later, when the
 * look-up has answered, so they are judged in a second pass.
 */
import { isAnother, type Keys } from './same-id.ts';
import { byColumn, readTable, type CsvRecord, type CsvTable } from './csv.ts';
import { householdKey, isHeldBack, type Holdout, type WrittenAddress } from './household-key.ts';

export type End =
  | 'received'
  | 'skipped'
  | 'blacklisted'
  | 'holdout'
  | 'invalid'
  | 'repeated'
  | 'conflicting';

export interface Verdict {
  /** The line of the file that the record begins on; the header is line 1. */
  readonly row: number;
  readonly customerId: string;
  readonly ends: End;
  readonly reason: string | null;
  readonly card: boolean;
  /** What the QR code of the card leads to; blank where the row has none. */
  readonly promoCode: string;
  /** What must stand on the card; null where the row cannot be read or no address is known. */
  readonly recipient: Recipient | null;
}

export interface Recipient {
  readonly firstName: string;
  readonly lastName: string;
  readonly address: WrittenAddress;
}

export interface OracleInput {
  /** The text of the files. */
  readonly customers: string;
  readonly suppressions: string;
  readonly addresses: string;
  readonly holdout: Holdout;
  /** Only so many data rows of the audience; null for all. */
  readonly rows: number | null;
}

export const CUSTOMER_COLUMNS = [
  'customer_id',
  'email',
  'first_name',
  'last_name',
  'address1',
  'address2',
  'city',
  'state',
  'zip',
  'country',
  'favorite',
  'promo_code',
] as const;
const SUPPRESSION_COLUMNS = [
  'email',
  'external_id',
  'line1',
  'line2',
  'city',
  'region',
  'postal_code',
  'country',
  'reason',
];
const LOOKUP_COLUMNS = ['email', 'line1', 'line2', 'city', 'region', 'postal_code', 'country'];

interface Judged {
  row: number;
  customerId: string;
  ends: End;
  reason: string | null;
  promoCode: string;
  recipient: Recipient | null;
}

// States whose ZIPs begin with a zero, and PR and AE which count as such. Elsewhere a ZIP of four
// digits lost its last one, and nobody knows which.
const ZERO_STATES = /^(CT|MA|ME|NH|NJ|NY|PR|RI|VI|VT|AE)$/;

/** A ZIP as it must be printed, with the zeros that a spreadsheet took; null where it is no ZIP. */
export function printableZip(written: string, state: string): string | null {
  const match = /^(\d{5}|\d{3,4})(?:-?(\d{4}))?$/.exec(written.replaceAll(' ', ''));
  const base = match?.[1];
  if (match === null || base === undefined || Number(base) === 0) return null;
  if (base.length < 5 && !ZERO_STATES.test(state.toUpperCase())) return null;
  return base.padStart(5, '0') + (match[2] === undefined ? '' : `-${match[2]}`);
}

const NAME_AND_ADDRESS = [
  'customer_id',
  'first_name',
  'last_name',
  'address1',
  'address2',
  'city',
  'state',
  'zip',
  'country',
];
const ADDRESS = ['address1', 'address2', 'city', 'state', 'zip'];
/** Longest field that can be meant. */
const LONGEST = 200;

/**
 * The first rule that a row breaks, in the order in which a reader meets them; null for a row that
 * can be used.
 */
function faultOf(table: CsvTable, record: CsvRecord): string | null {
  const width = table.columns.length;
  if (
    record.fields.length < width ||
    record.fields.slice(width).some((field) => field.trim() !== '')
  )
    return 'wrong_number_of_fields';
  const field = trimmed(table, record);
  // Merge data decides about nobody.
  const person = ['customer_id', 'email', ...NAME_AND_ADDRESS].map(field);
  if (person.some((value) => value.includes('\0'))) return 'nul_byte';
  if (person.some((value) => value.includes('\uFFFD'))) return 'bad_encoding';
  if (person.some((value) => value.length > LONGEST)) return 'too_long';
  if (field('customer_id') === '') return 'missing_external_id';
  // Merge data may have line breaks; a name or an address is one line, and nothing invisible
  // belongs into it.
  if (NAME_AND_ADDRESS.some((column) => /[\p{Cc}\u2028-\u202e\u2066-\u2069]/u.test(field(column))))
    return 'control_character';
  if (ADDRESS.every((column) => field(column) === '')) {
    if (field('email') === '') return 'no_email_no_address';
    return emailOf(field) === '' ? 'bad_email' : null;
  }
  if (['address1', 'city', 'state'].some((column) => field(column) === ''))
    return 'incomplete_address';
  return printableZip(field('zip'), field('state')) === null ? 'bad_postal_code' : null;
}

/**
 * In lower case, as duplicates and suppressions compare it; blank where it is no e-mail address.
 */
function emailOf(field: (column: string) => string): string {
  return /^[^\s@]+@[^\s@]+\.[^\s@.]+$/.test(field('email')) ? field('email').toLowerCase() : '';
}

/**
 * Quotes around a whole cell of name or address are a spreadsheet's, and not printed
 * (docs/reference/lists.md).
 */
function trimmed(table: CsvTable, record: CsvRecord): (column: string) => string {
  const values = byColumn(table, record);
  return (column) => {
    const value = (values[column] ?? '').normalize('NFC').trim();
    return column === 'favorite' ? value : value.replace(/^"([^"]+)"$/, '$1');
  };
}

class DoNotMail {
  readonly #emails = new Set<string>();
  readonly #ids = new Set<string>();
  readonly #households = new Set<string>();

  constructor(text: string) {
    const table = readTable(text, SUPPRESSION_COLUMNS, 'suppressions');
    for (const record of table.records) {
      const field = trimmed(table, record);
      if (field('email') !== '') this.#emails.add(field('email').toLowerCase());
      if (field('external_id') !== '') this.#ids.add(field('external_id'));
      if (field('line1') !== '') this.#households.add(householdKey(lookedUp(field)));
    }
  }

  person(email: string, id: string): boolean {
    return this.#emails.has(email) || this.#ids.has(id);
  }

  household(key: string): boolean {
    return this.#households.has(key);
  }
}

function lookedUp(field: (column: string) => string): WrittenAddress {
  return {
    line1: field('line1'),
    line2: field('line2'),
    city: field('city'),
    region: field('region'),
    postalCode: printableZip(field('postal_code'), field('region')) ?? field('postal_code'),
    country: field('country') || 'US',
  };
}

/** How every row of the audience must end. Throws `CsvError` where a file cannot be read. */
export function judge(input: OracleInput): Verdict[] {
  const table = readTable(input.customers, CUSTOMER_COLUMNS, 'customers');
  const doNotMail = new DoNotMail(input.suppressions);
  const found = new Map<string, WrittenAddress>();
  const lookup = readTable(input.addresses, LOOKUP_COLUMNS, 'addresses');
  for (const record of lookup.records) {
    const field = trimmed(lookup, record);
    found.set(field('email').toLowerCase(), lookedUp(field));
  }

  const ids = new Map<string, Keys>();
  const emails = new Set<string>();
  const households = new Set<string>();
  const toLookUp: { judged: Judged; email: string; address: WrittenAddress | undefined }[] = [];
  const all: Judged[] = [];

  const byHousehold = (judged: Judged, household: string): void => {
    if (doNotMail.household(household)) end(judged, 'blacklisted', 'suppressed');
    else if (isHeldBack(input.holdout, household)) end(judged, 'holdout', 'holdout');
  };

  for (const record of input.rows === null ? table.records : table.records.slice(0, input.rows)) {
    const field = trimmed(table, record);
    const judged: Judged = {
      row: record.line,
      customerId: field('customer_id'),
      ends: 'received',
      reason: null,
      promoCode: field('promo_code'),
      recipient: null,
    };
    all.push(judged);
    const fault = faultOf(table, record);
    if (fault !== null) {
      end(judged, 'invalid', fault);
      continue;
    }
    const email = emailOf(field);
    const person = { firstName: field('first_name'), lastName: field('last_name') };
    const written: WrittenAddress = {
      line1: field('address1'),
      line2: field('address2'),
      city: field('city'),
      region: field('state'),
      postalCode: printableZip(field('zip'), field('state')) ?? '',
      country: field('country') || 'US',
    };
    const household = written.line1 === '' ? null : householdKey(written);
    const name = `${person.firstName} ${person.lastName}`.toLowerCase().trim();
    const keys = { email, household: household ?? '', name };
    const first = ids.get(judged.customerId);
    if (first !== undefined) {
      if (isAnother(first, keys)) end(judged, 'conflicting', 'conflicting_id');
      else end(judged, 'repeated', 'repeated');
      continue;
    }
    ids.set(judged.customerId, keys);
    const seen =
      (email !== '' && emails.has(email)) || (household !== null && households.has(household));
    if (email !== '') emails.add(email);
    if (household !== null) {
      households.add(household);
      judged.recipient = { ...person, address: written };
    }
    if (seen) end(judged, 'skipped', 'duplicate');
    else if (doNotMail.person(email, judged.customerId)) end(judged, 'blacklisted', 'suppressed');
    else if (household !== null) byHousehold(judged, household);
    else {
      const address = found.get(email);
      if (address !== undefined) judged.recipient = { ...person, address };
      toLookUp.push({ judged, email, address });
    }
  }

  for (const { judged, address } of toLookUp) {
    if (address === undefined) {
      end(judged, 'skipped', 'no_address');
      continue;
    }
    const household = householdKey(address);
    if (households.has(household)) end(judged, 'skipped', 'duplicate');
    else byHousehold(judged, household);
    households.add(household);
  }
  return all.map((judged) => ({ ...judged, card: judged.ends === 'received' }));
}

function end(judged: Judged, ends: End, reason: string): void {
  judged.ends = ends;
  judged.reason = reason;
}
