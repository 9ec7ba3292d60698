/** Who left the segment: only who has waited since before the run began, and was on none of its pages. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryAll } from '@postrider/core';
import { people, syncPeople, type Person } from '../support/machine.ts';
import { event, place, reasonsOf, sent, sharedMachine, tell } from './rig.ts';

const rig = sharedMachine();

void test('who was met while sent, failed at the printer and is tried again has not left the segment', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const [stays, leaves] = people(2);
  assert.ok(stays && leaves);
  const batch = await sent(sql, at, [stays]);
  const [open] = await sql`select run_id, token from postrider.sync_open(${at.organizationId}, ${at.campaignId}, 'manual', 'test')`;
  const run = open?.['run_id'] as string;
  const token = open?.['token'] as string;
  const page = async (members: readonly Person[]): Promise<void> =>
    void (await sql`select postrider.sync_page(${at.organizationId}, ${at.campaignId}, ${token}, ${run}, ${JSON.stringify(members)}::text::jsonb, '[]')`);
  await page([stays]);
  await tell(sql, at, [event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'failed' })]);
  assert.deepEqual((await retryAll(sql, at.organizationId, at.campaignId, 'failed_at_printer')).tried, { pending: 1 });
  await sql`select postrider.sync_close(${at.organizationId}, ${at.campaignId}, ${token}, ${run}, true, null)`;
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (retried)' });
  // The next run has not met them.
  await syncPeople(sql, at, [leaves]);
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'skipped (left_segment)', p1: 'pending (new)' });
});
