/** An account for tests sends no live card, and a live one no test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, ensureOrganization, goLive, launch, launchPreview } from '@postrider/core';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import { definition } from '../../support/machine.ts';
import { LEASE_MS, RUNNER, proofAll, refused, sharedMachine, stageOne } from '../rig.ts';
import { by, connected, connectedPlace, stagedOf, stuckOf } from '../rig/connections.ts';

const rig = sharedMachine();

void test('a live campaign is not launched on a connection for tests, nor a test on a live one, and nothing is armed', async () => {
  const { sql } = rig;
  for (const [mode, other] of [
    ['test', 'live'],
    ['live', 'test'],
  ] as const) {
    const organizationId = await ensureOrganization(sql, `Modes ${mode}`);
    await connected(sql, organizationId, { mode });
    const { campaignId } = await applyCampaign(sql, organizationId, definition(by('lob-main')));
    const at = { organizationId, campaignId };
    const arm = other === 'live';
    const { blockers } = await launchPreview(sql, at, { mode: other, arm });
    const [first] = blockers;
    assert.equal(first?.blocker, 'connection_mode');
    const error = await refused(
      'PR012',
      launch(sql, at, { mode: other, arm }),
      new RegExp(`would be ${other}, and connection lob-main of the printer is ${mode}`),
    );
    assert.deepEqual([error.message, error.hint], [first?.message, first?.whatHelps]);
    assert.match(error.hint ?? '', /postrider connections/);
    const [row] = await sql`
      select c.status, p.armed_at from postrider.campaign c
      join postrider.printer p on p.organization_id = c.organization_id
      where c.organization_id = ${organizationId}`;
    assert.deepEqual({ ...row }, { status: 'pending', armed_at: null });
    assert.equal(await launch(sql, at, { mode, arm: mode === 'live' }), 'active');
  }
});

void test('so it is for who counts cards and who is told of them, and not for where people come from', async () => {
  const { sql } = rig;
  const organizationId = await ensureOrganization(sql, 'Other ports');
  await connected(sql, organizationId, { mode: 'live' });
  await connected(sql, organizationId, { name: 'stripe-test', provider: 'stripe', mode: 'test' });
  const named = async (port: string) =>
    await applyCampaign(
      sql,
      organizationId,
      definition(by('lob-main', { integrations: { [port]: { connection: 'stripe-test' } } })),
    );
  for (const port of ['usage_meter', 'event_sink']) {
    const at = await named(port);
    await refused(
      'PR012',
      launch(sql, at, { mode: 'live', arm: true }),
      new RegExp(`connection stripe-test of the ${port} is test`),
    );
  }
  const at = await named('audience');
  assert.equal(await launch(sql, at, { mode: 'live', arm: true }), 'active');
});

void test('from test to live goes who names a live connection; until then nothing is staged, and it is said', async () => {
  const { sql } = rig;
  const at = await connectedPlace(sql, 'test');
  const { organizationId } = at;
  await refused(
    'PR012',
    goLive(sql, at),
    /would be live, and connection lob-main of the printer is/,
  );
  assert.equal(
    (await launchPreview(sql, at, { mode: 'live' })).blockers[0]?.blocker,
    'connection_mode',
  );
  await connected(sql, organizationId, { name: 'lob-live' });
  const cohortId = await stageOne(sql, at, 'mail');
  await applyCampaign(sql, organizationId, definition(by('lob-live')));
  assert.equal(
    await beginMail(sql, {
      ...at,
      cohortId,
      runnerId: RUNNER,
      leaseMs: LEASE_MS,
      remembered: {},
    }),
    null,
    'the printer has changed',
  );
  assert.equal(await stagedOf(sql, at), 1, 'none beside the one that was refused');
  const stuck = await stuckOf(sql, at);
  assert.match(
    String(stuck?.['why']),
    /campaign is test, and connection lob-live of its printer is/,
  );
  assert.match(String(stuck?.['what_helps']), /go_live/);
  assert.equal((await goLive(sql, at, { arm: true })).mode, 'live');
  await proofAll(sql, at);
  assert.equal(await stagedOf(sql, at), 2);
});

void test('a cohort that was staged before its printer went over to the other mode is not begun', async () => {
  const { sql } = rig;
  const at = await connectedPlace(sql, 'test');
  await connected(sql, at.organizationId, { name: 'lob-live' });
  const cohortId = await stageOne(sql, at, 'mail');
  await applyCampaign(
    sql,
    at.organizationId,
    definition(by('lob-live', { printer_name: 'lob-main' })),
  );
  assert.equal(
    await beginMail(sql, {
      ...at,
      cohortId,
      runnerId: RUNNER,
      leaseMs: LEASE_MS,
      remembered: {},
    }),
    null,
  );
  const rows = await sql`
    select state, reason
    from postrider.recipient_state
    where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    Array.from({ length: 2 }, () => ({ state: 'proofed', reason: 'connection_mode' })),
  );
});
