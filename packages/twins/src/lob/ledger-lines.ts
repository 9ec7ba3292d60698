/** What `GET /twin/ledger` and `GET /twin/events` tell: the truth that tests judge by. */
import type { Piece, PieceEvent } from './books.ts';
import type { Mode } from './entries.ts';

/** A piece that was ever made. */
export interface LedgerLine {
  readonly id: string;
  readonly mode: Mode;
  readonly key: string | null;
  /** `live`: it will be mailed, or was. The others never. */
  readonly state: 'live' | 'test' | 'cancelled' | 'failed';
  readonly metadata: Readonly<Record<string, string>>;
  readonly to: {
    readonly name: string | null;
    readonly line1: string;
    readonly zip: string | null;
  };
  readonly size: string;
  readonly mailType: string;
  /** ISO 8601, by the twin's calendar. */
  readonly createdAt: string;
  readonly sendAt: string;
  readonly events: readonly string[];
  readonly front: Piece['front'];
  readonly back: Piece['back'];
}

export interface EventLine {
  readonly id: string;
  readonly piece: string;
  readonly mode: Mode;
  /** `postcard.created` */
  readonly type: string;
  readonly at: string;
  readonly scannedAt: string;
  /** Null: it is still to be sent. */
  readonly webhook: PieceEvent['webhook'];
  readonly attempts: number;
}

export function ledgerLine(piece: Piece): LedgerLine {
  const { id, mode, key, metadata, to, size, mailType, created, sendAt, front, back } = piece;
  const state =
    piece.deletedAt !== null ? 'cancelled' : piece.status === 'failed' ? 'failed' : mode;
  return {
    id,
    mode,
    key,
    state,
    metadata,
    to: { name: to.name ?? to.company, line1: to.line1, zip: to.zip },
    size,
    mailType,
    createdAt: new Date(created.at).toISOString(),
    sendAt: new Date(sendAt).toISOString(),
    events: piece.events.map(({ type }) => type),
    front,
    back,
  };
}

export function eventLine({
  id,
  piece,
  type,
  at,
  scannedAt,
  webhook,
  attempts,
}: PieceEvent): EventLine {
  return {
    id,
    piece: piece.id,
    mode: piece.mode,
    type: `postcard.${type}`,
    at: new Date(at).toISOString(),
    scannedAt: new Date(scannedAt).toISOString(),
    webhook,
    attempts,
  };
}
