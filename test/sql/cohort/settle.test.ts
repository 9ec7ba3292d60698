/**
 * settle: results come home, fenced by the cohort; a replay, a written-off runner or a missing
 * answer does no harm.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, suppress } from '@postrider/core';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { people, syncPeople } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  accepted,
  answered,
  cohort,
  mailBegun,
  one,
  pieces,
  place,
  proofAll,
  proofing,
  reasonsOf,
  rendered,
  sending,
  settle,
  settleAll,
  sharedMachine,
  stageOne,
  standing,
  statesOf,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();

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
    await beginProof(sql, at.organizationId, cohortId, RUNNER, LEASE_MS);
    await settleProof(
      sql,
      at.organizationId,
      cohortId,
      [{ recipientId: id, outcome: 'retry', message: 'busy', afterMs: 0 }],
      true,
    );
    assert.equal(
      (await one(sql, at)).state,
      attempt < 20 ? 'pending' : 'error',
      `attempt ${attempt}`,
    );
  }
});

void test('a try that has no time of its own waits longer each time, up to ten minutes', async () => {
  const { sql } = rig;
  const [row] = await sql`
    select array_agg(extract(epoch from postrider.back_off(n))::float order by n) as seconds
    from generate_series(0, 15) n`;
  const seconds = row?.['seconds'] as number[];
  for (const [n, value] of seconds.entries()) {
    const middle = Math.min(2 ** Math.min(n + 1, 10), 600);
    assert.ok(value >= middle * 0.75 && value <= middle * 1.25, `${n}: ${value}`);
  }
});

void test('results come in parts: the cohort closes with the last person, not with the last result', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await proofing(rig.sql, at, 3);
  for (const [i, card] of batch.cards.entries()) {
    assert.equal((await cohort(sql, batch.id)).closedWhy, null);
    assert.equal(await batch.settle([rendered(card.recipientId)], false), 1, `card ${i}`);
  }
  assert.equal((await cohort(sql, batch.id)).closedWhy, 'done');
});

void test('who was not answered for is tried again by the renderer, and unknown at the printer', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await proofing(rig.sql, at, 2);
  await batch.settle([rendered(batch.cards[0]?.recipientId ?? '')], false);
  assert.equal((await standing(sql, at)).filter((p) => p.state === 'proofing').length, 1);
  assert.equal(await batch.settle([], true), 1);
  assert.deepEqual(Object.values(await reasonsOf(sql, at)).sort(), [
    'pending (not_answered)',
    'proofed (rendered)',
  ]);
  await turnClock(sql, 60_000);
  await proofAll(sql, at);
  const mail = await mailBegun(sql, at);
  const [first] = mail.pieces;
  assert.ok(first);
  await settle(sql, at, mail, [accepted(first)], false);
  assert.equal((await cohort(sql, mail.cohortId)).closedWhy, null);
  await settle(sql, at, mail, [], true);
  assert.deepEqual(Object.values(await statesOf(sql, at)).sort(), ['sending', 'sent']);
  const open = (await pieces(sql, at)).find((piece) => piece.id !== first.mailpieceId);
  assert.equal(open?.status, 'unknown');
  assert.equal(
    (await cohort(sql, mail.cohortId)).closedWhy,
    'done',
    'the cohort has nothing more to do: reconcile asks the printer',
  );
});

void test('each answer of the printer ends where it should', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 5);
  const by = Object.fromEntries(
    await Promise.all(
      batch.pieces.map(
        async (piece) => [(await one(sql, at, piece.recipientId)).externalId, piece] as const,
      ),
    ),
  );
  const piece = (name: string) => by[name] ?? assert.fail(name);
  await settle(sql, at, batch, [
    accepted(piece('p0')),
    answered(piece('p1'), 'rejected', { message: 'the artwork is too small' }),
    answered(piece('p2'), 'rejected', { badAddress: true, message: 'no such street' }),
    answered(piece('p3'), 'retry', { afterMs: 5000 }),
    answered(piece('p4'), 'unknown', { message: 'the connection was reset' }),
  ]);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'sent (accepted)',
    p1: 'error (rejected)',
    p2: 'skipped (bad_address)',
    p3: 'proofed (retry)',
    p4: 'sending (begun)',
  });
  const statuses = Object.fromEntries((await pieces(sql, at)).map((p) => [p.id, p.status]));
  assert.deepEqual(
    ['p0', 'p1', 'p2', 'p3', 'p4'].map((name) => statuses[piece(name).mailpieceId]),
    ['accepted', 'rejected', 'rejected', 'submitting', 'unknown'],
  );
  assert.equal((await one(sql, at, 'p1')).detail, 'the artwork is too small');
  assert.equal((await one(sql, at, 'p3')).attempt, 1);
  assert.equal((await cohort(sql, batch.cohortId)).closedWhy, 'done');
});

void test('who is cancelled or suppressed at the printer goes no further when nothing was made', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  assert.equal(await cancel(sql, (await one(sql, at, 'p0')).id), 'sending (cancel requested)');
  await suppress(sql, at.organizationId, { email: 'p1@example.com' }, 'test');
  assert.ok((await standing(sql, at)).every((p) => p.cancelRequestedAt !== null));
  await settleAll(sql, at, batch, (p) => answered(p, 'retry', { afterMs: 0 }));
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'skipped (cancelled)',
    p1: 'skipped (cancelled)',
  });
  assert.deepEqual(
    (await pieces(sql, at)).map((p) => p.status),
    ['cancelled', 'cancelled'],
  );
  assert.ok((await standing(sql, at)).every((p) => p.cancelRequestedAt === null));
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
