/** A piece as the shop holds it in memory, and what happens to it. */
import type { Stamp } from '../kit/clock.ts';
import type { AcceptedPiece } from './entries.ts';
import type { PieceOrder, PieceReference, PieceStatus } from './wire.ts';

/** `reserved` is never written: the press has taken the piece up and its plan is about to be. */
export type Place = 'waiting' | 'reserved' | 'planned' | 'out' | 'failed' | 'cancelled';

export interface Piece {
  readonly id: string;
  readonly reference: PieceReference;
  readonly idempotencyKey: string | null;
  readonly person: string | null;
  readonly fingerprint: string;
  readonly mode: 'test' | 'live';
  readonly format: string;
  readonly mailClass: string;
  readonly accepted: Stamp;
  /** By the machine's monotonic clock; 0 for pieces of an earlier run. */
  readonly acceptedTick: number;
  /** Whether it becomes a sheet in a PDF. Test pieces and pieces without artwork do not. */
  readonly hasSheet: boolean;
  place: Place;
  status: PieceStatus;
  printed: Stamp | null;
  file: number | null;
  card: number | null;
  /** The next stage of its journey (`journey.ts`). */
  stage: number;
  content: Content | null;
}

/** What the press and the manifest need. */
export interface Content {
  readonly to: PieceOrder['to'];
  readonly artwork: PieceOrder['artwork'];
  /** sha256 of the two documents at acceptance. */
  readonly hashes: { readonly front: string; readonly back: string };
}

export interface StatusChange {
  readonly piece: Piece;
  readonly status: PieceStatus;
  readonly at: number;
}

/** Where tracking events are posted. */
export interface Addresses {
  readonly url: string | null;
  /** By organization, before `url`. */
  readonly organizations: Readonly<Record<string, string>>;
  /** The one of the command line. */
  readonly started: string | null;
}

export interface Plan {
  readonly file: number;
  readonly stamp: Stamp;
  readonly pieces: readonly Piece[];
}

export interface PrintedFile {
  readonly file: number;
  readonly cards: number;
}

export const NOOP_ARTWORK = 'noop:';

/**
 * A piece that was just accepted.
 *
 * @param documents sha256 of each artwork document by its URL.
 * @param acceptedTick by the machine's monotonic clock; 0 while an earlier run is replayed.
 */
export function newPiece(
  { id, order, fingerprint }: AcceptedPiece,
  documents: Readonly<Record<string, string>>,
  accepted: Stamp,
  acceptedTick: number,
): Piece {
  const { front, back } = order.artwork;
  const noop = front.url === NOOP_ARTWORK;
  return {
    id,
    reference: order.reference,
    idempotencyKey: order.idempotencyKey,
    person: order.person ?? null,
    fingerprint,
    mode: order.mode,
    format: order.format,
    mailClass: order.mailClass,
    accepted,
    acceptedTick,
    hasSheet: order.mode === 'live' && !noop,
    place: 'waiting',
    status: 'accepted',
    printed: null,
    file: null,
    card: null,
    stage: 0,
    content: noop
      ? null
      : {
          to: order.to,
          artwork: order.artwork,
          hashes: { front: documents[front.url] ?? '', back: documents[back.url] ?? '' },
        },
  };
}
