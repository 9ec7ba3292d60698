/**
 * reconcile and resolve: an outcome that nobody knows is found out, or becomes a matter for a
 * person; it is never repeated blindly.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, hold, release } from '@postrider/core';
import { claimCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import type { BegunPiece } from '../../../packages/core/src/machine/mail.ts';
import { claimUnknownMailpieces } from '../../../packages/core/src/machine/reconcile.ts';
import {
  QUIET_MS,
  answered,
  mailBegun,
  one,
  onlyPiece,
  place,
  reasonsOf,
  sending,
  settleAll,
  sharedMachine,
  turnClock,
  unknownDue,
} from '../rig.ts';
import { claimOne, conclude, verdict } from '../rig/reconcile.ts';

/** All but the move, which is another one each time. */
function unmoved(piece: BegunPiece) {
  return { ...piece, moveNo: 0, repeatForMs: null };
}

const rig = sharedMachine();
const LEASE = 60_000;

void test('whose card is to be cancelled is looked for before the others, however many are due', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const { pieces } = await unknownDue(sql, at, 4);
  // The others are due for longer.
  await sql`
    update postrider.mailpiece
    set available_at = available_at - interval '1 hour'
    where organization_id = ${at.organizationId} and id <> ${pieces[3]?.mailpieceId ?? ''}`;
  await cancel(sql, pieces[3]?.recipientId ?? '');
  const claim = async () =>
    (await claimUnknownMailpieces(sql, at.organizationId, { limit: 2, leaseMs: LEASE })).map(
      ({ mailpieceId }) => mailpieceId,
    );
  const [first, second] = [await claim(), await claim()];
  assert.ok(first.includes(pieces[3]?.mailpieceId ?? ''));
  assert.deepEqual(
    new Set([...first, ...second]),
    new Set(pieces.map(({ mailpieceId }) => mailpieceId)),
  );
});

void test('an unknown piece rests before it is asked for, and is then claimed once at a time', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch, (p) => answered(p, 'unknown'));
  await turnClock(sql, QUIET_MS - 2000);
  assert.deepEqual(
    await claimUnknownMailpieces(sql, at.organizationId, { limit: 50, leaseMs: LEASE }),
    [],
  );
  await turnClock(sql, 3000);
  const clients = machine.connect(4);
  const claims = (
    await Promise.all(
      [1, 2, 3, 4].map(
        async () =>
          await claimUnknownMailpieces(clients, at.organizationId, { limit: 50, leaseMs: LEASE }),
      ),
    )
  ).flat();
  assert.equal(claims.length, 1);
  const [piece] = claims;
  assert.deepEqual(
    [piece?.attempt, piece?.printerName, piece?.idempotencyKey],
    [1, 'press', batch.pieces[0]?.idempotencyKey],
  );
  await turnClock(sql, LEASE + 1000);
  assert.equal(
    (await claimOne(sql, at)).attempt,
    2,
    'a claim that came to nothing is claimed again',
  );
});

void test('found at the printer: sent, under the id that was found', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  assert.equal(
    await conclude(sql, at, verdict(await claimOne(sql, at), 'found', { providerId: 'psc_1' })),
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
  await conclude(sql, at, verdict(await claimOne(sql, at), 'absent'));
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (proven_absent)' });
  assert.equal((await onlyPiece(sql, at)).status, 'submitting');
  assert.deepEqual((await mailBegun(sql, at)).pieces.map(unmoved), batch.pieces.map(unmoved));
});

void test('the printer cannot tell, but honours the key: submitted again with it', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await unknownDue(sql, at);
  await conclude(
    sql,
    at,
    verdict(await claimOne(sql, at), 'cannot_tell', { keyLifetimeMs: 86_400_000 }),
  );
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'proofed (same_key_again)' });
  assert.deepEqual((await mailBegun(sql, at)).pieces.map(unmoved), batch.pieces.map(unmoved));
});

