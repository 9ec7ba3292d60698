/**
 * What the database's clock says at a moment here. An answer was made between asking and hearing:
 * the fastest of several answers tells most. This machine's wall clock does not matter, however far
 * it is off.
 */

/** How far two clocks may part, a millisecond in five seconds. */
const DRIFT = 0.0002;

export class DatabaseClock {
  /** The database's time less our monotonic one, in milliseconds: not less, and not more. */
  #least = -Infinity;
  #most = Infinity;
  #heardAt = 0;

  /** Takes the time that an answer tells, and when it was asked for and heard. */
  observe(nowMs: number, askedAt: number, heardAt: number): void {
    const parted = (heardAt - this.#heardAt) * DRIFT;
    const [least, most] = [nowMs - heardAt, nowMs - askedAt];
    this.#least = Math.max(this.#least - parted, least);
    this.#most = Math.min(this.#most + parted, most);
    // It was set, or turned: what was known of it is over.
    if (this.#least > this.#most) [this.#least, this.#most] = [least, most];
    this.#heardAt = heardAt;
  }

  /** From when on it is surely so late there. */
  notBefore(ms: number): number {
    return ms - this.#least;
  }

  /** Until when it is surely no later there. */
  notAfter(ms: number): number {
    return ms - this.#most;
  }
}
