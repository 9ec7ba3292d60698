/**
 * Two times. The *calendar* is the real one, plus the days that somebody turned it by. The *travel
 * time* is how long things have been on their way: it may run faster than the calendar
 * (`daysPerSecond`), or stand still. A card takes six days of travel time, and its scans are dated
 * by the calendar from when it was printed: however fast the demonstration runs, cards accepted
 * today are delivered next week.
 *
 * Both go on while the twin is closed, as the world does.
 */
export const DAY = 86_400_000;

/** When something happened, in milliseconds, by both times. */
export interface Stamp {
  /** Calendar, since 1970. */
  readonly at: number;
  /** Travel time, since the twin first opened. */
  readonly travel: number;
}

export class TwinClock {
  /** Milliseconds of travel time in one real millisecond. */
  readonly #pace: number;
  #turned = 0;
  #resumedAt = 0;
  #anchor = { real: Date.now(), travel: 0 };

  constructor(daysPerSecond: number) {
    this.#pace = (daysPerSecond * DAY) / 1000;
  }

  get standsStill(): boolean {
    return this.#pace === 0;
  }

  now(): Stamp {
    const real = Date.now();
    // A calendar that was set back must not make anything travel backwards.
    return {
      at: real + this.#turned,
      travel: this.#anchor.travel + Math.max(0, real - this.#anchor.real) * this.#pace,
    };
  }

  advance(days: number): void {
    const { travel } = this.now();
    this.#anchor = { real: Date.now(), travel: travel + days * DAY };
    this.#turned += days * DAY;
  }

  /**
   * Sets the clock by an entry of the ledger; `turnedDays` where the entry is the one that turned
   * it.
   */
  resume(stamp: Stamp, turnedDays = 0): void {
    // An entry may keep an earlier time than those before it, as the plan of a PDF does.
    if (turnedDays === 0 && stamp.at < this.#resumedAt) return;
    this.#resumedAt = stamp.at;
    this.#turned += turnedDays * DAY;
    this.#anchor = { real: stamp.at - this.#turned, travel: stamp.travel };
  }
}
