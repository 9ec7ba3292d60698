/**
 * reconcile and resolve: an outcome that nobody knows is found out, or becomes a matter for a
 * person; it is never repeated blindly.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { cancel, hold, release, resolve, retry } from '@postrider/core';
import type { BegunPiece } from '../../packages/core/src/machine/mail.ts';
import {
  claimUnknown,
  settleReconcile,
  type ReconcileVerdict,
  type UnknownPiece,
} from '../../packages/core/src/machine/reconcile.ts';
import type { Place } from '../support/machine.ts';
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
} from './rig.ts';

/** All but the move, which is another one each time. */
function unmoved(piece: BegunPiece) {
  return { ...piece, moveNo: 0 };
}

const rig = sharedMachine();
const LEASE = 60_000;

async function claim(sql: postgres.Sql, at: Place): Promise<UnknownPiece> {
  const claimed = await claimUnknown(sql, at.organizationId, 50, LEASE);
  assert.equal(claimed.length, 1);
  return claimed[0] ?? assert.fail();
}
function verdict(
  piece: UnknownPiece,
  outcome: ReconcileVerdict['outcome'],
  rest: Partial<ReconcileVerdict> = {},
): ReconcileVerdict {
  return {
    mailpieceId: piece.mailpieceId,
    attempt: piece.attempt,
    outcome,
    keyStillHonoured: false,
    ...rest,
  };
}
async function say(sql: postgres.Sql, at: Place, ...verdicts: ReconcileVerdict[]): Promise<number> {
  return await settleReconcile(sql, at.organizationId, verdicts);
}

/** One person in `error (outcome_unknown)`. */
async function givenUp(sql: postgres.Sql, at: Place): Promise<void> {
  await unknownDue(sql, at);
  for (let round = 0; round < 8; round += 1) {
    await say(sql, at, verdict(await claim(sql, at), 'cannot_tell', { message: 'no look-up' }));
    await turnClock(sql, 900_000);
  }
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (outcome_unknown)' });
}

void test('an unknown piece rests before it is asked for, and is then claimed once at a time', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch, (p) => answered(p, 'unknown'));
  await turnClock(sql, QUIET_MS - 2000);
  assert.deepEqual(await claimUnknown(sql, at.organizationId, 50, LEASE), []);
  await turnClock(sql, 3000);
  const clients = machine.connect(4);
  const claims = (
    await Promise.all(
      [1, 2, 3, 4].map(async () => await claimUnknown(clients, at.organizationId, 50, LEASE)),
    )
  ).flat();
  assert.equal(claims.length, 1);
  const [piece] = claims;
  assert.deepEqual(
    [piece?.attempt, piece?.printerName, piece?.idempotencyKey],
    [1, 'press', batch.pieces[0]?.idempotencyKey],
  );
  await turnClock(sql, LEASE + 1000);
  assert.equal((await claim(sql, at)).attempt, 2, 'a claim that came to nothing is claimed again');
});

void test('found at the printer: sent, under the id that was found', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  assert.equal(
    await say(sql, at, verdict(await claim(sql, at), 'found', { providerId: 'psc_1' })),
    1,
  );
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (late_evidence)' });
  const piece = await onlyPiece(sql, at);
  assert.deepEqual(
    [piece.status, piece.providerId, piece.availableAt],
    ['accepted', 'psc_1', null],
  );
});

void test('proven absent: submitted again, the same piece with the same key and the same request', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await unknownDue(sql, at);
  await say(sql, at, verdict(await claim(sql, at), 'absent'));
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (proven_absent)' });
  assert.equal((await onlyPiece(sql, at)).status, 'submitting');
  assert.deepEqual((await mailBegun(sql, at)).pieces.map(unmoved), batch.pieces.map(unmoved));
});

void test('the printer cannot tell, but honours the key: submitted again with it', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await unknownDue(sql, at);
  await say(sql, at, verdict(await claim(sql, at), 'cannot_tell', { keyStillHonoured: true }));
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (same_key_again)' });
  assert.deepEqual((await mailBegun(sql, at)).pieces.map(unmoved), batch.pieces.map(unmoved));
});

void test('a printer that could not be asked has said nothing: it is asked for ever, and then counts from there', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  for (let round = 0; round < 12; round += 1) {
    await say(sql, at, verdict(await claim(sql, at), 'not_asked', { message: 'no answer' }));
    await turnClock(sql, 3_600_000);
  }
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sending (begun)' });
  assert.equal(await say(sql, at, verdict(await claim(sql, at), 'absent')), 1);
});

