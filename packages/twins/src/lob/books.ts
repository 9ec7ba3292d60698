/**
 * The twin's state in memory: what the ledger's entries add up to. `apply` is the only thing that
 * changes it, while running and while replaying alike.
 */
import { hash } from 'node:crypto';
import type { Stamp } from '../kit/clock.ts';
import {
  LEDGER_VERSION,
  type CreatedPiece,
  type Entry,
  type EventType,
  type Happened,
  type Mode,
} from './entries.ts';
import type { AccountState } from './options.ts';

export interface Piece extends CreatedPiece {
  /** Counts the pieces of its mode, from 1. */
  readonly number: number;
  readonly created: Stamp;
  status: 'processed' | 'rendered' | 'failed';
  modifiedAt: number;
  deletedAt: number | null;
  readonly events: PieceEvent[];
}

export interface PieceEvent {
  readonly id: string;
  readonly piece: Piece;
  readonly type: EventType;
  readonly scannedAt: number;
  /** Its `date_created`. */
  readonly at: number;
  /**
   * Null: it is to be sent. `nobody`: there was no webhook when it happened, and Lob sends nothing
   * later.
   */
  webhook: 'taken' | 'given_up' | 'nobody' | null;
  attempts: number;
}

export class Books {
  ledger = '';
  account: AccountState | null = null;
  readonly webhook: Record<Mode, string | null> = { test: null, live: null };
  readonly started: Record<Mode, string | null> = { test: null, live: null };
  readonly pieces: Readonly<Record<Mode, Piece[]>> = { test: [], live: [] };
  readonly events: PieceEvent[] = [];
  readonly #byId = new Map<string, Piece>();
  readonly #byKey = new Map<string, Piece>();
  readonly #byMetadata = new Map<string, Piece[]>();
  readonly #eventsById = new Map<string, PieceEvent>();

  piece(mode: Mode, id: string): Piece | undefined {
    const piece = this.#byId.get(id);
    return piece?.mode === mode ? piece : undefined;
  }

  /** The last piece that was made with a key. */
  withKey(mode: Mode, key: string): Piece | undefined {
    return this.#byKey.get(`${mode} ${key}`);
  }

  /** In the order in which they were made. */
  withMetadata(mode: Mode, name: string, value: string): readonly Piece[] {
    return this.#byMetadata.get(JSON.stringify([mode, name, value])) ?? [];
  }

  *all(): Iterable<Piece> {
    yield* this.pieces.test;
    yield* this.pieces.live;
  }

  apply(entry: Entry): void {
    switch (entry.kind) {
      case 'opened':
        if (entry.version !== LEDGER_VERSION)
          throw new Error(
            `it is of version ${entry.version}, and this twin reads version ${LEDGER_VERSION}`,
          );
        this.ledger = entry.ledger;
        return;
      case 'created':
        return this.#create(entry.piece, { at: entry.at, travel: entry.travel });
      case 'deleted': {
        const piece = this.#known(entry.piece);
        piece.deletedAt = entry.at;
        piece.modifiedAt = entry.at;
        return this.#happen(piece, [piece.id, 'deleted', entry.at, entry.at]);
      }
      case 'happened':
        for (const event of entry.events) this.#happen(this.#known(event[0]), event);
        return;
      case 'turned':
        return;
      case 'account':
        this.account = entry.state;
        return;
      case 'webhook':
        this.webhook[entry.mode] = entry.url;
        if (entry.fromStart) this.started[entry.mode] = entry.url;
        return;
      case 'told': {
        const event = this.#eventsById.get(entry.event);
        if (event === undefined) throw new Error(`it tells of an event ${entry.event}`);
        event.webhook = entry.taken ? 'taken' : 'given_up';
        event.attempts = entry.attempts;
        return;
      }
      default:
        throw new Error(
          `its kind ${JSON.stringify((entry as { kind?: unknown }).kind)} is not known`,
        );
    }
  }

  #create(created: CreatedPiece, stamp: Stamp): void {
    const { mode, id, key } = created;
    const piece: Piece = {
      ...created,
      number: this.pieces[mode].length + 1,
      created: stamp,
      status: 'processed',
      modifiedAt: stamp.at,
      deletedAt: null,
      events: [],
    };
    this.pieces[mode].push(piece);
    this.#byId.set(id, piece);
    if (key !== null) this.#byKey.set(`${mode} ${key}`, piece);
    for (const [name, value] of Object.entries(created.metadata)) {
      const at = JSON.stringify([mode, name, value]);
      const known = this.#byMetadata.get(at);
      if (known === undefined) this.#byMetadata.set(at, [piece]);
      else known.push(piece);
    }
    this.#happen(piece, [id, 'created', stamp.at, stamp.at]);
  }

  #happen(piece: Piece, [, type, scannedAt, at]: Happened): void {
    if (type === 'rendered_pdf') piece.status = 'rendered';
    if (type === 'failed') piece.status = 'failed';
    piece.modifiedAt = Math.max(piece.modifiedAt, at);
    const event: PieceEvent = {
      id: eventId(piece.id, type),
      piece,
      type,
      scannedAt,
      at,
      webhook: this.webhook[piece.mode] === null ? 'nobody' : null,
      attempts: 0,
    };
    piece.events.push(event);
    this.events.push(event);
    this.#eventsById.set(event.id, event);
  }

  #known(id: string): Piece {
    const piece = this.#byId.get(id);
    if (piece === undefined) throw new Error(`it names the piece ${id}, which was never made`);
    return piece;
  }
}

/** The same after a restart: receivers know repeats by it. */
function eventId(piece: string, type: EventType): string {
  return `evt_${hash('sha256', `${piece} ${type}`).slice(0, 16)}`;
}
