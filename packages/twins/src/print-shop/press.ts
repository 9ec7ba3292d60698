/**
 * Prints: up to 500 cards to a PDF, each card into exactly one, whatever crashes in between.
 *
 *   compose the PDF in memory · write the *plan* (these cards, this number) · PDF ·
 *   manifest part · write *printed* · manifest
 *
 * Where one of these fails, all from there on is done again a little later. Nothing is left of the
 * plan by which a manifest could be missed once it is printed, hence a flag of its own.
 *
 * A card is in at most one open plan, and a plan's number is used for nothing else. After a crash
 * an open plan is carried out to the end: if its PDF is there it is the right one and whole (it got
 * its name by rename, and the name belongs to the plan), otherwise it is made again. There is one
 * plan at a time.
 */
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtworkReader } from './artwork.ts';
import type { Books } from './books.ts';
import type { Piece, Plan } from './pieces.ts';
import type { TwinClock } from '../kit/clock.ts';
import { compose, type Composition } from './compose.ts';
import { crashPoint } from '../kit/crash-points.ts';
import type { Commit } from './entries.ts';
import { syncFolder, writeAtomically } from '../kit/files.ts';
import { manifestPart, partPath, pdfName, writeManifest } from './manifest.ts';
import type { Tracking } from './tracking.ts';

const CARDS_PER_FILE = 500;
/** After a failed write, for example on a full disk. */
const RETRY_MS = 5_000;

export interface PrintReport {
  readonly files: readonly { readonly file: string; readonly cards: number }[];
  /** Pieces whose artwork was gone or changed. */
  readonly failed: number;
}

export interface Folders {
  /** PDFs and manifest.csv. */
  readonly output: string;
  /** The manifest's parts. */
  readonly parts: string;
}

export interface PressOptions {
  readonly folders: Folders;
  /** Quiet after the last accepted piece before a PDF is begun that is not full. */
  readonly printAfterMs: number;
  /** Full PDFs only, until `printNow`. */
  readonly collect: boolean;
}

interface Round {
  readonly files: { file: string; cards: number }[];
  failed: number;
}

export class Press {
  readonly #books: Books;
  readonly #clock: TwinClock;
  readonly #commit: Commit;
  readonly #artwork: ArtworkReader;
  readonly #tracking: Tracking;
  readonly #options: PressOptions;
  readonly #onError: (error: unknown) => void;
  #round: Promise<unknown> = Promise.resolve();
  #quiet: NodeJS.Timeout | null = null;
  #fullQueued = false;
  /** Something was printed since the manifest was written. */
  #manifestStale = true;
  #stopped = false;

  constructor(parts: {
    books: Books;
    clock: TwinClock;
    commit: Commit;
    artwork: ArtworkReader;
    tracking: Tracking;
    options: PressOptions;
    onError: (error: unknown) => void;
  }) {
    this.#books = parts.books;
    this.#clock = parts.clock;
    this.#commit = parts.commit;
    this.#artwork = parts.artwork;
    this.#tracking = parts.tracking;
    this.#options = parts.options;
    this.#onError = parts.onError;
  }

