/**
 * The part of the world that does the work: runners and their printer, played badly on purpose.
 * Answers get lost or come late, and what one runner began another may end. Each step is done to
 * the database and to its model.
 */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import { beginMail, settleMail } from '../../../packages/core/src/machine/mail.ts';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { people as newcomers, type Person as Member, type Place } from '../../support/machine.ts';
import { Model } from './model.ts';
import type { Cohort, Person } from './people.ts';
import { LEASE_MS, QUIET_MS, RUNNER, rendered } from '../rig.ts';

const GRACE_MS = 20_000;

export function chosen<T>(list: readonly T[], bits: number): T[] {
  return list.filter((_, i) => ((bits >> (i % 16)) & 1) === 1);
}

export class Runners {
  readonly model = new Model();
  readonly sql: postgres.Sql;
  readonly at: Place;
  readonly members: readonly Member[];
  cards = 0;
  constructor(sql: postgres.Sql, at: Place, n: number) {
    this.sql = sql;
    this.at = at;
    this.members = newcomers(n);
  }

  people(): Person[] {
    return [...this.model.people.values()];
  }

  async stage(kind: 'proof' | 'mail', size: number): Promise<void> {
    const known = new Set(this.model.cohorts.map((k) => k.id));
    await this.sql`select postrider.stage_round(${kind}, 100, ${size})`;
    const rows = await this.sql<{ cohort: string; person: string }[]>`
      select cohort_id as cohort, recipient_id as person
      from postrider.recipient_state
      where organization_id = ${this.at.organizationId}
        and state = ${kind === 'proof' ? 'proofing_staged' : 'sending_staged'}
      order by cohort_id`;
    const picked = new Map<string, string[]>();
    for (const row of rows)
      if (!known.has(row.cohort))
        picked.set(row.cohort, [...(picked.get(row.cohort) ?? []), row.person]);
    this.model.staged(kind, picked);
  }

  async begin(cohort: Cohort): Promise<void> {
    const { organizationId: o } = this.at;
    if (cohort.kind === 'proof') {
      const begun = await beginProof(this.sql, {
        organizationId: o,
        cohortId: cohort.id,
        runnerId: RUNNER,
        leaseMs: LEASE_MS,
      });
      const there = this.model.begin(cohort, () => assert.fail('a proof has no piece'));
      assert.deepEqual(
        (begun?.cards ?? []).map((card) => card.recipientId).sort(),
        there.map((p) => p.id).sort(),
      );
      return;
    }
    const begun = await beginMail(this.sql, {
      organizationId: o,
      cohortId: cohort.id,
      runnerId: RUNNER,
      leaseMs: LEASE_MS,
    });
    const opened = new Map(
      (begun?.pieces ?? []).map((piece) => [
        piece.recipientId,
        { id: piece.mailpieceId, key: piece.idempotencyKey },
      ]),
    );
    const there = this.model.begin(
      cohort,
      (p) => opened.get(p.id) ?? assert.fail(`no piece was opened for ${p.name}`),
    );
    assert.deepEqual([...opened.keys()].sort(), there.map((p) => p.id).sort());
    for (const piece of there.length === 0 ? [] : cohort.pieces)
      assert.deepEqual(
        opened.get(piece.person.id),
        { id: piece.id, key: piece.key },
        'a piece keeps its key',
      );
    for (const piece of begun?.pieces ?? []) {
      const { street } = this.model.byId(piece.recipientId);
      if (street !== null)
        assert.equal(piece.request.to.address.line1, street, 'it is printed where they live now');
    }
  }

