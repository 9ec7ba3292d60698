/**
 * A campaign that was launched in test mode mails nobody: to everybody else it is as if it were not
 * there. It meets the rules as the live one would.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, launch } from '@postrider/core';
import { definition, people, syncPeople, type Place } from '../../support/machine.ts';
import { event, place, reasonsOf, sent, sharedMachine, statesOf, tell, turnClock } from '../rig.ts';

const rig = sharedMachine();

let campaigns = 0;
async function another(
  first: Place,
  mode: 'test' | 'live' | null,
  over: Parameters<typeof definition>[0] = {},
): Promise<Place> {
  const { organizationId } = first;
  const { campaignId } = await applyCampaign(
    rig.sql,
    organizationId,
    definition({ name: `another ${(campaigns += 1)}`, ...over }),
  );
  if (mode !== null) await launch(rig.sql, { organizationId, campaignId }, { mode });
  return { organizationId, campaignId };
}

void test('who is in flight or was sent in a test is free for a live campaign, and for another test', async () => {
  const { sql } = rig;
  const trial = await place(sql, {}, 'test');
  await sent(sql, trial, 1);
  await syncPeople(sql, trial, people(3), false);
  assert.deepEqual(await statesOf(sql, trial), { p0: 'sent', p1: 'pending', p2: 'pending' });
  const second = await another(trial, 'test', { frequency_cap: '90 days' });
  await syncPeople(sql, second, people(3));
  assert.deepEqual(await statesOf(sql, second), { p0: 'pending', p1: 'pending', p2: 'pending' });
  const live = await another(trial, 'live', { frequency_cap: '90 days' });
  await syncPeople(sql, live, people(3));
  assert.deepEqual(await statesOf(sql, live), { p0: 'pending', p1: 'pending', p2: 'pending' });
});

void test('a card of a test that is over does not count as mail either', async () => {
  const { sql } = rig;
  const trial = await place(sql, {}, 'test');
  const batch = await sent(sql, trial, 1);
  await tell(sql, trial, [
    event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'delivered' }),
  ]);
  assert.deepEqual(await statesOf(sql, trial), { p0: 'received' });
  const live = await another(trial, 'live');
  await syncPeople(sql, live, people(1));
  assert.deepEqual(await statesOf(sql, live), { p0: 'pending' });
});

void test('a test meets other campaigns and caps as the live one would, or it would tell nothing', async () => {
  const { sql } = rig;
  const live = await place(sql);
  await sent(sql, live, 1);
  await syncPeople(sql, live, people(2), false);
  const trial = await another(live, 'test');
  await syncPeople(sql, trial, people(3));
  assert.deepEqual(await reasonsOf(sql, trial), {
    p0: 'skipped (cross_campaign)',
    p1: 'skipped (cross_campaign)',
    p2: 'pending (new)',
  });
  const capped = await another(live, 'test', { exclusion_window: '0', frequency_cap: '90 days' });
  await sql`select postrider.assume_received(${live.organizationId})`;
  await turnClock(sql, 25 * 86_400_000);
  await sql`select postrider.assume_received(${live.organizationId})`;
  await syncPeople(sql, capped, people(1));
  assert.deepEqual(await reasonsOf(sql, capped), { p0: 'skipped (frequency_cap)' });
});

void test('a campaign that is not launched yet may go live: it keeps its people', async () => {
  const { sql } = rig;
  const first = await place(sql, {}, null);
  await syncPeople(sql, first, people(1));
  const second = await another(first, 'live');
  await syncPeople(sql, second, people(1));
  assert.deepEqual(await reasonsOf(sql, second), { p0: 'skipped (cross_campaign)' });
});

void test('a test card that "comes back" says nothing of the address', async () => {
  const { sql } = rig;
  const trial = await place(sql, {}, 'test');
  const batch = await sent(sql, trial, 1);
  await tell(sql, trial, [
    event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'returned' }),
  ]);
  assert.deepEqual(await reasonsOf(sql, trial), { p0: 'returned (returned)' });
  const live = await another(trial, 'live');
  await syncPeople(sql, live, people(1));
  assert.deepEqual(await statesOf(sql, live), { p0: 'pending' });
});
