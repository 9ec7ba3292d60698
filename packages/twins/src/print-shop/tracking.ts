/** Lets time pass for the cards that have left: writes down every scan that is due. */
import type { TwinClock } from '../kit/clock.ts';
import { DueEvents } from '../kit/due-events.ts';
import type { Books } from './books.ts';
import type { Commit } from './entries.ts';
import { nextStop, type JourneyOptions } from './journey.ts';
import type { Piece } from './pieces.ts';
import type { PieceStatus } from './wire.ts';

/** A scan that will be. */
interface Coming {
  readonly piece: Piece;
  readonly status: PieceStatus;
  /** By the calendar, in milliseconds. */
  readonly at: number;
}

export class Tracking {
  readonly #books: Books;
  readonly #options: JourneyOptions;
  readonly #due: DueEvents<Coming, Coming>;

  constructor(books: Books, clock: TwinClock, commit: Commit, options: JourneyOptions) {
    this.#books = books;
    this.#options = options;
    this.#due = new DueEvents({
      clock,
      tell: (coming) => coming,
      write: async (due) => {
        await commit({
          kind: 'scanned',
          scans: due.map(({ piece, status, at }) => [piece.id, status, at]),
        });
        for (const { piece } of due) this.follow(piece);
      },
    });
  }

  /** Takes up the cards that were under way when the shop closed. */
  start(onError: (error: unknown) => void): void {
    for (const piece of this.#books.all()) this.follow(piece);
    this.#due.start(onError);
  }

  /** Follows a card that has left. Cards that have not, or have arrived, are passed over. */
  follow(piece: Piece): void {
    const base = departure(piece);
    const stop = base === null ? null : nextStop(piece.id, piece.stage, this.#options);
    if (base !== null && stop !== null)
      this.#due.add(base.travel + stop.after, {
        piece,
        status: stop.status,
        at: Math.round(base.at + stop.after),
      });
  }

  /** Resolves when everything that is due by now has been written down. */
  catchUp(): Promise<void> {
    return this.#due.catchUp();
  }

  stop(): Promise<void> {
    return this.#due.stop();
  }
}

/** From when a card's days are counted: what has no sheet travels as soon as it is accepted. */
function departure(piece: Piece): { at: number; travel: number } | null {
  if (piece.place !== 'out') return null;
  return piece.hasSheet ? piece.printed : piece.accepted;
}
