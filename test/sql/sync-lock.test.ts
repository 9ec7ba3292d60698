/**
 * One sync of a campaign at a time, and of an organization's campaigns no two that look and then
 * take.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { applyCampaign, MachineError, type CampaignDefinition } from '@postrider/core';
import {
  applyPage,
  closeSync,
  openSync,
  renewSync,
  type SyncKind,
} from '../../packages/core/src/machine/sync.ts';
import type { Member } from '../../packages/core/src/ports/index.ts';
import {
  broken,
  definition,
  people,
  syncPeople,
  type Person,
  type Place,
} from '../support/machine.ts';
import { pidOf, place, refused, sharedMachine, statesOf, turnClock, waitsForLock } from './rig.ts';

const rig = sharedMachine();
function members(list: readonly Person[]): Member[] {
  return list as unknown as Member[];
}

async function open(sql: postgres.Sql, at: Place, kind: SyncKind = 'manual', holder = 'me') {
  return {
    ...at,
    ...(await openSync(sql, at.organizationId, at.campaignId, kind, holder)),
  };
}

/** Puts a campaign into any status, as the machine or an operator would have. */
async function setStatus(
  sql: postgres.Sql,
  at: Place,
  mode: string,
  status: string,
): Promise<void> {
  await sql`update postrider.campaign set campaign_mode = ${mode}, status = ${status},
    status_before_hold = ${status === 'paused' ? 'active' : null} where id = ${at.campaignId}`;
}

void test('a campaign that is being synced is busy, and says by whom and since when', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const first = await open(sql, at, 'automatic', 'runner-1@host');
  const error = await refused('PR011', open(sql, at), /being synced by runner-1@host since/);
  assert.ok(error instanceof MachineError);
  assert.equal(error.kind, 'campaign_busy');
  assert.equal((error.detail as { holder: string }).holder, 'runner-1@host');
  const [view] = await sql`select syncing from postrider.campaigns where id = ${at.campaignId}`;
  assert.equal(view?.['syncing'], 'runner-1@host');
  await closeSync(sql, first, true, null);
  await closeSync(sql, await open(sql, at), true, null);
});

void test('of many that try at once exactly one gets it', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const clients = machine.connect(8);
  const tries = await Promise.allSettled(
    Array.from({ length: 8 }, async (_, i) => await open(clients, at, 'manual', `client ${i}`)),
  );
  assert.equal(tries.filter((t) => t.status === 'fulfilled').length, 1);
  for (const t of tries)
    if (t.status === 'rejected') assert.equal((t.reason as MachineError).code, 'PR011');
});

void test('a lock that was let expire is taken over, and the one that had it can do nothing more', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const silent = await open(sql, at, 'automatic', 'silent');
  await applyPage(sql, silent, members(people(1)), [], 0);
  await turnClock(sql, 29_000);
  await refused('PR011', open(sql, at));
  await turnClock(sql, 2000);
  const next = await open(sql, at, 'manual', 'next');
  assert.equal(await renewSync(sql, at.organizationId, at.campaignId, silent.token), false);
  await refused(
    'PR013',
    applyPage(sql, silent, members(people(2)), [], 0),
    /lost its lock: next has it/,
  );
  await refused('PR013', closeSync(sql, silent, true, null));
  await closeSync(sql, silent, false, 'lost').catch(() => undefined);
  // The lock of the next one stands, whatever the silent one said.
  await applyPage(sql, next, members(people(2)), [], 0);
  await closeSync(sql, next, true, null);
  assert.deepEqual(await statesOf(sql, at), { p0: 'pending', p1: 'pending' });
});

void test('a sync whose lock this database does not know is not told that it was silent', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const mine = await open(sql, at);
  // As on the old primary, after the sync was begun on the new one.
  await sql`delete from postrider.campaign_lock where campaign_id = ${at.campaignId}`;
  await assert.rejects(
    applyPage(sql, mine, members(people(1)), [], 0),
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
  const mine = await open(sql, at);
  for (const _ of [1, 2, 3]) {
    await turnClock(sql, 25_000);
    assert.equal(await renewSync(sql, at.organizationId, at.campaignId, mine.token), true);
  }
  await refused('PR011', open(sql, at));
  await applyPage(sql, mine, members(people(1)), [], 0);
  await closeSync(sql, mine, true, null);
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
      await setStatus(sql, at, mode, status);
      for (const kind of ['automatic', 'manual', 'forced'] as const) {
        if (legal.has(`${mode} ${status}`))
          await closeSync(sql, await open(sql, at, kind), true, null);
        else {
          const error = await refused('PR012', open(sql, at, kind), /does not sync/);
          assert.deepEqual((error as MachineError).detail, { status, campaign_mode: mode });
        }
      }
      const [candidate] =
        await sql`select 1 from postrider.sync_candidates() where campaign_id = ${at.campaignId}`;
      assert.equal(
        candidate !== undefined,
        legal.has(`${mode} ${status}`),
        `candidate: ${mode} ${status}`,
      );
    }
  }
  const [runs] =
    await sql`select count(*)::int as runs from postrider.sync_run where campaign_id = ${at.campaignId} and ended_at is null`;
  assert.equal(runs?.['runs'], 0);
  const [lock] =
    await sql`select 1 from postrider.campaign_lock where campaign_id = ${at.campaignId}`;
  assert.equal(lock, undefined, 'who is refused holds no lock');
});

