/**
 * What typed calls share. A typed call is one statement: a function of SQL with named notation, or
 * a look at a private table. Each throws `MachineError` where the machine refuses, and the driver's
 * own error where the connection is lost.
 */
import type postgres from 'postgres';
import { mapped } from './errors.ts';

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
  const [row] = await mapped(query);
  if (row === undefined) throw new Error('the database answered no row');
  return row;
}

/** An interval, as a parameter. */
export function milliseconds(value: number): string {
  return `${value} milliseconds`;
}
