/** Cards of people who are amended: the old one is not printed, and no second one is made. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { amend } from '@postrider/core';
import { claimDue, settle } from '../rig/stages.ts';
import { settleReconciled } from '../../../packages/core/src/machine/reconcile.ts';
import {
  accepted,
  answered,
  firstOf,
  mailBegun,
  one,
  onlyPiece,
  pieces,
  place,
  proofAll,
  proofed,
  proofing,
  reasonsOf,
  refused,
  rendered,
  sending,
  settleAll,
  sharedMachine,
  stage,
  stageOne,
  unknownDue,
} from '../rig.ts';
import { arranged } from '../rig/people-in-each-state.ts';

const rig = sharedMachine();

const moved = {
  line1: '77 New Road',
  city: 'Berkeley',
  region: 'California',
  postalCode: '94704',
  country: 'us',
};

void test('a card of which nobody knew for a time keeps its key: it is not amended', async () => {
  const { sql } = rig;
  for (const [outcome, honoured] of [
    ['absent', false],
    ['cannot_tell', true],
  ] as const) {
    const at = await place(sql);
    await unknownDue(sql, at);
    const claimed = await claimDue(sql, at);
    await settleReconciled(
      sql,
      at.organizationId,
      claimed.map((piece) => ({
        ...piece,
        outcome,
        keyLifetimeMs: honoured ? 86_400_000 : null,
      })),
    );
    for (const state of ['proofed', 'sending_staged']) {
      const before = await one(sql, at);
      assert.equal(before.state, state);
      const error = await refused(
        'PR017',
        amend(sql, before.id, moved),
        /asked for this card before/,
      );
      assert.match(String(error.hint), /cancel/);
      assert.deepEqual(await one(sql, at), before);
      await stage(sql, at, 'mail');
    }
    assert.equal((await onlyPiece(sql, at)).status, 'submitting');
  }
});

void test('what a runner settles of the old card, and of the old piece, finds nobody', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const old = await proofing(sql, at);
  const { id } = await one(sql, at);
  await amend(sql, id, moved);
  const back = await one(sql, at);
  assert.equal(await old.settle([rendered(id)]), 0);
  assert.deepEqual(await one(sql, at), back);
  const kept = await sql`select from postrider.proof where recipient_id = ${id}`;
  assert.equal(kept.length, 0, 'the old card is not stored');
  await proofAll(sql, at);
  const cohort = await stageOne(sql, at, 'mail');
  await amend(sql, id, { line2: 'Apt 2' });
  assert.equal((await sql`select from postrider.proof where recipient_id = ${id}`).length, 0);
  const begun = await sql`select postrider.begin_mail(
    ${at.organizationId}, ${cohort}, ${at.campaignId}, '1 minute') as begun`;
  assert.equal(begun[0]?.['begun'] ?? null, null);
  assert.deepEqual(await pieces(sql, at), []);
});

void test('after an amendment no move brings the old card to the printer', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at);
  const { id } = await one(sql, at);
  await amend(sql, id, moved);
  const cohort = await stageOne(sql, at, 'proof');
  await sql`select postrider.begin_proof(
    ${at.organizationId}, ${cohort}, ${at.campaignId}, '1 minute')`;
  await sql`select postrider.settle_proof(${at.organizationId}, ${cohort}, ${JSON.stringify([
    { recipientId: id, outcome: 'failed', message: 'a glyph is missing' },
  ])}::text::json, true)`;
  // By hand, as an operator may.
  await sql`
    update postrider.recipient_state
    set state = 'proofed', move_no = move_no + 1
    where recipient_id = ${id}`;
  assert.deepEqual((await mailBegun(sql, at)).pieces, []);
  assert.deepEqual(Object.values(await reasonsOf(sql, at)), ['error (render_failed)']);
});

void test('nobody is brought back by hand from before the printer while a piece is open', async () => {
  const { sql } = rig;
  const at = await arranged(sql, 'sending_staged, with an open piece');
  await refused(
    'PR017',
    sql`
    update postrider.recipient_state
    set state = 'pending', move_no = move_no + 1, cohort_id = null
    where organization_id = ${at.organizationId}`,
    /while a mailpiece of theirs is open/,
  );
});

void test('who was rejected by the printer, or could not be rendered, comes back with another card', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch, (piece) =>
    answered(piece, 'rejected', { badAddress: true, message: 'no such street' }),
  );
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (bad_address)' });
  const { id } = await one(sql, at);
  const name = await amend(sql, id, { firstName: 'Grace' });
  assert.deepEqual([name.state, name.reason], ['skipped', 'bad_address']);
  assert.equal((await amend(sql, id, moved)).state, 'pending');
  await proofAll(sql, at);
  const again = await mailBegun(sql, at);
  assert.notEqual(firstOf(again).idempotencyKey, firstOf(batch).idempotencyKey);
  await settle(sql, at, again, [accepted(firstOf(again))]);
  assert.equal((await one(sql, at)).state, 'sent');
});
