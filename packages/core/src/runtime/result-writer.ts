/**
 * Settles results as they arrive: flushed at the latest 50 ms after the first, never only at the
 * end. Where the database refuses results, or an open psql transaction locks one of these people,
 * they are tried person by person, so that one row costs no others; what a lost connection left
 * open is tried again: a replay of a settle changes nothing.
 */
import { sqlState } from '../common/driver-errors.ts';
import { messageOf } from '../common/message-of.ts';
import { isMachineError } from '../machine/errors.ts';
import type { Logger } from '../ports/index.ts';

const FLUSH_MS = 50;
// Classes of SQLSTATE that say nothing of the results: the connection is lost; the server stops,
// starts, is a standby, or has had enough.
const SERVER = /^(08|25|53|57|58)/;
// Data that no column takes: trying again changes nothing.
const DATA = /^(22|23)/;

export interface ResultWriterOptions<Result> {
  /** Writes results; `last` says that no more will come. */
  readonly write: (results: readonly Result[], last: boolean) => Promise<unknown>;
  /** Until when trying again makes sense, in milliseconds from now. */
  readonly patienceMs: () => number;
  readonly logger: Logger;
}

/**
 * How the database refused these results: for good, or for now; null where it is not about them.
 */
function refusal(error: unknown): 'for now' | 'for good' | null {
  if (isMachineError(error)) return 'for good';
  const state = sqlState(error);
  if (state === null || SERVER.test(state)) return null;
  return DATA.test(state) ? 'for good' : 'for now';
}

async function pause(ms: number): Promise<void> {
  return await new Promise((resolve) => setTimeout(resolve, ms));
}

export class ResultWriter<Result> {
  readonly #options: ResultWriterOptions<Result>;
  #waiting: Result[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: ResultWriterOptions<Result>) {
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
    const { write, patienceMs, logger } = this.#options;
    const started = Date.now();
    let groups: (readonly Result[])[] = [results];
    for (let attempt = 0; ; attempt += 1) {
      const again: (readonly Result[])[] = [];
      let message = '';
      // The list grows while it is gone through. `last` goes with all results together; where they
      // are written one by one, it goes by itself at the end.
      for (const group of groups) {
        try {
          await write(group, last && group === results);
          if (group === results) return;
        } catch (error) {
          message = messageOf(error);
          const why = refusal(error);
          if (why !== null && group.length > 1) {
            logger.warn(
              { people: group.length, error: message },
              'results could not be recorded together: settling one by one',
            );
            groups.push(...group.map((result) => [result]));
          } else if (why === 'for good') {
            // What cannot be recorded stands in the log, and costs no other result.
            logger.error(
              { results: group, error: message },
              'a result could not be recorded; it counts as not given',
            );
          } else again.push(group);
        }
      }
      if (again.length === 0) break;
      if (Date.now() - started > patienceMs()) {
        logger.error(
          { people: again.flat().length, error: message },
          'results could not be recorded in time: reap and reconcile find out what became of ' +
            'these people',
        );
        return;
      }
      groups = again;
      await pause(Math.min(200 * 2 ** attempt, 2000));
    }
    if (last && results.length > 0) await this.#persist([], true);
  }
}
