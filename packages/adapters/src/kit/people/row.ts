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
import { addressParts, type AddressParts, type PartFault } from './address-lines.ts';
import { readCells, wrongNumberOfFields, type CellFault } from './cells.ts';
import { columnName, columnOf, nameAndAddress, type ColumnPlan, type Role } from './column-plan.ts';
import { readDoNotMail } from './do-not-mail.ts';
import { readMarks } from './mail-marks.ts';
import { isRounded } from './long-numbers.ts';
import { emailNote, furtherEmails } from './further-emails.ts';
import { nameOf } from './names.ts';
import { control, tellableId } from './plain-text.ts';
import { quote } from './quote.ts';
import { spreadsheetFault } from './spreadsheet-words.ts';

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

export function readRow(plan: ColumnPlan, row: Row, rules: RowRules): RowResult {
  const meant = asMeant(plan, row, rules);
  const unusable = ofBrokenCells(meant) ?? ofId(meant) ?? ofNameOrAddress(meant);
  if (unusable !== null) return unusable;

  const { notes, at } = meant;
  const address = readAddress(plan, at, rules.defaultCountry);
  if ('fault' in address) return refuse(meant, address.fault);
  notes.push(...(address.notes ?? []));

  const emails = emailsOf(meant);
  notes.push(...emails.notes);
  if (address.value === null && emails.all.length === 0)
    return refuse(meant, outOfReach(meant, emails.unread));
  const unreadNote = emailNote(columnName(plan, 'email'), at('email'), emails);
  if (unreadNote !== null) notes.push(unreadNote);

  return { member: memberOf(meant, address.value, emails.all) };
}

type Said = Pick<Member, 'doNotMail' | 'doNotMailBecause'>;

/** A row whose cells are read; whether they make a person is decided after that. */
interface MeantRow {
  readonly plan: ColumnPlan;
  readonly rules: RowRules;
  readonly line: number;
  readonly values: readonly string[];
  /** Cells of merge data that are left out. */
  readonly left: ReadonlySet<number>;
  /** The cell of a role, its address taken apart; blank where there is none. */
  readonly at: AddressParts['at'];
  readonly faults: { readonly ofCell: CellFault | null; readonly ofAddress: PartFault | null };
  /** What the row says of mail to its person; false: nothing that forbids it. */
  readonly forbidden: Said | false;
  readonly notes: Note[];
}

function asMeant(plan: ColumnPlan, { cells, line, without = [] }: Row, rules: RowRules): MeantRow {
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
  const said = [readDoNotMail(plan.mail, plan.names, values), readMarks(plan, values)];
  const because = said.flatMap((one) => one.because ?? []);
  return {
    plan,
    rules,
    line,
    values,
    left,
    at: parts.at,
    faults: { ofCell: fault, ofAddress: parts.fault },
    forbidden: because.length > 0 && { doNotMail: true, doNotMailBecause: because.join('; ') },
    notes: [...notes, ...parts.notes, ...said.flatMap((one) => one.notes)],
  };
}

function ofBrokenCells(row: MeantRow): RowResult | null {
  const { plan, values, at, faults } = row;
  const message = wrongNumberOfFields(plan.names.length, values);
  if (message !== null)
    return reject(row, { column: null, reason: 'wrong_number_of_fields', message });
  const fault = faults.ofCell;
  if (fault === null) return null;
  const id = at('externalId');
  const isOfId = fault.column === columnOf(plan, 'externalId');
  return isOfId || tellableId(id) === null || isRounded(id)
    ? reject(row, fault)
    : refuse(row, fault);
}

function ofId(row: MeantRow): RowResult | null {
  const id = row.at('externalId');
  const column = columnName(row.plan, 'externalId');
  if (id === '' && row.rules.needsExternalId)
    return reject(row, {
      column,
      reason: 'missing_external_id',
      message: `Column "${column}" is blank: without an id the person cannot be told from others.`,
    });
  if (control.test(id)) return reject(row, controlFault(row, 'externalId'));
  if (isRounded(id))
    return lostId(row, {
      reason: 'rounded_id',
      why: 'has an id that a spreadsheet has rounded',
      help: 'Others may have the same now; export the list with the column as text.',
    });
  const noId = row.rules.machineWords === 'keep' ? null : spreadsheetFault(id);
  return noId === null
    ? null
    : lostId(row, {
        reason: 'machine_word',
        why: noId,
        help: 'It is no id; export the list again.',
      });
}

