/** A cancel that comes while the card is at the printer: the mark is obeyed when the outcome is known, whatever the outcome is, and forgotten by nobody. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, retry, retryAll, suppress } from '@postrider/core';
import { answered, event, one, pieces, place, reasonsOf, sending, settleAll, sharedMachine, standing, tell } from './rig.ts';

const rig = sharedMachine();

void test('who is cancelled while at the printer stays cancelled where the printer refuses the card, and is not tried again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 3);
  const [p0] = batch.pieces;
  assert.ok(p0);
  assert.equal(await cancel(sql, (await one(sql, at, 'p0')).id), 'sending (cancel requested)');
  await suppress(sql, at.organizationId, { email: 'p1@example.com' }, 'test');
  await settleAll(sql, at, batch, (piece) => answered(piece, 'rejected'));
  const wanted = { p0: 'skipped (cancelled)', p1: 'skipped (cancelled)', p2: 'error (rejected)' };
  assert.deepEqual(await reasonsOf(sql, at), wanted);
  assert.deepEqual(new Set((await pieces(sql, at)).map((piece) => piece.status)), new Set(['rejected']));
  assert.deepEqual(await retryAll(sql, at.organizationId, at.campaignId, 'rejected'), { tried: { pending: 1 }, refused: 0, left: 0 });
  assert.deepEqual(await reasonsOf(sql, at), { ...wanted, p2: 'pending (retried)' });
});

void test('a card that is to be called back and that the printer cannot make is cancelled, and is not made again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  await settleAll(sql, at, batch);
  assert.equal(await cancel(sql, (await one(sql, at, 'p0')).id), 'sent (cancel requested)');
  await tell(
    sql,
    at,
    batch.pieces.map((piece) => event({ providerId: `id of ${piece.mailpieceId}`, status: 'failed' })),
  );
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (cancelled)', p1: 'error (failed_at_printer)' });
  assert.equal((await one(sql, at, 'p0')).cancelRequestedAt, null, 'obeyed');
  assert.deepEqual((await retryAll(sql, at.organizationId, at.campaignId, 'failed_at_printer')).tried, { pending: 1 });
});

void test('a mark that an error still carries is obeyed by the retry', async () => {
  const { sql } = rig;
  const at = await place(sql, { dedupe: 'person' });
  const batch = await sending(sql, at, 3);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'rejected'));
  // As an earlier version left them.
  await sql`update postrider.recipient_state set cancel_requested_at = postrider.now() where organization_id = ${at.organizationId}
    and recipient_id in (select id from postrider.recipient where organization_id = ${at.organizationId} and external_id <> 'p2')`;
  assert.equal(await retry(sql, (await one(sql, at, 'p0')).id), 'skipped');
  assert.deepEqual((await retryAll(sql, at.organizationId, at.campaignId, 'rejected')).tried, { pending: 1, skipped: 1 });
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (cancelled)', p1: 'skipped (cancelled)', p2: 'pending (retried)' });
  assert.ok((await standing(sql, at)).every((person) => person.cancelRequestedAt === null));
});
