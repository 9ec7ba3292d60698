/**
 * Whether webhooks pour in. Their senders wait for an answer, and what they tell can wait; so can
 * cards. In a flood webhooks are taken first: they are applied when it is over, and the workers of
 * cards rest for a while.
 */

/** Stored in a second. */
const MANY = 500;
const SECOND_MS = 1000;
/** Of the time that was worked. On two cores the pipeline keeps some 0.6 of its pace by it. */
const REST = 0.75;
const LONGEST_REST_MS = 1000;

export class Flood {
  #began = -Infinity;
  #stored = 0;
  #until = -Infinity;

  /** So many were stored just now. */
  stored(many: number, at = performance.now()): void {
    if (at - this.#began > SECOND_MS) [this.#began, this.#stored] = [at, 0];
    this.#stored += many;
    if (this.#stored >= MANY) this.#until = at + SECOND_MS;
  }

  isOn(at = performance.now()): boolean {
    return at < this.#until;
  }

  /** How long to rest after so long a work, in milliseconds. */
  restAfter(workedMs: number, at = performance.now()): number {
    return this.isOn(at) ? Math.min(workedMs * REST, LONGEST_REST_MS) : 0;
  }
}
