/** Typed calls about the health of connections: what was seen of them, and who probes which. */
import type { Sql } from './calls.ts';
import type { ConnectionKey } from './connections.ts';
import * as calls from './generated/index.generated.ts';

/** What a runner saw of a connection since it told last. */
export interface SeenConnection extends ConnectionKey {
  /** An answer came; what failed came after it. */
  readonly works: boolean;
  readonly failures: number;
  /** What failed last, in a sentence; null where nothing did. */
  readonly cause: string | null;
}

export type BreakerState = 'closed' | 'open' | 'half_open';

/** How a connection stands of which something was to be noted. */
export interface NotedHealth extends ConnectionKey {
  readonly state: BreakerState;
  readonly before: BreakerState;
  /** ISO 8601. */
  readonly since: string;
  readonly cause: string | null;
}

/**
 * A connection that works, and of which nothing failed before, is not among the answers.
 * @param most after so many failures in a row a breaker opens; 5 unless given.
 */
export async function noteHealth(
  sql: Sql,
  told: readonly SeenConnection[],
  most?: number,
): Promise<readonly NotedHealth[]> {
  return await calls.noteHealth<NotedHealth>(sql, { told, most });
}

/** `untried`: nobody can ask this provider without a card. */
export type ProbeFinding = 'answered' | 'broken' | 'untried';

/** Returns how the breaker stands; null where another runner has the probe by now. */
export async function settleProbe(
  sql: Sql,
  connection: ConnectionKey,
  runnerId: string,
  { found, cause }: { readonly found: ProbeFinding; readonly cause: string | null },
): Promise<BreakerState | null> {
  return await calls.settleProbe(sql, { ...connection, runnerId, found, cause });
}
