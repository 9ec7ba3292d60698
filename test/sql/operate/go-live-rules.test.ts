/** What stands of a test when its campaign goes live, and what is asked again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, cancel, goLive, hold, launch } from '@postrider/core';
import { claimEffects } from '../../../packages/core/src/machine/effects.ts';
import { definition, people, syncPeople } from '../../support/machine.ts';
import {
  mailBegun,
  one,
  place,
  proofed,
  reasonsOf,
  sent,
  settleAll,
  statesOf,
  tellAll,
  sharedMachine,
} from '../rig.ts';
import { another, mailAll } from './tested.ts';

const rig = sharedMachine();

void test('holdout, opt-outs and cancels stand; other campaigns and caps are asked again', async () => {
  const { sql } = rig;
  const at = await place(
    sql,
    { holdout_percent: 0, frequency_cap: '90 days', exclusion_window: '30 days' },
    'test',
  );
  const batch = await sent(sql, at, 5);
  await syncPeople(sql, at, people(6), false);
  // p0 opts out, p1 is cancelled although the printer says too late, p2 and p5 are mailed live by
  // another campaign, which does not see a test.
  await sql`select postrider.suppress(${at.organizationId}, 'p0@example.com')`;
  const { id: p1 } = await one(sql, at, 'p1');
  await cancel(sql, p1);
  await sql`
    select postrider.settle_call_backs(${at.organizationId}, ${JSON.stringify([
      {
        recipientId: p1,
        mailpieceId: batch.pieces.find((piece) => piece.recipientId === p1)?.mailpieceId,
        outcome: 'too_late',
      },
    ])}::text::json)`;
  const other = await another(sql, at, 'live', 'other');
  await syncPeople(
    sql,
    other,
    people(6).filter(({ externalId }) => /p[25]/.test(externalId)),
  );
  await mailAll(sql, other);
  const went = await goLive(sql, at);
  assert.deepEqual(
    { begunAgain: went.begunAgain, turnedAway: went.turnedAway },
    { begunAgain: 5, turnedAway: 4 },
  );
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'blacklisted (suppressed)',
    p1: 'skipped (cancelled)',
    p2: 'skipped (cross_campaign)',
    p3: 'pending (went_live)',
    p4: 'pending (went_live)',
    p5: 'skipped (cross_campaign)',
  });
});

void test('the holdout stays as it was drawn', async () => {
  const { sql } = rig;
  const at = await place(sql, { holdout_percent: 50 }, 'test');
  await proofed(sql, at, 20);
  const arm = async (): Promise<string[]> =>
    Object.entries(await statesOf(sql, at))
      .filter(([, state]) => state === 'holdout')
      .map(([who]) => who);
  const before = await arm();
  assert.ok(before.length > 0 && before.length < 20);
  await settleAll(sql, at, await mailBegun(sql, at));
  await goLive(sql, at);
  assert.deepEqual(await arm(), before);
});

void test('cards of a test are not counted against caps and budget of the live mailing', async () => {
  const { sql } = rig;
  const over = { daily_cap: 2, total_cap: 3, budget_minor: 300, price_minor: 100, currency: 'USD' };
  const at = await place(sql, over, 'test');
  await proofed(sql, at, 4);
  await settleAll(sql, at, await mailBegun(sql, at));
  assert.deepEqual(Object.values(await statesOf(sql, at)).toSorted(), [
    'proofed',
    'proofed',
    'sent',
    'sent',
  ]);
  await goLive(sql, at);
  const spent = async (): Promise<unknown> =>
    (
      await sql`
      select opened_on_day as today, opened_in_all as total, opened_minor::int as spent
      from postrider.campaign_counter where campaign_id = ${at.campaignId}`
    )[0];
  assert.deepEqual({ ...((await spent()) as object) }, { today: 0, total: 0, spent: 0 });
  // Also where it is counted anew.
  await sql`select postrider.count_opened(${at.organizationId}, ${at.campaignId})`;
  assert.deepEqual({ ...((await spent()) as object) }, { today: 0, total: 0, spent: 0 });
  const live = await mailAll(sql, at);
  assert.equal(live.pieces.length, 2);
  assert.deepEqual({ ...((await spent()) as object) }, { today: 2, total: 2, spent: 200 });
});

void test('a test charges nobody, and its events say what they are', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter', 'event_sink'] }, 'test');
  const claimed = async (kind: 'usage_meter' | 'event_sink'): Promise<string[]> =>
    (
      await claimEffects(sql, {
        ...at,
        kind,
        limit: 9,
        leaseMs: 60_000,
      })
    ).map(({ mode }) => mode);
  await sent(sql, at, 1);
  assert.deepEqual(await claimed('usage_meter'), []);
  assert.deepEqual(await claimed('event_sink'), ['test']);
  await goLive(sql, at);
  await mailAll(sql, at);
  assert.deepEqual(await claimed('usage_meter'), ['live']);
  assert.deepEqual(await claimed('event_sink'), ['live']);
});

void test('nobody counts as mailed by the test of a campaign that went live', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const batch = await sent(sql, at, 1);
  await tellAll(sql, at, batch, 'delivered');
  await goLive(sql, at);
  await cancel(sql, (await one(sql, at)).id);
  const other = await another(sql, at, 'live', 'other');
  await applyCampaign(
    sql,
    at.organizationId,
    definition({ name: 'other', frequency_cap: '90 days' }),
  );
  await syncPeople(sql, other, people(1));
  assert.deepEqual(await statesOf(sql, other), { p0: 'pending' });
});

void test('a one-off that its test has completed goes on, and a hold stays', async () => {
  const { sql } = rig;
  const at = await place(sql, { campaign_mode: 'one_off' }, null);
  await syncPeople(sql, at, people(1));
  await launch(sql, at, { mode: 'test' });
  const batch = await mailAll(sql, at);
  await tellAll(sql, at, batch, 'delivered');
  await sql`select postrider.complete_campaigns(${at.organizationId})`;
  assert.equal((await goLive(sql, at)).status, 'active');
  assert.equal((await mailAll(sql, at)).pieces.length, 1);
  const held = await place(sql, {}, 'test');
  await sent(sql, held, 1);
  await hold(sql, { organizationId: held.organizationId, kind: 'campaign', id: held.campaignId });
  assert.equal((await goLive(sql, held)).status, 'paused');
  assert.deepEqual(await statesOf(sql, held), { p0: 'pending' });
});
