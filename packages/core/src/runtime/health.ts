/**
 * The health of connections, as this runner sees it: what becomes of calls is counted here and told
 * in batches. A breaker opens for failures that are the provider's; whether a card is refused says
 * nothing against it.
 */
import type postgres from 'postgres';
import { isLostConnection } from '../common/driver-errors.ts';
import { messageOf } from '../common/message-of.ts';
import type { ConnectionKey } from '../machine/connections.ts';
import {
  noteHealth,
  type BreakerState,
  type NotedHealth,
  type SeenConnection,
} from '../machine/health.ts';
import type { Logger, ProviderCall } from '../ports/index.ts';

/** What failed is told at once; that nothing fails is worth a look now and then. */
const FAILED_MS = 200;
const WORKS_MS = 5000;
/** So long what was heard of an open breaker counts here: another runner may have closed it. */
const HEARD_MS = 15_000;
/** Where the database cannot be reached. */
const AGAIN_MS = 1000;
/** Failures in a row that open a breaker. */
const OPENS_AFTER = 5;

/** On whose behalf a call was made; no connection: an adapter without an account. */
export type HealthAccount = {
  readonly organizationId: string;
  readonly connectionId: string | null;
} | null;

/** What becomes of the calls of this pipeline. */
export function healthOf({ health }: { readonly health: Health }): Health {
  return health;
}

/**
 * `failed`: a time-out, a reset, a refused connection, 5xx. `works`: any other answer, refusals
 * included. Null: it says nothing, as 429, or a call that we hung up ourselves.
 */
export function verdictOf({ outcome, hungUp, status }: ProviderCall): 'works' | 'failed' | null {
  if (hungUp) return null;
  if (outcome !== 'answer') return 'failed';
  if (status === null) return 'works';
  if (status >= 500) return 'failed';
  return status === 429 || status === 408 ? null : 'works';
}

function causeOf({ route, error, status }: ProviderCall): string {
  return `${route}: ${error ?? `answered ${status}`}`.slice(0, 500);
}

type Seen = { -readonly [Key in keyof SeenConnection]: SeenConnection[Key] };

interface HealthHooks {
  readonly logger: Logger;
  readonly wake: (what: 'mail') => void;
  /** A breaker has closed. Never throws. */
  readonly onClosed?: (connection: ConnectionKey) => void;
}

export class Health {
  readonly #sql: postgres.Sql;
  readonly #hooks: HealthHooks;
  #seen = new Map<string, Seen>();
  /** Connections of which something failed when the database told last. */
  readonly #failing = new Map<string, { readonly state: BreakerState; readonly at: number }>();
  /** Failures in a row of a connection, as seen here, until the database has judged them. */
  readonly #inARow = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;
  #timerAt = Infinity;
  #telling: Promise<void> = Promise.resolve();

  constructor(sql: postgres.Sql, hooks: HealthHooks) {
    this.#sql = sql;
    this.#hooks = hooks;
  }

