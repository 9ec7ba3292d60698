/** Typed calls of what limits a connection: slots of routes, and what providers tell of them. */
import type { RouteLimit } from '../ports/index.ts';
import type { Sql } from './calls.ts';
import type { ConnectionKey } from './connections.ts';
import * as calls from './generated/index.generated.ts';

/** Slots that a runner has reserved. */
export interface TakenSlots {
  /** The moment from which the others count, by the database's clock. */
  readonly nowMs: number;
  /** `at` is as the slot is given back. */
  readonly slots: readonly { readonly at: string; readonly inMs: number }[];
  /** A slot that is later than this is forfeited. */
  readonly lateMs: number;
  /** A request that may have come later than that after its slot is to be told. */
  readonly wayMs: number;
  /** Others can be had after so long. */
  readonly againMs: number;
  /** The route is closed for so long yet; 0: it is open. */
  readonly closedMs: number;
  /** The limit of the longest window that the provider told last. */
  readonly told: number | null;
}

/** A slot whose request may have come late. */
export interface LateSlot {
  readonly at: string;
  /** How long after its slot it came, at most. */
  readonly laterMs: number;
}

/** What is asked of a route. */
export interface SlotRequest {
  /** Slots at most; 0: none, unused ones are given back. */
  readonly most: number;
  /** How often each request counts. */
  readonly cost: number;
  /** Slots that are given back. */
  readonly unused: readonly string[];
  /** Slots that count from later on. */
  readonly late: readonly LateSlot[];
}

export async function takeSlots(
  sql: Sql,
  connection: ConnectionKey,
  limit: RouteLimit,
  request: SlotRequest,
): Promise<TakenSlots> {
  return await calls.takeSlots(sql, { ...connection, ...limit, ...request });
}

/** What a provider told. `waitMs` null: until the longest window has passed. */
export interface ToldLimit {
  readonly told: number | null;
  readonly closes: boolean;
  readonly waitMs: number | null;
}

export async function noteLimit(
  sql: Sql,
  connection: ConnectionKey,
  limit: RouteLimit,
  { told, closes, waitMs }: ToldLimit,
): Promise<void> {
  await calls.noteLimit(sql, { ...connection, ...limit, told, closes, waitMs });
}
