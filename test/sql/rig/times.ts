/** Whose lease it is, how long it lasts, and the clock that a test turns. */
import type postgres from 'postgres';

type Sql = postgres.Sql | postgres.TransactionSql;

export const RUNNER = '00000000-0000-7000-8000-00000000000a';
export const OTHER_RUNNER = '00000000-0000-7000-8000-00000000000b';
export const LEASE_MS = 60_000;
export const QUIET_MS = 30_000;
export const DAY = 86_400_000;

export async function turnClock(sql: Sql, ms: number): Promise<void> {
  await sql`select postrider.turn_clock(${`${ms} milliseconds`}::interval)`;
}

/** Gives back whatever a crash left: leases over, grace over. */
export async function reap(sql: Sql, graceMs = 20_000): Promise<number> {
  const [row] = await sql<{ back: number }[]>`
    select postrider.reap(
      ${`${graceMs} milliseconds`}::interval, ${`${QUIET_MS} milliseconds`}::interval
    ) as back`;
  return row?.back ?? 0;
}
