/**
 * What stands in the ledger. Everything the shop knows is rebuilt from these, so a field is never
 * renamed; version 1.
 */
import type { Stamp } from '../kit/clock.ts';
import type { PieceOrder, PieceStatus } from './wire.ts';

export const LEDGER_VERSION = 1;

export interface AcceptedPiece {
  readonly id: string;
  readonly order: PieceOrder;
  /** Of the order, to tell a replay from a conflict. */
  readonly fingerprint: string;
}

export interface OpenedEntry extends Stamp {
  readonly kind: 'opened';
  readonly version: number;
  /**
   * Random. A client that asks what was accepted must know which ledger answers: another has never
   * heard of their pieces.
   */
  readonly ledger?: string;
}

/** Ledgers begun before they had an id are told apart by when they were. */
export function ledgerId({ ledger, at }: OpenedEntry): string {
  return ledger ?? `opened-${at}`;
}

export interface AcceptedEntry extends Stamp {
  readonly kind: 'accepted';
  /** sha256 of each artwork document by its URL, as it was when the pieces were accepted. */
  readonly documents: Readonly<Record<string, string>>;
  readonly pieces: readonly AcceptedPiece[];
}

/**
 * These cards, in this order, will be the PDF of this number: written before the PDF, so that a
 * crash cannot put a card into two.
 */
export interface PlanEntry extends Stamp {
  readonly kind: 'plan';
  readonly file: number;
  /** Empty: the plan of this number is void, the number free again. */
  readonly pieces: readonly string[];
}

/** The PDF of the plan and its part of the manifest are on the disk. */
export interface PrintedEntry extends Stamp {
  readonly kind: 'printed';
  readonly file: number;
}

/** Counted as printed, without a PDF: test mode, and live pieces without artwork. */
export interface PassedEntry extends Stamp {
  readonly kind: 'passed';
  readonly pieces: readonly string[];
}

export interface FailedEntry extends Stamp {
  readonly kind: 'failed';
  readonly pieces: readonly string[];
  readonly message: string;
}

export interface CancelledEntry extends Stamp {
  readonly kind: 'cancelled';
  readonly piece: string;
}

export interface ScannedEntry extends Stamp {
  readonly kind: 'scanned';
  /** Piece, status, and when by the calendar, in milliseconds. */
  readonly scans: readonly (readonly [piece: string, status: PieceStatus, occurredAt: number])[];
}

export interface TurnedEntry extends Stamp {
  readonly kind: 'turned';
  readonly days: number;
}

/** Where webhooks go from now on, and who said so. */
export interface WebhookEntry extends Stamp {
  readonly kind: 'webhook';
  readonly url: string | null;
  /** By organization, before `url`. */
  readonly organizations?: Readonly<Record<string, string>>;
  readonly from: 'start' | 'request';
}

/**
 * Of the first `count` events those of this organization have been delivered; without one, those of
 * everybody.
 */
export interface DeliveredEntry extends Stamp {
  readonly kind: 'delivered';
  readonly organization?: string;
  readonly count: number;
}

export type Entry =
  | OpenedEntry
  | AcceptedEntry
  | PlanEntry
  | PrintedEntry
  | PassedEntry
  | FailedEntry
  | CancelledEntry
  | ScannedEntry
  | TurnedEntry
  | WebhookEntry
  | DeliveredEntry;

type Unstamped<E> = E extends Entry ? Omit<E, keyof Stamp> : never;

/** An entry before the clock has stamped it. */
export type NewEntry = Unstamped<Entry>;

/** Changes the books now; resolves when the entry is on the disk. */
export type Commit = (entry: NewEntry, stamp?: Stamp) => Promise<void>;
