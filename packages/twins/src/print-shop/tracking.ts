/** Lets time pass for the cards that have left: writes down every scan that is due. */
import type { Books } from './books.ts';
import type { Piece } from './pieces.ts';
import type { TwinClock } from '../kit/clock.ts';
import type { Commit } from './entries.ts';
import { DueHeap } from '../kit/heap.ts';
import { nextStop, type JourneyOptions } from './journey.ts';
import type { PieceStatus } from './wire.ts';

/** Scans in one entry of the ledger. */
const SCANS_PER_ENTRY = 500;
const TICK_MS = 100;

/** A scan that will be. */
interface Coming {
  readonly piece: Piece;
  readonly status: PieceStatus;
  /** By the calendar, in milliseconds. */
  readonly at: number;
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

  /** Takes up the cards that were under way when the shop closed. */
  start(onError: (error: unknown) => void): void {
    for (const piece of this.#books.all()) this.follow(piece);
    if (this.#clock.standsStill) return;
    this.#timer = setInterval(() => {
      if (this.#due.nextDue <= this.#clock.now().travel) this.catchUp().catch(onError);
    }, TICK_MS);
    this.#timer.unref();
  }

  /** Follows a card that has left. Cards that have not, or have arrived, are passed over. */
  follow(piece: Piece): void {
    const base = departure(piece);
    const stop = base === null ? null : nextStop(piece.id, piece.stage, this.#options);
    if (base !== null && stop !== null)
      this.#due.push(base.travel + stop.after, {
        piece,
        status: stop.status,
        at: Math.round(base.at + stop.after),
      });
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
    const { travel } = this.#clock.now();
    while (this.#due.nextDue <= travel && !this.#stopped) {
      const due: Coming[] = [];
      while (this.#due.nextDue <= travel && due.length < SCANS_PER_ENTRY) {
        const coming = this.#due.pop();
        if (coming !== undefined) due.push(coming);
      }
      // Waited for, so that requests are answered between two entries: 100,000 cards have 400,000
      // scans.
      await this.#commit({
        kind: 'scanned',
        scans: due.map(({ piece, status, at }) => [piece.id, status, at]),
      });
      for (const { piece } of due) this.follow(piece);
    }
  }
}

/** From when a card's days are counted: what has no sheet travels as soon as it is accepted. */
function departure(piece: Piece): { at: number; travel: number } | null {
  if (piece.place !== 'out') return null;
  return piece.hasSheet ? piece.printed : piece.accepted;
}
