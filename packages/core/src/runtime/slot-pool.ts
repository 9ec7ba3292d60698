/**
 * The slots of one route that this runner has reserved, and those who wait for them. Slots are
 * reserved before they are needed, so that nobody waits for the database; what is not used is given
 * back. A request that may have come late is told, and counts from then on.
 */
import { isLostConnection } from '../common/driver-errors.ts';
import type { SlotRequest, TakenSlots } from '../machine/limits.ts';
import { SendStoppedError } from '../ports/index.ts';
import type { DatabaseClock } from './database-clock.ts';
import { LateRequests } from './late-requests.ts';

/** Others are reserved when the last slot is as near as this. */
const AHEAD_MS = 250;
/** After so long without anybody who waits, slots are given back. */
const IDLE_MS = 300;
const SECOND_MS = 1000;
const LONGEST_TIMER_MS = 60_000;

/** The database is asked again so long after it could not be reached, longer each time. */
const SHORTEST_REST_MS = 100;
const LONGEST_REST_MS = 2000;

interface Slot {
  /** As it is given back. */
  readonly at: string;
  /** Surely not before it. */
  readonly dueAt: number;
  /** Perhaps as early as this: the clocks are known so well. */
  readonly earliestAt: number;
  /** Later it is forfeited: by the larger of monotonic and wall-clock time, as leases count. */
  readonly lastAt: number;
  readonly lastWallAt: number;
}

interface Waiter {
  /** Of a pool that is closed for longer it waits for no slot. */
  readonly patienceMs: number;
  grant(slot: Slot): void;
  refuse(error: unknown): void;
}

interface PoolHooks {
  /** The shortest window of the limit. */
  shortestMs(): number;
  reserve(request: Omit<SlotRequest, 'cost'>): Promise<TakenSlots>;
  /** The database cannot be reached; told once until it can. */
  onUnreachable(error: unknown): void;
  onTold(told: number | null): void;
}

function closedFor(ms: number): SendStoppedError {
  const seconds = Math.ceil(ms / 1000);
  return new SendStoppedError(`the provider takes nothing for ${seconds} s`, Math.ceil(ms));
}

