/**
 * The machine once more, in TypeScript and in the small: what each call does to a person and their
 * mailpieces. It knows nothing of SQL, locks or time zones; it says where everybody must be
 * afterwards.
 *
 * Whom a stage picks is the database's choice: the model only checks that each of them was ready.
 * Everything else it predicts.
 */
import assert from 'node:assert/strict';
import { ModelCards } from './cards.ts';
import { openPiece, type Cohort, type Person, type Piece } from './people.ts';

export class ModelMachine extends ModelCards {
  sync(
    names: readonly string[],
    complete: boolean,
    idOf: (name: string) => string,
    suppressed: ReadonlySet<string>,
  ): void {
    for (const name of names) {
      if (this.people.has(name)) continue;
      const out = suppressed.has(name);
      const person: Person = {
        name,
        id: idOf(name),
        state: out ? 'blacklisted' : 'pending',
        reason: out ? 'suppressed' : 'new',
        cohort: null,
        held: false,
        cancel: false,
        losses: 0,
        suppressed: out,
        street: null,
        pieces: [],
      };
      this.people.set(name, person);
    }
    if (!complete) return;
    for (const person of this.people.values())
      if (person.state === 'pending' && !names.includes(person.name))
        this.move(person, 'skipped', 'left_segment');
  }

  staged(kind: 'proof' | 'mail', picked: ReadonlyMap<string, string[]>): void {
    const source = kind === 'proof' ? 'pending' : 'proofed';
    for (const [id, people] of picked) {
      const members = people.map((person) => this.byId(person));
      for (const person of members) {
        assert.deepEqual(
          [person.state, person.held, this.campaignHeld],
          [source, false, false],
          `${person.name} was not ready`,
        );
        assert.ok(
          person.losses === 0 || members.length === 1,
          `${person.name} lost a cohort and travels with others`,
        );
        this.move(person, kind === 'proof' ? 'proofing_staged' : 'sending_staged', 'staged');
        person.cohort = id;
      }
      this.cohorts.push({
        id,
        kind,
        begun: false,
        closed: false,
        deleted: false,
        jobGone: false,
        pieces: [],
        people: [],
        answers: new Map(),
      });
    }
  }

  /** Who is at work now; for mail, with the pieces as the database opened them. */
  begin(cohort: Cohort, opened: (person: Person) => { id: string; key: string }): Person[] {
    if (cohort.begun || cohort.closed || cohort.deleted) return [];
    cohort.begun = true;
    const staged = this.inCohort(cohort.id);
    const back = cohort.kind === 'proof' ? 'pending' : 'proofed';
    if (this.campaignHeld) {
      for (const person of staged) this.move(person, back, 'held');
      cohort.closed = true;
      return [];
    }
    for (const person of staged) {
      if (person.held) this.move(person, back, 'held');
      else if (cohort.kind === 'proof') this.move(person, 'proofing', 'begun');
      else {
        const known = openPiece(person);
        if (known !== undefined && known.providerId !== null) {
          this.move(person, 'sent', 'late_evidence');
          this.follow(known);
          continue;
        }
        assert.ok(
          known === undefined || known.status === 'submitting',
          `${person.name} is sent to the printer with a piece that is ${known?.status}`,
        );
        const piece: Piece = known ?? {
          ...opened(person),
          person,
          status: 'submitting',
          providerId: null,
          wasUnknown: false,
          isInDoubt: false,
        };
        if (known === undefined) person.pieces.push(piece);
        cohort.pieces.push(piece);
        this.move(person, 'sending', 'begun');
      }
    }
    cohort.people = this.inCohort(cohort.id);
    if (cohort.people.length === 0) cohort.closed = true;
    return cohort.people;
  }

  settleProof(
    cohort: Cohort,
    outcomes: ReadonlyMap<Person, 'rendered' | 'failed' | 'retry'>,
    last: boolean,
  ): void {
    for (const person of this.inCohort(cohort.id)) {
      const outcome = outcomes.get(person) ?? (last ? 'none' : undefined);
      if (person.state !== 'proofing' || outcome === undefined) continue;
      if (outcome === 'rendered') {
        this.move(person, 'proofed', 'rendered');
        person.losses = 0;
      } else if (outcome === 'failed') this.move(person, 'error', 'render_failed');
      else this.move(person, 'pending', outcome === 'retry' ? 'retry' : 'not_answered');
    }
    this.closeIfDone(cohort);
  }

  settleMail(cohort: Cohort, heard: readonly Piece[], last: boolean): void {
    for (const piece of heard) {
      const answer = cohort.answers.get(piece.id);
      if (answer?.outcome === 'accepted') this.evidence(piece, answer.providerId ?? '');
    }
    for (const piece of cohort.pieces) {
      const { person } = piece;
      if (
        person.cohort !== cohort.id ||
        person.state !== 'sending' ||
        piece.status !== 'submitting'
      )
        continue;
      const outcome = heard.includes(piece)
        ? cohort.answers.get(piece.id)?.outcome
        : last
          ? 'unknown'
          : undefined;
      if (outcome === undefined || outcome === 'accepted') continue;
      if (outcome === 'unknown') {
        piece.status = 'unknown';
        continue;
      }
      if (outcome === 'retry' && person.cancel && piece.isInDoubt) {
        piece.status = 'unknown';
        continue;
      }
      const cancelled = outcome !== 'bad address' && person.cancel;
      piece.status = outcome !== 'retry' ? 'rejected' : cancelled ? 'cancelled' : 'submitting';
      if (cancelled) this.move(person, 'skipped', 'cancelled');
      else if (outcome === 'retry') this.move(person, 'proofed', 'retry');
      else if (outcome === 'bad address') this.move(person, 'skipped', 'bad_address');
      else this.move(person, 'error', 'rejected');
      person.cancel = false;
    }
    this.closeIfDone(cohort);
  }

  private closeIfDone(cohort: Cohort): void {
    const left = this.inCohort(cohort.id).filter(
      (person) => person.state !== 'sending' || openPiece(person)?.status === 'submitting',
    );
    if (!cohort.deleted && left.length === 0) cohort.closed = true;
  }

  /**
   * @param grace whether those at the printer have been there long enough; @param passed cohorts
   * whose lease, or whose time without a job, has passed.
   */
  reap(passed: ReadonlySet<string>, sendingSince: (person: Person) => boolean): void {
    const giveBack = (person: Person, why: string): void => {
      if (person.state === 'sending') {
        const piece = openPiece(person);
        if (piece?.status !== 'submitting') return;
        piece.status = 'unknown';
        person.losses += 1;
        return;
      }
      const back = person.state === 'sending_staged' ? 'proofed' : 'pending';
      const enough = person.losses >= 9;
      this.move(person, enough ? 'error' : back, enough ? 'too_many_losses' : why);
      person.losses += 1;
    };
    for (const cohort of this.cohorts) {
      if (cohort.deleted || cohort.closed || !passed.has(cohort.id)) continue;
      cohort.closed = true;
      for (const person of this.inCohort(cohort.id))
        giveBack(person, cohort.begun ? 'lease_lost' : 'begin_failed');
    }
    for (const cohort of this.cohorts) {
      if (!cohort.deleted && !cohort.closed) continue;
      for (const person of this.inCohort(cohort.id))
        if (person.state !== 'sending' || sendingSince(person)) giveBack(person, 'lease_lost');
    }
  }
}