  /**
   * Carries out the plan that a crash left open, and puts the manifest together. What only waits
   * goes on waiting.
   */
  async start(): Promise<void> {
    await this.#inTurn(async () => {
      const round: Round = { files: [], failed: 0 };
      await this.#finishOpenPlan(round);
      return round;
    }).catch(() => undefined);
    await this.#writeManifest();
    if (this.#waiting() > 0) this.piecesArrived();
  }

  /** Call after pieces were accepted. */
  piecesArrived(): void {
    if (this.#stopped) return;
    if (!this.#options.collect) this.#wakeAfter(this.#options.printAfterMs);
    const { waitingSheets, waitingOthers } = this.#books;
    if (Math.max(waitingSheets.size, waitingOthers.size) >= CARDS_PER_FILE && !this.#fullQueued) {
      this.#fullQueued = true;
      void this.#inTurn(() => {
        this.#fullQueued = false;
        return this.#print(CARDS_PER_FILE);
      }).catch(() => undefined);
    }
  }

  /**
   * Prints what waits now; resolves when PDFs and manifest are written. Rejects where they cannot
   * be; it is tried again by itself.
   */
  printNow(): Promise<PrintReport> {
    return this.#inTurn(() => this.#print(1));
  }

  /** Finishes the PDF in progress and begins no other. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    await this.#round;
  }

  #waiting(): number {
    return this.#books.waitingSheets.size + this.#books.waitingOthers.size;
  }

  #inTurn(work: () => Promise<PrintReport>): Promise<PrintReport> {
    const round = this.#round.then(work);
    this.#round = round.catch((error: unknown) => this.#failed(error));
    return round;
  }

  #wakeAfter(ms: number): void {
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    const atLeast = this.#options.collect ? CARDS_PER_FILE : 1;
    this.#quiet = setTimeout(
      () => void this.#inTurn(() => this.#print(atLeast)).catch(() => undefined),
      ms,
    );
  }

  #failed(error: unknown): void {
    this.#onError(error);
    if (!this.#stopped) this.#wakeAfter(RETRY_MS);
  }

  /** Prints what waits at this moment, as long as there are at least `atLeast` cards for a PDF. */
  async #print(atLeast: number): Promise<PrintReport> {
    const round: Round = { files: [], failed: 0 };
    await this.#finishOpenPlan(round);
    if (this.#manifestStale) await this.#writeManifest();
    await this.#passOthers(atLeast);
    // Counted once: under steady arrivals "until nothing waits" would never answer.
    let left = this.#books.waitingSheets.size;
    while (left >= atLeast && !this.#stopped) {
      const pieces = this.#books.reserve(Math.min(left, CARDS_PER_FILE));
      if (pieces.length === 0) break;
      left -= pieces.length;
      await this.#printPieces(pieces, round);
    }
    return round;
  }

  /** What needs no sheet is done as soon as it is written down. */
  async #passOthers(atLeast: number): Promise<void> {
    if (this.#books.waitingOthers.size < atLeast) return;
    const pieces = [...this.#books.waitingOthers];
    const written: Promise<void>[] = [];
    for (let start = 0; start < pieces.length; start += CARDS_PER_FILE) {
      const some = pieces.slice(start, start + CARDS_PER_FILE);
      written.push(this.#commit({ kind: 'passed', pieces: some.map(({ id }) => id) }));
      for (const piece of some) this.#tracking.follow(piece);
    }
    await Promise.all(written);
  }

  async #printPieces(pieces: readonly Piece[], round: Round): Promise<void> {
    try {
      const stamp = this.#clock.now();
      const { pdf, printable } = await this.#compose(pieces, stamp.at, round);
      if (printable.length === 0) return;
      crashPoint('before-plan');
      await this.#commit(
        { kind: 'plan', file: this.#books.nextFile, pieces: printable.map(({ id }) => id) },
        stamp,
      );
      crashPoint('after-plan');
      await this.#carryOut(pdf, round);
    } finally {
      this.#books.release(pieces);
    }
  }

  async #finishOpenPlan(round: Round): Promise<void> {
    const plan = this.#books.openPlan;
    if (plan === null) return;
    if (await exists(this.#pdfPath(plan))) return this.#carryOut(null, round);
    const unprinted = plan.pieces.filter(({ place }) => place === 'planned');
    const { pdf, printable } = await this.#compose(unprinted, plan.stamp.at, round);
    if (printable.length < plan.pieces.length) {
      await this.#commit(
        { kind: 'plan', file: plan.file, pieces: printable.map(({ id }) => id) },
        plan.stamp,
      );
    }
    if (printable.length > 0) await this.#carryOut(pdf, round);
  }

  /** From the plan to the manifest. `pdf` is null where the file is there already. */
  async #carryOut(pdf: Uint8Array | null, round: Round): Promise<void> {
    const plan = this.#books.openPlan;
    if (plan === null) throw new Error('There is no plan to carry out.');
    // A PDF that is there may not be in its folder for good: its writer may have been cut
    // off, or failed, just after the rename.
    if (pdf === null) await syncFolder(this.#options.folders.output);
    else await writeAtomically(this.#pdfPath(plan), [pdf]);
    crashPoint('after-pdf');
    await writeAtomically(partPath(this.#options.folders.parts, plan.file), [manifestPart(plan)]);
    crashPoint('after-part');
    this.#manifestStale = true;
    await this.#commit({ kind: 'printed', file: plan.file });
    crashPoint('after-printed');
    for (const piece of plan.pieces) this.#tracking.follow(piece);
    await this.#writeManifest();
    crashPoint('after-manifest');
    round.files.push({ file: pdfName(plan.file), cards: plan.pieces.length });
  }

  /** The PDF of those pieces whose artwork is still what it was; the others fail. */
  async #compose(pieces: readonly Piece[], printedAt: number, round: Round): Promise<Composition> {
    const composition = await compose(pieces, this.#artwork, printedAt);
    for (const [message, spoiled] of composition.spoiled) {
      round.failed += spoiled.length;
      this.#onError(new Error(`${spoiled.length} piece(s) cannot be printed: ${message}`));
      await this.#commit({ kind: 'failed', pieces: spoiled.map(({ id }) => id), message });
    }
    return composition;
  }

  #pdfPath(plan: Plan): string {
    return join(this.#options.folders.output, pdfName(plan.file));
  }

  async #writeManifest(): Promise<void> {
    const { output, parts } = this.#options.folders;
    await writeManifest(join(output, 'manifest.csv'), parts, this.#books.files);
    this.#manifestStale = false;
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
