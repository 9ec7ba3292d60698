/** Rate limits as providers with fixed windows keep them, and the judge of who keeps to them. */

export interface WindowState {
  readonly limit: number;
  readonly remaining: number;
  /** When the window ends, in milliseconds since 1970. */
  readonly resetAt: number;
  readonly refused: boolean;
}

/** So many requests in each window, for each name. A window begins at a multiple of its length. */
export class FixedWindows {
  readonly #windowMs: number;
  readonly #windows = new Map<string, { number: number; taken: number }>();

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @param limit 0: there is none. Null then. */
  take(name: string, limit: number, now: number): WindowState | null {
    if (limit === 0) return null;
    const number = Math.floor(now / this.#windowMs);
    let window = this.#windows.get(name);
    if (window?.number !== number) {
      window = { number, taken: 0 };
      this.#windows.set(name, window);
    }
    const refused = window.taken >= limit;
    if (!refused) window.taken += 1;
    return {
      limit,
      remaining: limit - window.taken,
      resetAt: (number + 1) * this.#windowMs,
      refused,
    };
  }
}

/** What came, whatever window one lays over it. */
export interface Traffic {
  readonly taken: number;
  readonly refused: number;
  /** The most requests that came within any span as long as a window. */
  readonly worstWindow: number;
}

/** Watches the requests of one name. */
export class TrafficWatch {
  readonly #windowMs: number;
  #recent: number[] = [];
  #first = 0;
  #taken = 0;
  #refused = 0;
  #worst = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @param now in milliseconds, of a clock that is not turned. */
  see(now: number, refused: boolean): void {
    if (refused) this.#refused += 1;
    else this.#taken += 1;
    this.#recent.push(now);
    while ((this.#recent[this.#first] ?? now) <= now - this.#windowMs) this.#first += 1;
    this.#worst = Math.max(this.#worst, this.#recent.length - this.#first);
    if (this.#first > 10_000) {
      this.#recent = this.#recent.slice(this.#first);
      this.#first = 0;
    }
  }

  get traffic(): Traffic {
    return { taken: this.#taken, refused: this.#refused, worstWindow: this.#worst };
  }
}
