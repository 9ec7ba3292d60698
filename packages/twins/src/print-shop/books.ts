/**
 * The shop's state in memory: what the ledger's entries add up to. `apply` is the only thing that
 * changes it, while running and while replaying alike, so that a restart cannot remember anything
 * else than what was written.
 *
 * 100,000 pieces are held at once: what is only needed for printing (names, addresses, artwork) is
 * let go when a piece is printed.
 */
import type { Stamp } from '../kit/clock.ts';
import { LEDGER_VERSION, ledgerId, type AcceptedPiece, type Entry } from './entries.ts';
import { stageAfter } from './journey.ts';
import {
  newPiece,
  type Addresses,
  type StatusChange,
  type Piece,
  type Plan,
  type PrintedFile,
} from './pieces.ts';
import type { PieceStatus } from './wire.ts';

export class Books {
  /** The ledger's id, which it gets with its first entry. */
  ledger = '';
  readonly #pieces = new Map<string, Piece>();
  readonly #byKey = new Map<string, Piece>();
  readonly #byMailpiece = new Map<string, Piece[]>();
  readonly waitingSheets = new Set<Piece>();
  readonly waitingOthers = new Set<Piece>();
  /** In the order in which they were written down; a cursor counts them. */
  readonly events: StatusChange[] = [];
  readonly files: PrintedFile[] = [];
  openPlan: Plan | null = null;
  webhook: Addresses = { url: null, organizations: {}, started: null };
  /** Whose events there are. */
  readonly organizations = new Set<string>();
  readonly #delivered = new Map<string | undefined, number>();
  /** False while an earlier run is being replayed. */
  live = false;
  /** Told of a printed plan before its pieces' content is let go. */
  onPrinted: (plan: Plan) => void = () => undefined;

  get size(): number {
    return this.#pieces.size;
  }

  /** Where an organization's events go. */
  webhookOf(organization: string): string | null {
    const { url, organizations } = this.webhook;
    return Object.hasOwn(organizations, organization) ? (organizations[organization] ?? null) : url;
  }

  /** So many of all events have been gone through for this organization. */
  delivered(organization: string): number {
    return Math.max(this.#delivered.get(undefined) ?? 0, this.#delivered.get(organization) ?? 0);
  }

  /**
   * The next events of an organization, `limit` at most, before the event `end`; and where to go
   * on.
   */
  eventsOf(
    organization: string,
    { from, end, limit }: { readonly from: number; readonly end: number; readonly limit: number },
  ): { readonly events: readonly StatusChange[]; readonly next: number } {
    const events: StatusChange[] = [];
    let next = from;
    for (; next < end && events.length < limit; next += 1) {
      const event = this.events[next];
      if (event?.piece.reference.organizationId === organization) events.push(event);
    }
    return { events, next };
  }

  all(): Iterable<Piece> {
    return this.#pieces.values();
  }

  piece(id: string): Piece | undefined {
    return this.#pieces.get(id);
  }

  withKey(key: string): Piece | undefined {
    return this.#byKey.get(key);
  }

  ofMailpiece(mailpieceId: string): readonly Piece[] {
    return this.#byMailpiece.get(mailpieceId) ?? [];
  }

  get nextFile(): number {
    return (this.files.at(-1)?.file ?? 0) + 1;
  }

  /**
   * Takes up to `count` waiting sheets for the press: from here on they cannot be cancelled. Not
   * written down: a crash makes them wait again.
   */
  reserve(count: number): Piece[] {
    const reserved: Piece[] = [];
    for (const piece of this.waitingSheets) {
      if (reserved.length === count) break;
      reserved.push(piece);
    }
    for (const piece of reserved) {
      this.waitingSheets.delete(piece);
      piece.place = 'reserved';
    }
    return reserved;
  }

  /** Gives back what the press could not plan. */
  release(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      if (piece.place !== 'reserved') continue;
      piece.place = 'waiting';
      this.waitingSheets.add(piece);
    }
  }

