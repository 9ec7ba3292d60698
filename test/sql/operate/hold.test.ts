/** hold and release: what stands still, what goes on, and what was before. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { endCampaign, hold, launch, release } from '@postrider/core';
import type { Place } from '../../support/machine.ts';
import {
  accepted,
  answered,
  place,
  refused,
  sending,
  settle,
  settleAll,
  sharedMachine,
  statesOf,
} from '../rig.ts';

const rig = sharedMachine();

async function statusOf(sql: postgres.Sql, at: Place): Promise<string> {
  return String(
    (await sql`select status from postrider.campaign where id = ${at.campaignId}`)[0]?.['status'],
  );
}

void test('a launch does not lift a hold, which had a reason', async () => {
  const { sql } = rig;
  for (const mode of [null, 'live'] as const) {
    const at = await place(sql, {}, mode);
    const before = await statusOf(sql, at);
    await hold(sql, { ...at, kind: 'campaign', id: at.campaignId }, 'the offer is wrong');
    await refused('PR012', launch(sql, at, { mode: 'live' }), /spring is held: the offer is wrong/);
    assert.equal(await statusOf(sql, at), 'paused');
    assert.equal(await release(sql, { ...at, kind: 'campaign', id: at.campaignId }), before);
    assert.equal(await launch(sql, at, { mode: 'live' }), 'active');
  }
});

void test('release gives back what was before the hold; only launch makes a campaign active', async () => {
  const { sql } = rig;
  for (const mode of [null, 'live'] as const) {
    const at = await place(sql, {}, mode);
    const before = await statusOf(sql, at);
    await hold(sql, { ...at, kind: 'campaign', id: at.campaignId }, 'the offer is wrong');
    assert.equal(await statusOf(sql, at), 'paused');
    await hold(sql, { ...at, kind: 'campaign', id: at.campaignId });
    const [row] = await sql`select held_why from postrider.campaigns where id = ${at.campaignId}`;
    assert.equal(row?.['held_why'], 'the offer is wrong');
    assert.equal(await release(sql, { ...at, kind: 'campaign', id: at.campaignId }), before);
    await refused(
      'PR017',
      release(sql, { ...at, kind: 'campaign', id: at.campaignId }),
      /is not held/,
    );
  }
});

void test('hold tells cards whose outcome nobody knows, and says of a person past it where they are', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 3);
  const [lost, done] = batch.pieces;
  assert.ok(lost && done);
  await settle(sql, at, batch, [answered(lost, 'unknown')], false);
  assert.deepEqual(await hold(sql, { ...at, kind: 'printer', id: 'press' }), {
    held: 'printer',
    id: 'press',
    atPrinter: 3,
    unknown: 1,
  });
  await settle(sql, at, batch, [accepted(done)]);
  await refused(
    'PR017',
    hold(sql, { ...at, kind: 'recipient', id: done.recipientId }),
    /is sent and cannot be held/,
  );
});

void test('hold says how many cards are already at the printer', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 3);
  for (const [kind, id] of [
    ['campaign', at.campaignId],
    ['printer', 'press'],
    ['organization', at.organizationId],
  ] as const)
    assert.deepEqual(await hold(sql, { ...at, kind, id }), {
      held: kind,
      id,
      atPrinter: 3,
      unknown: 0,
    });
  await settleAll(sql, at, batch);
  assert.deepEqual(
    new Set(Object.values(await statesOf(sql, at))),
    new Set(['sent']),
    'what is at the printer still gets home',
  );
});

void test('what cannot be held is refused with the reason', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await refused('PR010', hold(sql, { ...at, kind: 'campaign', id: at.organizationId }));
  await refused('PR010', hold(sql, { ...at, kind: 'printer', id: 'nothing' }));
  await endCampaign(sql, at, { status: 'completed' });
  await refused('PR017', hold(sql, { ...at, kind: 'campaign', id: at.campaignId }));
  await refused('PR020', sql`select postrider.hold(${at.organizationId}, 'moon', 'x')`);
  await refused('PR017', release(sql, { ...at, kind: 'organization', id: at.organizationId }));
});
