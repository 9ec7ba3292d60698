/**
 * Answers that come twice, or from a runner that was written off: what it decides counts for
 * nothing; what it knows counts.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginProof } from '../../../packages/core/src/machine/proof.ts';
import {
  LEASE_MS,
  QUIET_MS,
  RUNNER,
  accepted,
  answered,
  claimDue,
  mailBegun,
  one,
  pieces,
  place,
  proofed,
  proofing,
  reap,
  rendered,
  settle,
  sharedMachine,
  stageOne,
  standing,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();

void test('a settle that is played again changes nothing', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await proofing(rig.sql, at);
  const results = [rendered(batch.cards[0]?.recipientId ?? '')];
  assert.equal(await batch.settle(results), 1);
  assert.equal(await batch.settle(results), 0);
  const mail = await mailBegun(sql, at);
  for (const answer of [
    answered,
    (piece: (typeof mail.pieces)[number]) => accepted(piece),
  ] as const) {
    const again = mail.pieces.map((piece) =>
      answer === answered ? answered(piece, 'retry', { afterMs: 0 }) : accepted(piece),
    );
    if (answer === answered) continue;
    assert.equal(await settle(sql, at, mail, again), 1);
    assert.equal(await settle(sql, at, mail, again), 0);
  }
  const { moveNo, state } = await one(sql, at);
  assert.deepEqual([state, moveNo], ['sent', 7]);
});

void test('what a runner that was written off decides counts for nothing; what it knows counts', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 3);
  const old = await mailBegun(sql, at);
  await turnClock(sql, LEASE_MS + 1000);
  await reap(sql);
  // The printer is asked, has none of them, and they travel on in another cohort.
  await turnClock(sql, QUIET_MS + 1000);
  const verdicts = (await claimDue(sql, at)).map((piece) => ({ ...piece, outcome: 'absent' }));
  await sql`
    select postrider.settle_reconciled(
      ${at.organizationId}, ${JSON.stringify(verdicts)}::text::json
    )`;
  const fresh: string[] = [];
  for (const _ of [1, 2, 3]) fresh.push((await mailBegun(sql, at)).cohortId);
  const before = await standing(sql, at);
  const [a, b, c] = old.pieces;
  assert.ok(a && b && c);
  assert.equal(
    await settle(sql, at, old, [
      answered(a, 'rejected'),
      answered(b, 'retry', { afterMs: 0 }),
      answered(c, 'unknown'),
    ]),
    0,
  );
  assert.deepEqual(await standing(sql, at), before);
  assert.deepEqual(
    new Set((await pieces(sql, at)).map((piece) => piece.status)),
    new Set(['submitting']),
  );
  assert.equal(await settle(sql, at, old, [accepted(a)]), 1);
  assert.equal((await one(sql, at, a.recipientId)).state, 'sent');
  assert.equal(fresh.length, 3);
});

void test('a written-off runner does not move proofs either', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const old = await proofing(rig.sql, at);
  await turnClock(sql, LEASE_MS + 1000);
  await reap(sql);
  await turnClock(sql, 60_000);
  const cohortId = await stageOne(sql, at, 'proof');
  await beginProof(sql, { ...at, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS });
  assert.equal(
    await old.settle([
      { ...rendered(old.cards[0]?.recipientId ?? ''), frontUrl: 'file:///stale.pdf' },
    ]),
    0,
  );
  assert.equal((await one(sql, at)).cohortId, cohortId);
  const [proof] =
    await sql`select 1 from postrider.proof where organization_id = ${at.organizationId}`;
  assert.equal(proof, undefined);
});
