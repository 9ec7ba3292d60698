/** The tally: what the trigger counts is what is there, however many sessions write and fold it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { broken, miscountedMoves, people, states, syncPeople } from '../../support/machine.ts';
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
  assert.deepEqual(await miscountedMoves(sql), []);
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

void test('the count of moves grows with each move, and is the same folded or not', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const counted = async (): Promise<Record<string, number>> =>
    Object.fromEntries(
      (
        await sql<{ move: string; people: number }[]>`
          select from_state || ' > ' || to_state as move, people::int
          from postrider.move_counts
          where campaign_id = ${at.campaignId}`
      ).map(({ move, people: many }) => [move, many]),
    );
  await syncPeople(sql, at, people(5));
  assert.deepEqual(await counted(), { 'new > pending': 5 });
  const [cohortId = ''] = await stage(sql, at, 'proof', 1, 3);
  await sql`select postrider.fold_tally()`;
  assert.deepEqual(await counted(), { 'new > pending': 5, 'pending > proofing_staged': 3 });
  const begin = { ...at, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS };
  const cards = (await beginProof(sql, begin))?.cards ?? [];
  const results = cards.map(({ recipientId }, index) =>
    index === 0
      ? ({ recipientId, outcome: 'retry', message: 'no', afterMs: 0 } as const)
      : rendered(recipientId),
  );
  await settleProof(sql, { ...at, cohortId, results, last: true });
  // Of a statement that made two kinds of moves, and beside what is folded.
  await stage(sql, at, 'proof', 1, 3);
  const moves = {
    'new > pending': 5,
    'pending > proofing_staged': 6,
    'proofing_staged > proofing': 3,
    'proofing > pending': 1,
    'proofing > proofed': 2,
  };
  assert.deepEqual(await counted(), moves);
  await sql`select postrider.fold_tally()`;
  assert.deepEqual(await counted(), moves);
});
