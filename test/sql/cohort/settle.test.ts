/**
 * settle, as proof and mail share it: results come in parts, and a missing answer does no harm.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accepted,
  cohort,
  mailBegun,
  pieces,
  place,
  proofAll,
  proofing,
  reasonsOf,
  rendered,
  settle,
  sharedMachine,
  standing,
  statesOf,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();

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
