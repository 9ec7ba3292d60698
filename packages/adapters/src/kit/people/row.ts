/**
 * One row of a file becomes a member or a reject, never nothing. Shared by CSV and NDJSON.
 *
 * The checks run from the most to the least damaged: bytes first (NUL, encoding, length), then who
 * it is, then where they live. A row with a good address and a bad e-mail stays a member without
 * e-mail: the card can be posted, and dropping the person for a field that is not needed would be
 * the silent loss this house does not allow.
 */
import { emailKey, readEmails } from '@postrider/core/ports';
import type { Member, Note, Reject } from '@postrider/core/ports';
import { readAddress } from './address.ts';
import { addressParts } from './address-lines.ts';
import { maxLength, readCells } from './cells.ts';
import { columnName, columnOf, nameAndAddress } from './columns.ts';
import type { ColumnPlan, Role } from './columns.ts';
import { readDoNotMail } from './do-not-mail.ts';
import { readMarks } from './mail-marks.ts';
import { isRounded } from './long-numbers.ts';
import { emailNote, furtherEmails } from './further-emails.ts';
import { quote } from './quote.ts';
import { spreadsheetFault } from './spreadsheet-words.ts';
import { splitName } from './whole-name.ts';

// A control character, a line separator or a bidirectional override changes what is printed without
// being seen.
const control = /[\u0000-\u001F\u007F-\u009F\u2028\u2029\u202A-\u202E\u2066-\u2069]/;
/** Whether a card can be printed with it and a database takes it. */
export function isPlain(value: string): boolean {
  return value.length <= maxLength && !control.test(value) && value.isWellFormed();
}
export type RowResult =
  | { readonly member: Member }
  | {
      readonly reject: Reject;
      /** Why this is a sign that people of the list are not told, as a sentence. */
      readonly incomplete?: string;
    };

export interface RowRules {
  readonly defaultCountry: string;
  /** A look-up file needs no id of its own. */
  readonly needsExternalId: boolean;
  /** Whether words of machines are taken as they stand. */
  readonly machineWords: 'refuse' | 'keep';
}

/** Which rows of which file are read, and for what. */
export interface RowReading {
  readonly path: string;
  /** Of a file with a segment column: rows of this segment alone. */
  readonly segmentId: string;
  readonly needsExternalId: boolean;
  /** Called with each set of columns as it is met. */
  readonly onPlan?: (plan: ColumnPlan) => void;
}

/** A cell of merge data that is left out: a template that needs it fails for this person. */
export interface LeftOut extends Note {
  readonly cell: number;
}

export interface Row {
  readonly cells: readonly string[];
  /** The line of the file that it begins on. */
  readonly line: number;
  readonly without?: readonly LeftOut[];
}

