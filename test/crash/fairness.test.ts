/**
 * A tenant with very many people does not keep one with fifty waiting: from ready to first begun,
 * while the big one is in mid-run.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSettings, hold, release } from '@postrider/core';
import { launched, people, syncPeople } from '../support/machine.ts';
import { eventually } from './converge.ts';
import { openScenario } from './scenario.ts';
import { isLong } from '../support/long.ts';

const crowd = isLong ? 100_000 : 5_000;
// What must hold in the long form, where nothing runs beside it. In the short one the machine may
// be slow, and what was begun before is counted instead.
const patienceMs = isLong ? 2_000 : Infinity;

void test(`${crowd} people of one organization, and fifty of another who come in mid-run`, async (t) => {
  const { proofSlots, mailSlots, cohortSize, leaseMs, graceMs, reapMs } = defaultSettings;
  await using scenario = await openScenario({
    people: crowd,
    settings: { proofSlots, mailSlots, cohortSize, leaseMs, graceMs, reapMs, pageSize: 1000 },
    timeoutMs: 10_000,
  });
  const { sql } = scenario.machine;
  const { organizationId, campaignId } = scenario.place;
  await hold(sql, { organizationId, kind: 'campaign', id: campaignId });
  await scenario.start();
  await eventually(
    'the crowd is here',
    async () => (await sql`select from postrider.sync_run where complete`).length > 0,
  );
  const small = await launched(sql, {}, 'Small bakery');
  await release(sql, { organizationId, kind: 'campaign', id: campaignId });
  const began = async (stage: string, organization: string): Promise<number> =>
    (
      await sql`
        select from postrider.cohort
        where stage = ${stage} and organization_id = ${organization} and begun_at is not null`
    ).length;
  await eventually(
    'the big one is in mid-run',
    async () => (await began('proof', organizationId)) > 0,
  );
  await syncPeople(sql, small, people(50, 'small'));
  await eventually(
    'the small one is being mailed',
    async () => (await began('mail', small.organizationId)) > 0,
  );

  const waits = await sql<{ stage: string; ms: number; before: number }[]>`
    with small as (
      select c.stage, min(e.at) as ready, min(c.begun_at) as begun
      from postrider.cohort c
      join postrider.recipient_event e
        on e.organization_id = c.organization_id
          and e.to_state = case c.stage when 'proof' then 'pending' else 'proofed' end
      where c.organization_id = ${small.organizationId} and c.begun_at is not null
      group by 1
    )
    select stage, (extract(epoch from begun - ready) * 1000)::float8 as ms,
      (
        select count(*)::int
        from postrider.cohort c
        where c.organization_id = ${organizationId}
          and c.stage = small.stage
          and c.begun_at between ready and begun
      ) as before
    from small
    order by 1 desc`;
  const [left] = await sql<{ people: number }[]>`
    select count(*)::int as people
    from postrider.recipient_state
    where organization_id = ${organizationId}
      and state in ('pending', 'proofing_staged', 'proofing', 'proofed', 'sending_staged')`;
  t.diagnostic(`${left?.people} people of the big one are still before the printer`);
  assert.ok((left?.people ?? 0) > 0, 'it is in mid-run');
  for (const { stage, ms, before } of waits)
    t.diagnostic(
      `${stage}: ${Math.round(ms)} ms from ready to first begun, ` +
        `${before} cohorts of the big one before it`,
    );
  assert.equal(waits.length, 2);
  for (const { stage, ms, before } of waits) {
    assert.ok(ms < patienceMs, `${stage}: ${Math.round(ms)} ms`);
    // Those that were staged when it came, and as many again: of a hundred.
    const open = 4 * (stage === 'proof' ? proofSlots : mailSlots);
    assert.ok(before <= 2 * open, `${stage}: ${before} cohorts of the big one came first`);
  }
});
