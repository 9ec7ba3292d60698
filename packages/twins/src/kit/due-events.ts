/**
 * Lets time pass: whatever is due by the travel time is written down, in entries of some hundreds.
 */
import type { TwinClock } from './clock.ts';
import { DueHeap } from './heap.ts';

/** Events in one entry of the ledger: requests are answered between two entries. */
const PER_ENTRY = 500;
const TICK_MS = 100;

export interface DueEventsParts<Item, Line> {
  readonly clock: TwinClock;
  /** What an item that is due leaves in the entry; null: nothing. It may add what comes next. */
  tell(item: Item): Line | null;
  /** Writes the lines down. It is waited for. */
  write(lines: readonly Line[]): Promise<void>;
}

export class DueEvents<Item, Line> {
  readonly #parts: DueEventsParts<Item, Line>;
  readonly #due = new DueHeap<Item>();
  #stopped = false;
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> = Promise.resolve();

  constructor(parts: DueEventsParts<Item, Line>) {
    this.#parts = parts;
  }

  /** @param due by the travel time, in milliseconds. */
  add(due: number, item: Item): void {
    this.#due.push(due, item);
  }

  start(onError: (error: unknown) => void): void {
    const { clock } = this.#parts;
    if (clock.standsStill) return;
    this.#timer = setInterval(() => {
      if (this.#due.nextDue <= clock.now().travel) this.catchUp().catch(onError);
    }, TICK_MS);
    this.#timer.unref();
  }

  /** Resolves when everything that is due by now has been written down. */
  catchUp(): Promise<void> {
    this.#round = this.#round.catch(() => undefined).then(() => this.#catchUp());
    return this.#round;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#round.catch(() => undefined);
  }

  async #catchUp(): Promise<void> {
    const { travel } = this.#parts.clock.now();
    while (this.#due.nextDue <= travel && !this.#stopped) {
      const lines: Line[] = [];
      while (this.#due.nextDue <= travel && lines.length < PER_ENTRY) {
        const item = this.#due.pop();
        const line = item === undefined ? null : this.#parts.tell(item);
        if (line !== null) lines.push(line);
      }
      // Waited for: 100,000 cards have 400,000 scans.
      if (lines.length > 0) await this.#parts.write(lines);
    }
  }
}
