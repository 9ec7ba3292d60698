/** retry: for errors only, by the rules of admission, and not in an archived campaign. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endCampaign, retry } from '@postrider/core';
import {
  answered,
  mailBegun,
  one,
  place,
  proofed,
  reasonsOf,
  refused,
  sending,
  settleAll,
  sharedMachine,
  stage,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();

void test('retry in an archived campaign refuses', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 1);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'rejected'));
  const { id } = await one(sql, at);
  await endCampaign(sql, at, { status: 'archived' });
  await refused('PR012', retry(sql, id), /archived/);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (rejected)' });
  await refused('PR010', retry(sql, at.campaignId));
});

void test('retry is for errors only, and meets the rules of admission again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 1);
  await refused('PR017', retry(sql, (await one(sql, at)).id), /proofed, not in error/);
  const batch = await mailBegun(sql, at);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'rejected'));
  const { id } = await one(sql, at);
  // Suppressed in the meantime: somebody in error is not moved by it, but does not come back
  // either.
  await sql`select postrider.suppress(${at.organizationId}, 'p0@example.com')`;
  assert.equal((await one(sql, at)).state, 'error');
  assert.equal(await retry(sql, id), 'skipped');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (suppressed)' });
});

void test('a retry that skips somebody calls off the piece that was still open', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 1);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'retry', { afterMs: 0 }));
  for (let round = 0; round < 10; round += 1) {
    await stage(sql, at, 'mail');
    await sql`delete from postrider.cohort where organization_id = ${at.organizationId}`;
    await sql`select postrider.reap('1 second', '1 second')`;
    await turnClock(sql, 900_000);
  }
  const person = await one(sql, at);
  assert.deepEqual([person.state, person.reason], ['error', 'too_many_losses']);
  await sql`select postrider.suppress(${at.organizationId}, 'p0@example.com')`;
  assert.equal(await retry(sql, person.id), 'skipped');
  const [piece] =
    await sql`select status from postrider.mailpiece where organization_id = ${at.organizationId}`;
  assert.equal(piece?.['status'], 'cancelled');
});
