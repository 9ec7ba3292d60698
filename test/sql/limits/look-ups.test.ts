/** Limits and breakers are looked up by index, however many connections there are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, armPrinter, ensureOrganization, launch } from '@postrider/core';
import { noteHealth } from '../../../packages/core/src/machine/health.ts';
import { takeSlots } from '../../../packages/core/src/machine/limits.ts';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import { definition, freshMachine, people, syncPeople } from '../../support/machine.ts';
import { greedy, watched } from '../plans/many-people.ts';
import { LEASE_MS, proofAll, RUNNER, stageOne } from '../rig.ts';
import { by, connected } from '../rig/connections.ts';

const MANY = 3000;
const TABLES = /^connection(_limit|_breaker)?$/;

void test('staging, a begin, slots, what was seen and a look for probes read few rows of thousands', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const organizationId = await ensureOrganization(sql, 'Agency');
  const key = await connected(sql, organizationId);
  const { campaignId } = await applyCampaign(sql, organizationId, definition(by('lob-main')));
  await armPrinter(sql, organizationId, 'lob-main');
  const at = { organizationId, campaignId };
  await launch(sql, at, { mode: 'live' });
  await syncPeople(sql, at, people(2));
  await proofAll(sql, at);
  await sql`
    with made as (
      insert into postrider.connection (
        organization_id, id, name, provider, mode, endpoint_id, created_at
      )
      select ${organizationId}, gen_random_uuid(), 'account-' || i, 'lob', 'live',
        gen_random_uuid(), now()
      from generate_series(1, ${MANY}::int) i
      returning organization_id, id, name
    ), limited as (
      insert into postrider.connection_limit (organization_id, connection_id, route)
      select organization_id, id, 'POST /postcards'
      from made
    )
    insert into postrider.connection_breaker (
      organization_id, connection_id, state, failures, since, cause, probe_at
    )
    select organization_id, id, 'open', 5, now(), 'down', now() + interval '1 hour'
    from made`;
  const limit = { route: 'POST /postcards', windows: [{ requests: 150, ms: 5000 }] };
  const seen = [{ ...key, works: false, failures: 1, cause: 'slow' }];
  const steps = {
    'stage plan': async (by: typeof sql) => await by`select * from postrider.stage_plan('mail', 8)`,
    begin: async (by: typeof sql) => {
      const cohortId = await stageOne(sql, at, 'mail');
      await beginMail(by, { ...at, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS });
    },
    slots: async (by: typeof sql) =>
      await takeSlots(by, key, limit, { most: 5, cost: 1, unused: [], late: [] }),
    seen: async (by: typeof sql) => await noteHealth(by, seen),
    probes: async (by: typeof sql) => await by`select postrider.claim_probes(${RUNNER}, 4)`,
  };
  await using session = await watched(machine.database.adminUrl);
  for (const [name, run] of Object.entries(steps)) {
    const plans = await session.plansOf(async () => await run(session.sql));
    assert.deepEqual([name, ...plans.flatMap((plan) => greedy(plan, 20, TABLES))], [name]);
    assert.ok(plans.length > 0);
  }
});
