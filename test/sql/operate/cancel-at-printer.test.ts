/**
 * A cancel that comes while the card is at the printer: the mark is obeyed when the outcome is
 * known, whatever the outcome is, and forgotten by nobody.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, erase, retry, retryAll, suppress } from '@postrider/core';
import { claimCallBacks, settleCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import { arranged, everyState } from '../rig/people-in-each-state.ts';
import {
  answered,
  event,
  idOf,
  one,
  pieces,
  place,
  reasonsOf,
  sending,
  sent,
  settleAll,
  sharedMachine,
  turnClock,
  standing,
  tell,
} from '../rig.ts';

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
  assert.deepEqual(
    new Set((await pieces(sql, at)).map((piece) => piece.status)),
    new Set(['rejected']),
  );
  assert.deepEqual(await retryAll(sql, at, 'rejected'), {
    tried: { pending: 1 },
    refused: 0,
    left: 0,
  });
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
    batch.pieces.map((piece) =>
      event({ providerId: `id of ${piece.mailpieceId}`, status: 'failed' }),
    ),
  );
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'skipped (cancelled)',
    p1: 'error (failed_at_printer)',
  });
  assert.equal((await one(sql, at, 'p0')).cancelRequestedAt, null, 'obeyed');
  assert.deepEqual((await retryAll(sql, at, 'failed_at_printer')).tried, { pending: 1 });
});

void test('a mark that an error still carries is obeyed by the retry', async () => {
  const { sql } = rig;
  const at = await place(sql, { dedupe: 'person' });
  const batch = await sending(sql, at, 3);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'rejected'));
  // As an earlier version left them.
  await sql`
    update postrider.recipient_state
    set cancel_requested_at = postrider.now()
    where organization_id = ${at.organizationId}
      and recipient_id in (
        select id
        from postrider.recipient
        where organization_id = ${at.organizationId} and external_id <> 'p2'
      )`;
  assert.equal(await retry(sql, (await one(sql, at, 'p0')).id), 'skipped');
  assert.deepEqual((await retryAll(sql, at, 'rejected')).tried, {
    pending: 1,
    skipped: 1,
  });
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'skipped (cancelled)',
    p1: 'skipped (cancelled)',
    p2: 'pending (retried)',
  });
  assert.ok((await standing(sql, at)).every((person) => person.cancelRequestedAt === null));
});

/** What `why` and the trace say of a cancel. */
async function told(id: string): Promise<{ why: string; trace: string[] }> {
  const [row] = await rig.sql<{ why: string }[]>`select postrider.why(${id}) as why`;
  const trace = await rig.sql<
    { what: string; detail: string | null }[]
  >`select what, detail from postrider.trace(${id})`;
  return {
    why: row?.why ?? '',
    trace: trace
      .filter(({ what, detail }) => what === 'cancel requested' || /called back/.test(detail ?? ''))
      .map(({ what, detail }) => `${what}: ${detail}`),
  };
}

void test('why and the trace say what becomes of a cancel at each step, and what has become of it when it is over', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  const [first, second] = batch.pieces;
  assert.ok(first && second);
  await cancel(sql, first.recipientId);
  assert.match(
    (await told(first.recipientId)).why,
    /A cancel is asked for; it is obeyed as soon as the printer has answered\.$/,
  );
  await settleAll(sql, at, batch);
  await cancel(sql, second.recipientId);
  assert.match(
    (await told(first.recipientId)).why,
    /the printer is asked to call the card back\.$/,
  );
  await claimCallBacks(sql, at.organizationId, 50);
  const asked = await told(first.recipientId);
  assert.match(asked.why, /the printer is asked to call the card back, next at [-0-9]+ [:0-9]+\.$/);
  assert.deepEqual(asked.trace, ['cancel requested: the printer is asked to call the card back']);
  // One is scanned before the printer has answered, of the other the printer says that it is too
  // late.
  await settleCallBacks(sql, at.organizationId, [
    { ...second, outcome: 'too_late', message: 'it is on the press' },
  ]);
  await tell(
    sql,
    at,
    batch.pieces.map((piece) => event({ providerId: idOf(piece), status: 'delivered' })),
  );
  const scanned = await told(first.recipientId);
  assert.match(
    scanned.why,
    /is received .* A cancel was asked for at [-0-9]+ [:0-9]+ and came too late: the card was not called back\. That is final\.$/,
  );
  assert.deepEqual(scanned.trace, [
    'cancel requested: came too late: the card was not called back',
  ]);
  const refused = await told(second.recipientId);
  assert.match(
    refused.why,
    /A cancel came too late: the card cannot be called back: it is on the press\. That is final\.$/,
  );
  assert.equal(refused.trace.length, 1);
  assert.match(
    refused.trace[0] ?? '',
    /^mailpiece accepted: .*cannot be called back: it is on the press$/,
  );
});

void test('so they do of a card that was returned, of one that is assumed to be there, and of an error', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at, 2);
  const [returned, assumed] = batch.pieces;
  assert.ok(returned && assumed);
  for (const piece of batch.pieces) await cancel(sql, piece.recipientId);
  await tell(sql, at, [event({ providerId: idOf(returned), status: 'returned' })]);
  await turnClock(sql, 60 * 86_400_000);
  await sql`select postrider.assume_received(${at.organizationId})`;
  for (const piece of batch.pieces)
    assert.match(
      (await told(piece.recipientId)).why,
      /came too late: the card was not called back\. That is final\.$/,
    );
  const elsewhere = await place(sql);
  const failed = await sending(sql, elsewhere, 1);
  await settleAll(sql, elsewhere, failed, (piece) => answered(piece, 'rejected'));
  const { id } = await one(sql, elsewhere);
  await sql`
    update postrider.recipient_state
    set cancel_requested_at = postrider.now()
    where recipient_id = ${id}`;
  assert.match(
    (await told(id)).why,
    /A cancel is asked for: postrider\.retry\('.*'\) obeys it, and no card is made\.$/,
  );
  assert.equal(await retry(sql, id), 'skipped');
  assert.match((await told(id)).why, /Cancelled\. That is final\.$/);
});

void test('no state that is final promises that a cancel will be obeyed, and none of it stands in a detail of somebody who was erased', async () => {
  const { sql } = rig;
  for (const state of everyState) {
    const at = await arranged(sql, state);
    await sql`
      update postrider.recipient_state
      set cancel_requested_at = postrider.now()
      where organization_id = ${at.organizationId}`;
    const { id, state: is } = await one(sql, at);
    const { why } = await told(id);
    if (is !== 'sending' && is !== 'sent')
      assert.doesNotMatch(why, /is obeyed as soon as|is asked to call/, state);
  }
  const at = await place(sql);
  const batch = await sent(sql, at, 1);
  const [piece] = batch.pieces;
  assert.ok(piece);
  await cancel(sql, piece.recipientId);
  await claimCallBacks(sql, at.organizationId, 50);
  await erase(sql, piece.recipientId);
  await settleCallBacks(sql, at.organizationId, [
    { ...piece, outcome: 'too_late', message: 'Ada Byron p0 has it' },
  ]);
  const [row] = await sql<
    { detail: string | null }[]
  >`select outcome_detail as detail from postrider.mailpiece where id = ${piece.mailpieceId}`;
  assert.doesNotMatch(row?.detail ?? '', /Ada/);
});
