/**
 * What typed calls share. Calls of functions are generated (generated/). What a function alone does
 * not answer is written by hand: a look at private tables, or a call with a condition or a join, in
 * one statement. Each throws `MachineError` where the machine refuses, and the driver's own error
 * where the connection is lost.
 */
import type postgres from 'postgres';
import { MachineError, withMachineErrors } from './errors.ts';

/**
 * A client, or a transaction of one: what is done in it stands or falls with the caller's own
 * changes.
 */
export type Sql = postgres.Sql | postgres.TransactionSql;

/** The column `result` of the only row. */
export async function resultOf<T>(query: PromiseLike<readonly { result: T }[]>): Promise<T> {
  return (await rowOf(query)).result;
}

/** The only row. */
export async function rowOf<Row>(query: PromiseLike<readonly Row[]>): Promise<Row> {
  return onlyRow(await withMachineErrors(query));
}

export function onlyRow<Row>([row]: readonly Row[]): Row {
  if (row === undefined) throw new Error('the database answered no row');
  return row;
}

// What follows is for the generated calls. The driver does not know which columns a statement
// answers: the calls were generated from the catalog, which does.

/** What a function of one value answers. */
export async function scalar<Result>(query: PromiseLike<readonly object[]>): Promise<Result> {
  const { result } = onlyRow(await withMachineErrors(query)) as { result: Result };
  return result;
}

/** What a function of rows answers. */
export async function rows<Row>(query: PromiseLike<readonly object[]>): Promise<readonly Row[]> {
  return (await withMachineErrors(query)) as readonly Row[];
}

/** Awaits a function that answers nothing. */
export async function done(query: PromiseLike<unknown>): Promise<void> {
  await withMachineErrors(query);
}

/** JSON as text; null and undefined are the null of SQL. */
export function json(value: unknown): string | null {
  return value === null || value === undefined ? null : JSON.stringify(value);
}

/** Milliseconds as an interval. */
export function interval(value: number | null): string | null {
  return value === null ? null : `${value} milliseconds`;
}

/** A time as text: of a `Date`, the driver would write text in the style of the session. */
export function time(value: string | Date | null): string | null {
  return value instanceof Date ? value.toISOString() : value;
}

// As the server reads one: hyphens and braces may be left out.
const UUID = /^(?:[\da-f]{4}(?:-?[\da-f]{4}){7}|\{[\da-f]{4}(?:-?[\da-f]{4}){7}\})$/i;

/** An id as it is. Throws `MachineError` where it is none; null is the function's to judge. */
export function uuid<Id extends string | null>(value: Id, name: string): Id {
  if (value === null || (typeof value === 'string' && UUID.test(value))) return value;
  throw new MachineError('PR020', `${name}: ${shown(value)} is not an id`, {
    hint: 'an id is a UUID, as the database has given it; nothing was changed',
    detail: { argument: name },
  });
}

/** What was handed over in spite of its type, too. */
function shown(value: unknown): string {
  return value === undefined ? 'undefined' : (JSON.stringify(value) ?? typeof value).slice(0, 100);
}

export function uuids(values: readonly string[], name: string): readonly string[] {
  for (const value of values) uuid(value, name);
  return values;
}
