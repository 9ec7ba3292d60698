/**
 * What the model knows of: people, their mailpieces, the cohorts they travel in, and the cards that
 * the printer made.
 */

export const RANK: Readonly<Record<string, number>> = {
  submitting: 0,
  unknown: 1,
  rejected: 5,
  accepted: 10,
  in_production: 20,
  failed: 22,
  cancelled: 23,
  in_transit: 30,
  in_local_area: 40,
  processed_for_delivery: 50,
  delivered: 60,
  returned: 70,
};
export const CLOSED = new Set(['rejected', 'cancelled', 'failed']);
export const SCANNED = new Set([
  'in_transit',
  'in_local_area',
  'processed_for_delivery',
  'delivered',
  'returned',
]);
export const BEFORE_PRINTER = new Set([
  'pending',
  'proofing_staged',
  'proofing',
  'proofed',
  'sending_staged',
]);
export const FOLLOWS = new Set([...BEFORE_PRINTER, 'sending', 'error', 'skipped', 'blacklisted']);
export const TERMINAL = new Set([
  'received',
  'returned',
  'skipped',
  'holdout',
  'blacklisted',
  'error',
]);

export interface Piece {
  readonly id: string;
  readonly key: string;
  readonly person: Person;
  status: string;
  providerId: string | null;
  /** Nobody knew of it for a time. */
  wasUnknown: boolean;
  /** It is sent again without a proof that nothing was made: its card may exist. */
  isInDoubt: boolean;
}

/**
 * Instead of a cohort: they are asked for at the printer before they are stopped, in a cohort that
 * only the database names.
 */
export const ASKED_FOR = 'asked for';

export interface Person {
  readonly name: string;
  id: string;
  state: string;
  reason: string;
  cohort: string | null;
  held: boolean;
  cancel: boolean;
  losses: number;
  suppressed: boolean;
  /** Where an amendment has put them; null: where the list says. */
  street: string | null;
  readonly pieces: Piece[];
}

export interface Cohort {
  readonly id: string;
  readonly kind: 'proof' | 'mail';
  begun: boolean;
  closed: boolean;
  deleted: boolean;
  jobGone: boolean;
  /** What its runner was given when it began. */
  pieces: Piece[];
  people: Person[];
  /** What the printer answered it, as far as it heard. */
  readonly answers: Map<
    string,
    { outcome: 'accepted' | 'rejected' | 'bad address' | 'retry' | 'unknown'; providerId?: string }
  >;
}

/**
 * A card on paper, by idempotency key: the printer makes one for a key, however often it is asked.
 */
export interface Card {
  readonly providerId: string;
  readonly piece: Piece;
  /** Called back, or spoilt in the making: not in any letterbox. */
  void: boolean;
  readonly told: string[];
}

export function open(piece: Piece): boolean {
  return !CLOSED.has(piece.status);
}
export function openPiece(person: Person): Piece | undefined {
  return person.pieces.find(open);
}
