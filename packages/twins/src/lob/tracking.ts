/** Lets time pass for the pieces: writes down everything that is due. */
import type { TwinClock } from '../kit/clock.ts';
import { DueEvents } from '../kit/due-events.ts';
import type { Books, Piece } from './books.ts';
import type { Commit, Happened } from './entries.ts';
import { journey, type JourneyOptions, type Step } from './journey.ts';

interface Coming {
  readonly piece: Piece;
  /** What is still to come, this step first. */
  readonly steps: readonly Step[];
}

export class Tracking {
  readonly #books: Books;
  readonly #options: JourneyOptions;
  readonly #due: DueEvents<Coming, Happened>;

  constructor(books: Books, clock: TwinClock, commit: Commit, options: JourneyOptions) {
    this.#books = books;
    this.#options = options;
    this.#due = new DueEvents({
      clock,
      tell: (coming) => this.#tell(coming),
      write: (events) => commit({ kind: 'happened', events }),
    });
  }

  /** Takes up the pieces that were under way when the twin closed. */
  start(onError: (error: unknown) => void): void {
    for (const piece of this.#books.all()) this.follow(piece);
    this.#due.start(onError);
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
    return this.#due.catchUp();
  }

  stop(): Promise<void> {
    return this.#due.stop();
  }

  #await(piece: Piece, steps: readonly Step[]): void {
    const [next] = steps;
    if (next !== undefined) this.#due.add(piece.created.travel + next.told, { piece, steps });
  }

  #tell({ piece, steps }: Coming): Happened | null {
    const [step, ...later] = steps;
    if (step === undefined || piece.deletedAt !== null) return null;
    const { at } = piece.created;
    this.#await(piece, later);
    return [piece.id, step.type, Math.round(at + step.scanned), Math.round(at + step.told)];
  }
}
