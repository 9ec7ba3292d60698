/**
 * A database and its model, side by side: each step is done to both. Runners, the printer and operators are played here, badly on purpose: answers get
 * lost or come late, leases pass, jobs and cohorts are deleted by hand.
 */
import assert from 'node:assert/strict';
import type postgres from 'postgres';
import { beginMail, beginProof, settleMail, settleProof } from '../../packages/core/src/machine/cohorts.ts';
import { claimCancels, claimUnknown, settleCancels, settleReconcile } from '../../packages/core/src/machine/mailpieces.ts';
import { people as newcomers, syncPeople, type Person as Member, type Place } from '../support/machine.ts';
import { Model, openPiece, RANK, TERMINAL, type Card, type Cohort, type Person } from './model.ts';
import { LEASE_MS, QUIET_MS, RUNNER, event, rendered, tell, turnClock } from './rig.ts';

const GRACE_MS = 20_000;

/** A step: what it is, and numbers from which it chooses whom and how. */
export interface Step {
  readonly what: (typeof STEPS)[number];
  readonly a: number;
  readonly b: number;
  readonly c: number;
}
export const STEPS = [
  ...([
    'sync',
    'render',
    'render',
    'to the printer',
    'to the printer',
    'to the printer',
    'post',
    'post',
    'post',
    'settle',
    'settle',
    'settle',
  ] as const),
  ...([
    'stage proof',
    'stage mail',
    'begin',
    'reap',
    'lose leases',
    'time passes',
    'delete job',
    'delete cohort',
    'reconcile',
    'reconcile',
  ] as const),
  ...(['tell', 'tell', 'hold', 'release', 'hold campaign', 'cancel', 'suppress', 'retry', 'resolve', 'call back'] as const),
] as const;

const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % Math.max(1, list.length)];
const chosen = <T>(list: readonly T[], bits: number): T[] => list.filter((_, i) => ((bits >> (i % 16)) & 1) === 1);

export class World {
  readonly model = new Model();
  readonly suppressed = new Set<string>();
  readonly log: string[] = [];
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
        for (const cohort of model.cohorts.filter((k) => k.kind === 'proof' && !k.begun && !k.closed && !k.deleted)) {
          await this.begin(cohort);
          await this.settle(cohort, step.b | 0xff, true);
        }
        return;
      case 'to the printer':
        await this.stage('mail', 1 + (step.b % 4));
        for (const cohort of model.cohorts.filter((k) => k.kind === 'mail' && !k.begun && !k.closed && !k.deleted))
          await this.begin(cohort);
        return;
      case 'stage proof':
      case 'stage mail':
        return await this.stage(step.what === 'stage proof' ? 'proof' : 'mail', 1 + (step.b % 4));
      case 'begin': {
        const cohort = pick(step.c % 4 === 0 ? model.cohorts : model.cohorts.filter((k) => !k.begun && !k.deleted), step.a);
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
        if (card !== undefined) await this.tell(card, Object.keys(RANK).slice(3)[step.b % 9] ?? 'accepted', step.c % 2 === 0);
        return;
      }
      case 'hold':
        if (person !== undefined) await this.expect(model.hold(person), sql`select postrider.hold(${o}, 'recipient', ${person.id})`);
        return;
      case 'release':
        if (person?.held === true) await sql`select postrider.release(${o}, 'recipient', ${person.id})`;
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
        if (person !== undefined) await this.expect(model.cancel(person), sql`select postrider.cancel(${person.id})`);
        return;
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
        if (person !== undefined) await this.expect(model.retry(person), sql`select postrider.retry(${person.id})`);
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

  async stage(kind: 'proof' | 'mail', size: number): Promise<void> {
    const known = new Set(this.model.cohorts.map((k) => k.id));
    await this.sql`select postrider.stage_round(${kind}, 100, ${size})`;
    const rows = await this.sql<
      { cohort: string; person: string }[]
    >`select cohort_id as cohort, recipient_id as person from postrider.recipient_state
      where organization_id = ${this.at.organizationId} and state = ${kind === 'proof' ? 'proofing_staged' : 'sending_staged'} order by cohort_id`;
    const picked = new Map<string, string[]>();
    for (const row of rows) if (!known.has(row.cohort)) picked.set(row.cohort, [...(picked.get(row.cohort) ?? []), row.person]);
    this.model.staged(kind, picked);
  }

  async begin(cohort: Cohort): Promise<void> {
    const { organizationId: o } = this.at;
    if (cohort.kind === 'proof') {
      const begun = await beginProof(this.sql, o, cohort.id, RUNNER, LEASE_MS);
      const there = this.model.begin(cohort, () => assert.fail('a proof has no piece'));
      assert.deepEqual((begun?.cards ?? []).map((card) => card.recipientId).sort(), there.map((p) => p.id).sort());
      return;
    }
    const begun = await beginMail(this.sql, o, cohort.id, RUNNER, LEASE_MS);
    const opened = new Map((begun?.pieces ?? []).map((piece) => [piece.recipientId, { id: piece.mailpieceId, key: piece.idempotencyKey }]));
    const there = this.model.begin(cohort, (p) => opened.get(p.id) ?? assert.fail(`no piece was opened for ${p.name}`));
    assert.deepEqual([...opened.keys()].sort(), there.map((p) => p.id).sort());
    for (const piece of there.length === 0 ? [] : cohort.pieces)
      assert.deepEqual(opened.get(piece.person.id), { id: piece.id, key: piece.key }, 'a piece keeps its key');
  }

