/** The tally: what the trigger counts is what is there, however many sessions write and fold it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { broken, people, states, syncPeople } from '../../support/machine.ts';
import { LEASE_MS, RUNNER, place, rendered, sharedMachine, stage } from '../rig.ts';

const rig = sharedMachine();

void test('the funnel is right before, while and after the tally is folded under sixteen writers', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(240));
  const cohorts = await stage(sql, at, 'proof', 24, 10);
  assert.equal(cohorts.length, 24);
  const writers = machine.connect(16);
  let folding = true;
  const wrong: unknown[] = [];
  const folder = (async () => {
    while (folding) {
      await Promise.all([sql`select postrider.fold_tally()`, sql`select postrider.fold_tally()`]);
      const [funnel] = await sql`
        select recipients, proofing_staged + proofing + proofed as there
        from postrider.funnel
        where campaign_id = ${at.campaignId}`;
      if (Number(funnel?.['recipients']) !== 240 || Number(funnel?.['there']) !== 240)
        wrong.push({ ...funnel });
    }
  })();
  await Promise.all(
    cohorts.map(async (id) => {
      const begun = await beginProof(writers, {
        ...at,
        cohortId: id,
        runnerId: RUNNER,
        leaseMs: LEASE_MS,
      });
      for (const card of begun?.cards ?? [])
        await settleProof(writers, {
          ...at,
          cohortId: id,
          results: [rendered(card.recipientId)],
          last: false,
        });
    }),
  );
  folding = false;
  await folder;
  assert.deepEqual(wrong, []);
  assert.deepEqual(await broken(sql), []);
  await sql`select postrider.fold_tally()`;
  const [left] = await sql`select count(*)::int as rows from postrider.tally`;
  assert.equal(left?.['rows'], 0);
  const [funnel] = await sql`
    select recipients::int, proofed::int
    from postrider.funnel
    where campaign_id = ${at.campaignId}`;
  assert.deepEqual({ ...funnel }, { recipients: 240, proofed: 240 });
  assert.deepEqual(await broken(sql), []);
  assert.deepEqual(await states(sql), { proofed: 240 });
});

void test('a move that is rolled back is not counted', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  await sql
    .begin(async (tx) => {
      await tx`select postrider.stage(${at.organizationId}, ${at.campaignId}, 'proof', 1, 50)`;
      throw new Error('no');
    })
    .catch(() => undefined);
  const [funnel] = await sql`
    select pending::int, proofing_staged::int
    from postrider.funnel
    where campaign_id = ${at.campaignId}`;
  assert.deepEqual({ ...funnel }, { pending: 3, proofing_staged: 0 });
});
