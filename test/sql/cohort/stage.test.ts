/** stage: ready people become cohorts with a job each, fairly, within a window. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { applyCampaign, hold, launch, ensureOrganization, release } from '@postrider/core';
import { stageCampaigns } from '../../../packages/core/src/machine/cohorts.ts';
import {
  definition,
  freshMachine,
  launched,
  people,
  syncPeople,
  type Place,
} from '../../support/machine.ts';
import {
  openCohorts,
  place,
  proofAll,
  proofed,
  refused,
  sharedMachine,
  stage,
  standing,
  statesOf,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();

async function jobs(
  sql: postgres.Sql,
  at: Place,
  name = 'proof',
): Promise<{ id: string; data: unknown }[]> {
  return [
    ...(await sql<{ id: string; data: unknown }[]>`
      select id, data
      from postrider_queue.job
      where name = ${name} and data ->> 'organization_id' = ${at.organizationId}
      order by id`),
  ];
}

void test('a cohort takes up to its size, and has a job with its own id', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(120));
  const made = await stage(sql, at, 'proof', 3, 50);
  const cohorts = await openCohorts(sql, at);
  assert.deepEqual(
    cohorts.map((c) => c.people).sort((a, b) => a - b),
    [20, 50, 50],
  );
  assert.deepEqual(
    (await jobs(sql, at)).map((job) => job.id),
    made.toSorted(),
  );
  assert.deepEqual(
    new Set((await jobs(sql, at)).map((job) => JSON.stringify(job.data))),
    new Set([JSON.stringify({ organization_id: at.organizationId })]),
  );
  const [row] = await sql`
    select count(*)::int as n
    from postrider.recipient_state s
    join postrider.cohort c on c.organization_id = s.organization_id and c.id = s.cohort_id
    where s.organization_id = ${at.organizationId} and s.state = 'proofing_staged'`;
  assert.equal(row?.['n'], 120);
});

void test('when the jobs cannot be made, nobody is staged', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(2));
  await sql
    .begin(async (tx) => {
      await tx`update postrider_queue.queue set name = 'was proof' where name = 'proof'`.catch(
        () => undefined,
      );
    })
    .catch(() => undefined);
  await rig.admin
    .begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`delete from postrider_queue.queue where name = 'proof'`;
      await tx`set local session_replication_role = origin`;
      await refused(
        'PR018',
        tx.savepoint(
          async (inner) =>
            await inner`
              select postrider.stage(${at.organizationId}, ${at.campaignId}, 'proof', 1, 50)`,
        ),
      );
      throw new Error('undone');
    })
    .catch((error: unknown) => assert.equal(error instanceof Error ? error.message : '', 'undone'));
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['pending']));
});

void test('two stagers at once take nobody twice', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(100));
  const clients = machine.connect(4);
  await Promise.all(
    Array.from(
      { length: 4 },
      async () =>
        await clients`
          select postrider.stage(${at.organizationId}, ${at.campaignId}, 'proof', 2, 15)`,
    ),
  );
  const cohorts = await openCohorts(sql, at);
  const staged = (await standing(sql, at)).filter((person) => person.state === 'proofing_staged');
  assert.equal(
    cohorts.reduce((sum, cohort) => sum + cohort.people, 0),
    staged.length,
  );
  for (const cohort of cohorts)
    assert.equal(staged.filter((person) => person.cohortId === cohort.id).length, cohort.people);
});

void test('who is held, or whose time has not come, is not taken', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  const [a, b] = await standing(sql, at);
  await hold(sql, { ...at, kind: 'recipient', id: a?.id ?? '' });
  await sql`
    update postrider.recipient_state
    set available_at = postrider.now() + interval '1 hour'
    where recipient_id = ${b?.id ?? ''}`;
  await stage(sql, at, 'proof');
  assert.deepEqual(await statesOf(sql, at), {
    p0: 'pending',
    p1: 'pending',
    p2: 'proofing_staged',
  });
  await release(sql, { ...at, kind: 'recipient', id: a?.id ?? '' });
  await turnClock(sql, 3_601_000);
  await stage(sql, at, 'proof');
  assert.deepEqual(await statesOf(sql, at), {
    p0: 'proofing_staged',
    p1: 'proofing_staged',
    p2: 'proofing_staged',
  });
});

void test('who is ready longest goes first', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(4));
  await sql`
    update postrider.recipient_state s
    set available_at = postrider.now() - interval '1 day'
    from postrider.recipient r
    where r.id = s.recipient_id
      and r.external_id in ('p2', 'p3')
      and s.organization_id = ${at.organizationId}`;
  await stage(sql, at, 'proof', 1, 2);
  assert.deepEqual(await statesOf(sql, at), {
    p0: 'pending',
    p1: 'pending',
    p2: 'proofing_staged',
    p3: 'proofing_staged',
  });
});

void test('somebody whom another session has locked is passed over, not waited for', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  await syncPeople(sql, at, people(3));
  const psql = machine.connect(1);
  await psql.begin(async (tx) => {
    await tx`
      select from postrider.recipient_state
      where organization_id = ${at.organizationId}
        and recipient_id = ${(await standing(sql, at))[0]?.id ?? ''}
      for update`;
    await stage(sql, at, 'proof');
    assert.deepEqual(await statesOf(sql, at), {
      p0: 'pending',
      p1: 'proofing_staged',
      p2: 'proofing_staged',
    });
  });
});

void test('a round does nothing while another stager is at it', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  await syncPeople(sql, at, people(10));
  const other = machine.connect(1);
  await other.begin(async (tx) => {
    await tx`select postrider.stage_round('proof', 1, 5)`;
    assert.equal((await stageCampaigns(sql, 'proof', { window: 8, size: 5 })).cohorts, 0);
    assert.equal((await stageCampaigns(sql, 'mail', { window: 8, size: 5 })).cohorts, 0);
  });
  assert.equal((await stageCampaigns(sql, 'proof', { window: 8, size: 5 })).cohorts, 1);
});

void test('what a campaign, an organization or a printer may do is known before anybody is staged', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const organizationId = await ensureOrganization(sql, 'Bakery');
  const { campaignId } = await applyCampaign(sql, organizationId, definition());
  const at: Place = { organizationId, campaignId };
  const ready = async (name: 'proof' | 'mail'): Promise<boolean> =>
    (await sql`select 1 from postrider.stage_plan(${name}, 4)`).length > 0;
  await syncPeople(sql, at, people(2));
  assert.equal(await ready('proof'), true, 'proofs are made while a campaign is pending');
  await hold(sql, { organizationId, kind: 'campaign', id: campaignId });
  assert.equal(await ready('proof'), false);
  await release(sql, { organizationId, kind: 'campaign', id: campaignId });
  await hold(sql, { organizationId, kind: 'organization', id: organizationId });
  assert.equal(await ready('proof'), false);
  await release(sql, { organizationId, kind: 'organization', id: organizationId });
  await hold(sql, { organizationId, kind: 'printer', id: 'press' });
  assert.equal(await ready('proof'), true, 'a printer that is held does not stop proofs');
  await proofAll(sql, at);
  assert.equal(await ready('mail'), false, 'held and not launched');
  await release(sql, { organizationId, kind: 'printer', id: 'press' });
  assert.equal(await ready('mail'), false, 'not launched');
  await sql`select postrider.arm_printer(${organizationId}, 'press')`;
  await launch(sql, { organizationId, campaignId }, { mode: 'live' });
  assert.equal(await ready('mail'), true);
  await sql`select postrider.disarm_printer(${organizationId}, 'press')`;
  assert.equal(await ready('mail'), false, 'not armed');
  await sql`select postrider.arm_printer(${organizationId}, 'press')`;
  await hold(sql, { organizationId, kind: 'campaign', id: campaignId });
  assert.equal(await ready('mail'), false);
  await sql`select postrider.end_campaign(${organizationId}, ${campaignId}, 'completed')`;
  assert.equal(await ready('mail'), false);
});

void test('the window is four cohorts for every slot of a runner that is alive', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const window = async (name: string): Promise<number> => {
    const [row] = await sql<{ n: number }[]>`select postrider.window_of(${name}) as n`;
    return row?.n ?? -1;
  };
  assert.deepEqual([await window('proof'), await window('mail')], [4, 4]);
  await sql`select postrider.heartbeat(gen_random_uuid(), 'one', 2, 5, '1')`;
  await sql`select postrider.heartbeat(gen_random_uuid(), 'two', 1, 2, '1')`;
  assert.deepEqual([await window('proof'), await window('mail')], [12, 28]);
  await sql`update postrider.runner set seen_at = seen_at - interval '1 minute' where name = 'one'`;
  assert.deepEqual([await window('proof'), await window('mail')], [4, 8]);
  await proofed(sql, await launched(sql), 1);
});
