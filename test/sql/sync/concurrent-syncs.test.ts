/**
 * Syncs beside each other: of campaigns of one organization no two look and then take; nobody else
 * waits.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { applyCampaign, type CampaignDefinition } from '@postrider/core';
import { applySyncPage, closeSync } from '../../../packages/core/src/machine/sync.ts';
import { broken, definition, people, syncPeople, type Place } from '../../support/machine.ts';
import {
  pidOf,
  place,
  sharedMachine,
  statesOf,
  waitsForLock,
  runOpened,
  membersOf,
} from '../rig.ts';

const rig = sharedMachine();

/** The first page of a run, in a transaction that is not over. */
async function turnPage(
  tx: postgres.TransactionSql,
  { organizationId, campaignId, token, runId }: Awaited<ReturnType<typeof runOpened>>,
): Promise<void> {
  await tx`
    select postrider.apply_sync_page(
      ${organizationId}, ${campaignId}, ${token}, ${runId},
      ${JSON.stringify(people(3))}::text::jsonb, '[]'
    )`;
}

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
        const run = await runOpened(side.sql, side.at, side.kind);
        for (let from = 0; from < side.crowd.length; from += 10)
          await applySyncPage(side.sql, run, {
            members: membersOf(side.crowd.slice(from, from + 10)),
            rejects: [],
            waitedMs: 0,
          });
        await closeSync(side.sql, run, { complete: true, error: null });
      }),
    );
    const [row] = await sql`
      select count(*) filter (where taken = 1)::int as once,
        count(*) filter (where taken > 1)::int as twice, count(distinct takers)::int as takers,
        bool_or(takers like '%,%') as mixed
      from (
        select r.household_key, count(*) filter (where s.state = 'pending') as taken,
          string_agg(s.campaign_id::text, ',') filter (where s.state = 'pending') as takers
        from postrider.recipient r
        join postrider.recipient_state s
          on s.organization_id = r.organization_id and s.recipient_id = r.id
        where r.organization_id = ${first.organizationId}
        group by 1
      ) x`;
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
  const mine = await runOpened(sql, first);
  const theirs = await runOpened(sql, other);
  const pid = await pidOf(waiting);
  let page: Promise<void> | undefined;
  await slow.begin(async (tx) => {
    await turnPage(tx, mine);
    page = applySyncPage(waiting, theirs, {
      members: membersOf(people(3, 'p')),
      rejects: [],
      waitedMs: 0,
    });
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
  const mine = await runOpened(sql, first);
  const slow = machine.connect(1);
  await slow.begin(async (tx) => {
    await turnPage(tx, mine);
    await sql.begin(async (quick) => {
      await quick`set local lock_timeout = '1s'`;
      await quick`
        select postrider.lock_for_begin(${first.organizationId}, ${first.campaignId}, '{press}')`;
    });
    await syncPeople(sql, other, people(2));
  });
});
