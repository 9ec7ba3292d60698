/** reap beside others who are at work with the same people: it waits for nobody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginProof } from '../../../packages/core/src/machine/proof.ts';
import {
  LEASE_MS,
  RUNNER,
  one,
  onlyPiece,
  pidOf,
  place,
  reap,
  sharedMachine,
  staged,
  statesOf,
  turnClock,
  waitsForLock,
} from '../rig.ts';

const rig = sharedMachine();
void test('somebody whom another session has locked is passed over: reap waits for nobody, and comes again', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const id = await staged(rig.sql, at, 'proof', 3);
  await beginProof(sql, { ...at, cohortId: id, runnerId: RUNNER, leaseMs: LEASE_MS });
  await turnClock(sql, LEASE_MS + 1000);
  const psql = machine.connect(1);
  await psql.begin(async (tx) => {
    await tx`
      select from postrider.recipient_state
      where recipient_id = ${(await one(sql, at, 'p0')).id}
      for update`;
    await sql.begin(async (reaper) => {
      await reaper`set local lock_timeout = '1s'`;
      await reap(reaper);
    });
    assert.deepEqual(await statesOf(sql, at), { p0: 'proofing', p1: 'pending', p2: 'pending' });
  });
  await reap(sql);
  assert.deepEqual(await statesOf(sql, at), { p0: 'pending', p1: 'pending', p2: 'pending' });
});

void test('somebody who has moved on to another cohort while reap was looking stays there', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const id = await staged(rig.sql, at, 'proof', 1);
  await beginProof(sql, { ...at, cohortId: id, runnerId: RUNNER, leaseMs: LEASE_MS });
  await sql`update postrider.cohort set closed_at = now(), closed_why = 'by hand' where id = ${id}`;
  const { id: person } = await one(sql, at);
  const slow = machine.connect(1);
  const reaper = machine.connect(1);
  const pid = await pidOf(reaper);
  let reaping: Promise<number> | undefined;
  await slow.begin(async (tx) => {
    // The runner settles after all, and the person is staged again, while reap already knows that
    // the cohort was closed.
    const results = [{ recipientId: person, outcome: 'retry', message: 'x', afterMs: 0 }];
    await tx`
      select postrider.settle_proof(
        ${at.organizationId}, ${id}, ${JSON.stringify(results)}::text::json, false
      )`;
    await tx`select postrider.stage(${at.organizationId}, ${at.campaignId}, 'proof', 1, 50)`;
    reaping = reap(reaper);
    // Either it waits for the person's row, or it passes over it.
    await Promise.race([reaping, waitsForLock(sql, pid).catch(() => undefined)]);
  });
  await reaping;
  const later = await one(sql, at);
  assert.equal(later.state, 'proofing_staged');
  assert.equal(later.losses, 0);
  assert.notEqual(later.cohortId, id);
});

void test('while one reaps the others pass', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const id = await staged(rig.sql, at, 'proof', 1);
  await beginProof(sql, { ...at, cohortId: id, runnerId: RUNNER, leaseMs: LEASE_MS });
  await turnClock(sql, LEASE_MS + 1000);
  const other = machine.connect(1);
  await other.begin(async (tx) => {
    await tx`select postrider.try_lock_work('reap')`;
    assert.equal(await reap(sql), 0);
    assert.equal((await one(sql, at)).state, 'proofing');
  });
  await reap(sql);
  assert.equal((await one(sql, at)).state, 'pending');
  assert.equal(await onlyPiece(sql, at).catch(() => null), null);
});
