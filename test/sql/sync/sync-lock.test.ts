/** One sync of a campaign at a time: who has the lock, who gets it, and which campaigns sync. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { MachineError } from '@postrider/core';
import { applySyncPage, closeSync, renewSync } from '../../../packages/core/src/machine/sync.ts';
import { people, type Place } from '../../support/machine.ts';
import {
  place,
  refused,
  sharedMachine,
  statesOf,
  turnClock,
  runOpened,
  membersOf,
} from '../rig.ts';

const rig = sharedMachine();

/** Puts a campaign into any status, as the machine or an operator would have. */
async function setStatus(
  sql: postgres.Sql,
  at: Place,
  { mode, status }: { readonly mode: string; readonly status: string },
): Promise<void> {
  await sql`update postrider.campaign set campaign_mode = ${mode}, status = ${status},
    status_before_hold = ${status === 'paused' ? 'active' : null} where id = ${at.campaignId}`;
}

void test('a campaign that is being synced is busy, and says by whom and since when', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const first = await runOpened(sql, at, 'automatic', 'runner-1@host');
  const error = await refused('PR011', runOpened(sql, at), /being synced by runner-1@host since/);
  assert.ok(error instanceof MachineError);
  assert.equal(error.kind, 'campaign_busy');
  assert.equal((error.detail as { holder: string }).holder, 'runner-1@host');
  const [view] = await sql`select syncing from postrider.campaigns where id = ${at.campaignId}`;
  assert.equal(view?.['syncing'], 'runner-1@host');
  await closeSync(sql, first, { complete: true, error: null });
  await closeSync(sql, await runOpened(sql, at), { complete: true, error: null });
});

void test('of many that try at once exactly one gets it', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const clients = machine.connect(8);
  const tries = await Promise.allSettled(
    Array.from(
      { length: 8 },
      async (_, i) => await runOpened(clients, at, 'manual', `client ${i}`),
    ),
  );
  assert.equal(tries.filter((t) => t.status === 'fulfilled').length, 1);
  for (const t of tries)
    if (t.status === 'rejected') assert.equal((t.reason as MachineError).code, 'PR011');
});

void test('a lock that was let expire is taken over, and the one that had it can do nothing more', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const silent = await runOpened(sql, at, 'automatic', 'silent');
  await applySyncPage(sql, silent, { members: membersOf(people(1)), rejects: [], waitedMs: 0 });
  await turnClock(sql, 29_000);
  await refused('PR011', runOpened(sql, at));
  await turnClock(sql, 2000);
  const next = await runOpened(sql, at, 'manual', 'next');
  assert.equal(await renewSync(sql, silent), false);
  await refused(
    'PR013',
    applySyncPage(sql, silent, { members: membersOf(people(2)), rejects: [], waitedMs: 0 }),
    /lost its lock: next has it/,
  );
  await refused('PR013', closeSync(sql, silent, { complete: true, error: null }));
  await closeSync(sql, silent, { complete: false, error: 'lost' }).catch(() => undefined);
  // The lock of the next one stands, whatever the silent one said.
  await applySyncPage(sql, next, { members: membersOf(people(2)), rejects: [], waitedMs: 0 });
  await closeSync(sql, next, { complete: true, error: null });
  assert.deepEqual(await statesOf(sql, at), { p0: 'pending', p1: 'pending' });
});

void test('a sync whose lock this database does not know is not told that it was silent', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const mine = await runOpened(sql, at);
  // As on the old primary, after the sync was begun on the new one.
  await sql`delete from postrider.campaign_lock where campaign_id = ${at.campaignId}`;
  await assert.rejects(
    applySyncPage(sql, mine, { members: membersOf(people(1)), rejects: [], waitedMs: 0 }),
    ({ code, message, hint }: MachineError & { hint?: string }) =>
      code === 'PR013' &&
      /nobody has it in this database/.test(message) &&
      /begun on another server/.test(String(hint)) &&
      !/silent/.test(String(hint)),
  );
});

void test('a lock that is renewed in time holds', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const mine = await runOpened(sql, at);
  for (const _ of [1, 2, 3]) {
    await turnClock(sql, 25_000);
    assert.equal(await renewSync(sql, mine), true);
  }
  await refused('PR011', runOpened(sql, at));
  await applySyncPage(sql, mine, { members: membersOf(people(1)), rejects: [], waitedMs: 0 });
  await closeSync(sql, mine, { complete: true, error: null });
});

void test('the gate: which campaigns sync, by mode and status, for manual and forced syncs as well', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const legal = new Set([
    'automated pending',
    'automated active',
    'automated paused',
    'one_off pending',
  ]);
  for (const mode of ['automated', 'one_off']) {
    for (const status of ['pending', 'active', 'paused', 'completed', 'archived']) {
      await setStatus(sql, at, { mode, status });
      for (const kind of ['automatic', 'manual', 'forced'] as const) {
        if (legal.has(`${mode} ${status}`))
          await closeSync(sql, await runOpened(sql, at, kind), { complete: true, error: null });
        else {
          const error = await refused('PR012', runOpened(sql, at, kind), /does not sync/);
          assert.deepEqual((error as MachineError).detail, { status, campaign_mode: mode });
        }
      }
      const [candidate] =
        await sql`select 1 from postrider.campaigns_to_sync() where campaign_id = ${at.campaignId}`;
      assert.equal(
        candidate !== undefined,
        legal.has(`${mode} ${status}`),
        `candidate: ${mode} ${status}`,
      );
    }
  }
  const [runs] = await sql`
    select count(*)::int as runs
    from postrider.sync_run
    where campaign_id = ${at.campaignId} and ended_at is null`;
  assert.equal(runs?.['runs'], 0);
  const [lock] =
    await sql`select 1 from postrider.campaign_lock where campaign_id = ${at.campaignId}`;
  assert.equal(lock, undefined, 'who is refused holds no lock');
});

void test('a campaign that names no segment does not sync', async () => {
  const { sql } = rig;
  const at = await place(sql, { provider_segment_id: null });
  await refused('PR012', runOpened(sql, at), /names no segment/);
});

void test('a campaign that ends during a sync takes no more pages; what was applied stands', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const mine = await runOpened(sql, at);
  await applySyncPage(sql, mine, { members: membersOf(people(1)), rejects: [], waitedMs: 0 });
  await sql`select postrider.end_campaign(${at.organizationId}, ${at.campaignId}, 'archived')`;
  await refused(
    'PR012',
    applySyncPage(sql, mine, { members: membersOf(people(2)), rejects: [], waitedMs: 0 }),
    /became archived during the sync/,
  );
  await closeSync(sql, mine, { complete: false, error: 'archived' });
  assert.deepEqual(await statesOf(sql, at), { p0: 'skipped' });
});

void test('a sync that failed leaves its report and frees the lock', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const mine = await runOpened(sql, at);
  await applySyncPage(sql, mine, { members: membersOf(people(2)), rejects: [], waitedMs: 0 });
  const report = await closeSync(sql, mine, { complete: false, error: 'the source went away' });
  assert.deepEqual(
    [report.complete, report.error, report.created],
    [false, 'the source went away', 2],
  );
  await closeSync(sql, await runOpened(sql, at), { complete: true, error: null });
});