  /**
   * The runner asks the printer, which makes one card for a key. What it does, and whether the
   * answer arrives, is chance.
   */
  post(cohort: Cohort, bits: number, luck: number): void {
    for (const [i, piece] of cohort.pieces.entries()) {
      if (cohort.answers.has(piece.id) || ((bits >> (i % 16)) & 1) === 0) continue;
      const known = this.model.ledger.get(piece.key);
      const fate =
        (
          [
            'accepted',
            'accepted',
            'lost, made',
            'lost, not made',
            'rejected',
            'bad address',
            'retry',
          ] as const
        )[(luck + i) % 7] ?? 'accepted';
      if (known === undefined && (fate === 'accepted' || fate === 'lost, made'))
        this.model.ledger.set(piece.key, {
          providerId: `card ${(this.cards += 1)}`,
          piece,
          void: false,
          told: [],
        });
      const card = this.model.ledger.get(piece.key);
      if (fate === 'lost, made' || fate === 'lost, not made')
        cohort.answers.set(piece.id, { outcome: 'unknown' });
      // A repeat may be turned away although the first request has made the card.
      else if (card !== undefined && !(fate === 'retry' && piece.isInDoubt))
        cohort.answers.set(piece.id, { outcome: 'accepted', providerId: card.providerId });
      else cohort.answers.set(piece.id, { outcome: fate });
    }
  }

  async settle(cohort: Cohort, bits: number, last: boolean): Promise<void> {
    const { organizationId: o } = this.at;
    if (cohort.kind === 'proof') {
      const outcomes = new Map(
        chosen(cohort.people, bits).map((p, i) => [
          p,
          (['rendered', 'rendered', 'rendered', 'retry', 'failed'] as const)[(bits + i) % 5] ??
            'rendered',
        ]),
      );
      const results = [...outcomes].map(([p, outcome]) =>
        outcome === 'rendered'
          ? rendered(p.id)
          : outcome === 'failed'
            ? { recipientId: p.id, outcome, message: 'm' }
            : { recipientId: p.id, outcome, message: 'm', afterMs: 0 },
      );
      await settleProof(this.sql, { organizationId: o, cohortId: cohort.id, results, last });
      this.model.settleProof(cohort, outcomes, last);
      return;
    }
    const heard = chosen(cohort.pieces, bits).filter((piece) => cohort.answers.has(piece.id));
    // A runner that says it is done has heard of everybody it asked.
    const all = last ? cohort.pieces.filter((piece) => cohort.answers.has(piece.id)) : heard;
    const results = all.map((piece) => {
      const answer = cohort.answers.get(piece.id) ?? assert.fail();
      const outcome = answer.outcome === 'bad address' ? 'rejected' : answer.outcome;
      return {
        recipientId: piece.person.id,
        mailpieceId: piece.id,
        outcome,
        message: 'm',
        afterMs: 0,
        ...(answer.providerId === undefined ? {} : { providerId: answer.providerId }),
        badAddress: answer.outcome === 'bad address',
      };
    });
    await settleMail(this.sql, {
      organizationId: o,
      cohortId: cohort.id,
      results,
      last,
      quietMs: QUIET_MS,
    });
    this.model.settleMail(cohort, all, last);
  }

  async reap(): Promise<void> {
    const rows = await this.sql<{ id: string; passed: boolean }[]>`
      select id,
        case
          when begun_at is not null then lease_until < postrider.now()
          else made_at < postrider.now() - ${`${GRACE_MS} ms`}::interval
        end as passed
      from postrider.cohort
      where organization_id = ${this.at.organizationId} and closed_at is null`;
    const since = await this.sql<{ id: string }[]>`
      select recipient_id as id
      from postrider.recipient_state
      where organization_id = ${this.at.organizationId}
        and state = 'sending'
        and since < postrider.now() - ${`${GRACE_MS} ms`}::interval`;
    await this.sql`
      select postrider.reap(${`${GRACE_MS} ms`}::interval, ${`${QUIET_MS} ms`}::interval)`;
    const gone = (id: string): boolean =>
      this.model.cohorts.find((k) => k.id === id)?.jobGone ?? true;
    const begun = (id: string): boolean =>
      this.model.cohorts.find((k) => k.id === id)?.begun ?? false;
    const passed = new Set(
      rows.filter((row) => row.passed && (begun(row.id) || gone(row.id))).map((row) => row.id),
    );
    const old = new Set(since.map((row) => row.id));
    this.model.reap(passed, (p) => old.has(p.id));
  }

  /** Even cohorts that were never begun come back: no queue keeps a job for ever. */
  async loseJobs(): Promise<void> {
    for (const cohort of this.model.cohorts) {
      if (!cohort.jobGone) await this.sql`delete from postrider_queue.job where id = ${cohort.id}`;
      cohort.jobGone = true;
    }
  }
}
