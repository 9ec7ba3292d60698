/**
 * After a lost connection. A worker whose fetch met a dead session would look again only at its
 * poll, a minute later, and a stager at its beat: instead the database is asked until it answers,
 * and then all of them look. A worker whose own connection is found dead only then fails once more,
 * and its error starts this again.
 */
import { isLostConnection } from '../common/driver-errors.ts';

const ASK_MS = 500;

export class Recovery {
  readonly #ask: () => Promise<unknown>;
  readonly #onRecovered: () => void;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(ask: () => Promise<unknown>, onRecovered: () => void) {
    this.#ask = ask;
    this.#onRecovered = onRecovered;
  }

  /** Call with any error; only a lost connection counts here. */
  noteError(error: unknown): void {
    if (isLostConnection(error)) this.#askLater();
  }

  end(): void {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #askLater(): void {
    if (!this.#ended) this.#timer ??= setTimeout(() => void this.#try(), ASK_MS);
  }

  async #try(): Promise<void> {
    const isBack = await this.#ask().then(
      () => true,
      () => false,
    );
    this.#timer = null;
    if (!isBack) this.#askLater();
    else if (!this.#ended) this.#onRecovered();
  }
}