  /** Costs the caller nothing: it is told in batches. */
  observe(account: HealthAccount, call: ProviderCall): void {
    const verdict = verdictOf(call);
    if (account === null || account.connectionId === null || verdict === null) return;
    const { organizationId, connectionId } = account;
    const key = `${organizationId} ${connectionId}`;
    const seen = this.#seen.get(key) ?? {
      organizationId,
      connectionId,
      works: false,
      failures: 0,
      cause: null,
    };
    this.#seen.set(key, seen);
    if (verdict === 'works') {
      Object.assign(seen, { works: true, failures: 0, cause: null });
      this.#inARow.delete(key);
    } else {
      Object.assign(seen, { failures: seen.failures + 1, cause: causeOf(call) });
      this.#inARow.set(key, (this.#inARow.get(key) ?? 0) + 1);
    }
    const isNews = verdict === 'failed' || this.#failing.has(key);
    this.#tellIn(isNews ? FAILED_MS : WORKS_MS);
  }

  /**
   * Whether its breaker is open, as far as this runner knows without asking: it has heard so a
   * moment ago, or has seen what opens it and not heard yet. What was begun before may go back.
   * @param begunAt by `performance.now()`. What was heard before does not count: the begin knew
   * better.
   */
  isBroken(account: HealthAccount, begunAt: number): boolean {
    if (account === null) return false;
    const key = `${account.organizationId} ${account.connectionId}`;
    const known = this.#failing.get(key);
    const since = Math.max(begunAt, performance.now() - HEARD_MS);
    if (known !== undefined && known.state !== 'closed' && known.at >= since) return true;
    return (this.#inARow.get(key) ?? 0) >= OPENS_AFTER;
  }

  /** Tells at once what was seen; resolves when the database has answered. Never throws. */
  async told(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#tell();
    await this.#telling;
  }

  /** A probe of this runner has closed its breaker. */
  closed({ organizationId, connectionId }: ConnectionKey): void {
    this.#failing.delete(`${organizationId} ${connectionId}`);
    this.#hooks.wake('mail');
    this.#hooks.onClosed?.({ organizationId, connectionId });
  }

  /** Tells what is left. Never throws. */
  async end(): Promise<void> {
    await this.told();
  }

  #tellIn(ms: number): void {
    const at = performance.now() + ms;
    if (at >= this.#timerAt) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#tell(), ms).unref();
  }

  /** One statement at a time. */
  #tell(): void {
    this.#timer = null;
    this.#timerAt = Infinity;
    this.#telling = this.#telling.then(async () => await this.#write());
  }

  async #write(): Promise<void> {
    const seen = this.#seen;
    if (seen.size === 0) return;
    this.#seen = new Map();
    const inARow = new Map(this.#inARow);
    try {
      const noted = await noteHealth(this.#sql, [...seen.values()], OPENS_AFTER);
      for (const key of seen.keys()) this.#failing.delete(key);
      for (const health of noted) this.#hear(health);
      this.#countAnew(seen.keys(), inARow);
    } catch (error) {
      this.#hooks.logger.warn(
        { connections: seen.size, error: messageOf(error) },
        'what was seen of connections could not be noted',
      );
      if (!isLostConnection(error)) return this.#countAnew(seen.keys(), inARow);
      for (const [key, before] of seen) this.#seen.set(key, joined(before, this.#seen.get(key)));
      this.#tellIn(AGAIN_MS);
    }
  }

  /** What the database was told it judges from now on: whether it has opened is heard. */
  #countAnew(keys: Iterable<string>, told: ReadonlyMap<string, number>): void {
    for (const key of keys) {
      const judged = told.get(key) ?? 0;
      if (judged >= OPENS_AFTER)
        this.#inARow.set(key, Math.max((this.#inARow.get(key) ?? 0) - judged, 0));
    }
  }

  #hear(health: NotedHealth): void {
    const { organizationId, connectionId, state, before, since, cause } = health;
    if (state !== 'closed' || cause !== null)
      this.#failing.set(`${organizationId} ${connectionId}`, { state, at: performance.now() });
    const fields = { organization: organizationId, connection: connectionId, since, cause };
    if (before === 'closed' && state !== 'closed')
      this.#hooks.logger.error(
        fields,
        'a provider does not work: mail by its connection waits, and nothing is lost; it is ' +
          'probed, and goes on by itself when it answers',
      );
    else if (before !== 'closed' && state === 'closed') {
      this.#hooks.logger.info(fields, 'a provider answers again: mail by its connection goes on');
      this.#hooks.wake('mail');
      this.#hooks.onClosed?.({ organizationId, connectionId });
    }
  }
}

/** What was seen before, and what was seen since. */
function joined(before: Seen, since: Seen | undefined): Seen {
  if (since === undefined) return before;
  if (since.works) return since;
  return {
    ...before,
    failures: before.failures + since.failures,
    cause: since.cause ?? before.cause,
  };
}
