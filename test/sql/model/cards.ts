/**
 * The model's people and what is known of their cards: evidence, what the printer tells, and its
 * verdicts. Beside it stands the printer's own ledger, which is the truth that nobody in the
 * machine sees.
 */
import assert from 'node:assert/strict';
import {
  ASKED_FOR,
  CLOSED,
  FOLLOWS,
  open,
  openPiece,
  RANK,
  SCANNED,
  type Card,
  type Cohort,
  type Person,
  type Piece,
} from './people.ts';

export class ModelCards {
  readonly people = new Map<string, Person>();
  readonly cohorts: Cohort[] = [];
  readonly ledger = new Map<string, Card>();
  campaignHeld = false;

  byId(id: string): Person {
    return (
      [...this.people.values()].find((person) => person.id === id) ?? assert.fail(`nobody is ${id}`)
    );
  }

  inCohort(id: string): Person[] {
    return [...this.people.values()].filter((person) => person.cohort === id);
  }

  protected move(person: Person, state: string, reason: string): void {
    person.state = state;
    person.reason = reason;
    if (!['proofing', 'sending', 'proofing_staged', 'sending_staged'].includes(state))
      person.cohort = null;
  }

  /**
   * Whether a card of theirs may exist: then the printer is asked, and only then are they stopped.
   */
  protected askFirst(person: Person, reason: string): boolean {
    const piece = openPiece(person);
    if (piece?.status !== 'submitting' || !piece.isInDoubt) return false;
    piece.status = 'unknown';
    this.move(person, 'sending', reason);
    person.cohort = ASKED_FOR;
    person.cancel = true;
    return true;
  }

  evidence(piece: Piece, providerId: string): void {
    const { person } = piece;
    if (piece.providerId === null) {
      if (!open(piece) && openPiece(person) !== undefined) return;
      if (['submitting', 'unknown', 'rejected', 'cancelled'].includes(piece.status))
        piece.status = 'accepted';
      piece.providerId = providerId;
    }
    if (open(piece) && FOLLOWS.has(person.state)) {
      // Somebody who was stopped has a card after all: it is called back.
      if (wasStopped(person) && !SCANNED.has(piece.status)) person.cancel = true;
      this.move(person, 'sent', 'evidence');
      person.losses = 0;
    }
    this.follow(piece);
  }

  /** The piece takes the highest status that was told of its card, and its person follows. */
  follow(piece: Piece): void {
    const { person } = piece;
    const told = this.ledger.get(piece.key)?.told ?? [];
    if (piece.providerId === null || told.length === 0) return;
    const top = told.reduce((a, b) => ((RANK[b] ?? 0) > (RANK[a] ?? 0) ? b : a));
    if (
      (RANK[top] ?? 0) > (RANK[piece.status] ?? 0) &&
      (CLOSED.has(top) || open(piece) || openPiece(person) === undefined)
    )
      piece.status = top;
    if (SCANNED.has(piece.status) && FOLLOWS.has(person.state))
      this.move(person, 'sent', 'late_evidence');
    // What was given up says nothing about somebody who has another card.
    if (!open(piece) && openPiece(person) !== undefined) return;
    if (person.state === 'sent') {
      if (piece.status === 'delivered') this.move(person, 'received', 'scan');
      if (piece.status === 'returned') this.move(person, 'returned', 'returned');
      if (piece.status === 'failed' && !person.cancel)
        this.move(person, 'error', 'failed_at_printer');
      else if (CLOSED.has(piece.status)) {
        this.move(person, 'skipped', 'cancelled');
        person.cancel = false;
      }
    } else if (person.state === 'received' && piece.status === 'returned')
      this.move(person, 'returned', 'returned');
    else if (
      person.state === 'error' &&
      person.reason === 'failed_at_printer' &&
      piece.status === 'cancelled'
    )
      this.move(person, 'skipped', 'cancelled');
  }

  verdict(
    piece: Piece,
    outcome: 'found' | 'absent' | 'cannot_tell',
    honoured: boolean,
    attempt: number,
  ): void {
    const { person } = piece;
    if (outcome === 'found') {
      this.evidence(piece, this.ledger.get(piece.key)?.providerId ?? '');
      return;
    }
    if (piece.status !== 'unknown' || person.state !== 'sending') return;
    if (outcome === 'absent' && person.cancel) {
      piece.status = 'cancelled';
      this.move(person, 'skipped', 'cancelled');
      person.cancel = false;
    } else if (outcome === 'absent' || (honoured && !person.cancel)) {
      piece.status = 'submitting';
      piece.wasUnknown = true;
      piece.isInDoubt = outcome !== 'absent';
      this.move(person, 'proofed', outcome === 'absent' ? 'proven_absent' : 'same_key_again');
    } else if (attempt >= 8) this.move(person, 'error', 'outcome_unknown');
  }

  /**
   * The printer tells of a card; with our reference the machine learns of it even where the answer
   * was lost.
   */
  tell(card: Card, status: string, reference: boolean): void {
    card.told.push(status);
    if (card.piece.providerId === null && reference) this.evidence(card.piece, card.providerId);
    else if (card.piece.providerId !== null) this.follow(card.piece);
  }
}

/** A person without an address waited for one, and was not stopped. */
function wasStopped({ state, reason }: Person): boolean {
  return (
    state === 'blacklisted' ||
    (state === 'skipped' && !['no_address', 'bad_address'].includes(reason))
  );
}