void test('a campaign that names no segment does not sync', async () => {
  const { sql } = rig;
  const at = await place(sql, { provider_segment_id: null });
  await refused('PR012', open(sql, at), /names no segment/);
});

void test('a campaign that ends during a sync takes no more pages; what was applied stands', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const mine = await open(sql, at);
  await applyPage(sql, mine, members(people(1)), [], 0);
  await sql`select postrider.end_campaign(${at.organizationId}, ${at.campaignId}, 'archived')`;
  await refused(
    'PR012',
    applyPage(sql, mine, members(people(2)), [], 0),
    /became archived during the sync/,
  );
  await closeSync(sql, mine, false, 'archived');
  assert.deepEqual(await statesOf(sql, at), { p0: 'skipped' });
});

void test('a sync that failed leaves its report and frees the lock', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const mine = await open(sql, at);
  await applyPage(sql, mine, members(people(2)), [], 0);
  const report = await closeSync(sql, mine, false, 'the source went away');
  assert.deepEqual(
    [report.complete, report.error, report.created],
    [false, 'the source went away', 2],
  );
  await closeSync(sql, await open(sql, at), true, null);
});

async function second(
  sql: postgres.Sql,
  first: Place,
  over: Partial<CampaignDefinition> = {},
): Promise<Place> {
  return {
    organizationId: first.organizationId,
    campaignId: (
      await applyCampaign(sql, first.organizationId, definition({ name: 'second', ...over }))
    ).campaignId,
  };
}

void test('two campaigns that sync the same 150 households at once never both take one', async () => {
  const { sql, machine } = rig;
  const crowd = people(150, 'race');
  for (const kinds of [
    ['automatic', 'automatic'],
    ['manual', 'automatic'],
  ] as const) {
    const first = await place(sql);
    const other = await second(sql, first);
    const sides = [first, other].map((at, i) => ({
      at,
      sql: machine.connect(1),
      kind: kinds[i] ?? 'manual',
      crowd: i === 0 ? crowd : crowd.toReversed(),
    }));
    await Promise.all(
      sides.map(async (side) => {
        const run = await open(side.sql, side.at, side.kind);
        for (let from = 0; from < side.crowd.length; from += 10)
          await applyPage(side.sql, run, members(side.crowd.slice(from, from + 10)), [], 0);
        await closeSync(side.sql, run, true, null);
      }),
    );
    const [row] = await sql`
      select count(*) filter (where taken = 1)::int as once, count(*) filter (where taken > 1)::int as twice, count(distinct takers)::int as takers,
        bool_or(takers like '%,%') as mixed
      from (select r.household_key, count(*) filter (where s.state = 'pending') as taken, string_agg(s.campaign_id::text, ',')
          filter (where s.state = 'pending') as takers
        from postrider.recipient r join postrider.recipient_state s on s.organization_id = r.organization_id and s.recipient_id = r.id
        where r.organization_id = ${first.organizationId} group by 1) x`;
    assert.deepEqual([row?.['once'], row?.['twice']], [150, 0]);
    assert.equal(row?.['takers'], 2, 'both took some: they did run at the same time');
    for (const client of sides) await client.sql.end({ timeout: 2 });
  }
  assert.deepEqual(await broken(sql), []);
});

void test('a page waits for the one of another campaign before it looks', async () => {
  const { sql, machine } = rig;
  const first = await place(sql);
  const other = await second(sql, first);
  const slow = machine.connect(1);
  const waiting = machine.connect(1);
  const mine = await open(sql, first);
  const theirs = await open(sql, other);
  const pid = await pidOf(waiting);
  let page: Promise<void> | undefined;
  await slow.begin(async (tx) => {
    await tx`select postrider.sync_page(${mine.organizationId}, ${mine.campaignId}, ${mine.token}, ${mine.runId},
      ${JSON.stringify(people(3))}::text::jsonb, '[]')`;
    page = applyPage(waiting, theirs, members(people(3, 'p')), [], 0);
    await waitsForLock(sql, pid);
  });
  await page;
  assert.deepEqual(new Set(Object.values(await statesOf(sql, first))), new Set(['pending']));
  assert.deepEqual(new Set(Object.values(await statesOf(sql, other))), new Set(['skipped']));
});

void test('a sync does not keep another organization, nor a begin, waiting', async () => {
  const { sql, machine } = rig;
  const first = await place(sql);
  const other = await place(sql);
  await syncPeople(sql, first, people(2));
  const mine = await open(sql, first);
  const slow = machine.connect(1);
  await slow.begin(async (tx) => {
    await tx`select postrider.sync_page(${mine.organizationId}, ${mine.campaignId}, ${mine.token}, ${mine.runId},
      ${JSON.stringify(people(3))}::text::jsonb, '[]')`;
    await sql.begin(async (quick) => {
      await quick`set local lock_timeout = '1s'`;
      await quick`select postrider.lock_for_begin(${first.organizationId}, ${first.campaignId}, '{press}')`;
    });
    await syncPeople(sql, other, people(2));
  });
});
