/** A card that turns out to exist although its person was stopped is called back at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, endCampaign, erase, suppress } from '@postrider/core';
import { claimCallBacks, settleCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import type { Place } from '../../support/machine.ts';
import {
  accepted,
  answered,
  event,
  firstOf,
  idOf,
  one,
  place,
  reasonsOf,
  sending,
  sent,
  settle,
  sharedMachine,
  tell,
  type Sending,
} from '../rig.ts';

const rig = sharedMachine();

/** Each stops somebody whose card is proven not to be made, and who waits to be sent again. */
const stops: Record<string, (at: Place, person: string) => Promise<unknown>> = {
  'skipped (cancelled)': async (_at, person) => await cancel(rig.sql, person),
  'blacklisted (suppressed)': async (at) =>
    await suppress(rig.sql, at.organizationId, { email: 'p0@example.com' }, 'test'),
  'skipped (campaign_closed)': async (at) => await endCampaign(rig.sql, at, { status: 'archived' }),
  'skipped (erased)': async (_at, person) => await erase(rig.sql, person),
};

async function stopped(how: string, at: Place): Promise<Sending> {
  const { sql } = rig;
  const batch = await sending(sql, at);
  await settle(sql, at, batch, [answered(firstOf(batch), 'retry', { afterMs: 0 })]);
  await stops[how]?.(at, firstOf(batch).recipientId);
  assert.deepEqual(Object.values(await reasonsOf(sql, at)), [how]);
  return batch;
}

async function alarmOf(at: Place) {
  const [alarm] = await rig.sql<{ meaning: string; helps: string }[]>`
    select meaning, what_helps as helps
    from postrider.alarms
    where organization_id = ${at.organizationId}`;
  return alarm ?? assert.fail('no alarm');
}

for (const how of Object.keys(stops)) {
  void test(`whatever stopped them: ${how}`, async () => {
    const { sql } = rig;
    const at = await place(sql);
    const batch = await stopped(how, at);
    const words: string[] = [];
    const heard = Promise.withResolvers<void>();
    const listening = await sql.listen('postrider_moved', (word) => {
      words.push(word);
      if (word === 'the end') heard.resolve();
    });
    await settle(sql, at, batch, [accepted(firstOf(batch), 'printed')]);
    await sql`select pg_notify('postrider_moved', 'the end')`;
    await heard.promise;
    await listening.unlisten();
    const person = await one(sql, at, firstOf(batch).recipientId);
    assert.equal(person.state, 'sent');
    assert.notEqual(person.cancelRequestedAt, null);
    assert.ok(words.includes('cancel'), 'it waits for no beat');
    assert.equal((await claimCallBacks(sql, at.organizationId, 10)).length, 1);
    const { meaning, helps } = await alarmOf(at);
    assert.match(meaning, /; the printer is asked to call it back$/);
    assert.doesNotMatch(helps, /cancel/);
  });
}

void test('a card that was called back and is scanned on its way is not asked for again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  const piece = firstOf(batch);
  await cancel(sql, piece.recipientId);
  await settleCallBacks(sql, at.organizationId, [{ ...piece, outcome: 'cancelled' }]);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (cancelled)' });
  await tell(sql, at, [event({ providerId: idOf(piece), status: 'in_transit' })]);
  const person = await one(sql, at);
  assert.deepEqual([person.state, person.cancelRequestedAt], ['sent', null]);
  assert.doesNotMatch((await alarmOf(at)).meaning, /call it back/);
});

void test('nor is that of somebody who only waited for an address that can be mailed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  const piece = firstOf(batch);
  await settle(sql, at, batch, [answered(piece, 'rejected', { badAddress: true })]);
  await settle(sql, at, batch, [accepted(piece, 'printed')]);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (late_evidence)' });
  assert.deepEqual(await claimCallBacks(sql, at.organizationId, 10), []);
  const { meaning, helps } = await alarmOf(at);
  assert.doesNotMatch(meaning, /call it back/);
  assert.match(helps, /^to call it back: select postrider\.cancel/);
});
