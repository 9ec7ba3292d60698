/**
 * The cells of a row as they are meant: without the wrappers of spreadsheets, without the words of
 * machines, mended where there is one right value. All that is changed is told.
 *
 * What is printed of a person, or tells who they are, is refused where nobody knows what it should
 * be. A fault in merge data decides about nobody: the reader does not know whether a card uses it.
 * Such a cell is left out, so that a card which needs it fails for this person.
 */
import type { Note } from '@postrider/core/ports';
import type { CellRole, ColumnPlan, Role } from './column-plan.ts';
import {
  hasLostLetters,
  isNothing,
  isNoTown,
  machineFault,
  withoutMachineWords,
} from './machine-words.ts';
import { lookAlike, hasMarkup, isGarbled, mendText, withoutUnseen } from './mended-text.ts';
import { quote } from './quote.ts';
import { unwrap, unwrapFormula } from './wrappers.ts';

/** Of what is printed, or tells who somebody is. */
export const maxLength = 200;
/** Of a cell of merge data: more is no text for a card. */
const maxMergeLength = 1000;

export interface CellFault {
  readonly column: string | null;
  readonly reason: string;
  readonly message: string;
}

export interface ReadCells {
  /** By position; trimmed, in composed form. */
  readonly values: string[];
  /** Positions of merge data that is left out. */
  readonly left: Set<number>;
  readonly notes: Note[];
  readonly fault: CellFault | null;
}

export function readCells(
  plan: ColumnPlan,
  cells: readonly string[],
  keepMachineWords: boolean,
): ReadCells {
  const read: ReadCells = {
    values: cells.map((cell) => cell.normalize('NFC').trim()),
    left: new Set(),
    notes: [],
    fault: null,
  };
  for (const index of plan.merge) if (index < cells.length) leaveOut(plan, read, index);
  const placed = (Object.entries(plan.at) as [Role, number][]).filter(
    ([, at]) => at < cells.length,
  );
  // The first column at fault is the one that is told.
  const [fault = null] = placed
    .toSorted(([, one], [, two]) => one - two)
    .flatMap(([role, index]) => mend(plan, read, { role, index, keepMachineWords }) ?? []);
  if (!keepMachineWords) leaveNoTown(plan, read);
  return { ...read, fault };
}

/** What cannot be stored, or is no text for a card. */
function leaveOut(plan: ColumnPlan, { values, left, notes }: ReadCells, index: number): void {
  const column = plan.names[index] ?? '';
  const value = values[index] ?? '';
  const fault =
    textFault(column, value) ??
    (value.length > maxMergeLength
      ? `Column "${column}" has ${value.length} characters; ` +
        `of merge data at most ${maxMergeLength} are taken`
      : null);
  if (fault === null) {
    const text = unwrapFormula(value);
    if (text !== value) changed(notes, { column, reason: 'unwrapped', was: value, is: text });
    values[index] = text;
    return;
  }
  left.add(index);
  values[index] = '';
  const what = typeof fault === 'string' ? `${fault}.` : fault.message;
  notes.push({ column, reason: 'left_out', message: `${what} The cell was left out.` });
}

function mend(
  plan: ColumnPlan,
  { values, notes }: ReadCells,
  {
    role,
    index,
    keepMachineWords,
  }: { readonly role: Role; readonly index: number; readonly keepMachineWords: boolean },
): CellFault | null {
  const read = readCell(role, {
    column: plan.names[index] ?? '',
    text: values[index] ?? '',
    keepMachineWords,
  });
  values[index] = read.value;
  notes.push(...read.notes);
  return read.fault;
}

/**
 * One cell of a column that has a role: its value, what was changed in it, what is wrong with it.
 */
