/** Jobs and cohorts that were deleted by hand. */
import assert from 'node:assert/strict';
import { beginProof } from '../../../packages/core/src/machine/proof.ts';
import {
  LEASE_MS,
  mailBegun,
  onlyPiece,
  proofAll,
  RUNNER,
  stage,
  stageOne,
  statesOf,
  turnClock,
} from '../../sql/rig.ts';
import { states, syncPeople } from '../../support/machine.ts';
import { neighbours, type OperatedPlace, type Statements } from '../operated-place.ts';

const MINUTES = 60_000;

export async function jobsDeleted({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  await syncPeople(sql, at, neighbours(60));
  await stage(sql, at, 'proof', 2, 50);
  await sql`delete from postrider_queue.job where name = 'proof'`;

  const lost = await run.rows('find');
  assert.deepEqual(
    lost.map((row) => [row['people'], row['meaning']]),
    [
      ['50', 'its job is gone: reap gives its people back within minutes'],
      ['10', 'its job is gone: reap gives its people back within minutes'],
    ],
  );

  await turnClock(sql, 6 * MINUTES);
  assert.deepEqual(await run.rows('mend'), [{ reap: '60' }]);
  assert.deepEqual(await states(sql), { pending: 60 });
  assert.deepEqual(await run.rows('find'), []);
  // Who was in a lost cohort travels alone the next time, so that a card which kills its runner
  // convicts itself.
  await turnClock(sql, MINUTES);
  for (let round = 0; round < 3; round += 1) await proofAll(sql, at);
  assert.deepEqual(await states(sql), { proofed: 60 });
}

export async function cohortDeleted({ sql, at }: OperatedPlace, run: Statements): Promise<void> {
  await syncPeople(sql, at, neighbours(1));
  await proofAll(sql, at);
  const mail = await mailBegun(sql, at);
  await syncPeople(sql, at, neighbours(4));
  const proof = await stageOne(sql, at, 'proof');
  await beginProof(sql, { ...at, cohortId: proof, runnerId: RUNNER, leaseMs: LEASE_MS });
  assert.deepEqual(await states(sql), { sending: 1, proofing: 3 });
  await sql`
    delete from postrider.cohort
    where organization_id = ${at.organizationId} and id = any (${[mail.cohortId, proof]})`;

  const gone = await run.rows('find');
  assert.deepEqual(
    gone.map((row) => [row['state'], row['people']]),
    [
      ['proofing', '3'],
      ['sending', '1'],
    ],
  );

  await turnClock(sql, 6 * MINUTES);
  assert.deepEqual(await run.rows('mend'), [{ reap: '4' }]);
  assert.deepEqual(await states(sql), { sending: 1, pending: 3 });
  assert.equal((await onlyPiece(sql, at)).status, 'unknown');
  const [waits] = await run.rows('then');
  assert.match(waits?.['what_helps'] ?? '', /^reconcile asks the printer/);

  // What the next runner does: it asks, and the printer has the card.
  await turnClock(sql, 6 * MINUTES);
  const piece = await onlyPiece(sql, at);
  await sql`select postrider.claim_unknown_mailpieces(${at.organizationId}, 10, '1 minute')`;
  const verdict = [{ mailpieceId: piece.id, attempt: 1, outcome: 'found', providerId: 'fp_1' }];
  await sql`
    select postrider.settle_reconciled(
      ${at.organizationId}, ${JSON.stringify(verdict)}::text::json
    )`;
  assert.equal((await statesOf(sql, at))['MA-1001'], 'sent');
}
