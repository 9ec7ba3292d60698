/** Typed calls that tell whether anything can move still, when, and what waits for what. */
import { onlyRow, type Sql } from './calls.ts';
import * as calls from './generated/index.generated.ts';

/**
 * Counts of what can move without an outside event or a later time, by kind; all zero: nothing can.
 */
export async function readyWork(sql: Sql): Promise<Record<string, number>> {
  return await calls.readyWork(sql);
}

/** What comes back by itself after a failure in passing. */
export interface Coming {
  readonly people: number;
  readonly effects: number;
  readonly unknown: number;
  /** When the first comes, in milliseconds from now; null: nothing comes. */
  readonly inMs: number | null;
  /**
   * Falls whenever anything moves forward, never with a failure, and rises with newcomers and news.
   */
  readonly stepsLeft: number;
}

type ComingRow = Omit<Coming, 'inMs'> & { readonly firstInMs: number | null };

/** What comes back within so many milliseconds. */
export async function upcomingWork(sql: Sql, withinMs: number): Promise<Coming> {
  const row = onlyRow(await calls.upcomingWork<ComingRow>(sql, { withinMs }));
  const { firstInMs: inMs, ...counts } = row;
  return { ...counts, inMs };
}

/** What waits, for what, and until when. */
export interface Waiting {
  readonly organization: string;
  readonly campaign: string;
  /** Of people; or `effect usage_meter`, `effect event_sink`: what follows from their cards. */
  readonly state: string;
  readonly people: number;
  /** Of what failed with the cause in brackets, as the adapter told it. */
  readonly why: string;
  readonly until: Date | null;
  /** Because something failed, and not for a time, an answer or a decision. */
  readonly failing: boolean;
}

type WaitingRow = Omit<Waiting, 'until'> & { readonly until: string | null };

export async function waitingWork(sql: Sql): Promise<Waiting[]> {
  const rows = await calls.waitingWork<WaitingRow>(sql);
  return rows.map(({ until, ...row }) => ({
    ...row,
    until: until === null || until === 'infinity' ? null : new Date(until),
  }));
}
