/**
 * Runs something whenever it is woken: at once, never twice at a time, and once more where it was
 * woken while it ran. This is the debounce between the database's notifications (one per statement
 * that moves people) and the stagers.
 */
import { messageOf } from '../common/message-of.ts';
import type { Logger } from '../ports/index.ts';

export class Waker {
  readonly #name: string;
  readonly #work: () => Promise<void>;
  readonly #logger: Logger;
  readonly #onError: (error: unknown) => void;
  #running: Promise<void> | null = null;
  #again = false;
  #stopped = false;

  constructor(
    name: string,
    work: () => Promise<void>,
    logger: Logger,
    onError: (error: unknown) => void = () => undefined,
  ) {
    this.#name = name;
    this.#work = work;
    this.#logger = logger;
    this.#onError = onError;
  }

  wake(): void {
    if (this.#stopped) return;
    if (this.#running !== null) {
      this.#again = true;
      return;
    }
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#again = false;
    await this.#running;
  }

  async #run(): Promise<void> {
    do {
      this.#again = false;
      try {
        await this.#work();
      } catch (error) {
        // The beat is the retry.
        this.#logger.warn(
          { error: messageOf(error) },
          `${this.#name} failed and is tried again with the next beat`,
        );
        this.#onError(error);
      }
    } while (this.#again && !this.#stopped);
    this.#running = null;
  }
}
