/**
 * People whose rows an open psql session holds: whoever else is called back, looked up or tracked
 * does not wait for them.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel } from '@postrider/core';
import {
  giveBackBatch,
  giveBackOrphans,
  skipWithoutEnricher,
} from '../../../packages/core/src/machine/enrich.ts';
import { claimCallBacks, settleCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import {
  claimDue,
  emailOnly,
  event,
  idOf,
  place,
  refused,
  sent,
  sharedMachine,
  standing,
  statesOf,
  syncRun,
  tell,
  turnClock,
  unknownDue,
} from '../rig.ts';
import { syncPeople, type Place } from '../../support/machine.ts';
import { answer, claimed } from '../rig/enricher.ts';
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

/** Three people without an address: the first of them. */
async function withoutAddress(at: Place): Promise<string> {
  await syncPeople(
    rig.sql,
    at,
    ['a', 'b', 'c'].map((id) => emailOnly(id)),
  );
  const first = (await standing(rig.sql, at)).find(({ externalId }) => externalId === 'a');
  return first?.id ?? '';
}

void test('an address that was found for somebody whom a session holds costs no other theirs, and is asked for again', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const held = await withoutAddress(at);
  const batch = await claimed(sql, at);
  const found = { a: '1 Elm St', b: '2 Elm St', c: null };
  const lunch = await heldPeople(machine, [held]);
  assert.equal(await answer(sql, at, batch, found), 2);
  assert.deepEqual(await statesOf(sql, at), {
    a: 'address_enriching',
    b: 'pending',
    c: 'skipped',
  });
  await lunch[Symbol.asyncDispose]();
  assert.equal(await answer(sql, at, batch, found), 1);
  assert.equal((await statesOf(sql, at))['a'], 'pending');
});

void test('somebody whom a session holds keeps no other in a batch that is lost, and comes back later', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const held = await withoutAddress(at);
  const { batchId } = await claimed(sql, at);
  const lunch = await heldPeople(machine, [held]);
  assert.equal(await giveBackBatch(sql, { ...at, batchId, why: 'lost', afterMs: 0 }), 2);
  await lunch[Symbol.asyncDispose]();
  assert.equal(await giveBackOrphans(sql, at.organizationId), 1);
  assert.equal((await statesOf(sql, at))['a'], 'address_enrichable');
});

void test('somebody whom a session holds keeps no other waiting for an enricher that is not there', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const lunch = await heldPeople(machine, [await withoutAddress(at)]);
  assert.equal(await skipWithoutEnricher(sql, at.organizationId, at.campaignId), 2);
  await lunch[Symbol.asyncDispose]();
  assert.equal(await skipWithoutEnricher(sql, at.organizationId, at.campaignId), 1);
});

void test('a page of a sync, and its end, wait for whom a session holds, but not for ever', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const held = await withoutAddress(at);
  const run = await syncRun(sql, at);
  const lunch = await heldPeople(machine, [held]);
  await refused('55P03', run.page([{ ...emailOnly('a'), firstName: 'Bea' }]));
  await refused('55P03', run.page([{ ...emailOnly('a'), doNotMail: true }]));
  await run.page([emailOnly('d', 4)]);
  await refused('55P03', run.close(true, true));
  await lunch[Symbol.asyncDispose]();
  await run.page([{ ...emailOnly('a'), firstName: 'Bea' }]);
  await run.close(true, true);
});
