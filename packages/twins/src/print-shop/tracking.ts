/** Lets time pass for the cards that have left: writes down every scan that is due. */
import type { Books, Piece } from './books.ts';
import type { ShopClock } from './clock.ts';
import type { ScannedEntry, Commit } from './entries.ts';
import { DueHeap } from './heap.ts';
import { nextStop, type JourneyOptions } from './journey.ts';

/** Scans in one entry of the ledger. */
const SCANS_PER_ENTRY = 500;
const TICK_MS = 100;

export class Tracking {
  readonly #books: Books;
  readonly #clock: ShopClock;
  readonly #commit: Commit;
  readonly #options: JourneyOptions;
  readonly #due = new DueHeap<Piece>();
  #timer: NodeJS.Timeout | null = null;
  #round: Promise<void> = Promise.resolve();

  constructor(books: Books, clock: ShopClock, commit: Commit, options: JourneyOptions) {
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
    if (base !== null && stop !== null) this.#due.push(base.travel + stop.after, piece);
  }

  /** Resolves when everything that is due by now has been written down. */
  catchUp(): Promise<void> {
    this.#round = this.#round.catch(() => undefined).then(() => this.#catchUp());
    return this.#round;
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#round.catch(() => undefined);
  }

  async #catchUp(): Promise<void> {
    const { travel } = this.#clock.now();
    const written: Promise<void>[] = [];
    while (this.#due.nextDue <= travel) {
      const scans: ScannedEntry['scans'][number][] = [];
      const seen: Piece[] = [];
      while (this.#due.nextDue <= travel && scans.length < SCANS_PER_ENTRY) {
        const piece = this.#due.pop();
        const base = piece === undefined ? null : departure(piece);
        const stop = piece === undefined ? null : nextStop(piece.id, piece.stage, this.#options);
        if (piece === undefined || base === null || stop === null) continue;
        scans.push([piece.id, stop.status, Math.round(base.at + stop.after)]);
        seen.push(piece);
      }
      written.push(this.#commit({ kind: 'scanned', scans }));
      for (const piece of seen) this.follow(piece);
    }
    await Promise.all(written);
  }
}

/** From when a card's days are counted: what has no sheet travels as soon as it is accepted. */
function departure(piece: Piece): { at: number; travel: number } | null {
  if (piece.place !== 'out') return null;
  return piece.hasSheet ? piece.printed : piece.accepted;
}