export function readCell(
  role: CellRole,
  {
    column,
    text,
    keepMachineWords = false,
  }: { readonly column: string; readonly text: string; readonly keepMachineWords?: boolean },
): { readonly value: string; readonly notes: readonly Note[]; readonly fault: CellFault | null } {
  const notes: Note[] = [];
  const cell = text.normalize('NFC').trim();
  const broken = textFault(column, cell);
  if (broken !== null) return { value: cell, notes, fault: broken };
  // Quotes of Word's tags are wrappers, too: «FirstName».
  if (!keepMachineWords && role !== 'email' && role !== 'externalId' && cell.startsWith('«')) {
    const tag = wordFault(role, column, cell);
    if (tag !== null) return { value: cell, notes, fault: tag };
  }
  const unwrapped = role === 'email' ? unwrapFormula(cell) : unwrap(role, cell);
  if (unwrapped !== cell) changed(notes, { column, reason: 'unwrapped', was: cell, is: unwrapped });
  let value = unwrapped;
  // The e-mail has rules of its own, and of an id nothing is mended.
  if (!keepMachineWords && role !== 'email') {
    if (value !== '' && isNothing(role, value)) {
      notes.push(nothingNote(column, value));
      value = '';
    }
    if (role !== 'externalId') value = withoutMachineWords(mendText(value));
  }
  if (role !== 'email') value = withoutUnseen(value).normalize('NFC').trim();
  if (value !== unwrapped && value !== '')
    changed(notes, { column, reason: 'mended', was: unwrapped, is: value });
  const alike = role === 'email' || role === 'externalId' ? null : lookAlike(value);
  if (alike !== null)
    notes.push({
      column,
      reason: 'look_alike_letters',
      message:
        `Column "${column}" has letters of another script among Latin ones that look alike: ` +
        `${quote(alike)}. It is printed as it stands.`,
    });
  const fault =
    textFault(column, value) ??
    tooLong(column, value) ??
    (keepMachineWords || role === 'email' || role === 'externalId'
      ? null
      : wordFault(role, column, value));
  return { value, notes, fault };
}

interface CellChange {
  readonly column: string;
  readonly reason: 'unwrapped' | 'mended';
  readonly was: string;
  readonly is: string;
}

/** A note, unless only blanks of another kind were changed. */
function changed(notes: Note[], { column, reason, was, is }: CellChange): void {
  if (was.replace(/\s/g, ' ') === is) return;
  const message = `Column "${column}" was ${quote(was)} and is read as ${quote(is)}.`;
  notes.push({ column, reason, message });
}

function nothingNote(column: string, value: string): Note {
  const what = `Column "${column}" holds ${quote(value)}`;
  const message = `${what}, a word of a machine, and counts as blank.`;
  return { column, reason: 'machine_word', message };
}

/** A town may be called None, but not where there is no street. */
function leaveNoTown(plan: ColumnPlan, { values, notes }: ReadCells): void {
  const [city, line1] = [plan.at.city, plan.at.line1];
  if (city === undefined || (line1 !== undefined && values[line1] !== '')) return;
  const value = values[city] ?? '';
  if (!isNoTown(value)) return;
  notes.push(nothingNote(plan.names[city] ?? '', value));
  values[city] = '';
}

function textFault(column: string, value: string): CellFault | null {
  if (value.includes('\0')) {
    const what = `Column "${column}" has a NUL byte, which no database or printer takes`;
    return { column, reason: 'nul_byte', message: `${what}: ${quote(value)}.` };
  }
  if (value.includes('\uFFFD') || !value.isWellFormed()) {
    const what = `Column "${column}" is not valid UTF-8: ${quote(value)}`;
    return { column, reason: 'bad_encoding', message: `${what}. Save the file as UTF-8.` };
  }
  return null;
}

function tooLong(column: string, value: string): CellFault | null {
  if (value.length <= maxLength) return null;
  const what = `Column "${column}" has ${value.length} characters`;
  return { column, reason: 'too_long', message: `${what}; at most ${maxLength} are taken.` };
}

function wordFault(role: CellRole, column: string, value: string): CellFault | null {
  const word = machineFault(role, value, column) ?? (hasMarkup(value) ? 'has a tag of HTML' : null);
  if (word !== null)
    return {
      column,
      reason: 'machine_word',
      message: `Column "${column}" ${word}: ${quote(value)}. Correct the list; what is meant as it stands is taken with machineWords: keep.`,
    };
  if (!isGarbled(value) && !hasLostLetters(role, value)) return null;
  return {
    column,
    reason: 'lost_letters',
    message: `Column "${column}" has letters that another program has lost: ${quote(value)}. Export the list again, as UTF-8.`,
  };
}

/** Blank cells beyond the header are nothing: spreadsheets add them. */
export function wrongNumberOfFields(names: number, values: readonly string[]): string | null {
  if (values.length >= names && values.slice(names).every((value) => value === '')) return null;
  return `The row has ${values.length} fields, the header ${names}.`;
}
