/** Typed calls that tell whether anything can move still, when, and what waits for what. */
import { milliseconds, resultOf, rowOf, type Sql } from './calls.ts';
import { mapped } from './errors.ts';

/**
 * Counts of what can move without an outside event or a later time, by kind; all zero: nothing can.
 */
export async function whatMoves(sql: Sql): Promise<Record<string, number>> {
  return await resultOf(
    sql<{ result: Record<string, number> }[]>`select postrider.what_moves() as result`,
  );
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

/** What comes back within so many milliseconds. */
export async function whatComes(sql: Sql, withinMs: number): Promise<Coming> {
  return await rowOf(
    sql<Coming[]>`
      select people::int as people, effects::int as effects, unknown::int as unknown,
        steps_left::float8 as "stepsLeft",
        extract(epoch from first_in)::float8 * 1000 as "inMs"
      from postrider.what_comes(p_within => ${milliseconds(withinMs)}::interval)`,
  );
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
}

export async function whatWaits(sql: Sql): Promise<Waiting[]> {
  const rows = await mapped(sql`
    select organization, campaign, state, people::int as people, why,
      pg_catalog.to_json(until) as until
    from postrider.what_waits()`);
  return rows.map((row) => ({
    organization: String(row['organization']),
    campaign: String(row['campaign']),
    state: String(row['state']),
    people: Number(row['people']),
    why: String(row['why']),
    until:
      typeof row['until'] === 'string' && row['until'] !== 'infinity'
        ? new Date(row['until'])
        : null,
  }));
}
