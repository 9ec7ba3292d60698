/**
 * Limits of connections, as adapters are handed them: each route of a connection has one pool of
 * slots in a process, and what a provider tells of its limits goes to the database, where all
 * runners see it.
 */
import type postgres from 'postgres';
import { isLostConnection } from '../common/driver-errors.ts';
import { messageOf } from '../common/message-of.ts';
import type { ConnectionKey } from '../machine/connections.ts';
import { noteLimit, takeSlots } from '../machine/limits.ts';
import {
  unlimited,
  type LimitNotice,
  type Logger,
  type RateLimiter,
  type RouteLimit,
} from '../ports/index.ts';
import { DatabaseClock } from './database-clock.ts';
import { SlotPool } from './slot-pool.ts';

const SIGN_OF_LIFE_MS = 1000;
const NOTE_AGAIN_MS = 1000;
const DAY_MS = 24 * 3_600_000;

/** A pipeline's context has them. */
export interface LimiterParts {
  readonly limits: Limits;
  /** Ends every wait. */
  readonly stopping: AbortSignal;
}

export interface LimiterOptions {
  /** Called every second while a slot is waited for: nothing hangs. */
  readonly alive?: () => void;
  /** Of a route that is closed for longer, `take` throws `SendStoppedError`; default: it waits. */
  readonly patienceMs?: number;
}

/** The limiter of an account. Null: of an adapter without a connection nothing is limited. */
export function limiterOf(
  { limits, stopping }: LimiterParts,
  account: { readonly organizationId: string; readonly connectionId: string | null } | null,
  { alive = () => undefined, patienceMs = Infinity }: LimiterOptions = {},
): RateLimiter {
  if (account === null || account.connectionId === null) return unlimited;
  const { organizationId, connectionId } = account;
  const key = { organizationId, connectionId };
  return {
    take: async (limit, cost, signal) => {
      const since = performance.now();
      const timer = setInterval(alive, SIGN_OF_LIFE_MS);
      try {
        // A wait that nobody ends would outlast the pipeline: a route may be closed for a day.
        const ends = AbortSignal.any([signal, stopping]);
        const end = await limits.route(key, limit).take(cost, ends, patienceMs);
        return { waitedMs: performance.now() - since, end };
      } finally {
        clearInterval(timer);
      }
    },
    told: (limit, notice) => limits.route(key, limit).hear(notice),
  };
}

/** The routes that this runner uses. */
export class Limits {
  readonly #sql: postgres.Sql;
  readonly #logger: Logger;
  readonly #now: () => Date;
  readonly #routes = new Map<string, Route>();
  readonly #clock = new DatabaseClock();

  constructor(sql: postgres.Sql, logger: Logger, now: () => Date) {
    this.#sql = sql;
    this.#logger = logger;
    this.#now = now;
  }

