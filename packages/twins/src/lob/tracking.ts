/** Lets time pass for the pieces: writes down everything that is due. */
import type { TwinClock } from '../kit/clock.ts';
import { DueHeap } from '../kit/heap.ts';
import type { Books, Piece } from './books.ts';
import type { Commit, Happened } from './entries.ts';
import { journey, type JourneyOptions, type Step } from './journey.ts';

/** Events in one entry of the ledger. */
const PER_ENTRY = 500;
const TICK_MS = 100;

interface Coming {
  readonly piece: Piece;
  /** What is still to come, this step first. */
  readonly steps: readonly Step[];
}

export class Tracking {
  readonly #books: Books;
  readonly #clock: TwinClock;
  readonly #commit: Commit;
  readonly #options: JourneyOptions;
  readonly #due = new DueHeap<Coming>();
  #stopped = false;
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> = Promise.resolve();

  constructor(books: Books, clock: TwinClock, commit: Commit, options: JourneyOptions) {
    this.#books = books;
    this.#clock = clock;
    this.#commit = commit;
    this.#options = options;
  }

  /** Takes up the pieces that were under way when the twin closed. */
  start(onError: (error: unknown) => void): void {
    for (const piece of this.#books.all()) this.follow(piece);
    if (this.#clock.standsStill) return;
    this.#timer = setInterval(() => {
      if (this.#due.nextDue <= this.#clock.now().travel) this.catchUp().catch(onError);
    }, TICK_MS);
    this.#timer.unref();
  }

  /** Follows a piece from where it is. */
  follow(piece: Piece): void {
    if (piece.deletedAt !== null) return;
    const happened = new Set(piece.events.map(({ type }) => type));
    this.#await(
      piece,
      journey(piece, this.#options).filter(({ type }) => !happened.has(type)),
    );
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

  #await(piece: Piece, steps: readonly Step[]): void {
    const [next] = steps;
    if (next !== undefined) this.#due.push(piece.created.travel + next.told, { piece, steps });
  }

  async #catchUp(): Promise<void> {
    const { travel } = this.#clock.now();
    while (this.#due.nextDue <= travel && !this.#stopped) {
      const events: Happened[] = [];
      while (this.#due.nextDue <= travel && events.length < PER_ENTRY) {
        const coming = this.#due.pop();
        const step = coming?.steps[0];
        if (coming === undefined || step === undefined) break;
        const { piece, steps } = coming;
        if (piece.deletedAt !== null) continue;
        const { at } = piece.created;
        events.push([
          piece.id,
          step.type,
          Math.round(at + step.scanned),
          Math.round(at + step.told),
        ]);
        this.#await(piece, steps.slice(1));
      }
      // Waited for, so that requests are answered between two entries.
      if (events.length > 0) await this.#commit({ kind: 'happened', events });
    }
  }
}