export function readRow(
  plan: ColumnPlan,
  { cells, line: row, without = [] }: Row,
  rules: RowRules,
): RowResult {
  const cut = new Set(without.map(({ cell }) => cell));
  const { values, left, notes, fault } = readCells(
    plan,
    cells.map((cell, index) => (cut.has(index) ? '' : cell)),
    rules.machineWords === 'keep',
  );
  for (const { cell, column, reason, message } of without) {
    left.add(cell);
    notes.push({ column, reason, message });
  }
  const cellOf = (role: Role): string => {
    const index = plan.at[role];
    return index === undefined ? '' : (values[index] ?? '');
  };
  const parts = addressParts(plan, cellOf, rules.defaultCountry);
  const { at } = parts;
  notes.push(...parts.notes);
  const externalId = at('externalId');
  const tellable = tellableId(externalId);
  const said = [readDoNotMail(plan.mail, plan.names, values), readMarks(plan, values)];
  notes.push(...said.flatMap((one) => one.notes));
  const because = said.flatMap((one) => one.because ?? []);
  const forbidden = because.length > 0 && {
    doNotMail: true,
    doNotMailBecause: because.join('; '),
  };
  const reject = (column: string | null, reason: string, message: string): { reject: Reject } => {
    // What counts as blank is not blank to whom it is told.
    const word = notes.find((note) => note.reason === 'machine_word' && note.column === column);
    const told = word === undefined ? message : `${message} ${word.message}`;
    return { reject: { row, column, reason, message: told, externalId: tellable } };
  };

  const fields = wrongNumberOfFields(plan.names.length, values);
  if (fields !== null) return reject(null, 'wrong_number_of_fields', fields);
  if (fault !== null)
    return (
      fault.column === columnOf(plan, 'externalId') || tellable === null || isRounded(externalId)
        ? reject
        : refuse
    )(fault.column, fault.reason, fault.message);
  if (externalId === '' && rules.needsExternalId) {
    const column = columnName(plan, 'externalId');
    return reject(
      column,
      'missing_external_id',
      `Column "${column}" is blank: without an id the person cannot be told from others.`,
    );
  }
  if (control.test(externalId)) return controlReject('externalId');
  if (isRounded(externalId))
    return lostId(
      'rounded_id',
      'has an id that a spreadsheet has rounded',
      'Others may have the same now; export the list with the column as text.',
    );
  const noId = rules.machineWords === 'keep' ? null : spreadsheetFault(externalId);
  if (noId !== null) return lostId('machine_word', noId, 'It is no id; export the list again.');
  for (const role of nameAndAddress) if (control.test(at(role))) return controlReject(role);

  const unclear = plan.fault?.indexes.find((index) => (values[index] ?? '') !== '');
  if (plan.fault !== null && unclear !== undefined)
    return refuse(
      plan.names[unclear] ?? null,
      plan.fault.reason,
      `${upperFirst(plan.fault.message)}.`,
    );
  if (parts.fault !== null)
    return refuse(parts.fault.column, parts.fault.reason, parts.fault.message);
  const address = readAddress(plan, at, rules.defaultCountry);
  if ('fault' in address) {
    const { column, reason, message } = address.fault;
    return refuse(column, reason, message);
  }
  notes.push(...(address.notes ?? []));
  const cell = at('email');
  const { addresses: own, unread } = readEmails(cell);
  const further = furtherEmails(plan, values);
  notes.push(...further.notes);
  const addresses = [...own, ...further.addresses];
  const [email = null, ...otherEmails] = addresses.filter(
    (one, nth) => addresses.findIndex((other) => emailKey(other) === emailKey(one)) === nth,
  );
  if (address.value === null && email === null) {
    if (unread === null) {
      return refuse(
        null,
        'no_email_no_address',
        'There is neither an e-mail nor an address: nothing could be sent or looked up.',
      );
    }
    const column = columnName(plan, 'email');
    return refuse(
      column,
      'bad_email',
      `Column "${column}" is not an e-mail address and there is no postal address: ${quote(cell)}.`,
    );
  }

  const unreadNote = emailNote(columnName(plan, 'email'), cell, { addresses: own, unread });
  if (unreadNote !== null) notes.push(unreadNote);

  let firstName = at('firstName');
  let lastName = withPrefix(at('lastNamePrefix'), at('lastName'));
  if (firstName === '' && lastName === '') [firstName, lastName] = splitName(at('name'));
  return {
    member: {
      row,
      externalId,
      email,
      ...(otherEmails.length > 0 && { otherEmails }),
      firstName: firstName === '' ? null : firstName,
      lastName: lastName === '' ? null : lastName,
      address: address.value,
      // fromEntries, because a column may be named __proto__.
      merge: Object.fromEntries(
        plan.merge.flatMap((index) =>
          left.has(index) ? [] : [[plan.names[index] ?? '', values[index] ?? '']],
        ),
      ),
      ...forbidden,
      ...(notes.length > 0 && { notes }),
    },
  };

  /** Who is not to be mailed is told by the id, whatever else of the row cannot be used. */
  function refuse(column: string | null, reason: string, message: string): RowResult {
    if (forbidden === false || !rules.needsExternalId) return reject(column, reason, message);
    const [first = null, ...others] = readEmails(at('email')).addresses;
    return {
      member: {
        row,
        externalId,
        email: first,
        ...(others.length > 0 && { otherEmails: others }),
        firstName: null,
        lastName: null,
        address: null,
        merge: {},
        ...forbidden,
        notes: [...notes, { column, reason, message }],
      },
    };
  }

  /** The person has another id than before, so that the list does not tell who has left. */
  function lostId(reason: string, why: string, help: string): RowResult {
    const column = columnName(plan, 'externalId');
    const what = `Column "${column}" ${why}`;
    return {
      ...reject(column, reason, `${what}: ${quote(externalId)}. ${help}`),
      incomplete: `${what} (row ${row}: ${quote(externalId)}), so nobody was taken as having left`,
    };
  }

  function controlReject(role: Role): RowResult {
    const column = columnName(plan, role);
    return (role === 'externalId' ? reject : refuse)(
      column,
      'control_character',
      `Column "${column}" has a line break or another character that cannot be printed: ${quote(at(role))}.`,
    );
  }
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A report is stored too: an id that no database takes is left out of it. */
export function tellableId(id: string | undefined): string | null {
  const value = id?.normalize('NFC').trim() ?? '';
  return value !== '' && isPlain(value) && !value.includes('\uFFFD') ? value : null;
}

/** Blank cells beyond the header are nothing: spreadsheets add them. */
export function wrongNumberOfFields(names: number, values: readonly string[]): string | null {
  if (values.length >= names && values.slice(names).every((value) => value === '')) return null;
  return `The row has ${values.length} fields, the header ${names}.`;
}

/** Van den Berg has the first two words in a column of their own, where lists are sorted by Berg. */
function withPrefix(prefix: string, name: string): string {
  const isThere = name.toLowerCase().startsWith(`${prefix.toLowerCase()} `);
  return prefix === '' || name === '' || isThere ? name : `${prefix} ${name}`;
}
