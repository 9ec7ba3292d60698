/** The end of a campaign: by hand, or by itself when nobody is in flight any more. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, endCampaign, hold, launch, retry } from '@postrider/core';
import { definition, people, syncPeople } from '../../support/machine.ts';
import {
  accepted,
  answered,
  event,
  mailBegun,
  one,
  place,
  proofAll,
  reasonsOf,
  refused,
  sending,
  sent,
  settle,
  sharedMachine,
  stage,
  tell,
  settleAll,
  tellAll,
} from '../rig.ts';
import { oneOff, statusOf } from '../rig/campaigns.ts';

const rig = sharedMachine();

void test('a campaign that is ended by hand closes everybody before the printer, and follows who was sent', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at, 1);
  await syncPeople(sql, at, people(6), false);
  const more = [
    {
      externalId: 'mail',
      row: 9,
      email: 'mail@example.com',
      firstName: 'A',
      lastName: 'B',
      merge: {},
    },
  ];
  await syncPeople(sql, at, more, false);
  await stage(sql, at, 'proof', 1, 2);
  await proofAll(sql, at);
  await stage(sql, at, 'mail', 1, 1);
  assert.equal(await endCampaign(sql, at, { status: 'archived' }), 6);
  const reasons = await reasonsOf(sql, at);
  assert.equal(reasons['p0'], 'sent (accepted)');
  assert.deepEqual(
    new Set(
      Object.entries(reasons)
        .filter(([name]) => name !== 'p0')
        .map(([, reason]) => reason),
    ),
    new Set(['skipped (campaign_closed)']),
  );
  await tellAll(sql, at, batch, 'delivered');
  assert.equal((await reasonsOf(sql, at))['p0'], 'received (scan)');
});

void test('a campaign does not end while anybody is at the printer', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  await refused(
    'PR021',
    endCampaign(sql, at, { status: 'completed' }),
    /2 people of campaign spring are at the printer/,
  );
  assert.equal(await statusOf(sql, at), 'active');
  await settleAll(sql, at, batch);
  await endCampaign(sql, at, { status: 'completed' });
  assert.equal(await statusOf(sql, at), 'completed');
});

void test('what does not exist, or is archived, is not ended; nor is it launched or changed', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await refused(
    'PR010',
    endCampaign(
      sql,
      { organizationId: at.organizationId, campaignId: at.organizationId },
      { status: 'archived' },
    ),
  );
  await refused(
    'PR020',
    sql`select postrider.end_campaign(${at.organizationId}, ${at.campaignId}, 'paused')`,
  );
  await endCampaign(sql, at, { status: 'completed' });
  await endCampaign(sql, at, { status: 'archived' });
  await refused('PR012', endCampaign(sql, at, { status: 'completed' }));
  await refused('PR012', launch(sql, at, { mode: 'live' }));
  await refused('PR012', applyCampaign(sql, at.organizationId, definition({ template: 'other' })));
  assert.equal(await statusOf(sql, at), 'archived');
});

void test('a one-off is completed when nobody is in flight; who is sent is', async () => {
  const { sql } = rig;
  const at = await oneOff(sql, 2);
  const complete = async (): Promise<string> => {
    await sql`select postrider.complete_campaigns(${at.organizationId})`;
    return await statusOf(sql, at);
  };
  await proofAll(sql, at);
  assert.equal(await complete(), 'active');
  const batch = await mailBegun(sql, at);
  const [a, b] = batch.pieces;
  assert.ok(a && b);
  await settle(sql, at, batch, [accepted(a), answered(b, 'rejected')]);
  assert.equal(await complete(), 'active');
  await tell(sql, at, [event({ providerId: `id of ${a.mailpieceId}`, status: 'delivered' })]);
  assert.equal(await complete(), 'completed');
  assert.equal(await retry(sql, b.recipientId), 'pending');
  assert.equal(await statusOf(sql, at), 'active', 'a retry makes it active again');
});

void test('an automated campaign, an empty one, one that is held or not launched is not completed by itself', async () => {
  const { sql } = rig;
  const automated = await place(sql);
  const empty = await place(sql, { campaign_mode: 'one_off', provider_segment_id: null });
  const pending = await place(sql, { campaign_mode: 'one_off' }, null);
  await syncPeople(sql, pending, []);
  const held = await oneOff(sql, 1);
  await sql`select postrider.cancel(${(await one(sql, held)).id})`;
  await hold(sql, { ...held, kind: 'campaign', id: held.campaignId });
  for (const [at, status] of [
    [automated, 'active'],
    [empty, 'active'],
    [pending, 'pending'],
    [held, 'paused'],
  ] as const) {
    await sql`select postrider.complete_campaigns(${at.organizationId})`;
    assert.equal(await statusOf(sql, at), status);
  }
});
