/**
 * Typed calls of the restore watermark; what they do is said in
 * sql/functions/90_house/restore_watermark.sql.
 */
import type postgres from 'postgres';
import { mapped } from './errors.ts';

/**
 * A begin at a printer, as it can be found in the database: no state of it that has this begin
 * lacks it later.
 */
export interface Witness {
  readonly organizationId: string;
  readonly recipientId: string;
  readonly moveNo: number;
  readonly mailpieceId: string;
}

/** What is remembered of a database. */
export interface Mark {
  readonly restores: number;
  readonly system: string | null;
  readonly timeline: number | null;
  readonly witnesses: readonly Witness[];
}

/** Of several databases, by installation. */
export type Marks = Readonly<Record<string, Mark>>;

/** What a database tells of itself. */
export interface Watermark {
  readonly installation: string;
  readonly restores: number;
  readonly system: string | null;
  readonly timeline: number | null;
  /** Why it is an older state of itself, until somebody has asked the printers; else null. */
  readonly noticed: string | null;
  /** This server was superseded by another one: nothing of this is to be remembered. */
  readonly superseded: boolean;
}

/** Compares, and holds all printers where this database is an older state of itself. */
export async function checkWatermark(sql: postgres.Sql, remembered: Marks): Promise<Watermark> {
  const [row] = await mapped(
    sql<{ result: Watermark }[]>`
      select postrider.check_watermark(${JSON.stringify(remembered)}::text::jsonb) as result`,
  );
  if (row === undefined) throw new Error('the database answered no row');
  return row.result;
}

/**
 * How long a runner may still post, in milliseconds, that began a card before the printers were
 * held.
 */
export async function postingMayLast(
  sql: postgres.Sql,
  leaseMs: number,
  quietMs: number,
): Promise<number> {
  const [row] = await mapped(
    sql<{ ms: number }[]>`
      select extract(epoch from postrider.posting_may_last(${`${leaseMs} milliseconds`}::interval, ${`${quietMs} milliseconds`}::interval))::float8 * 1000 as ms`,
  );
  return row?.ms ?? 0;
}

/**
 * When the restore was noticed with which nobody has dealt yet, in UTC; null: there is none. Each
 * notice has its own time, to the microsecond: a `Date` could not tell two of them apart.
 */
export async function restoreNoticedAt(sql: postgres.Sql): Promise<string | null> {
  const [row] = await mapped(sql<{ at: string | null }[]>`
    select to_char(restore_noticed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at from postrider.installation`);
  return row?.at ?? null;
}

/**
 * Ends a restore with which somebody has dealt, who says for each printer what `restoreNoticedAt`
 * was before it was asked. False: another one was noticed since, and the printers are held for it.
 * Nobody has asked them about that one.
 */
export async function concludeRestore(
  sql: postgres.Sql,
  asked: readonly { readonly noticedAt: string | null }[],
): Promise<boolean> {
  const [first = null, ...others] = new Set(asked.map(({ noticedAt }) => noticedAt));
  if (others.length > 0 || (first === null && asked.length > 0))
    return (await restoreNoticedAt(sql)) === null;
  // As text: the driver would make a Date of it.
  const [row] = await mapped(sql<{ concluded: boolean }[]>`
    select postrider.restore_reconciled(${first}::text::timestamptz) as concluded`);
  return row?.concluded === true;
}
