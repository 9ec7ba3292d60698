/** Which cards are called back first: those that a printer still makes no card of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel } from '@postrider/core';
import {
  claimCallBacks,
  printersToCallBack,
} from '../../../packages/core/src/machine/call-back.ts';
import { launched, people } from '../../support/machine.ts';
import { place, sent, sharedMachine } from '../rig.ts';

const rig = sharedMachine();

void test('whose window ends soonest is asked for first, and whose window is over last', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const { pieces } = await sent(sql, at, 5);
  // By the order of their ids: the other way round.
  const windows = [-10, null, 30, 20, 10];
  const ids = pieces.map(({ mailpieceId }) => mailpieceId).toSorted();
  for (const [index, minutes] of windows.entries())
    await sql`
      update postrider.mailpiece
      set cancellable_until = postrider.now() + ${minutes} * interval '1 minute'
      where id = ${ids[index] ?? ''}`;
  for (const { recipientId } of pieces) await cancel(sql, recipientId);
  const asked: (string | undefined)[] = [];
  for (const _ of windows)
    asked.push(...(await claimCallBacks(sql, at.organizationId, 1)).map((p) => p.mailpieceId));
  assert.deepEqual(asked, [ids[4], ids[3], ids[2], ids[1], ids[0]]);
});

void test('a printer is asked for its own cards alone, and each that has some is known', async () => {
  const { sql } = rig;
  const at = await launched(sql, {}, 'Two printers');
  const { pieces: first } = await sent(sql, at);
  const autumn = await launched(sql, { name: 'autumn', printer_name: 'another' }, 'Two printers');
  const { pieces: second } = await sent(sql, autumn, people(1, 'q'));
  for (const { recipientId } of [...first, ...second]) await cancel(sql, recipientId);
  assert.deepEqual(await printersToCallBack(sql, at.organizationId), ['another', 'press']);
  const claimed = await claimCallBacks(sql, at.organizationId, 10, 'another');
  assert.deepEqual(
    claimed.map(({ mailpieceId }) => mailpieceId),
    second.map(({ mailpieceId }) => mailpieceId),
  );
});