export class SlotPool {
  readonly #hooks: PoolHooks;
  readonly #clock: DatabaseClock;
  readonly #late: LateRequests;
  readonly #waiting: Waiter[] = [];
  #held: Slot[] = [];
  #unused: string[] = [];
  /** When slots were used in the last second: so many will be needed in the next. */
  #used: number[] = [];
  #asking: Promise<void> | null = null;
  #askAt = 0;
  #restMs = 0;
  #restsUntil = 0;
  #closedUntil = 0;
  #lastWantedAt = 0;
  #hasEnded = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: DatabaseClock, hooks: PoolHooks) {
    this.#clock = clock;
    this.#hooks = hooks;
    this.#late = new LateRequests(() => hooks.shortestMs());
  }

  /**
   * Resolves at a slot, to what is called when its request is over. Throws what the signal aborts
   * with, what the database refuses, and `SendStoppedError` where the pool is closed for longer
   * than `patienceMs`.
   */
  async take(signal: AbortSignal, patienceMs = Infinity): Promise<(sent: boolean) => void> {
    signal.throwIfAborted();
    const closedMs = this.#closedUntil - performance.now();
    if (closedMs > patienceMs) throw closedFor(closedMs);
    const { promise, resolve, reject } = Promise.withResolvers<Slot>();
    const waiter: Waiter = { patienceMs, grant: resolve, refuse: reject };
    const stop = (): void => {
      const index = this.#waiting.indexOf(waiter);
      if (index !== -1) this.#waiting.splice(index, 1);
      reject(signal.reason as Error);
      this.#turn();
    };
    signal.addEventListener('abort', stop, { once: true });
    this.#waiting.push(waiter);
    this.#turn();
    try {
      const slot = await promise;
      const sentAt = performance.now();
      return (sent) => this.#end(slot, sent ? sentAt : null);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /**
   * Nobody sends for so long: what is held until then is given back, and who does not wait for so
   * long is told.
   */
  close(ms: number): void {
    const until = performance.now() + ms;
    for (const waiter of this.#waiting.splice(0))
      if (waiter.patienceMs < ms) waiter.refuse(closedFor(ms));
      else this.#waiting.push(waiter);
    this.#closedUntil = Math.max(this.#closedUntil, until);
    this.#unused.push(...this.#held.filter(({ dueAt }) => dueAt < until).map(({ at }) => at));
    this.#held = this.#held.filter(({ dueAt }) => dueAt >= until);
    this.#askAt = Math.max(this.#askAt, until - AHEAD_MS);
    this.#turn();
  }

  /** Gives everything back. */
  async end(): Promise<void> {
    // What is under way may still bring some.
    await this.#asking;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#late.judge(Infinity);
    await this.#giveBack();
  }

  #end(slot: Slot, sentAt: number | null): void {
    if (this.#hasEnded) return;
    if (sentAt !== null) this.#late.add(slot, { sentAt, endedAt: performance.now() });
    else if (performance.now() < this.#closedUntil) this.#unused.push(slot.at);
    else this.#held.unshift(slot);
    this.#turn();
  }

  #turn(): void {
    const now = performance.now();
    const wall = Date.now();
    if (this.#waiting.length > 0) this.#lastWantedAt = now;
    for (let slot = this.#held[0]; slot !== undefined; slot = this.#held[0]) {
      if (now > slot.lastAt || wall > slot.lastWallAt) this.#unused.push(slot.at);
      else if (now >= slot.dueAt && this.#waiting.length > 0) {
        this.#used.push(now);
        this.#waiting.shift()?.grant(slot);
      } else break;
      this.#held.shift();
    }
    this.#used = this.#used.filter((at) => at > now - SECOND_MS);
    const askAt = this.#nextAskAt(now);
    if (askAt <= now) this.#asking = this.#ask();
    this.#sleep(now, askAt <= now ? Infinity : askAt);
  }

  /** When the database is asked next; never, where there is nothing to ask, or it is asked. */
  #nextAskAt(now: number): number {
    const last = this.#held.at(-1);
    // Also while the database is asked, or the pool would wake for it again and again.
    const tellAt = this.#late.judge(now) ? this.#restsUntil : Infinity;
    if (this.#asking !== null) return Infinity;
    if (this.#wanted() <= 0) return tellAt;
    const reserveAt = Math.max(this.#askAt, last === undefined ? 0 : last.dueAt - AHEAD_MS);
    return Math.min(tellAt, reserveAt);
  }

  #wanted(): number {
    if (this.#waiting.length === 0) return 0;
    const soon = Math.ceil((this.#used.length * AHEAD_MS) / SECOND_MS);
    return Math.min(this.#waiting.length + soon - this.#held.length, 10_000);
  }

  async #ask(): Promise<void> {
    // A cohort's cards come one after the other: they are asked for together.
    await new Promise((resolve) => setImmediate(resolve));
    const unused = this.#unused.splice(0);
    const late = this.#late.take();
    const askedAt = performance.now();
    try {
      const most = Math.max(this.#wanted(), 0);
      const told = await this.#hooks.reserve({ most, unused, late });
      this.#restMs = 0;
      this.#keep(told, askedAt);
      this.#hooks.onTold(told.told);
    } catch (error) {
      // Given back or not: a slot that is given back twice counts once.
      this.#unused.push(...unused);
      this.#rest(error);
      if (isLostConnection(error)) this.#late.putBack(late);
    } finally {
      this.#asking = null;
      this.#turn();
    }
  }

  #keep({ nowMs, slots, lateMs, wayMs, againMs, closedMs }: TakenSlots, askedAt: number): void {
    const now = performance.now();
    const wall = Date.now();
    this.#clock.observe(nowMs, askedAt, now);
    this.#late.allow(wayMs);
    for (const { at, inMs } of slots) {
      const lastAt = this.#clock.notAfter(nowMs + inMs + lateMs);
      this.#held.push({
        at,
        dueAt: this.#clock.notBefore(nowMs + inMs),
        earliestAt: this.#clock.notAfter(nowMs + inMs),
        lastAt,
        lastWallAt: wall + lastAt - now,
      });
    }
    this.#askAt = now + againMs;
    if (closedMs > 0) this.close(closedMs);
  }

  #rest(error: unknown): void {
    if (!isLostConnection(error)) {
      for (const waiter of this.#waiting.splice(0)) waiter.refuse(error);
      return;
    }
    if (this.#restMs === 0) this.#hooks.onUnreachable(error);
    this.#restMs = Math.min(Math.max(2 * this.#restMs, SHORTEST_REST_MS), LONGEST_REST_MS);
    this.#restsUntil = performance.now() + this.#restMs;
    this.#askAt = this.#restsUntil;
  }

  #sleep(now: number, askAt: number): void {
    clearTimeout(this.#timer);
    const isIdle = this.#waiting.length === 0;
    const hasLeft = this.#held.length > 0 || this.#unused.length > 0;
    const useAt = isIdle ? this.#lastWantedAt + IDLE_MS : (this.#held[0]?.dueAt ?? Infinity);
    const wakeAt = Math.min(isIdle && !hasLeft ? Infinity : useAt, this.#late.judgedAt, askAt);
    if (wakeAt === Infinity) return;
    const ms = Math.min(Math.max(Math.ceil(wakeAt - now), 1), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => {
      if (isIdle && performance.now() > useAt) void this.#giveBack();
      this.#turn();
    }, ms);
    // A program that has nothing else left need not give back: nobody else would wait long.
    if (isIdle) this.#timer.unref();
  }

  async #giveBack(): Promise<void> {
    const unused = [...this.#unused.splice(0), ...this.#held.splice(0).map(({ at }) => at)];
    const late = this.#late.take();
    if (unused.length === 0 && late.length === 0) return;
    // Where it fails, they are lost for one window.
    await this.#hooks.reserve({ most: 0, unused, late }).catch(() => undefined);
  }
}
