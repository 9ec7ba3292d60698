/**
 * Settles results as they arrive: flushed at the latest 50 ms after the first, never only at the end. A settle that waits for a lock (somebody's open
 * psql transaction) is tried person by person, so that one row does not block the others; what a lost connection left open is tried again: a replay of
 * a settle changes nothing.
 */
import { sqlState } from '../machine/errors.ts';
import type { Logger } from '../ports/index.ts';

const FLUSH_MS = 50;
const LOCK_NOT_AVAILABLE = '55P03';
const DEADLOCK = '40P01';

export interface SettlerOptions<Result> {
  /** Writes results; `last` says that no more will come. */
  readonly write: (results: readonly Result[], last: boolean) => Promise<unknown>;
  /** Until when trying again makes sense, in milliseconds from now. */
  readonly patienceMs: () => number;
  readonly logger: Logger;
}

const pause = async (ms: number): Promise<void> => await new Promise((resolve) => setTimeout(resolve, ms));

export class Settler<Result> {
  readonly #options: SettlerOptions<Result>;
  #waiting: Result[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SettlerOptions<Result>) {
    this.#options = options;
  }

  add(results: readonly Result[]): void {
    this.#waiting.push(...results);
    this.#timer ??= setTimeout(() => void this.#flush(false), FLUSH_MS);
  }

  /** Writes what is left and says that no more will come. */
  async end(): Promise<void> {
    await this.#flush(true);
  }

  /** Writes what is there, without saying that it was all. */
  async flush(): Promise<void> {
    await this.#flush(false);
    await this.#writing;
  }

  async #flush(last: boolean): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const results = this.#waiting;
    this.#waiting = [];
    if (results.length === 0 && !last) return;
    // One at a time, in order: `last` must not overtake.
    this.#writing = this.#writing.then(async () => await this.#persist(results, last));
    await this.#writing;
  }

  async #persist(results: readonly Result[], last: boolean): Promise<void> {
    const started = Date.now();
    for (let attempt = 0; ; attempt += 1) {
      try {
        await this.#options.write(results, last);
        return;
      } catch (error) {
        const locked = [LOCK_NOT_AVAILABLE, DEADLOCK].includes(sqlState(error) ?? '');
        const message = error instanceof Error ? error.message : String(error);
        if (locked && results.length > 1) {
          this.#options.logger.warn(
            { people: results.length, error: message },
            'somebody holds a lock on one of these people: settling one by one',
          );
          for (const result of results) await this.#persist([result], false);
          if (last) await this.#persist([], true);
          return;
        }
        if (Date.now() - started > this.#options.patienceMs()) {
          this.#options.logger.error(
            { people: results.length, error: message },
            'results could not be recorded in time: reap and reconcile find out what became of these people',
          );
          return;
        }
        await pause(Math.min(200 * 2 ** attempt, 2000));
      }
    }
  }
}
