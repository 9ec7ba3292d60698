/** What a column may stand for, and where each role stands in a row. */
import { z } from 'zod';
import type { Fault } from './address-faults.ts';
import type { MailColumn } from './mail-columns.ts';
import { addressRoles } from './spellings.ts';

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

/** The name of a role's column; null where no column has it. */
export function columnOf(plan: ColumnPlan, role: Role): string | null {
  const index = plan.at[role];
  return index === undefined ? null : (plan.names[index] ?? null);
}

/** The same, and the role itself where no column has it: what a reject calls it. */
export function columnName(plan: ColumnPlan, role: Role): string {
  return columnOf(plan, role) ?? role;
}
