/** Proofs: a cohort comes with all that a renderer needs, and each result ends where it should. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel } from '@postrider/core';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { people, syncPeople } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  cohort,
  one,
  place,
  proofing,
  reasonsOf,
  rendered,
  sharedMachine,
  stageOne,
  staged,
  standing,
  statesOf,
} from '../rig.ts';

const rig = sharedMachine();

void test('a proof cohort comes with all that a renderer needs', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const begun = await beginProof(sql, {
    ...at,
    cohortId: await staged(sql, at, 'proof'),
    runnerId: RUNNER,
    leaseMs: LEASE_MS,
  });
  assert.equal(begun?.campaign.template, 'card');
  assert.equal(begun?.campaign.campaignId, at.campaignId);
  const card = begun?.cards.find((c) => c.line1 === '1 p Street');
  const person = await one(sql, at, 'p0');
  assert.equal(card?.recipientId, person.id);
  assert.deepEqual(
    [card?.attempt, card?.firstName, card?.city, card?.merge],
    [0, 'Ada', 'Oakland', {}],
  );
  assert.match(card?.reference ?? '', /^[2-9A-HJ-NP-Z]{8,12}$/);
  assert.deepEqual(await statesOf(sql, at), { p0: 'proofing', p1: 'proofing' });
});

void test('a card that is rendered is proofed, with its proof', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await proofing(rig.sql, at);
  const [card] = batch.cards;
  assert.equal(await batch.settle([rendered(card?.recipientId ?? '')]), 1);
  const [proof] = await sql`
    select front_url, front_page, back_url, back_page, content_hash
    from postrider.proof
    where recipient_id = ${card?.recipientId ?? ''}`;
  assert.deepEqual(
    { ...proof },
    {
      front_url: 'file:///front.pdf',
      front_page: 1,
      back_url: 'file:///back.pdf',
      back_page: 2,
      content_hash: `hash of ${card?.recipientId}`,
    },
  );
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (rendered)' });
  assert.equal((await cohort(sql, batch.id)).closedWhy, 'done');
});

void test('a card that cannot be rendered needs a person; one that failed in passing is tried again later', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await proofing(rig.sql, at, 2);
  const [a, b] = await standing(sql, at);
  await batch.settle([
    { recipientId: a?.id ?? '', outcome: 'failed', message: 'unknown variable: offer' },
    {
      recipientId: b?.id ?? '',
      outcome: 'retry',
      message: 'the renderer is busy',
      afterMs: 90_000,
    },
  ]);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'error (render_failed)',
    p1: 'pending (retry)',
  });
  assert.equal((await one(sql, at, 'p0')).detail, 'unknown variable: offer');
  const waits = await one(sql, at, 'p1');
  const [now] = await sql<{ at: Date }[]>`select postrider.now() as at`;
  const wait = waits.availableAt.getTime() - (now?.at.getTime() ?? 0);
  assert.ok(wait > 60_000 && wait <= 90_000, `${wait} ms`);
  assert.equal(waits.attempt, 1);
});

void test('the twentieth attempt that fails in passing is the last', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(1));
  const { id } = await one(sql, at);
  for (let attempt = 1; attempt <= 20; attempt += 1) {
    const cohortId = await stageOne(sql, at, 'proof');
    await beginProof(sql, { ...at, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS });
    await settleProof(sql, {
      ...at,
      cohortId,
      results: [{ recipientId: id, outcome: 'retry', message: 'busy', afterMs: 0 }],
      last: true,
    });
    assert.equal(
      (await one(sql, at)).state,
      attempt < 20 ? 'pending' : 'error',
      `attempt ${attempt}`,
    );
  }
});

void test('who was cancelled while being rendered stays cancelled', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await proofing(rig.sql, at, 2);
  const { id } = await one(sql, at, 'p0');
  assert.equal(await cancel(sql, id, 'changed her mind'), 'skipped');
  assert.equal(await batch.settle(batch.cards.map((card) => rendered(card.recipientId))), 1);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'skipped (cancelled)',
    p1: 'proofed (rendered)',
  });
  assert.equal((await cohort(sql, batch.id)).closedWhy, 'done');
});