  apply(entry: Entry): void {
    switch (entry.kind) {
      case 'opened':
        if (entry.version !== LEDGER_VERSION)
          throw new Error(
            `it is of version ${entry.version}, and this shop reads version ${LEDGER_VERSION}`,
          );
        this.ledger = ledgerId(entry);
        return;
      case 'accepted':
        for (const piece of entry.pieces)
          this.#accept(piece, entry.documents, { at: entry.at, travel: entry.travel });
        return;
      case 'plan':
        return this.#plan(entry.file, entry.pieces, { at: entry.at, travel: entry.travel });
      case 'printed':
        return this.#print(entry.file);
      case 'passed':
        for (const id of entry.pieces)
          this.#pass(this.#known(id), { at: entry.at, travel: entry.travel });
        return;
      case 'failed':
        for (const id of entry.pieces) this.#drop(this.#known(id), 'failed', entry.at);
        return;
      case 'cancelled':
        return this.#drop(this.#known(entry.piece), 'cancelled', entry.at);
      case 'scanned':
        for (const [id, status, at] of entry.scans) this.#happen(this.#known(id), status, at);
        return;
      case 'turned':
        return;
      case 'webhook':
        this.webhook = {
          url: entry.url,
          organizations: entry.organizations ?? {},
          started: entry.from === 'start' ? entry.url : this.webhook.started,
        };
        return;
      case 'delivered':
        this.#delivered.set(entry.organization, entry.count);
        return;
      default:
        throw new Error(
          `its kind ${JSON.stringify((entry as { kind?: unknown }).kind)} is not known`,
        );
    }
  }

  #accept(
    entered: AcceptedPiece,
    documents: Readonly<Record<string, string>>,
    accepted: Stamp,
  ): void {
    const piece = newPiece(entered, documents, accepted, this.live ? performance.now() : 0);
    this.#pieces.set(piece.id, piece);
    // The first keeps its key, also where a shop without keys made a second one.
    if (piece.idempotencyKey !== null && !this.#byKey.has(piece.idempotencyKey))
      this.#byKey.set(piece.idempotencyKey, piece);
    const siblings = this.#byMailpiece.get(piece.reference.mailpieceId);
    if (siblings === undefined) this.#byMailpiece.set(piece.reference.mailpieceId, [piece]);
    else siblings.push(piece);
    (piece.hasSheet ? this.waitingSheets : this.waitingOthers).add(piece);
    this.#happen(piece, 'accepted', accepted.at);
  }

  #plan(file: number, ids: readonly string[], stamp: Stamp): void {
    const pieces = ids.map((id) => this.#known(id));
    for (const piece of pieces) {
      this.waitingSheets.delete(piece);
      piece.place = 'planned';
    }
    this.openPlan = pieces.length === 0 ? null : { file, stamp, pieces };
  }

  #print(file: number): void {
    const plan = this.openPlan;
    if (plan?.file !== file)
      throw new Error(`it says that file ${file} was printed, which was not planned`);
    this.onPrinted(plan);
    this.openPlan = null;
    this.files.push({ file, cards: plan.pieces.length });
    for (const [index, piece] of plan.pieces.entries()) {
      piece.file = file;
      piece.card = index + 1;
      this.#pass(piece, plan.stamp);
    }
  }

  #pass(piece: Piece, stamp: Stamp): void {
    this.#forget(piece);
    piece.place = 'out';
    piece.printed = stamp;
    this.#happen(piece, 'in_production', stamp.at);
  }

  #drop(piece: Piece, place: 'failed' | 'cancelled', at: number): void {
    this.#forget(piece);
    piece.place = place;
    this.#happen(piece, place, at);
  }

  #forget(piece: Piece): void {
    this.waitingSheets.delete(piece);
    this.waitingOthers.delete(piece);
    piece.content = null;
  }

  #happen(piece: Piece, status: PieceStatus, at: number): void {
    piece.status = status;
    piece.stage = stageAfter(status);
    this.organizations.add(piece.reference.organizationId);
    this.events.push({ piece, status, at });
  }

  #known(id: string): Piece {
    const piece = this.#pieces.get(id);
    if (piece === undefined) throw new Error(`it names the piece ${id}, which was never accepted`);
    return piece;
  }
}
