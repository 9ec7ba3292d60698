/**
 * People whose rows an open psql session holds: whoever else is called back, looked up or tracked
 * does not wait for them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel } from '@postrider/core';
import { claimCallBacks, settleCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import {
  claimDue,
  event,
  idOf,
  place,
  refused,
  sent,
  sharedMachine,
  standing,
  statesOf,
  tell,
  turnClock,
  unknownDue,
} from '../rig.ts';
import { heldPeople } from '../rig/held.ts';
import { conclude, verdict } from '../rig/reconcile.ts';

const rig = sharedMachine();
const HOUR = 3_600_000;

void test('a card whose time is over, and whose person somebody holds, keeps no other from being called back', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const { pieces } = await sent(sql, at, 3);
  const [late, later, inTime] = pieces;
  for (const piece of [late, later])
    await sql`
      update postrider.mailpiece
      set cancellable_until = postrider.now() - interval '2 hours'
      where id = ${piece?.mailpieceId ?? ''}`;
  for (const { recipientId } of pieces) await cancel(sql, recipientId);
  const marked = async (): Promise<string[]> =>
    (await standing(sql, at))
      .filter(({ cancelRequestedAt }) => cancelRequestedAt !== null)
      .map(({ id }) => id);
  const lunch = await heldPeople(machine, [late?.recipientId ?? '']);
  const claimed = await claimCallBacks(sql, at.organizationId, 10);
  assert.ok(claimed.some(({ mailpieceId }) => mailpieceId === inTime?.mailpieceId));
  assert.deepEqual(new Set(await marked()), new Set([late?.recipientId, inTime?.recipientId]));
  await lunch[Symbol.asyncDispose]();
  await claimCallBacks(sql, at.organizationId, 10);
  assert.deepEqual(await marked(), [inTime?.recipientId]);
});

void test('an answer to a call-back of somebody whom a session holds costs no other its answer, and the printer is asked again', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const { pieces } = await sent(sql, at, 3);
  for (const { recipientId } of pieces) await cancel(sql, recipientId);
  const claimed = await claimCallBacks(sql, at.organizationId, 10);
  const answers = claimed.map((piece) => ({ ...piece, outcome: 'cancelled' }));
  const lunch = await heldPeople(machine, [pieces[0]?.recipientId ?? '']);
  assert.equal(await settleCallBacks(sql, at.organizationId, answers), 2);
  await lunch[Symbol.asyncDispose]();
  await turnClock(sql, 61_000);
  const again = await claimCallBacks(sql, at.organizationId, 10);
  assert.deepEqual(
    again.map(({ recipientId }) => recipientId),
    [pieces[0]?.recipientId],
  );
  const answer = again.map((piece) => ({ ...piece, outcome: 'cancelled' }));
  assert.equal(await settleCallBacks(sql, at.organizationId, answer), 1);
});

void test('a verdict on somebody whom a session holds costs no other its verdict, and the printer is asked again', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const { pieces } = await unknownDue(sql, at, 3);
  const due = await claimDue(sql, at);
  const found = (piece: (typeof due)[number]) =>
    verdict(piece, 'found', { providerId: idOf(piece) });
  const lunch = await heldPeople(machine, [pieces[0]?.recipientId ?? '']);
  assert.equal(await conclude(sql, at, ...due.map(found)), 2);
  await lunch[Symbol.asyncDispose]();
  await turnClock(sql, HOUR);
  const again = await claimDue(sql, at);
  assert.deepEqual(
    again.map(({ recipientId }) => recipientId),
    [pieces[0]?.recipientId],
  );
  assert.equal(await conclude(sql, at, ...again.map(found)), 1);
});

void test('events whose card is known by now wait for whom a session holds, and for nobody else', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const { pieces } = await sent(sql, at, 2);
  await tell(
    sql,
    at,
    pieces.map((piece) => event({ providerId: idOf(piece), status: 'delivered' })),
  );
  // As if they had come before the answers that name their cards.
  await sql`
    update postrider.mailpiece_event set mailpiece_id = null
    where organization_id = ${at.organizationId}`;
  const matched = async (): Promise<number> =>
    Number((await sql`select postrider.match_events(${at.organizationId}) as n`)[0]?.['n']);
  const lunch = await heldPeople(machine, [pieces[0]?.recipientId ?? '']);
  assert.equal(await matched(), 1);
  await lunch[Symbol.asyncDispose]();
  assert.equal(await matched(), 1);
});

void test('a poll waits for whom a session holds, but not for ever', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const { pieces } = await sent(sql, at, 1);
  const told = pieces.map((piece) => event({ providerId: idOf(piece), status: 'delivered' }));
  const lunch = await heldPeople(machine, [pieces[0]?.recipientId ?? '']);
  await refused('55P03', tell(sql, at, told));
  await lunch[Symbol.asyncDispose]();
  await tell(sql, at, told);
  assert.deepEqual(await statesOf(sql, at), { p0: 'received' });
});
