/** Typed calls about requests to providers as they are kept, and what adapters remember. */
import type { ProviderCall } from '../ports/index.ts';
import type { Sql } from './calls.ts';
import * as calls from './generated/index.generated.ts';

/** On whose behalf a provider is asked. */
export interface CallAccount {
  readonly organizationId: string;
  /** Null: the adapter has no connection. */
  readonly connectionId: string | null;
  /** Which adapter asks: the name of its printer, or its port as campaign files spell it. */
  readonly who: string;
}

/** A request that was made, with an id by which a repeated record of it is none. */
export interface RecordedCall extends CallAccount, ProviderCall {
  readonly id: string;
}

/** Keeps them; what is kept already is left as it is. Returns how many were new. */
export async function recordCalls(sql: Sql, made: readonly RecordedCall[]): Promise<number> {
  return await calls.recordCalls(sql, { calls: made });
}

export interface StateKey {
  readonly organizationId: string;
  readonly connectionId: string;
  readonly key: string;
}

/** What an adapter remembers of a connection; null: nothing. */
export async function readConnectionState(sql: Sql, key: StateKey): Promise<unknown> {
  return await calls.readConnectionState(sql, { ...key });
}

export async function writeConnectionState(sql: Sql, key: StateKey, value: unknown): Promise<void> {
  await calls.writeConnectionState(sql, { ...key, value });
}
