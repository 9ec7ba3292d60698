/** Some printers give every test card one id: nothing may be decided by it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launched, people } from '../../support/machine.ts';
import {
  accepted,
  alarms,
  event,
  pieces,
  place,
  refused,
  sending,
  sharedMachine,
  settleAll,
  statesOf,
  tell,
} from '../rig.ts';

const rig = sharedMachine();

void test('test cards that have one id are all accepted, and raise no alarm', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const batch = await sending(sql, at, 3);
  await settleAll(sql, at, batch, (piece) => accepted(piece, '0'));
  assert.deepEqual(
    (await pieces(sql, at)).map(({ status, providerId }) => [status, providerId]),
    Array.from({ length: 3 }, () => ['accepted', '0']),
  );
  assert.deepEqual(await alarms(sql, at), []);
  // And one after the other.
  const later = await sending(sql, at, people(5));
  await settleAll(sql, at, later, (piece) => accepted(piece, '0'));
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['sent']));
  assert.deepEqual(await alarms(sql, at), []);
});

void test('an event of a test card is for whom our reference names, and for nobody by an id that several have', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const batch = await sending(sql, at, 2);
  await settleAll(sql, at, batch, (piece) => accepted(piece, '0'));
  const [first, second] = batch.pieces;
  assert.ok(first && second);
  await tell(sql, at, [event({ providerId: '0', status: 'delivered' })]);
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['sent']));
  await tell(sql, at, [
    event({ providerId: '0', mailpieceId: second.mailpieceId, status: 'delivered' }),
  ]);
  assert.deepEqual(
    (
      await sql<{ id: string; state: string }[]>`
        select recipient_id as id, state
        from postrider.recipient_state
        where organization_id = ${at.organizationId}`
    )
      .filter(({ state }) => state === 'received')
      .map(({ id }) => id),
    [second.recipientId],
  );
  assert.deepEqual(await alarms(sql, at), []);
});

void test("a test card does not take the id of a live one, and an event of the live one is not the test one's", async () => {
  const { sql } = rig;
  const name = 'Both modes';
  const tried = await launched(sql, { name: 'tried' }, name, 'test');
  const tryOut = await sending(sql, tried);
  await settleAll(sql, tried, tryOut, (piece) => accepted(piece, '77'));
  const live = await launched(sql, { name: 'meant' }, name);
  const batch = await sending(sql, live, people(1, 'q'));
  await settleAll(sql, live, batch, (piece) => accepted(piece, '77'));
  await tell(sql, live, [event({ providerId: '77', status: 'delivered' })]);
  assert.deepEqual(await statesOf(sql, live), { q0: 'received' });
  assert.deepEqual(await statesOf(sql, tried), { p0: 'sent' });
  assert.deepEqual(await alarms(sql, live), []);
});

void test('an id that only one test card has is its own', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  await settleAll(sql, at, await sending(sql, at), (piece) => accepted(piece, 'its own'));
  await tell(sql, at, [event({ providerId: 'its own', status: 'delivered' })]);
  assert.deepEqual(await statesOf(sql, at), { p0: 'received' });
});

void test('one id for two live cards is still an alarm, and refused by the table itself', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  await settleAll(sql, at, batch, (piece) => accepted(piece, '0'));
  assert.deepEqual(await alarms(sql, at), ['provider_id_of_another_piece']);
  const other = (await pieces(sql, at)).find(({ providerId }) => providerId === null);
  await refused(
    '23505',
    sql`update postrider.mailpiece set provider_id = '0' where id = ${other?.id ?? ''}`,
  );
});