  /** The runner asks the printer, which makes one card for a key. What it does, and whether the answer arrives, is chance. */
  post(cohort: Cohort, bits: number, luck: number): void {
    for (const [i, piece] of cohort.pieces.entries()) {
      if (cohort.answers.has(piece.id) || ((bits >> (i % 16)) & 1) === 0) continue;
      const known = this.model.ledger.get(piece.key);
      const fate =
        (['accepted', 'accepted', 'lost, made', 'lost, not made', 'rejected', 'bad address', 'retry'] as const)[(luck + i) % 7] ??
        'accepted';
      if (known === undefined && (fate === 'accepted' || fate === 'lost, made'))
        this.model.ledger.set(piece.key, { providerId: `card ${(this.cards += 1)}`, piece, void: false, told: [] });
      const card = this.model.ledger.get(piece.key);
      if (fate === 'lost, made' || fate === 'lost, not made') cohort.answers.set(piece.id, { outcome: 'unknown' });
      else if (card !== undefined) cohort.answers.set(piece.id, { outcome: 'accepted', providerId: card.providerId });
      else cohort.answers.set(piece.id, { outcome: fate });
    }
  }

  async settle(cohort: Cohort, bits: number, last: boolean): Promise<void> {
    const { organizationId: o } = this.at;
    if (cohort.kind === 'proof') {
      const outcomes = new Map(
        chosen(cohort.people, bits).map((p, i) => [
          p,
          (['rendered', 'rendered', 'rendered', 'retry', 'failed'] as const)[(bits + i) % 5] ?? 'rendered',
        ]),
      );
      const results = [...outcomes].map(([p, outcome]) =>
        outcome === 'rendered'
          ? rendered(p.id)
          : outcome === 'failed'
            ? { recipientId: p.id, outcome, message: 'm' }
            : { recipientId: p.id, outcome, message: 'm', afterMs: 0 },
      );
      await settleProof(this.sql, o, cohort.id, results, last);
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
    await settleMail(this.sql, o, cohort.id, results, last, QUIET_MS);
    this.model.settleMail(cohort, all, last);
  }

  async reap(): Promise<void> {
    const rows = await this.sql<{ id: string; passed: boolean }[]>`
      select id, case when begun_at is not null then lease_until < postrider.now() else made_at < postrider.now() - ${`${GRACE_MS} ms`}::interval end as passed
      from postrider.cohort where organization_id = ${this.at.organizationId} and closed_at is null`;
    const since = await this.sql<{ id: string }[]>`select recipient_id as id from postrider.recipient_state
      where organization_id = ${this.at.organizationId} and state = 'sending' and since < postrider.now() - ${`${GRACE_MS} ms`}::interval`;
    await this.sql`select postrider.reap(${`${GRACE_MS} ms`}::interval, ${`${QUIET_MS} ms`}::interval)`;
    const gone = (id: string): boolean => this.model.cohorts.find((k) => k.id === id)?.jobGone ?? true;
    const begun = (id: string): boolean => this.model.cohorts.find((k) => k.id === id)?.begun ?? false;
    const passed = new Set(rows.filter((row) => row.passed && (begun(row.id) || gone(row.id))).map((row) => row.id));
    const old = new Set(since.map((row) => row.id));
    this.model.reap(passed, (p) => old.has(p.id));
  }

  async reconcile(bits: number, luck: number): Promise<void> {
    const claimed = await claimUnknown(this.sql, this.at.organizationId, 50, 60_000);
    const verdicts = claimed.map((row, i) => {
      const piece =
        this.people()
          .flatMap((p) => p.pieces)
          .find((known) => known.id === row.mailpieceId) ?? assert.fail();
      assert.equal(piece.status, 'unknown', 'only what nobody knows is asked for');
      const made = this.model.ledger.get(piece.key);
      const sure = ((bits >> (i % 16)) & 1) === 1;
      const outcome = !sure ? 'cannot_tell' : made === undefined ? 'absent' : 'found';
      return { piece, attempt: row.attempt, outcome, honoured: luck % 3 === 0, providerId: made?.providerId } as const;
    });
    await settleReconcile(
      this.sql,
      this.at.organizationId,
      verdicts.map((v) => ({
        mailpieceId: v.piece.id,
        attempt: v.attempt,
        outcome: v.outcome,
        keyStillHonoured: v.honoured,
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
    await tell(this.sql, this.at, [event({ providerId: card.providerId, mailpieceId: reference ? card.piece.id : null, status })]);
    this.model.tell(card, status, reference);
  }

  async resolve(person: Person, pieceId: string): Promise<void> {
    const piece = person.pieces.find((known) => known.id === pieceId) ?? assert.fail();
    const card = this.model.ledger.get(piece.key);
    const evidence = card?.providerId ?? 'Jo, on the phone';
    await this.expect(
      this.model.resolve(piece, card !== undefined),
      this.sql`select postrider.resolve(${piece.id}, ${card === undefined ? 'not_printed' : 'printed'}, ${evidence})`,
    );
  }

  async callBack(luck: number): Promise<void> {
    const claimed = await claimCancels(this.sql, this.at.organizationId, 50);
    for (const [i, asked] of claimed.entries()) {
      const person = this.model.byId(asked.recipientId);
      const card = this.model.ledger.get(openPiece(person)?.key ?? '') ?? assert.fail('what is called back was made');
      const yes = (luck + i) % 2 === 0 && !card.told.some((told) => (RANK[told] ?? 0) >= 30);
      if (yes) card.void = true;
      await settleCancels(this.sql, this.at.organizationId, [{ ...asked, outcome: yes ? 'cancelled' : 'too_late', message: 'm' }]);
      this.model.calledBack(person, yes);
    }
  }

  /** Everybody is where the model says, with the pieces that the model says. */
  async compare(after: string): Promise<void> {
    const rows = await this.sql<{ name: string; state: string; losses: number; held: boolean; cancel: boolean; cohort: string | null }[]>`
      select r.external_id as name, s.state, s.losses, s.held_at is not null as held, s.cancel_requested_at is not null as cancel, s.cohort_id as cohort
      from postrider.recipient_state s join postrider.recipient r on r.organization_id = s.organization_id and r.id = s.recipient_id
      where s.organization_id = ${this.at.organizationId} order by 1`;
    const wanted = this.people()
      .map(({ name, state, losses, held, cancel, cohort }) => ({ name, state, losses, held, cancel, cohort }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    assert.deepEqual(
      rows.map((row) => ({ ...row })),
      wanted,
      after,
    );
    const pieces = await this.sql<
      { id: string; status: string; providerId: string | null }[]
    >`select id, status, provider_id as "providerId"
      from postrider.mailpiece where organization_id = ${this.at.organizationId} order by id`;
    const known = this.people()
      .flatMap((p) => p.pieces)
      .map(({ id, status, providerId }) => ({ id, status, providerId }));
    assert.deepEqual(
      pieces.map((row) => ({ ...row })),
      known.sort((a, b) => (a.id < b.id ? -1 : 1)),
      after,
    );
  }

  /** Even cohorts that were never begun come back: no queue keeps a job for ever. */
  async loseJobs(): Promise<void> {
    for (const cohort of this.model.cohorts) {
      if (!cohort.jobGone) await this.sql`delete from postrider_queue.job where id = ${cohort.id}`;
      cohort.jobGone = true;
    }
  }

  /** The storm is over: runners work, the printer answers, operators do their part. Whoever is not home after this is stuck. */
  async settleDown(): Promise<void> {
    const { sql, model } = this;
    if (model.campaignHeld) await this.step({ what: 'release', a: 0, b: 0, c: 0 });
    for (const person of this.people()) {
      if (!person.held) continue;
      await sql`select postrider.release(${this.at.organizationId}, 'recipient', ${person.id})`;
      person.held = false;
    }
    for (let round = 0; round < 60 && this.people().some((p) => !TERMINAL.has(p.state) && p.state !== 'sent'); round += 1) {
      await turnClock(sql, 3_600_000);
      await this.loseJobs();
      await this.reap();
      await this.reconcile(0xffff, 1);
      for (const kind of ['proof', 'mail'] as const) {
        await this.stage(kind, 50);
        for (const cohort of model.cohorts.filter((k) => !k.begun && !k.closed && !k.deleted)) {
          await this.begin(cohort);
          this.post(cohort, 0xffff, 0);
          await this.settle(cohort, 0xffff, true);
        }
      }
      await this.callBack(1);
      for (const person of this.people()) {
        const piece = openPiece(person);
        if (person.reason === 'outcome_unknown' && person.state === 'error' && piece !== undefined) await this.resolve(person, piece.id);
      }
      await this.compare('settling down');
    }
    assert.deepEqual(
      this.people()
        .filter((p) => !TERMINAL.has(p.state) && p.state !== 'sent')
        .map((p) => `${p.name}: ${p.state}`),
      [],
      'nobody is stuck',
    );
    // A cohort whose people were all called away is closed when its lease is over, or its job is.
    await this.loseJobs();
    await turnClock(sql, 3_600_000);
    await this.reap();
    const open = await sql`select id from postrider.cohort where organization_id = ${this.at.organizationId} and closed_at is null`;
    assert.deepEqual([...open], [], 'no cohort is left open');
  }

  /** Not more than one card of anybody is on its way, and whoever is sent has one. */
  judgeCards(): void {
    for (const person of this.people()) {
      const made = person.pieces.filter((piece) => this.model.ledger.get(piece.key)?.void === false);
      assert.ok(made.length <= 1, `${person.name} has ${made.length} cards`);
      if (['sent', 'received', 'returned'].includes(person.state))
        assert.equal(made.length, 1, `${person.name} is ${person.state} without a card`);
    }
  }
}
