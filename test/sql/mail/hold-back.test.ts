/**
 * The hold-back window: a card goes to the printer only so many minutes after it could have gone,
 * and is called back for nothing until then.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, cancel, goLive, launch, launchPreview } from '@postrider/core';
import { settleProof } from '../../../packages/core/src/machine/proof.ts';
import { definition, type Place } from '../../support/machine.ts';
import {
  answered,
  mailBegun,
  one,
  pidOf,
  pieces,
  place,
  proofed,
  proofing,
  reasonsOf,
  refused,
  rendered,
  sending,
  settleAll,
  sharedMachine,
  stage,
  standing,
  turnClock,
  waitsForLock,
} from '../rig.ts';

const rig = sharedMachine();
const MINUTE = 60_000;
const held = { hold_back_minutes: 30 };

async function staged(at: Place): Promise<number> {
  return (await stage(rig.sql, at, 'mail')).length;
}

void test('who is proofed goes to the printer half an hour later, and not before', async () => {
  const { sql } = rig;
  const at = await place(sql, held);
  await proofed(sql, at, 2);
  assert.equal(await staged(at), 0);
  await turnClock(sql, 29 * MINUTE);
  assert.equal(await staged(at), 0);
  await turnClock(sql, MINUTE + 1000);
  assert.equal((await mailBegun(sql, at)).pieces.length, 2);
});

void test('without a window nobody waits', async () => {
  const at = await place(rig.sql);
  await proofed(rig.sql, at, 1);
  assert.equal(await staged(at), 1);
});

void test('who was proofed before the launch is held back from the launch on', async () => {
  const { sql } = rig;
  const at = await place(sql, held, null);
  await proofed(sql, at, 2);
  await turnClock(sql, 60 * MINUTE);
  await launch(sql, at, { mode: 'live' });
  assert.equal(await staged(at), 0);
  await turnClock(sql, 31 * MINUTE);
  assert.equal(await staged(at), 1);
});

void test('who is proofed while the campaign is launched, however long that takes, is held back', async () => {
  const { sql, machine } = rig;
  const at = await place(sql, held, null);
  const batch = await proofing(sql, at, 2);
  const results = batch.cards.map(({ recipientId }) => rendered(recipientId));
  const launcher = machine.connect(1);
  const runner = machine.connect(1);
  const pid = await pidOf(runner);
  let settled: Promise<unknown> = Promise.resolve();
  await launcher.begin(async (tx) => {
    await tx`select postrider.launch(${at.organizationId}, ${at.campaignId}, 'live')`;
    settled = settleProof(runner, { ...at, cohortId: batch.id, results, last: true });
    await Promise.race([settled, waitsForLock(sql, pid)]);
  });
  await settled;
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'proofed (rendered)',
    p1: 'proofed (rendered)',
  });
  assert.equal(await staged(at), 0);
  await turnClock(sql, 31 * MINUTE);
  assert.equal((await mailBegun(sql, at)).pieces.length, 2);
});

void test('a launch waits for a proof that is being settled, and holds it back', async () => {
  const { sql, machine } = rig;
  const at = await place(sql, held, null);
  const batch = await proofing(sql, at, 1);
  const results = batch.cards.map(({ recipientId }) => rendered(recipientId));
  const launcher = machine.connect(1);
  const runner = machine.connect(1);
  const pid = await pidOf(launcher);
  let launching: Promise<unknown> = Promise.resolve();
  await runner.begin(async (tx) => {
    await tx`
      select postrider.settle_proof(
        ${at.organizationId}, ${batch.id}, ${JSON.stringify(results)}::text::json, true)`;
    launching = launch(launcher, at, { mode: 'live' });
    await Promise.race([launching, waitsForLock(sql, pid)]);
  });
  await launching;
  assert.equal(await staged(at), 0);
  await turnClock(sql, 31 * MINUTE);
  assert.equal((await mailBegun(sql, at)).pieces.length, 1);
});

void test('going live holds the proofs of the test back too', async () => {
  const { sql } = rig;
  const at = await place(sql, held, 'test');
  await proofed(sql, at, 1);
  await turnClock(sql, 31 * MINUTE);
  await goLive(sql, at);
  assert.equal(await staged(at), 0);
  await turnClock(sql, 31 * MINUTE);
  assert.equal((await mailBegun(sql, at)).pieces.length, 1);
});

void test('a card that is tried again has had its window', async () => {
  const { sql } = rig;
  const at = await place(sql, held);
  await proofed(sql, at, 1);
  await turnClock(sql, 31 * MINUTE);
  await settleAll(sql, at, await mailBegun(sql, at), (piece) =>
    answered(piece, 'retry', { afterMs: 1000 }),
  );
  await turnClock(sql, 2000);
  assert.equal(await staged(at), 1);
});

void test('an operator lets one go at once, in psql', async () => {
  const { sql } = rig;
  const at = await place(sql, held);
  await proofed(sql, at, 2);
  await sql`
    update postrider.recipient_state
    set available_at = postrider.now()
    where organization_id = ${at.organizationId}
      and recipient_id = ${(await standing(sql, at))[0]?.id ?? ''}`;
  assert.equal((await mailBegun(sql, at)).pieces.length, 1);
});

void test('within the window a cancel costs nothing: no piece is opened, and why says so', async () => {
  const { sql } = rig;
  const at = await place(sql, held);
  await proofed(sql, at, 1);
  const person = await one(sql, at);
  const [why] = await sql<{ why: string }[]>`select postrider.why(${person.id}) as why`;
  assert.match(
    why?.why ?? '',
    /the printer, not before .*; until then it can be called back for nothing/,
  );
  assert.equal(await cancel(sql, person.id, 'wrong offer'), 'skipped');
  assert.deepEqual(await pieces(sql, at), []);
});

void test('the preview of a launch counts from the end of the window', async () => {
  const { sql } = rig;
  const at = await place(sql, { hold_back_minutes: 3 * 24 * 60, transit_days: 5 }, null);
  await proofed(sql, at, 1);
  const day = async (days: number) =>
    String(
      (
        await sql`
          select to_char(
            ((postrider.now() + make_interval(days => ${days})) at time zone time_zone)::date,
            'YYYY-MM-DD') as day
          from postrider.organization
          where id = ${at.organizationId}`
      )[0]?.['day'],
    );
  const { mail } = await launchPreview(sql, at, { mode: 'test' });
  assert.deepEqual(
    [mail.holdBackMinutes, mail.firstDay, mail.firstArrival],
    [3 * 24 * 60, await day(3), await day(8)],
  );
  await refused(
    'PR012',
    (async () => {
      await applyCampaign(
        sql,
        at.organizationId,
        definition({
          hold_back_minutes: 3 * 24 * 60,
          transit_days: 5,
          offer_ends_on: await day(7),
        }),
      );
      await launch(sql, at, { mode: 'test' });
    })(),
  );
});

void test('a window that is no time is refused, by the file and by the table', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, null);
  for (const minutes of [-1, 43_201])
    await refused(
      'PR020',
      applyCampaign(sql, at.organizationId, definition({ hold_back_minutes: minutes })),
      /held back for/,
    );
  await refused(
    '23514',
    sql`update postrider.campaign set hold_back_minutes = -1 where id = ${at.campaignId}`,
  );
});

void test('a definition that says nothing of it leaves it as it was', async () => {
  const { sql } = rig;
  const at = await place(sql, held, null);
  const { changed } = await applyCampaign(sql, at.organizationId, definition());
  assert.deepEqual(changed, []);
  await proofed(sql, at, 1);
  await launch(sql, at, { mode: 'test' });
  assert.equal(await staged(at), 0);
  await sending(sql, await place(sql), 1);
});

void test('how many are held back, and until when, is seen by campaign', async () => {
  const { sql } = rig;
  const at = await place(sql, held);
  await proofed(sql, at, 3);
  const seen = async () =>
    (
      await sql<{ mode: string; people: number; ahead: boolean }[]>`
        select mode, people::int as people, last_until > postrider.now() as ahead
        from postrider.held_back
        where campaign_id = ${at.campaignId}`
    ).map(({ mode, people, ahead }) => [mode, people, ahead]);
  assert.deepEqual(await seen(), [['live', 3, true]]);
  await turnClock(sql, 31 * MINUTE);
  assert.deepEqual(await seen(), []);
});