void test('the printer cannot tell: asked again, later each time, and given up after eight times', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  let before = 0;
  for (let round = 1; round <= 8; round += 1) {
    const piece = await claim(sql, at);
    assert.equal(piece.attempt, round);
    await say(sql, at, verdict(piece, 'cannot_tell', { message: 'maintenance' }));
    if (round === 8) break;
    assert.deepEqual(await reasonsOf(sql, at), { p0: 'sending (begun)' });
    const { availableAt } = await onlyPiece(sql, at);
    const [now] = await sql<{ at: Date }[]>`select postrider.now() as at`;
    const wait = (availableAt?.getTime() ?? 0) - (now?.at.getTime() ?? 0);
    assert.ok(wait > before / 2, `round ${round}: ${wait} after ${before}`);
    before = wait;
    await turnClock(sql, 900_000);
  }
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (outcome_unknown)' });
  assert.equal((await one(sql, at)).detail, 'maintenance');
  assert.equal((await onlyPiece(sql, at)).status, 'unknown');
  await turnClock(sql, 3_600_000);
  assert.deepEqual(
    await claimUnknown(sql, at.organizationId, 50, LEASE),
    [],
    'nobody asks any more',
  );
});

void test('a stale verdict counts for nothing, evidence always counts', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  const stale = await claim(sql, at);
  await turnClock(sql, LEASE + 1000);
  const fresh = await claim(sql, at);
  assert.equal(await say(sql, at, verdict(stale, 'absent')), 0);
  assert.equal((await onlyPiece(sql, at)).status, 'unknown');
  assert.equal(await say(sql, at, verdict(stale, 'found', { providerId: 'psc_2' })), 1);
  assert.equal(await say(sql, at, verdict(fresh, 'absent')), 0);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (late_evidence)' });
});

void test('the answer of the runner that was thought dead counts before and after the printer was asked', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await unknownDue(sql, at);
  const piece = await claim(sql, at);
  await settleAll(sql, at, batch);
  assert.equal(await say(sql, at, verdict(piece, 'absent')), 0);
  assert.deepEqual(
    [(await one(sql, at)).state, (await onlyPiece(sql, at)).status],
    ['sent', 'accepted'],
  );
});

void test('a printer that is held is not asked', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  await hold(sql, at.organizationId, 'printer', 'press');
  assert.deepEqual(await claimUnknown(sql, at.organizationId, 50, LEASE), []);
  await release(sql, at.organizationId, 'printer', 'press');
  await claim(sql, at);
});

void test('somebody who is to be cancelled is skipped when proven absent, and is not submitted again on a guess', async () => {
  const { sql } = rig;
  const absent = await place(sql);
  await unknownDue(sql, absent);
  await cancel(sql, (await one(sql, absent)).id);
  await say(sql, absent, verdict(await claim(sql, absent), 'absent'));
  assert.deepEqual(await reasonsOf(sql, absent), { p0: 'skipped (cancelled)' });
  assert.equal((await onlyPiece(sql, absent)).status, 'cancelled');
  const unsure = await place(sql);
  await unknownDue(sql, unsure);
  await cancel(sql, (await one(sql, unsure)).id);
  await say(
    sql,
    unsure,
    verdict(await claim(sql, unsure), 'cannot_tell', { keyStillHonoured: true }),
  );
  assert.deepEqual(await reasonsOf(sql, unsure), { p0: 'sending (begun)' });
  await turnClock(sql, 900_000);
  await say(sql, unsure, verdict(await claim(sql, unsure), 'found', { providerId: 'psc_3' }));
  const person = await one(sql, unsure);
  assert.equal(person.state, 'sent');
  assert.notEqual(person.cancelRequestedAt, null, 'and the printer is asked to call it back');
});

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
    await say(sql, at, verdict(await claim(sql, at), 'cannot_tell'));
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
    await say(sql, at, verdict(await claim(sql, at), 'cannot_tell'));
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
    await say(sql, at, verdict(await claim(sql, at), 'cannot_tell'));
    await turnClock(sql, 900_000);
  }
  await refused('PR020', resolve(sql, b.mailpieceId, 'printed', 'taken'));
  assert.equal((await one(sql, at, b.recipientId)).reason, 'outcome_unknown');
});
