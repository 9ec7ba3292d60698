/**
 * How long the fastest answer of a route takes: by so much at least an answer comes after its
 * request has come to the provider. Of the last minute or two, since a provider may become slower.
 */
const PERIOD_MS = 60_000;

export class AnswerTimes {
  #before = Infinity;
  #since = -Infinity;
  #fastest = Infinity;

  /** Takes the time of an answer, and returns the fastest. Both in milliseconds. */
  observe(ms: number, now = performance.now()): number {
    if (now - this.#since > PERIOD_MS) {
      this.#before = this.#fastest;
      this.#fastest = Infinity;
      this.#since = now;
    }
    this.#fastest = Math.min(this.#fastest, ms);
    return Math.min(this.#before, this.#fastest);
  }
}