  route(account: ConnectionKey, limit: RouteLimit): Route {
    const key = `${account.organizationId} ${account.connectionId} ${limit.route}`;
    let route = this.#routes.get(key);
    if (route === undefined) {
      route = new Route(this.#sql, account, {
        logger: this.#logger,
        now: this.#now,
        clock: this.#clock,
        limit,
      });
      this.#routes.set(key, route);
    }
    // As the adapter has it by now.
    route.limit = limit;
    return route;
  }

  /** Gives back what is reserved. */
  async end(): Promise<void> {
    await Promise.all([...this.#routes.values()].map(async (route) => await route.end()));
  }
}

interface RouteParts {
  readonly logger: Logger;
  readonly now: () => Date;
  readonly clock: DatabaseClock;
  readonly limit: RouteLimit;
}

/** A route of a connection. */
class Route {
  limit: RouteLimit;
  readonly #sql: postgres.Sql;
  readonly #account: ConnectionKey;
  readonly #logger: Logger;
  readonly #now: () => Date;
  readonly #clock: DatabaseClock;
  /** By cost. */
  readonly #pools = new Map<number, SlotPool>();
  /** As the database has it. */
  #told: number | null = null;
  #closedUntil = 0;
  #isNoting = false;
  #toNote: { told: number | null } | null = null;
  #ended = false;

  constructor(sql: postgres.Sql, account: ConnectionKey, parts: RouteParts) {
    const { logger, now, clock, limit } = parts;
    this.#sql = sql;
    this.#account = account;
    this.#logger = logger;
    this.#now = now;
    this.#clock = clock;
    this.limit = limit;
  }

  /** Returns what is to be called when the request is over, and told whether it was sent. */
  async take(
    cost: number,
    signal: AbortSignal,
    patienceMs: number,
  ): Promise<(sent: boolean) => void> {
    return await this.#pool(cost).take(signal, patienceMs);
  }

  hear(notice: LimitNotice): void {
    if (notice.kind === 'exceeded') {
      const { retryAfterMs } = notice;
      const isTold = retryAfterMs !== null && retryAfterMs > 0;
      this.#close(isTold ? retryAfterMs : this.#longestMs, DAY_MS);
      return;
    }
    const { limit, remaining, resetAt } = notice;
    // By its clock or ours, which may differ: no window is longer than the longest.
    if (remaining !== null && remaining <= 0 && resetAt !== null)
      this.#close(resetAt.getTime() - this.#now().getTime(), this.#longestMs);
    if (limit !== null && limit >= 1 && Math.floor(limit) !== this.#told && this.#isNews(limit))
      this.#note(Math.floor(limit));
  }

  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#pools.values()].map(async (pool) => await pool.end()));
  }

  get #longestMs(): number {
    return Math.max(...this.limit.windows.map(({ ms }) => ms));
  }

  /**
   * What is told as high as ours, or higher, changes nothing unless a lower one was told before.
   */
  #isNews(limit: number): boolean {
    const ours = this.limit.windows.find(({ ms }) => ms === this.#longestMs)?.requests ?? 0;
    return limit < ours || (this.#told !== null && this.#told < ours);
  }

  #pool(cost: number): SlotPool {
    let pool = this.#pools.get(cost);
    if (pool === undefined) {
      pool = new SlotPool(this.#clock, {
        shortestMs: () => Math.min(...this.limit.windows.map(({ ms }) => ms)),
        reserve: async (request) =>
          await takeSlots(this.#sql, this.#account, this.limit, { ...request, cost }),
        onUnreachable: (error) =>
          this.#logger.warn(
            { ...this.#account, route: this.limit.route, error: messageOf(error) },
            'the limit of a route cannot be asked for: its requests wait until it can',
          ),
        onTold: (told) => {
          if (this.#toNote === null) this.#told = told;
        },
      });
      this.#pools.set(cost, pool);
    }
    return pool;
  }

  #close(ms: number, mostMs: number): void {
    if (!(ms > 0)) return;
    const waitMs = Math.min(ms, mostMs);
    for (const pool of this.#pools.values()) pool.close(waitMs);
    const until = performance.now() + waitMs;
    if (until <= this.#closedUntil) return;
    this.#closedUntil = until;
    this.#note(this.#told);
  }

  /** Many answers may tell the same at once: one statement is under way, and one waits. */
  #note(told: number | null): void {
    this.#told = told;
    this.#toNote = { told };
    if (!this.#isNoting) void this.#writeNotes();
  }

  async #writeNotes(): Promise<void> {
    this.#isNoting = true;
    for (let note = this.#toNote; note !== null; note = this.#toNote) {
      const waitMs = this.#closedUntil - performance.now();
      try {
        await noteLimit(this.#sql, this.#account, this.limit, {
          ...note,
          closes: waitMs > 0,
          waitMs: waitMs > 0 ? waitMs : null,
        });
        if (this.#toNote === note) this.#toNote = null;
      } catch (error) {
        this.#logger.warn(
          { ...this.#account, route: this.limit.route, error: messageOf(error) },
          'what the provider told of its limit could not be noted',
        );
        if (!isLostConnection(error) || this.#ended) this.#toNote = null;
        else await new Promise((resolve) => setTimeout(resolve, NOTE_AGAIN_MS).unref());
      }
    }
    this.#isNoting = false;
  }
}
