/**
 * A printer that answers for a card with another one: nobody knows what became of ours. It is never
 * accepted by that answer, and never sent again on the strength of its key.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Place } from '../../support/machine.ts';
import {
  QUIET_MS,
  accepted,
  alarms,
  answered,
  claimDue,
  idOf,
  one,
  onlyPiece,
  pieces,
  place,
  sending,
  settle,
  settleAll,
  sharedMachine,
  standing,
  turnClock,
  type Sending,
} from '../rig.ts';
import { claimOne, conclude, verdict } from '../rig/reconcile.ts';

const rig = sharedMachine();

async function told(at: Place): Promise<Record<string, unknown>[]> {
  return [
    ...(await rig.sql<Record<string, unknown>[]>`
      select kind, mailpiece_id as piece, detail, meaning
      from postrider.alarms
      where organization_id = ${at.organizationId}`),
  ];
}

/** One card that was answered with another one's id. */
async function mismatched(at: Place, providerId = 'psc_other'): Promise<Sending> {
  const batch = await sending(rig.sql, at);
  await settleAll(rig.sql, at, batch, (piece) =>
    answered(piece, 'mismatched', { providerId, message: 'its metadata is another' }),
  );
  return batch;
}

void test('the piece is unknown, without the id that was told, and an alarm says what was told', async () => {
  const at = await place(rig.sql);
  await mismatched(at);
  const piece = await onlyPiece(rig.sql, at);
  assert.deepEqual([piece.status, piece.providerId, piece.acceptedAt], ['unknown', null, null]);
  assert.equal((await one(rig.sql, at)).state, 'sending');
  const [alarm, ...more] = await told(at);
  assert.deepEqual(more, []);
  assert.deepEqual(
    [alarm?.['kind'], alarm?.['piece'], alarm?.['detail']],
    [
      'piece_mismatched',
      piece.id,
      {
        printer: 'press',
        told: 'psc_other',
        of: null,
        message: 'its metadata is another',
      },
    ],
  );
  assert.match(String(alarm?.['meaning']), /answered for a card with another one, psc_other/);
});

void test('where the id is that of a card that is known here, the alarm names it, and that card stays as it is', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  const [first, second] = batch.pieces;
  assert.ok(first && second);
  await settle(sql, at, batch, [
    accepted(first),
    answered(second, 'mismatched', { providerId: idOf(first) }),
  ]);
  const now = Object.fromEntries(
    (await pieces(sql, at)).map(({ id, status, providerId }) => [id, [status, providerId]]),
  );
  assert.deepEqual(now, {
    [first.mailpieceId]: ['accepted', idOf(first)],
    [second.mailpieceId]: ['unknown', null],
  });
  const [alarm] = await told(at);
  assert.equal((alarm?.['detail'] as { of: string } | undefined)?.of, first.mailpieceId);
  assert.match(String(alarm?.['meaning']), new RegExp(`which is mailpiece ${first.mailpieceId}`));
});

void test('an answer that comes after the cohort was given up raises the alarm all the same, once', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await turnClock(sql, 120_000);
  await sql`select postrider.reap('20 seconds', '30 seconds')`;
  for (let round = 0; round < 2; round += 1)
    await settleAll(sql, at, batch, (piece) =>
      answered(piece, 'mismatched', { providerId: 'psc_other' }),
    );
  assert.deepEqual(await alarms(sql, at), ['piece_mismatched']);
});

void test('it is found by our reference', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await mismatched(at);
  await turnClock(sql, QUIET_MS + 1000);
  await conclude(sql, at, verdict(await claimOne(sql, at), 'found', { providerId: 'psc_ours' }));
  assert.equal((await one(sql, at)).state, 'sent');
  assert.equal((await onlyPiece(sql, at)).providerId, 'psc_ours');
});

void test('its key proves nothing: it is never sent again by it', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await mismatched(at);
  await turnClock(sql, QUIET_MS + 1000);
  const piece = await claimOne(sql, at);
  await conclude(sql, at, verdict(piece, 'cannot_tell', { keyLifetimeMs: 86_400_000 }));
  assert.equal((await one(sql, at)).state, 'sending');
  assert.equal((await onlyPiece(sql, at)).status, 'unknown');
});

void test('an "absent" is no proof: a person resolves it, and is told why', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await mismatched(at);
  await turnClock(sql, QUIET_MS + 1000);
  await conclude(sql, at, verdict(await claimOne(sql, at), 'absent'));
  const person = await one(sql, at);
  assert.deepEqual(
    [person.state, person.reason, person.detail],
    ['error', 'outcome_unknown', 'its metadata is another'],
  );
  assert.equal((await onlyPiece(sql, at)).status, 'unknown');
  assert.deepEqual(await claimDue(sql, at), []);
});

void test('who is to be cancelled is not cancelled by an "absent" that proves nothing', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await mismatched(at);
  const [person] = await standing(sql, at);
  await sql`select postrider.cancel(${person?.id ?? ''})`;
  await turnClock(sql, QUIET_MS + 1000);
  await conclude(sql, at, verdict(await claimOne(sql, at), 'absent'));
  const now = await one(sql, at);
  assert.deepEqual([now.state, now.reason], ['error', 'outcome_unknown']);
  assert.ok(now.cancelRequestedAt);
});