/** The person has another id than before, so that the list does not tell who has left. */
function lostId(
  row: MeantRow,
  { reason, why, help }: { readonly reason: string; readonly why: string; readonly help: string },
): RowResult {
  const column = columnName(row.plan, 'externalId');
  const what = `Column "${column}" ${why}`;
  const id = quote(row.at('externalId'));
  return {
    ...reject(row, { column, reason, message: `${what}: ${id}. ${help}` }),
    incomplete: `${what} (row ${row.line}: ${id}), so nobody was taken as having left`,
  };
}

function ofNameOrAddress(row: MeantRow): RowResult | null {
  const { plan, values, at, faults } = row;
  const broken = nameAndAddress.find((role) => control.test(at(role)));
  if (broken !== undefined) return refuse(row, controlFault(row, broken));
  const unclear = plan.fault?.indexes.find((index) => (values[index] ?? '') !== '');
  if (plan.fault !== null && unclear !== undefined)
    return refuse(row, {
      column: plan.names[unclear] ?? null,
      reason: plan.fault.reason,
      message: `${upperFirst(plan.fault.message)}.`,
    });
  return faults.ofAddress === null ? null : refuse(row, faults.ofAddress);
}

function controlFault({ plan, at }: MeantRow, role: Role): Note {
  const column = columnName(plan, role);
  return {
    column,
    reason: 'control_character',
    message: `Column "${column}" has a line break or another character that cannot be printed: ${quote(at(role))}.`,
  };
}

/** All e-mails of a person, each once, and what could not be read of the cells. */
function emailsOf({ plan, values, at }: MeantRow) {
  const { addresses, unread } = readEmails(at('email'));
  const further = furtherEmails(plan, values);
  const read = [...addresses, ...further.addresses];
  const all = read.filter(
    (one, nth) => read.findIndex((other) => emailKey(other) === emailKey(one)) === nth,
  );
  return { all, addresses, unread, notes: further.notes };
}

/** @param unread what stands in the e-mail cell and is no address. */
function outOfReach({ plan, at }: MeantRow, unread: string | null): Note {
  if (unread === null)
    return {
      column: null,
      reason: 'no_email_no_address',
      message: 'There is neither an e-mail nor an address: nothing could be sent or looked up.',
    };
  const column = columnName(plan, 'email');
  return {
    column,
    reason: 'bad_email',
    message: `Column "${column}" is not an e-mail address and there is no postal address: ${quote(at('email'))}.`,
  };
}

function memberOf(
  { plan, line, values, left, at, forbidden, notes }: MeantRow,
  address: Member['address'],
  emails: readonly string[],
): Member {
  return {
    row: line,
    externalId: at('externalId'),
    ...emailFields(emails),
    ...nameOf(at),
    address,
    // fromEntries, because a column may be named __proto__.
    merge: Object.fromEntries(
      plan.merge.flatMap((index) =>
        left.has(index) ? [] : [[plan.names[index] ?? '', values[index] ?? '']],
      ),
    ),
    ...forbidden,
    ...(notes.length > 0 && { notes }),
  };
}

function emailFields([first, ...others]: readonly string[]): Pick<Member, 'email' | 'otherEmails'> {
  return { email: first ?? null, ...(others.length > 0 && { otherEmails: others }) };
}

/** A reject, unless the row forbids mail: that is told by the id, whatever else cannot be used. */
function refuse(row: MeantRow, fault: Note): RowResult {
  const { forbidden, rules, at, notes } = row;
  if (forbidden === false || !rules.needsExternalId) return reject(row, fault);
  const { column, reason, message } = fault;
  return {
    member: {
      row: row.line,
      externalId: at('externalId'),
      ...emailFields(readEmails(at('email')).addresses),
      firstName: null,
      lastName: null,
      address: null,
      merge: {},
      ...forbidden,
      notes: [...notes, { column, reason, message }],
    },
  };
}

function reject(row: MeantRow, { column, reason, message }: Note): { readonly reject: Reject } {
  // What counts as blank is not blank to whom it is told.
  const word = row.notes.find((note) => note.reason === 'machine_word' && note.column === column);
  return {
    reject: {
      row: row.line,
      column,
      reason,
      message: word === undefined ? message : `${message} ${word.message}`,
      externalId: tellableId(row.at('externalId')),
    },
  };
}

function upperFirst(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