void test('a printer that could not be asked has said nothing: it is asked for ever, and then counts from there', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  for (let round = 0; round < 12; round += 1) {
    await conclude(
      sql,
      at,
      verdict(await claimOne(sql, at), 'not_asked', { message: 'no answer' }),
    );
    await turnClock(sql, 3_600_000);
  }
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sending (begun)' });
  assert.equal(await conclude(sql, at, verdict(await claimOne(sql, at), 'absent')), 1);
});

void test('the printer cannot tell: asked again, later each time, and given up after eight times', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  let before = 0;
  for (let round = 1; round <= 8; round += 1) {
    const piece = await claimOne(sql, at);
    assert.equal(piece.attempt, round);
    await conclude(sql, at, verdict(piece, 'cannot_tell', { message: 'maintenance' }));
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
    await claimUnknownMailpieces(sql, at.organizationId, { limit: 50, leaseMs: LEASE }),
    [],
    'nobody asks any more',
  );
});

void test('a stale verdict counts for nothing, evidence always counts', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  const stale = await claimOne(sql, at);
  await turnClock(sql, LEASE + 1000);
  const fresh = await claimOne(sql, at);
  assert.equal(await conclude(sql, at, verdict(stale, 'absent')), 0);
  assert.equal((await onlyPiece(sql, at)).status, 'unknown');
  assert.equal(await conclude(sql, at, verdict(stale, 'found', { providerId: 'psc_2' })), 1);
  assert.equal(await conclude(sql, at, verdict(fresh, 'absent')), 0);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (late_evidence)' });
});

void test('the answer of the runner that was thought dead counts before and after the printer was asked', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await unknownDue(sql, at);
  const piece = await claimOne(sql, at);
  await settleAll(sql, at, batch);
  assert.equal(await conclude(sql, at, verdict(piece, 'absent')), 0);
  assert.deepEqual(
    [(await one(sql, at)).state, (await onlyPiece(sql, at)).status],
    ['sent', 'accepted'],
  );
});

void test('a printer that is held is not asked', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  await hold(sql, { ...at, kind: 'printer', id: 'press' });
  assert.deepEqual(
    await claimUnknownMailpieces(sql, at.organizationId, { limit: 50, leaseMs: LEASE }),
    [],
  );
  const [stuck] = await sql`
    select what_helps from postrider.stuck where organization_id = ${at.organizationId}`;
  assert.equal(stuck?.['what_helps'], 'reconcile asks the printer when it is released');
  await release(sql, { ...at, kind: 'printer', id: 'press' });
  await claimOne(sql, at);
});

void test('a printer that is held is asked all the same about a card that is to be cancelled', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  await hold(sql, { ...at, kind: 'printer', id: 'press' });
  await cancel(sql, (await one(sql, at)).id);
  await conclude(sql, at, verdict(await claimOne(sql, at), 'found', { providerId: 'psc_4' }));
  const [called] = await claimCallBacks(sql, at.organizationId, 50);
  assert.equal(called?.providerId, 'psc_4', 'it can be called back only for a while');
});

void test('somebody who is to be cancelled is skipped when proven absent, and is not submitted again on a guess', async () => {
  const { sql } = rig;
  const absent = await place(sql);
  await unknownDue(sql, absent);
  await cancel(sql, (await one(sql, absent)).id);
  await conclude(sql, absent, verdict(await claimOne(sql, absent), 'absent'));
  assert.deepEqual(await reasonsOf(sql, absent), { p0: 'skipped (cancelled)' });
  assert.equal((await onlyPiece(sql, absent)).status, 'cancelled');
  const unsure = await place(sql);
  await unknownDue(sql, unsure);
  await cancel(sql, (await one(sql, unsure)).id);
  await conclude(
    sql,
    unsure,
    verdict(await claimOne(sql, unsure), 'cannot_tell', { keyLifetimeMs: 86_400_000 }),
  );
  assert.deepEqual(await reasonsOf(sql, unsure), { p0: 'sending (begun)' });
  await turnClock(sql, 900_000);
  await conclude(
    sql,
    unsure,
    verdict(await claimOne(sql, unsure), 'found', { providerId: 'psc_3' }),
  );
  const person = await one(sql, unsure);
  assert.equal(person.state, 'sent');
  assert.notEqual(person.cancelRequestedAt, null, 'and the printer is asked to call it back');
});
