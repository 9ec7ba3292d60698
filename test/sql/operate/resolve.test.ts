/**
 * resolve: an operator says what became of a piece of which nobody knows, and how one knows.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, resolve, retry } from '@postrider/core';
import {
  QUIET_MS,
  accepted,
  answered,
  mailBegun,
  one,
  onlyPiece,
  pieces,
  place,
  proofAll,
  reasonsOf,
  refused,
  sending,
  settle,
  settleAll,
  sharedMachine,
  turnClock,
  unknownDue,
} from '../rig.ts';
import { claimOne, conclude, givenUp, verdict } from '../rig/reconcile.ts';

const rig = sharedMachine();
void test('retry refuses an outcome that nobody knows, and names what to do', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await givenUp(sql, at);
  const error = await refused('PR016', retry(sql, (await one(sql, at)).id));
  assert.match(error.hint ?? '', new RegExp(`resolve\\('${(await onlyPiece(sql, at)).id}'`));
  await refused('PR016', cancel(sql, (await one(sql, at)).id));
});

void test('resolved as printed: sent, under the id that the operator found', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter'] });
  await givenUp(sql, at);
  const piece = await onlyPiece(sql, at);
  assert.equal(await resolve(sql, piece.id, 'printed', ' psc_9 '), 'sent');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (resolved_printed)' });
  assert.deepEqual(
    [(await onlyPiece(sql, at)).status, (await onlyPiece(sql, at)).providerId],
    ['accepted', 'psc_9'],
  );
  const effects =
    await sql`select 1 from postrider.effect where organization_id = ${at.organizationId}`;
  assert.equal(effects.length, 1);
});

void test('resolved as not printed: a new piece with a new key', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await givenUp(sql, at);
  const piece = await onlyPiece(sql, at);
  assert.equal(
    await resolve(sql, piece.id, 'not_printed', 'Jo at the print shop, on the phone'),
    'proofed',
  );
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (resolved_not_printed)' });
  const batch = await mailBegun(sql, at);
  assert.notEqual(batch.pieces[0]?.idempotencyKey, piece.key);
  assert.deepEqual(
    (await pieces(sql, at)).map((p) => p.status),
    ['cancelled', 'submitting'],
  );
});

void test('resolve asks how one knows, knows two verdicts, and works on nothing else', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  const piece = await onlyPiece(sql, at);
  await refused(
    'PR017',
    resolve(sql, piece.id, 'printed', 'psc'),
    /is not in question: its recipient is sending/,
  );
  await refused('PR010', resolve(sql, at.campaignId, 'printed', 'psc'));
  const unknown = await place(sql);
  await givenUp(sql, unknown);
  const open = await onlyPiece(sql, unknown);
  await refused('PR020', resolve(sql, open.id, 'printed', '  '), /say how you know/);
  await refused('PR020', sql`select postrider.resolve(${open.id}, 'perhaps', 'x')`);
  assert.deepEqual(await reasonsOf(sql, unknown), { p0: 'error (outcome_unknown)' });
});

void test('resolve takes the piece whose outcome is in question, not an older one of the same person', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const first = await sending(sql, at);
  await settleAll(sql, at, first, (p) => answered(p, 'rejected'));
  await retry(sql, (await one(sql, at)).id);
  await proofAll(sql, at);
  const second = await mailBegun(sql, at);
  await settleAll(sql, at, second, (p) => answered(p, 'unknown'));
  await turnClock(sql, QUIET_MS + 1000);
  for (let round = 0; round < 8; round += 1) {
    await conclude(sql, at, verdict(await claimOne(sql, at), 'cannot_tell'));
    await turnClock(sql, 900_000);
  }
  const old = first.pieces[0]?.mailpieceId ?? '';
  await refused('PR017', resolve(sql, old, 'not_printed', 'Jo'), /not in question/);
  await refused('PR017', resolve(sql, old, 'printed', 'psc_1'), /not in question/);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (outcome_unknown)' });
  assert.equal(
    await resolve(sql, second.pieces[0]?.mailpieceId ?? '', 'not_printed', 'Jo'),
    'proofed',
  );
});

void test('who was to be cancelled is skipped, not mailed, when an operator finds out that nothing was printed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  await cancel(sql, (await one(sql, at)).id);
  for (let round = 0; round < 8; round += 1) {
    await conclude(sql, at, verdict(await claimOne(sql, at), 'cannot_tell'));
    await turnClock(sql, 900_000);
  }
  assert.equal(await resolve(sql, (await onlyPiece(sql, at)).id, 'not_printed', 'Jo'), 'skipped');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (cancelled)' });
  assert.equal((await onlyPiece(sql, at)).status, 'cancelled');
});

void test("an id that is another card's does not resolve anything", async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  const [a, b] = batch.pieces;
  assert.ok(a && b);
  await settle(sql, at, batch, [accepted(a, 'taken'), answered(b, 'unknown')]);
  await turnClock(sql, QUIET_MS + 1000);
  for (let round = 0; round < 8; round += 1) {
    await conclude(sql, at, verdict(await claimOne(sql, at), 'cannot_tell'));
    await turnClock(sql, 900_000);
  }
  await refused('PR020', resolve(sql, b.mailpieceId, 'printed', 'taken'));
  assert.equal((await one(sql, at, b.recipientId)).reason, 'outcome_unknown');
});
