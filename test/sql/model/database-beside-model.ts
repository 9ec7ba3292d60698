/**
 * A database and its model, side by side: each step is done to both. Runners, the printer and
 * operators are played here, badly on purpose: answers get lost or come late, leases pass, jobs and
 * cohorts are deleted by hand.
 */
import assert from 'node:assert/strict';
import { claimCallBacks, settleCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import {
  claimUnknownMailpieces,
  settleReconciled,
} from '../../../packages/core/src/machine/reconcile.ts';
import { syncPeople } from '../../support/machine.ts';
import { openPiece, RANK, type Card, type Person } from './people.ts';
import { LEASE_MS, event, tell, turnClock } from '../rig.ts';
import { chosen, Runners } from './played-runners.ts';
import type { Step } from './steps.ts';

function pick<T>(list: readonly T[], n: number): T | undefined {
  return list[n % Math.max(1, list.length)];
}

/** A key that the printer never forgets: the clock of the model is turned by days. */
const ALWAYS_MS = 10 * 365 * 86_400_000;

export class World extends Runners {
  readonly suppressed = new Set<string>();
  private streets = 0;

  async step(step: Step): Promise<void> {
    const { model, sql, at } = this;
    const { organizationId: o, campaignId: c } = at;
    const person = pick(this.people(), step.a);
    switch (step.what) {
      case 'sync': {
        const names = step.b % 3 === 0 ? this.members : chosen(this.members, step.a | 5);
        const complete = step.b % 2 === 0;
        await syncPeople(sql, at, names, complete);
        const ids = await sql<
          { id: string; name: string }[]
        >`select id, external_id as name from postrider.recipient where organization_id = ${o}`;
        model.sync(
          names.map((m) => m.externalId),
          complete,
          (name) => ids.find((row) => row.name === name)?.id ?? '',
          this.suppressed,
        );
        return;
      }
      case 'render':
        await this.stage('proof', 50);
        for (const cohort of model.cohorts.filter(
          (k) => k.kind === 'proof' && !k.begun && !k.closed && !k.deleted,
        )) {
          await this.begin(cohort);
          await this.settle(cohort, step.b | 0xff, true);
        }
        return;
      case 'to the printer':
        await this.stage('mail', 1 + (step.b % 4));
        for (const cohort of model.cohorts.filter(
          (k) => k.kind === 'mail' && !k.begun && !k.closed && !k.deleted,
        ))
          await this.begin(cohort);
        return;
      case 'stage proof':
      case 'stage mail':
        return await this.stage(step.what === 'stage proof' ? 'proof' : 'mail', 1 + (step.b % 4));
      case 'begin': {
        const cohort = pick(
          step.c % 4 === 0 ? model.cohorts : model.cohorts.filter((k) => !k.begun && !k.deleted),
          step.a,
        );
        if (cohort !== undefined) await this.begin(cohort);
        return;
      }
      case 'post': {
        const cohort = pick(
          model.cohorts.filter((k) => k.pieces.length > 0 && k.answers.size < k.pieces.length),
          step.a,
        );
        if (cohort !== undefined) this.post(cohort, step.b, step.c);
        return;
      }
      case 'settle': {
        const cohort = pick(
          model.cohorts.filter((k) => k.people.length > 0),
          step.a,
        );
        if (cohort !== undefined) await this.settle(cohort, step.b, step.c % 2 === 0);
        return;
      }
      case 'time passes':
        return await turnClock(sql, [21_000, 61_000, 3_600_000][step.a % 3] ?? 0);
      case 'lose leases':
        await turnClock(sql, LEASE_MS + 1000);
        return await this.reap();
      case 'reap':
        return await this.reap();
      case 'delete job': {
        const cohort = pick(model.cohorts, step.a);
        if (cohort === undefined) return;
        cohort.jobGone = true;
        await sql`delete from postrider_queue.job where id = ${cohort.id}`;
        return;
      }
      case 'delete cohort': {
        const cohort = pick(
          model.cohorts.filter((k) => !k.closed),
          step.a,
        );
        if (cohort === undefined) return;
        cohort.deleted = true;
        await sql`delete from postrider.cohort where id = ${cohort.id}`;
        return;
      }
      case 'reconcile':
        return await this.reconcile(step.b, step.c);
      case 'tell': {
        const card = pick(
          [...model.ledger.values()].filter((k) => !k.void),
          step.a,
        );
        if (card !== undefined)
          await this.tell(
            card,
            Object.keys(RANK).slice(3)[step.b % 9] ?? 'accepted',
            step.c % 2 === 0,
          );
        return;
      }
      case 'hold':
        if (person !== undefined)
          await this.expect(
            model.hold(person),
            sql`select postrider.hold(${o}, 'recipient', ${person.id})`,
          );
        return;
      case 'release':
        if (person?.held === true)
          await sql`select postrider.release(${o}, 'recipient', ${person.id})`;
        if (person !== undefined) person.held = false;
        if (model.campaignHeld) await sql`select postrider.release(${o}, 'campaign', ${c})`;
        model.campaignHeld = false;
        return;
      case 'hold campaign':
        if (step.a % 3 !== 0) return;
        await sql`select postrider.hold(${o}, 'campaign', ${c})`;
        model.campaignHeld = true;
        return;
      case 'cancel':
        if (person !== undefined)
          await this.expect(model.cancel(person), sql`select postrider.cancel(${person.id})`);
        return;
      case 'amend': {
        if (person === undefined) return;
        const street = `${(this.streets += 1)} Amended Road`;
        const wanted = model.amend(person, street);
        const fields = JSON.stringify({ line1: street });
        return await this.expect(
          wanted,
          sql`select postrider.amend(${person.id}, ${fields}::text::jsonb)`,
        );
      }
      case 'suppress': {
        const member = pick(this.members, step.a);
        if (member === undefined || step.b % 3 !== 0) return;
        await sql`select postrider.suppress(${o}, ${member.email ?? ''})`;
        this.suppressed.add(member.externalId);
        const known = model.people.get(member.externalId);
        if (known !== undefined) model.suppress(known);
        return;
      }
      case 'retry':
        if (person !== undefined)
          await this.expect(model.retry(person), sql`select postrider.retry(${person.id})`);
        return;
      case 'resolve': {
        const piece = pick(
          this.people().flatMap((p) => p.pieces),
          step.a,
        );
        if (piece !== undefined) await this.resolve(piece.person, piece.id);
        return;
      }
      case 'call back':
        return await this.callBack(step.b);
    }
  }

  async expect(code: string | null, query: PromiseLike<unknown>): Promise<void> {
    let got: string | null = null;
    try {
      await query;
    } catch (error) {
      got = (error as { code?: string }).code ?? String(error);
    }
    assert.equal(got, code);
  }

  async reconcile(bits: number, luck: number): Promise<void> {
    const claimed = await claimUnknownMailpieces(this.sql, this.at.organizationId, {
      limit: 50,
      leaseMs: 60_000,
    });
    const verdicts = claimed.map((row, i) => {
      const piece =
        this.people()
          .flatMap((p) => p.pieces)
          .find((known) => known.id === row.mailpieceId) ?? assert.fail();
      assert.equal(piece.status, 'unknown', 'only what nobody knows is asked for');
      const made = this.model.ledger.get(piece.key);
      const sure = ((bits >> (i % 16)) & 1) === 1;
      const outcome = !sure ? 'cannot_tell' : made === undefined ? 'absent' : 'found';
      return {
        piece,
        attempt: row.attempt,
        outcome,
        honoured: luck % 3 === 0,
        providerId: made?.providerId,
      } as const;
    });
    await settleReconciled(
      this.sql,
      this.at.organizationId,
      verdicts.map((v) => ({
        mailpieceId: v.piece.id,
        attempt: v.attempt,
        outcome: v.outcome,
        keyLifetimeMs: v.honoured ? ALWAYS_MS : null,
        ...(v.outcome === 'found' ? { providerId: v.providerId ?? '' } : {}),
      })),
    );
    for (const v of verdicts) this.model.verdict(v.piece, v.outcome, v.honoured, v.attempt);
  }

  async tell(card: Card, status: string, reference: boolean): Promise<void> {
    if (status === 'failed' || status === 'cancelled') {
      // A card that was scanned was made; one that is spoilt is scanned by nobody.
      if (card.told.some((told) => (RANK[told] ?? 0) >= 30)) return;
      card.void = true;
    }
    await tell(this.sql, this.at, [
      event({ providerId: card.providerId, mailpieceId: reference ? card.piece.id : null, status }),
    ]);
    this.model.tell(card, status, reference);
  }

  async resolve(person: Person, pieceId: string): Promise<void> {
    const piece = person.pieces.find((known) => known.id === pieceId) ?? assert.fail();
    const card = this.model.ledger.get(piece.key);
    const evidence = card?.providerId ?? 'Jo, on the phone';
    await this.expect(
      this.model.resolve(piece, card !== undefined),
      this.sql`
        select postrider.resolve(
          ${piece.id}, ${card === undefined ? 'not_printed' : 'printed'}, ${evidence}
        )`,
    );
  }

  async callBack(luck: number): Promise<void> {
    const claimed = await claimCallBacks(this.sql, this.at.organizationId, 50);
    for (const [i, asked] of claimed.entries()) {
      const person = this.model.byId(asked.recipientId);
      const card =
        this.model.ledger.get(openPiece(person)?.key ?? '') ??
        assert.fail('what is called back was made');
      const yes = (luck + i) % 2 === 0 && !card.told.some((told) => (RANK[told] ?? 0) >= 30);
      if (yes) card.void = true;
      await settleCallBacks(this.sql, this.at.organizationId, [
        { ...asked, outcome: yes ? 'cancelled' : 'too_late', message: 'm' },
      ]);
      this.model.calledBack(person, yes);
    }
  }
}
