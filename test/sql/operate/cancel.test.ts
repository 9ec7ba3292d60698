/** cancel and suppress, from every state; and calling back what is sent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, hold, suppress } from '@postrider/core';
import { claimCallBacks, settleCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import { people, syncPeople } from '../../support/machine.ts';
import {
  event,
  one,
  onlyPiece,
  pieces,
  place,
  reasonsOf,
  refused,
  sent,
  sharedMachine,
  tell,
  turnClock,
} from '../rig.ts';
import { arranged, everyState } from '../rig/people-in-each-state.ts';

const rig = sharedMachine();

const cancelled: Record<string, string> = {
  'proofed, and a card may exist': 'sending (cancel requested)',
  'sending_staged, and a card may exist': 'sending (cancel requested)',
  sending: 'sending (cancel requested)',
  'sending, and nobody knows': 'sending (cancel requested)',
  sent: 'sent (cancel requested)',
  received: 'PR017',
  returned: 'PR017',
  blacklisted: 'PR017',
  holdout: 'PR017',
  'error, outcome unknown': 'PR016',
};

for (const state of everyState) {
  void test(`cancel: ${state}`, async () => {
    const { sql } = rig;
    const at = await arranged(sql, state);
    const before = await one(sql, at);
    const wanted = cancelled[state] ?? 'skipped';
    if (wanted.startsWith('PR')) {
      await refused(wanted, cancel(sql, before.id));
      assert.deepEqual(await one(sql, at), before);
      return;
    }
    assert.equal(await cancel(sql, before.id, 'she called'), wanted);
    const after = await one(sql, at);
    if (wanted === 'skipped') {
      assert.equal(after.state, 'skipped');
      assert.equal(after.cohortId, null, 'so that a late settle finds nothing');
      if (before.state === 'skipped') assert.deepEqual(after, before);
      else
        assert.deepEqual(
          [after.reason, after.detail],
          [before.state === 'error' ? 'given_up' : 'cancelled', 'she called'],
        );
      for (const piece of await pieces(sql, at))
        assert.ok(['cancelled', 'rejected'].includes(piece.status), piece.status);
    } else {
      const isMoved = !['sending', 'sent'].includes(before.state);
      assert.equal(after.moveNo, before.moveNo + (isMoved ? 1 : 0));
      if (!isMoved) assert.equal(after.state, before.state);
      assert.notEqual(after.cancelRequestedAt, null);
    }
  });
}

void test('a card that is sent is called back at the printer: cancelled, too late, or asked again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at, 3);
  for (const piece of batch.pieces) await cancel(sql, piece.recipientId);
  const claimed = await claimCallBacks(sql, at.organizationId, 50);
  assert.equal(claimed.length, 3);
  const outcomes = ['cancelled', 'too_late', 'unknown'];
  const moved = await settleCallBacks(
    sql,
    at.organizationId,
    claimed.map((piece, i) => ({
      ...piece,
      outcome: outcomes[i] ?? '',
      message: 'it is on the press',
    })),
  );
  assert.equal(moved, 1);
  const [a, b, c] = await Promise.all(
    claimed.map(async (piece) => await one(sql, at, piece.recipientId)),
  );
  assert.deepEqual([a?.state, a?.reason, a?.cancelRequestedAt], ['skipped', 'cancelled', null]);
  assert.deepEqual(
    [b?.state, b?.cancelRequestedAt, b?.detail],
    ['sent', null, 'cannot be called back: it is on the press'],
  );
  assert.deepEqual([c?.state, c?.cancelRequestedAt !== null], ['sent', true]);
  assert.deepEqual(await claimCallBacks(sql, at.organizationId, 50), [], 'asked once a minute');
  await turnClock(sql, 61_000);
  assert.equal((await claimCallBacks(sql, at.organizationId, 50)).length, 1);
});

void test('a printer that cannot tell is asked about everybody in turn', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at, 7);
  for (const piece of batch.pieces) await cancel(sql, piece.recipientId);
  const asked: string[] = [];
  for (let round = 0; round < 4; round += 1) {
    const claimed = await claimCallBacks(sql, at.organizationId, 3);
    asked.push(...claimed.map((piece) => piece.mailpieceId));
    await settleCallBacks(
      sql,
      at.organizationId,
      claimed.map((piece) => ({ ...piece, outcome: 'unknown', message: 'it is busy' })),
    );
    await turnClock(sql, 15_000);
  }
  assert.deepEqual([asked.length, new Set(asked).size], [7, 7]);
  await turnClock(sql, 61_000);
  assert.deepEqual(
    (await claimCallBacks(sql, at.organizationId, 3)).map((piece) => piece.mailpieceId).sort(),
    asked.slice(0, 3).sort(),
    'the pieces that have waited longest come first',
  );
});

void test('a printer that says cancelled of a card that was already scanned is not believed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  const [piece] = batch.pieces;
  await tell(sql, at, [event({ providerId: `id of ${piece?.mailpieceId}`, status: 'in_transit' })]);
  await cancel(sql, piece?.recipientId ?? '');
  const claimed = await claimCallBacks(sql, at.organizationId, 50);
  await settleCallBacks(
    sql,
    at.organizationId,
    claimed.map((p) => ({ ...p, outcome: 'cancelled', message: 'ok' })),
  );
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (accepted)' });
  assert.equal((await onlyPiece(sql, at)).status, 'in_transit');
  assert.deepEqual(
    await claimCallBacks(sql, at.organizationId, 50),
    [],
    'and it is not asked for ever',
  );
});

void test('suppress finds people in every campaign of the organization, by each of its keys', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(4));
  const count = await suppress(
    sql,
    at.organizationId,
    { email: 'P0@example.com', externalId: 'p1', line1: '3 p st', postalCode: '94607' },
    'test',
  );
  assert.equal(count, 3);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'blacklisted (suppressed)',
    p1: 'blacklisted (suppressed)',
    p2: 'blacklisted (suppressed)',
    p3: 'pending (new)',
  });
  await refused('PR020', suppress(sql, at.organizationId, {}, 'test'));
  await refused('PR020', suppress(sql, at.organizationId, { line1: '1 Elm St' }, 'test'));
});

void test('a suppression and a returned card of the same household do not deadlock', async () => {
  const { sql, machine } = rig;
  for (let round = 0; round < 5; round += 1) {
    const at = await place(sql);
    const batch = await sent(sql, at, 30);
    const clients = machine.connect(2);
    const returned = batch.pieces.map((p) =>
      event({ providerId: `id of ${p.mailpieceId}`, status: 'returned' }),
    );
    await Promise.all([
      tell(clients, at, returned),
      (async () => {
        for (const n of [30, 15, 7, 1])
          await suppress(
            clients,
            at.organizationId,
            { line1: `${n} p Street`, postalCode: '94607' },
            'test',
          );
      })(),
    ]);
    await clients.end({ timeout: 2 });
  }
});

void test('a hold of one person is for people who are not yet at the printer', async () => {
  const { sql } = rig;
  for (const state of ['sending', 'sent', 'received', 'error, rejected']) {
    const at = await arranged(sql, state);
    await refused('PR017', hold(sql, { ...at, kind: 'recipient', id: (await one(sql, at)).id }));
  }
});
