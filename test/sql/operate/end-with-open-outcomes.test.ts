/**
 * Campaigns that end while somebody's outcome is open, or while somebody is tried again: nobody is
 * left where nothing moves.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, endCampaign, resolve, suppress } from '@postrider/core';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import {
  alarms,
  answered,
  claimDue,
  mailBegun,
  one,
  onlyPiece,
  pidOf,
  place,
  proofAll,
  reasonsOf,
  refused,
  settleAll,
  sharedMachine,
  turnClock,
  unknownDue,
  waitsForLock,
} from '../rig.ts';

const rig = sharedMachine();

async function status(at: Place): Promise<string> {
  const [row] = await rig.sql<
    { status: string }[]
  >`select status from postrider.campaign where id = ${at.campaignId}`;
  return row?.status ?? assert.fail('no campaign');
}

/** One person in error whose outcome nobody can tell. */
async function unknowable(at: Place): Promise<string> {
  await unknownDue(rig.sql, at);
  for (let round = 0; (await one(rig.sql, at)).state === 'sending'; round += 1) {
    assert.ok(round < 20, 'reconcile gives up in the end');
    const verdicts = (await claimDue(rig.sql, at)).map((piece) => ({
      ...piece,
      outcome: 'cannot_tell',
      keyLifetimeMs: null,
    }));
    await rig.sql`
      select postrider.settle_reconciled(
        ${at.organizationId}, ${JSON.stringify(verdicts)}::text::json
      )`;
    await turnClock(rig.sql, 1_000_000);
  }
  return (await onlyPiece(rig.sql, at)).id;
}

void test('a verdict is printed or not_printed, and nothing else; a mode and an end likewise', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, null);
  await sql`select postrider.launch(${at.organizationId}, ${at.campaignId}, 'live')`;
  const piece = await unknowable(at);
  await refused(
    'PR020',
    sql`select postrider.resolve(${piece}, null, 'Jo')`,
    /printed or not_printed/,
  );
  await refused(
    'PR020',
    sql`select postrider.launch(${at.organizationId}, ${at.campaignId}, null)`,
    /test or live/,
  );
  await refused(
    'PR020',
    sql`select postrider.end_campaign(${at.organizationId}, ${at.campaignId}, null)`,
    /completed or archived/,
  );
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (outcome_unknown)' });
});

void test('not printed, in a campaign that is completed: it runs again, and the person goes on', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const piece = await unknowable(at);
  await endCampaign(sql, at, { status: 'completed' });
  assert.equal(await resolve(sql, piece, 'not_printed', 'Jo, on the phone'), 'proofed');
  assert.equal(await status(at), 'active');
  assert.equal((await mailBegun(sql, at)).pieces.length, 1);
});

void test('not printed, in a campaign that is archived: skipped with it', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const piece = await unknowable(at);
  await endCampaign(sql, at, { status: 'archived' });
  assert.equal(await resolve(sql, piece, 'not_printed', 'Jo, on the phone'), 'skipped');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (campaign_closed)' });
  assert.equal((await onlyPiece(sql, at)).status, 'cancelled');
});

void test('not printed, of somebody who was to be cancelled: skipped, and the campaign stays as it ended', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await unknownDue(sql, at);
  await suppress(sql, at.organizationId, { email: 'p0@example.com' }, 'test');
  const piece = (await onlyPiece(sql, at)).id;
  await sql`update postrider.mailpiece set attempt = 8, told_nothing = 7 where id = ${piece}`;
  const verdict = [{ mailpieceId: piece, attempt: 8, outcome: 'cannot_tell', keyLifetimeMs: null }];
  await sql`
    select postrider.settle_reconciled(
      ${at.organizationId}, ${JSON.stringify(verdict)}::text::json
    )`;
  await endCampaign(sql, at, { status: 'completed' });
  assert.equal(await resolve(sql, piece, 'not_printed', 'Jo, on the phone'), 'skipped');
  assert.deepEqual(
    [await reasonsOf(sql, at), await status(at)],
    [{ p0: 'skipped (cancelled)' }, 'completed'],
  );
  assert.deepEqual(await alarms(sql, at), []);
});

void test('stuck lists people who wait in a campaign that has ended', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(2));
  await proofAll(sql, at);
  await sql`
    update postrider.campaign
    set status = 'completed', ended_at = postrider.now()
    where id = ${at.campaignId}`;
  await turnClock(sql, 180_000);
  const rows = await sql`
    select state, people::int, why, what_helps
    from postrider.stuck
    where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    rows.map((row) => [row['state'], row['people'], row['why']]),
    [['proofed', 2, 'the campaign is completed']],
  );
  assert.match(String(rows[0]?.['what_helps']), /end_campaign/);
  await endCampaign(sql, at, { status: 'archived' });
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'skipped (campaign_closed)',
    p1: 'skipped (campaign_closed)',
  });
});

/** A launched one-off with two people: one is cancelled, the other in error. */
async function lastInError(): Promise<Place & { last: string }> {
  const { sql } = rig;
  const at = await place(sql, { campaign_mode: 'one_off' }, null);
  await syncPeople(sql, at, people(2));
  await sql`select postrider.launch(${at.organizationId}, ${at.campaignId}, 'live')`;
  await proofAll(sql, at);
  const batch = await mailBegun(sql, at);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'rejected'));
  await cancel(sql, (await one(sql, at, 'p0')).id);
  return { ...at, last: (await one(sql, at, 'p1')).id };
}

void test('a one-off is not completed while somebody is just being tried again', async () => {
  const { sql, machine } = rig;
  const at = await lastInError();
  const beside = machine.connect(1);
  const pid = await pidOf(beside);
  let completing: Promise<unknown> | undefined;
  await sql.begin(async (tx) => {
    await tx`select postrider.retry(${at.last})`;
    completing = beside`select postrider.complete_campaigns(${at.organizationId})`.execute();
    // It leaves the campaign to the next minute, or waits for us.
    await Promise.race([completing, waitsForLock(sql, pid)]);
  });
  await completing;
  assert.deepEqual([await status(at), (await one(sql, at, 'p1')).state], ['active', 'pending']);
  await cancel(sql, at.last);
  await sql`select postrider.complete_campaigns(${at.organizationId})`;
  assert.equal(await status(at), 'completed', 'and it is when nobody is in flight');
});

void test('who is tried again while a one-off is just being completed makes it active again', async () => {
  const { sql, machine } = rig;
  const at = await lastInError();
  const beside = machine.connect(1);
  const pid = await pidOf(beside);
  let retrying: Promise<unknown> | undefined;
  await sql.begin(async (tx) => {
    await tx`select postrider.complete_campaigns(${at.organizationId})`;
    retrying = beside`select postrider.retry(${at.last})`.execute();
    await waitsForLock(sql, pid);
  });
  await retrying;
  assert.deepEqual([await status(at), (await one(sql, at, 'p1')).state], ['active', 'pending']);
});
