/**
 * Requests of one route that may have come to their provider late. A provider counts a request when
 * it comes, which nobody tells us. It is before the answer by as much at least as the fastest
 * answer takes, on a way that is as fast as can be.
 */
import type { LateSlot } from '../machine/limits.ts';

/** Of the last minute or two: a provider may become slower. */
const PERIOD_MS = 60_000;
/** Of the first requests nobody knows yet how fast an answer can be: they are judged later. */
const PATIENCE_MS = 1000;

interface Ended {
  readonly at: string;
  /** When its slot was, or not long after. */
  readonly earliestAt: number;
  readonly endedAt: number;
}

export class LateRequests {
  readonly #shortestMs: () => number;
  /** Oldest first. */
  #ended: Ended[] = [];
  #late: LateSlot[] = [];
  #wayMs = Infinity;
  #fastestMs = Infinity;
  #fastestBeforeMs = Infinity;
  #periodEndsAt = -Infinity;

  /** @param shortestMs tells the shortest window of the limit, in which it must be told. */
  constructor(shortestMs: () => number) {
    this.#shortestMs = shortestMs;
  }

  /** @param wayMs what a request may take from its slot to the provider and count as in time. */
  allow(wayMs: number): void {
    this.#wayMs = wayMs;
  }

  /** Takes a request that was answered, or given up. */
  add(
    slot: { readonly at: string; readonly earliestAt: number },
    { sentAt, endedAt }: { readonly sentAt: number; readonly endedAt: number },
  ): void {
    if (endedAt > this.#periodEndsAt) {
      this.#fastestBeforeMs = this.#fastestMs;
      this.#fastestMs = Infinity;
      this.#periodEndsAt = endedAt + PERIOD_MS;
    }
    this.#fastestMs = Math.min(this.#fastestMs, endedAt - sentAt);
    if (endedAt - slot.earliestAt > this.#wayMs) this.#ended.push({ ...slot, endedAt });
  }

  /** When some are to be judged next. */
  get judgedAt(): number {
    return (this.#ended[0]?.endedAt ?? Infinity) + this.#patienceMs;
  }

  get #patienceMs(): number {
    return Math.min(PATIENCE_MS, this.#shortestMs() / 4);
  }

  /** Judges those that ended long enough before, and says whether there are late ones to tell. */
  judge(now: number): boolean {
    const answerMs = Math.min(this.#fastestMs, this.#fastestBeforeMs);
    const endedBefore = now - this.#patienceMs;
    const waits = this.#ended.findIndex(({ endedAt }) => endedAt > endedBefore);
    for (const { at, earliestAt, endedAt } of this.#ended.splice(0, waits < 0 ? Infinity : waits)) {
      const laterMs = endedAt - answerMs - earliestAt;
      if (laterMs > this.#wayMs) this.#late.push({ at, laterMs });
    }
    return this.#late.length > 0;
  }

  /** Hands out the late ones; what could not be told is given back by `putBack`. */
  take(): LateSlot[] {
    return this.#late.splice(0);
  }

  putBack(late: readonly LateSlot[]): void {
    this.#late.push(...late);
  }
}
