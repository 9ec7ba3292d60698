/** Who loses cohorts again and again travels alone, and needs a person after ten. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retry } from '@postrider/core';
import { beginProof } from '../../../packages/core/src/machine/proof.ts';
import { people, syncPeople } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  answered,
  mailBegun,
  one,
  place,
  proofAll,
  reap,
  reasonsOf,
  sending,
  settleAll,
  sharedMachine,
  stage,
  stageOne,
  staged,
  standing,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();
const GRACE_MS = 20_000;

void test('somebody who loses ten cohorts needs a person, and travels alone after the first', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  for (let round = 1; round <= 10; round += 1) {
    const made = await stage(sql, at, 'proof', 3);
    assert.equal(made.length, round === 1 ? 1 : 3);
    for (const id of made)
      await beginProof(sql, { ...at, cohortId: id, runnerId: RUNNER, leaseMs: LEASE_MS });
    await turnClock(sql, LEASE_MS + 1000);
    await reap(sql);
    assert.ok(
      (await standing(sql, at)).every(
        (p) => p.losses === round && p.state === (round < 10 ? 'pending' : 'error'),
      ),
      `round ${round}`,
    );
    await turnClock(sql, 900_000);
  }
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['error (too_many_losses)']),
  );
  const { id } = await one(sql, at, 'p0');
  assert.equal(await retry(sql, id), 'pending');
  assert.equal((await one(sql, at, 'p0')).losses, 0);
});

void test('a begin that fails ten times for mail ends in error, with the open piece kept for a retry', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 1);
  await settleAll(sql, at, batch, (p) => answered(p, 'retry', { afterMs: 0 }));
  for (let round = 1; round <= 10; round += 1) {
    await stageOne(sql, at, 'mail');
    await sql`
      delete from postrider_queue.job
      where name = 'mail' and data ->> 'organization_id' = ${at.organizationId}`;
    await turnClock(sql, GRACE_MS + 1000);
    await reap(sql);
    await turnClock(sql, 900_000);
  }
  const person = await one(sql, at);
  assert.deepEqual([person.state, person.reason], ['error', 'too_many_losses']);
  assert.equal(await retry(sql, person.id), 'proofed');
  const again = await mailBegun(sql, at);
  assert.equal(again.pieces[0]?.idempotencyKey, batch.pieces[0]?.idempotencyKey);
});

void test('who is rendered after all has a clean sheet', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const id = await staged(rig.sql, at, 'proof', 1);
  await beginProof(sql, { ...at, cohortId: id, runnerId: RUNNER, leaseMs: LEASE_MS });
  await turnClock(sql, LEASE_MS + 1000);
  await reap(sql);
  await turnClock(sql, 60_000);
  await proofAll(sql, at);
  assert.equal((await one(sql, at)).losses, 0);
});
