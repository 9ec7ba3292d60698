/**
 * reap: whatever a crash, a lost job or a deletion by hand leaves behind finds its way back, and
 * nobody is printed twice for it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import {
  broken,
  freshMachine,
  launched,
  people,
  states,
  syncPeople,
} from '../../support/machine.ts';
import {
  LEASE_MS,
  QUIET_MS,
  RUNNER,
  accepted,
  claimDue,
  cohort,
  mailBegun,
  one,
  openCohorts,
  pieces,
  place,
  proofAll,
  reap,
  reasonsOf,
  rendered,
  sending,
  settle,
  sharedMachine,
  stage,
  staged,
  statesOf,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();
const GRACE_MS = 20_000;

void test('a proof cohort whose lease has passed gives its people back', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const id = await staged(rig.sql, at, 'proof');
  await beginProof(sql, { ...at, cohortId: id, runnerId: RUNNER, leaseMs: LEASE_MS });
  await turnClock(sql, LEASE_MS - 1000);
  await reap(sql);
  assert.deepEqual(await statesOf(sql, at), { p0: 'proofing', p1: 'proofing' });
  await turnClock(sql, 2000);
  await reap(sql);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'pending (lease_lost)',
    p1: 'pending (lease_lost)',
  });
  assert.equal((await cohort(sql, id)).closedWhy, 'lease_lost');
  const { losses, attempt, availableAt } = await one(sql, at, 'p0');
  assert.deepEqual([losses, attempt], [1, 0]);
  assert.ok(availableAt > new Date(), 'not at once: what kills a runner must not spin');
});

void test('who was at the printer stays there, and the printer is asked after a while', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  const [answeredFor] = batch.pieces;
  assert.ok(answeredFor);
  await settle(sql, at, batch, [accepted(answeredFor)], false);
  await turnClock(sql, LEASE_MS + 1000);
  await reap(sql);
  assert.deepEqual(Object.values(await statesOf(sql, at)).sort(), ['sending', 'sent']);
  const lost = (await pieces(sql, at)).find((piece) => piece.status === 'unknown');
  const [now] = await sql<{ at: Date }[]>`select postrider.now() as at`;
  const quiet = (lost?.availableAt?.getTime() ?? 0) - (now?.at.getTime() ?? 0);
  assert.ok(quiet > QUIET_MS - 5000 && quiet <= QUIET_MS, `${quiet} ms`);
  await reap(sql);
  assert.equal((await pieces(sql, at)).filter((piece) => piece.status === 'unknown').length, 1);
});

for (const name of ['proof', 'mail'] as const) {
  const back = name === 'proof' ? 'pending' : 'proofed';
  for (const [what, change] of [
    ['deleted', (id: string) => rig.sql`delete from postrider_queue.job where id = ${id}`],
    [
      'failed',
      (id: string) => rig.sql`update postrider_queue.job set state = 'failed' where id = ${id}`,
    ],
    [
      'completed',
      (id: string) => rig.sql`update postrider_queue.job set state = 'completed' where id = ${id}`,
    ],
    [
      'cancelled',
      (id: string) => rig.sql`update postrider_queue.job set state = 'cancelled' where id = ${id}`,
    ],
    [
      'active and stale',
      (id: string) =>
        rig.sql`
          update postrider_queue.job
          set state = 'active', started_on = now() - interval '1 hour'
          where id = ${id}`,
    ],
  ] as const) {
    void test(`${name}: a cohort that never began and whose job is ${what} gives its people back`, async () => {
      const { sql } = rig;
      const at = await place(sql);
      const id = await staged(rig.sql, at, name);
      await change(id);
      await reap(sql, GRACE_MS);
      assert.deepEqual(
        new Set(Object.values(await statesOf(sql, at))),
        new Set([`${name === 'proof' ? 'proofing' : 'sending'}_staged`]),
        'not yet',
      );
      await turnClock(sql, GRACE_MS + 1000);
      await reap(sql, GRACE_MS);
      assert.deepEqual(await reasonsOf(sql, at), {
        p0: `${back} (begin_failed)`,
        p1: `${back} (begin_failed)`,
      });
      assert.equal((await one(sql, at, 'p0')).losses, 1);
      assert.equal((await cohort(sql, id)).closedWhy, 'begin_failed');
    });
  }

  void test(`${name}: a cohort whose job waits, waits to be tried again, or has just been taken is left alone`, async () => {
    const { sql } = rig;
    for (const change of [
      `state = 'created'`,
      `state = 'retry'`,
      `state = 'active', started_on = now()`,
    ]) {
      const at = await place(sql);
      const id = await staged(rig.sql, at, name);
      await sql.unsafe(`update postrider_queue.job set ${change} where id = '${id}'`);
      await turnClock(sql, 3_600_000);
      await reap(sql, GRACE_MS);
      assert.equal((await cohort(sql, id)).closedWhy, null, change);
    }
  });

  void test(`${name}: people whose cohort somebody deleted, or closed by hand, come back`, async () => {
    const { sql } = rig;
    for (const begun of [false, true]) {
      for (const how of [
        'delete from postrider.cohort',
        `update postrider.cohort set closed_at = now(), closed_why = 'by hand'`,
      ]) {
        const at = await place(sql);
        const id = await staged(rig.sql, at, name);
        if (begun && name === 'proof')
          await beginProof(sql, { ...at, cohortId: id, runnerId: RUNNER, leaseMs: LEASE_MS });
        if (begun && name === 'mail')
          await beginMail(sql, { ...at, cohortId: id, runnerId: RUNNER, leaseMs: LEASE_MS });
        await sql.unsafe(`${how} where id = '${id}'`);
        await reap(sql, GRACE_MS);
        const there = new Set(Object.values(await statesOf(sql, at)));
        if (!begun || name === 'proof') assert.deepEqual(there, new Set([back]));
        else {
          assert.deepEqual(
            new Set((await pieces(sql, at)).map((piece) => piece.status)),
            new Set(['submitting']),
            'its runner may be about to settle',
          );
          await turnClock(sql, GRACE_MS + 1000);
          await reap(sql, GRACE_MS);
          assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['sending']));
          assert.deepEqual(
            new Set((await pieces(sql, at)).map((piece) => piece.status)),
            new Set(['unknown']),
          );
        }
      }
    }
  });
}

void test('everything deleted, the jobs and the cohorts: nobody is stuck, and everybody arrives once', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  await syncPeople(sql, at, people(60));
  // One third each staged, being rendered, at the printer.
  await stage(sql, at, 'proof', 1, 40);
  const [first] = await openCohorts(sql, at);
  const begun = await beginProof(sql, {
    ...at,
    cohortId: first?.id ?? '',
    runnerId: RUNNER,
    leaseMs: LEASE_MS,
  });
  await settleProof(sql, {
    ...at,
    cohortId: first?.id ?? '',
    results: begun?.cards.slice(0, 20).map((card) => rendered(card.recipientId)) ?? [],
    last: false,
  });
  const mail = await mailBegun(sql, at);
  assert.equal(mail.pieces.length, 20);
  await stage(sql, at, 'proof', 2, 10);
  await sql`delete from postrider_queue.job`;
  await sql`delete from postrider.cohort`;
  await turnClock(sql, GRACE_MS + 1000);
  await reap(sql, GRACE_MS);
  assert.deepEqual(await states(sql), { pending: 40, sending: 20 });
  // The printer had half of those that were sent.
  await turnClock(sql, QUIET_MS + 60_000);
  const verdicts = (await claimDue(sql, at)).map((piece, i) =>
    i % 2 === 0
      ? { ...piece, outcome: 'absent' }
      : { ...piece, outcome: 'found', providerId: piece.mailpieceId },
  );
  await sql`
    select postrider.settle_reconciled(
      ${at.organizationId}, ${JSON.stringify(verdicts)}::text::json
    )`;
  for (let round = 0; round < 30 && (await states(sql))['sent'] !== 60; round += 1) {
    await turnClock(sql, 60_000);
    await proofAll(sql, at);
    for (const id of await stage(sql, at, 'mail', 20)) {
      const again = await beginMail(sql, {
        ...at,
        cohortId: id,
        runnerId: RUNNER,
        leaseMs: LEASE_MS,
      });
      await settle(
        sql,
        at,
        { cohortId: id, pieces: [] },
        again?.pieces.map((piece) => accepted(piece, piece.idempotencyKey)) ?? [],
      );
    }
  }
  assert.deepEqual(await states(sql), { sent: 60 });
  const [row] = await sql`
    select count(*)::int as n, count(distinct recipient_id)::int as people
    from postrider.mailpiece`;
  assert.deepEqual({ ...row }, { n: 60, people: 60 });
  assert.deepEqual(await broken(sql), []);
});
