/**
 * Ctrl-C. A command that has something to finish takes it over: the first says what is waited for,
 * the second ends at once. Safe at any time: what was committed stands, and a kill -9 loses no
 * more.
 */
export class Signals {
  readonly #abort = new AbortController();
  #onFirst: ((name: NodeJS.Signals) => void) | null = null;
  #received: NodeJS.Signals | null = null;

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get received(): NodeJS.Signals | null {
    return this.#received;
  }

  catch(onFirst: (name: NodeJS.Signals) => void): void {
    this.#onFirst = onFirst;
  }

  listen(): void {
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.on(name, () => {
        if (this.#received !== null || this.#onFirst === null)
          process.exit(name === 'SIGINT' ? 130 : 143);
        this.#received = name;
        this.#onFirst(name);
        this.#abort.abort(new Error('interrupted'));
      });
    }
  }
}
