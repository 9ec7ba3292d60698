/**
 * The model of the machine, with what operators do to it: each answers the SQLSTATE with which it
 * is refused, or null.
 */
import { ModelMachine } from './machine.ts';
import { BEFORE_PRINTER, openPiece, RANK, type Person, type Piece } from './people.ts';

export class Model extends ModelMachine {
  private stop(person: Person, state: string, reason: string): void {
    if (BEFORE_PRINTER.has(person.state)) {
      const piece = openPiece(person);
      if (person.state === 'proofed' || person.state === 'sending_staged') {
        if (this.askFirst(person, reason)) return;
        if (piece?.status === 'submitting') piece.status = 'cancelled';
      }
      this.move(person, state, reason);
    } else if (person.state === 'sending' || person.state === 'sent') person.cancel = true;
  }

  cancel(person: Person): string | null {
    if (person.state === 'error' && person.reason === 'outcome_unknown') return 'PR016';
    if (person.state === 'error') {
      if (this.askFirst(person, 'cancelled')) return null;
      const piece = openPiece(person);
      if (piece?.status === 'submitting') piece.status = 'cancelled';
      this.move(person, 'skipped', 'given_up');
      return null;
    }
    if (['received', 'returned', 'blacklisted', 'holdout'].includes(person.state)) return 'PR017';
    this.stop(person, 'skipped', 'cancelled');
    return null;
  }

  amend(person: Person, street: string): string | null {
    const piece = openPiece(person);
    if (piece !== undefined && piece.providerId !== null) return 'PR017';
    if (person.state === 'error' && person.reason === 'outcome_unknown') return 'PR016';
    if (!BEFORE_PRINTER.has(person.state) && person.state !== 'error') {
      if (person.state !== 'skipped' || person.reason !== 'bad_address') return 'PR017';
    }
    if (piece !== undefined && (piece.status !== 'submitting' || piece.wasUnknown)) return 'PR017';
    if (person.cancel) return 'PR017';
    person.street = street;
    if (piece !== undefined) piece.status = 'cancelled';
    person.losses = 0;
    if (person.state === 'error') {
      person.held = false;
      if (person.suppressed) this.move(person, 'skipped', 'suppressed');
      else this.move(person, 'pending', 'retried');
    } else if (person.state === 'skipped' && person.suppressed) person.reason = 'suppressed';
    else this.move(person, 'pending', 'amended');
    return null;
  }

  suppress(person: Person): void {
    person.suppressed = true;
    this.stop(person, 'blacklisted', 'suppressed');
  }

  retry(person: Person): string | null {
    if (person.state !== 'error') return 'PR017';
    if (person.reason === 'outcome_unknown') return 'PR016';
    const piece = openPiece(person);
    if (piece !== undefined && piece.status !== 'submitting') return 'PR017';
    if (person.suppressed) {
      if (this.askFirst(person, 'suppressed')) return null;
      if (piece !== undefined) piece.status = 'cancelled';
      this.move(person, 'skipped', 'suppressed');
    } else this.move(person, piece === undefined ? 'pending' : 'proofed', 'retried');
    person.losses = 0;
    person.held = false;
    person.cancel = false;
    return null;
  }

  resolve(piece: Piece, printed: boolean): string | null {
    const { person } = piece;
    if (
      person.state !== 'error' ||
      person.reason !== 'outcome_unknown' ||
      piece.status !== 'unknown'
    )
      return 'PR017';
    if (printed) this.evidence(piece, this.ledger.get(piece.key)?.providerId ?? '');
    else {
      piece.status = 'cancelled';
      this.move(person, person.cancel ? 'skipped' : 'proofed', 'resolved');
      person.cancel = false;
      person.losses = 0;
    }
    return null;
  }

  /** The printer's answer to being asked to call a card back. */
  calledBack(person: Person, yes: boolean): void {
    const piece = openPiece(person);
    if (person.state !== 'sent' || piece === undefined) return;
    if (yes && (RANK[piece.status] ?? 0) < 30) {
      piece.status = 'cancelled';
      this.move(person, 'skipped', 'cancelled');
    }
    person.cancel = false;
  }

  hold(person: Person): string | null {
    if (!BEFORE_PRINTER.has(person.state)) return 'PR017';
    person.held = true;
    return null;
  }
}
