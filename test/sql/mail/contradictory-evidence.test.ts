/**
 * Evidence that does not fit what is known (a second id, an id of two pieces, a card that was given
 * up) raises an alarm and breaks nothing.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, retry } from '@postrider/core';
import {
  accepted,
  alarms,
  answered,
  claimDue,
  event,
  firstOf,
  mailBegun,
  one,
  onlyPiece,
  pieces,
  place,
  proofAll,
  reap,
  reasonsOf,
  sending,
  sent,
  settle,
  sharedMachine,
  statesOf,
  tell,
  tellAll,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();
void test('a second, different id of a piece raises an alarm once; the first one stays', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  const piece = firstOf(batch);
  for (const _ of [1, 2]) await settle(sql, at, batch, [accepted(piece, 'another id')]);
  await tell(sql, at, [
    event({ providerId: 'a third', mailpieceId: piece.mailpieceId, status: 'accepted' }),
  ]);
  assert.deepEqual(await alarms(sql, at), ['second_provider_id', 'second_provider_id']);
  assert.equal((await onlyPiece(sql, at)).providerId, `id of ${piece.mailpieceId}`);
  assert.equal((await one(sql, at)).state, 'sent');
});

void test('two ids for one piece in one breath: one is kept, the other raises the alarm', async () => {
  const { sql } = rig;
  for (const how of ['settle', 'events'] as const) {
    const at = await place(sql);
    const batch = await sending(sql, at);
    const piece = firstOf(batch);
    if (how === 'settle')
      await settle(sql, at, batch, [accepted(piece, 'one'), accepted(piece, 'two')]);
    else
      await tell(
        sql,
        at,
        ['one', 'two'].map((providerId) =>
          event({ providerId, mailpieceId: piece.mailpieceId, status: 'accepted' }),
        ),
      );
    assert.deepEqual(await alarms(sql, at), ['second_provider_id'], how);
    const [alarm] = await sql<{ told: string }[]>`
      select detail ->> 'told' as told
      from postrider.alarm
      where organization_id = ${at.organizationId}`;
    assert.deepEqual(
      new Set([(await onlyPiece(sql, at)).providerId, alarm?.told]),
      new Set(['one', 'two']),
    );
  }
});

void test('one id for two pieces: the others get home, the odd one raises an alarm and stays open', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 3);
  const [a, b, c] = batch.pieces;
  assert.ok(a && b && c);
  await settle(sql, at, batch, [accepted(a, 'same'), accepted(c, 'other')], false);
  await settle(sql, at, batch, [accepted(b, 'same')]);
  assert.deepEqual(await alarms(sql, at), ['provider_id_of_another_piece']);
  assert.deepEqual(Object.values(await statesOf(sql, at)).sort(), ['sending', 'sent', 'sent']);
});

void test('one id for two pieces in one answer does not lose the answer of all the others', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 4);
  await settle(
    sql,
    at,
    batch,
    batch.pieces.map((piece, i) => accepted(piece, i < 2 ? 'same' : piece.mailpieceId)),
  );
  assert.deepEqual(Object.values(await statesOf(sql, at)).sort(), [
    'sending',
    'sent',
    'sent',
    'sent',
  ]);
  assert.deepEqual(await alarms(sql, at), ['provider_id_of_another_piece']);
  // People who are left are asked for by reconcile, and in the end are a matter for a person.
  for (
    let round = 0;
    round < 12 &&
    (await statesOf(sql, at)) &&
    Object.values(await statesOf(sql, at)).includes('sending');
    round += 1
  ) {
    await turnClock(sql, 1_000_000);
    await reap(sql);
    await turnClock(sql, 1_000_000);
    const verdicts = (await claimDue(sql, at)).map((p) => ({
      ...p,
      outcome: 'found',
      providerId: 'same',
      keyLifetimeMs: 86_400_000,
    }));
    await sql`
      select postrider.settle_reconciled(
        ${at.organizationId}, ${JSON.stringify(verdicts)}::text::json
      )`;
  }
  assert.deepEqual(
    Object.values(await reasonsOf(sql, at)).filter((reason) => reason.startsWith('error')),
    ['error (outcome_unknown)'],
  );
});

void test('evidence for a closed piece beside an open one raises an alarm, and neither piece is touched', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const first = await sending(sql, at);
  await settle(sql, at, first, [answered(firstOf(first), 'rejected')]);
  await retry(sql, firstOf(first).recipientId);
  await proofAll(sql, at);
  const second = await mailBegun(sql, at);
  assert.notEqual(firstOf(second).mailpieceId, firstOf(first).mailpieceId);
  assert.notEqual(firstOf(second).idempotencyKey, firstOf(first).idempotencyKey);
  for (const _ of [1, 2]) await settle(sql, at, first, [accepted(firstOf(first), 'after all')]);
  assert.deepEqual(await alarms(sql, at), ['evidence_for_closed_piece']);
  assert.deepEqual(
    (await pieces(sql, at)).map((p) => p.status),
    ['rejected', 'submitting'],
  );
  assert.equal((await one(sql, at)).state, 'sending');
  await settle(sql, at, second, [accepted(firstOf(second))]);
  assert.equal((await one(sql, at)).state, 'sent');
});

void test('a scan of a card that had failed, beside the card that was made for it, raises an alarm: two cards are on their way', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const first = await sent(sql, at);
  const id = `id of ${firstOf(first).mailpieceId}`;
  await tell(sql, at, [event({ providerId: id, status: 'failed' })]);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (failed_at_printer)' });
  await retry(sql, firstOf(first).recipientId);
  await proofAll(sql, at);
  const second = await mailBegun(sql, at);
  await settle(sql, at, second, [accepted(firstOf(second))]);
  await tell(sql, at, [event({ providerId: id, status: 'in_transit' })]);
  assert.deepEqual(await alarms(sql, at), ['evidence_for_closed_piece']);
  assert.deepEqual(
    (await pieces(sql, at)).map((p) => p.status),
    ['failed', 'accepted'],
  );
});

void test('a scan of a card whose person was skipped or failed brings them to sent, with an alarm where they had opted out', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  await cancel(sql, firstOf(batch).recipientId);
  const cancelled = [
    {
      recipientId: firstOf(batch).recipientId,
      mailpieceId: firstOf(batch).mailpieceId,
      outcome: 'cancelled',
    },
  ];
  await sql`
    select postrider.settle_call_backs(
      ${at.organizationId}, ${JSON.stringify(cancelled)}::text::json)`;
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (cancelled)' });
  await tellAll(sql, at, batch, 'in_transit');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (late_evidence)' });
  assert.deepEqual(await alarms(sql, at), ['printed_all_the_same']);
});
