/**
 * After a lost connection. A worker whose fetch met a dead session would look again only at its
 * poll, a minute later, and a stager at its beat: instead the database is asked until it answers,
 * and then everybody looks. Whose own connection is found dead only then fails once more, and is
 * heard again.
 */
import { isLostConnection } from '../common/driver-errors.ts';

const ASK_MS = 500;

export class Recovery {
  readonly #ask: () => Promise<unknown>;
  readonly #lookAgain: () => void;
  #timer: NodeJS.Timeout | null = null;
  #ended = false;

  constructor(ask: () => Promise<unknown>, lookAgain: () => void) {
    this.#ask = ask;
    this.#lookAgain = lookAgain;
  }

  /** Call with any error; others than a lost connection are nobody's business here. */
  heard(error: unknown): void {
    if (isLostConnection(error)) this.#later();
  }

  end(): void {
    this.#ended = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #later(): void {
    if (!this.#ended) this.#timer ??= setTimeout(() => void this.#try(), ASK_MS);
  }

  async #try(): Promise<void> {
    const isBack = await this.#ask().then(
      () => true,
      () => false,
    );
    this.#timer = null;
    if (!isBack) this.#later();
    else if (!this.#ended) this.#lookAgain();
  }
}
