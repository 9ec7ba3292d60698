/**
 * What a held connection, and one of the other mode, keep back: the cards of its printers, and
 * nobody else.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyCampaign,
  armPrinter,
  ensureOrganization,
  goLive,
  hold,
  launch,
  launchPreview,
  release,
  type CampaignDefinition,
} from '@postrider/core';
import { stageCampaigns } from '../../../packages/core/src/machine/cohorts.ts';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import { definition, people, syncPeople, type Place } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  claimDue,
  pidOf,
  proofAll,
  refused,
  sharedMachine,
  stageOne,
  statesOf,
  turnClock,
  unknownDue,
  waitsForLock,
} from '../rig.ts';
import { by, connected } from '../rig/connections.ts';

const rig = sharedMachine();
let organizations = 0;

interface Connected extends Place {
  readonly connectionId: string;
}

/** A campaign that is launched, with people who wait for the printer. */
async function place(
  mode: 'test' | 'live' = 'live',
  over: Partial<CampaignDefinition> = {},
): Promise<Connected> {
  const { sql } = rig;
  const organizationId = await ensureOrganization(sql, `Held ${(organizations += 1)}`);
  const { connectionId } = await connected(sql, organizationId, { mode });
  const { campaignId } = await applyCampaign(sql, organizationId, definition(by('lob-main', over)));
  await armPrinter(sql, organizationId, 'lob-main');
  const at = { organizationId, campaignId, connectionId };
  await launch(sql, at, { mode });
  await syncPeople(sql, at, people(2));
  await proofAll(sql, at);
  return at;
}

/** How many cohorts a round gives the campaign. */
async function stagedOf({ organizationId }: Place): Promise<number> {
  await stageCampaigns(rig.sql, 'mail', { window: 1000, size: 10 });
  const [row] = await rig.sql`
    select count(*)::int as n from postrider.cohort
    where organization_id = ${organizationId} and stage = 'mail'`;
  return Number(row?.['n']);
}

async function stuckOf({ organizationId }: Place): Promise<Record<string, unknown> | undefined> {
  await turnClock(rig.sql, 600_000);
  const [row] = await rig.sql`
    select why, what_helps from postrider.stuck where organization_id = ${organizationId}`;
  return row;
}

void test('nothing is staged for a printer whose connection is held, and it is said; released, it goes on', async () => {
  const { sql } = rig;
  const [at, other] = [await place(), await place()];
  await hold(sql, { ...at, kind: 'connection', id: at.connectionId }, 'no balance');
  assert.equal(await stagedOf(at), 0);
  assert.equal(await stagedOf(other), 1, 'nobody else waits');
  const stuck = await stuckOf(at);
  assert.match(String(stuck?.['why']), /^connection lob-main is held: no balance \(by /);
  assert.match(String(stuck?.['what_helps']), /release\('[^']+', 'connection', '/);
  const [why] = await sql`select why from postrider.why('p0', ${at.organizationId}) as why`;
  assert.match(String(why?.['why']), /Connection lob-main of the printer is held .*no balance/);
  const [pace] = await sql`
    select standing_still from postrider.pace where organization_id = ${at.organizationId}`;
  assert.equal(pace?.['standing_still'], 'connection lob-main is held: no balance');
  const [waits] = await sql`
    select why from postrider.waiting_places() where organization_id = ${at.organizationId}`;
  assert.equal(waits?.['why'], 'connection lob-main is held: no balance');
  assert.equal(await release(sql, { ...at, kind: 'connection', id: at.connectionId }), 'released');
  assert.equal(await stagedOf(at), 1);
});

void test('a cohort that was staged before the hold is not begun, and its people are back', async () => {
  const { sql } = rig;
  const at = await place();
  const cohortId = await stageOne(sql, at, 'mail');
  await hold(sql, { ...at, kind: 'connection', id: at.connectionId });
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
  assert.deepEqual(await statesOf(sql, at), { p0: 'proofed', p1: 'proofed' });
});

void test('a hold of the connection waits for the begins at its printers', async () => {
  const { sql, machine } = rig;
  const at = await place();
  const [beginner, holder] = [machine.connect(1), machine.connect(1)];
  const pid = await pidOf(holder);
  let holding: Promise<unknown> = Promise.resolve();
  const cohortId = await stageOne(sql, at, 'mail');
  await beginner.begin(async (tx) => {
    await tx`select postrider.begin_mail(${at.organizationId}, ${cohortId}, ${RUNNER}, '1 minute')`;
    holding = hold(holder, { ...at, kind: 'connection', id: at.connectionId });
    holding.catch(() => undefined);
    await waitsForLock(sql, pid);
  });
  assert.equal(((await holding) as { atPrinter: number }).atPrinter, 2);
});

void test('a printer that is given to a connection while it is being held is held with it', async () => {
  const { sql, machine } = rig;
  const at = await place();
  const changer = machine.connect(1);
  const [other, holder] = [machine.connect(1), machine.connect(1)];
  const pid = await pidOf(holder);
  let holding: Promise<unknown> = Promise.resolve();
  await changer.begin(async (tx) => {
    await tx`select postrider.apply_campaign(
      ${at.organizationId},
      ${JSON.stringify(definition(by('lob-main', { name: 'second', printer_name: 'press-2' })))}::text::jsonb)`;
    holding = hold(holder, { ...at, kind: 'connection', id: at.connectionId });
    holding.catch(() => undefined);
    await waitsForLock(other, pid);
  });
  await holding;
  const [locked] = await sql`
    select count(*)::int as n from postrider.printer p
    join postrider.connection x on x.organization_id = p.organization_id and x.id = p.connection_id
    where p.organization_id = ${at.organizationId} and x.held_at is not null`;
  assert.equal(locked?.['n'], 2);
});

void test('by a connection that is held no printer is asked about an outcome', async () => {
  const { sql } = rig;
  const at = await place();
  await unknownDue(sql, at);
  await hold(sql, { ...at, kind: 'connection', id: at.connectionId });
  assert.equal((await claimDue(sql, at)).length, 0);
  await release(sql, { ...at, kind: 'connection', id: at.connectionId });
  assert.notEqual((await claimDue(sql, at)).length, 0);
});

void test('a launch is refused while the connection is held, as the preview tells it', async () => {
  const { sql } = rig;
  const organizationId = await ensureOrganization(sql, 'Launching');
  const { connectionId } = await connected(sql, organizationId, { mode: 'test' });
  const { campaignId } = await applyCampaign(sql, organizationId, definition(by('lob-main')));
  await hold(sql, { organizationId, kind: 'connection', id: connectionId }, 'the key is refused');
  const at = { organizationId, campaignId };
  const { blockers, printer } = await launchPreview(sql, at, { mode: 'test' });
  assert.deepEqual(
    [blockers.map(({ blocker }) => blocker), printer.connection],
    [['connection_held'], 'lob-main'],
  );
  await refused('PR012', launch(sql, at, { mode: 'test' }), /lob-main is held: the key is refused/);
});

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
  const at = await place('test');
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
  assert.equal(await stagedOf(at), 1, 'none beside the one that was refused');
  const stuck = await stuckOf(at);
  assert.match(
    String(stuck?.['why']),
    /campaign is test, and connection lob-live of its printer is/,
  );
  assert.match(String(stuck?.['what_helps']), /go_live/);
  assert.equal((await goLive(sql, at, { arm: true })).mode, 'live');
  await proofAll(sql, at);
  assert.equal(await stagedOf(at), 2);
});

void test('a cohort that was staged before its printer went over to the other mode is not begun', async () => {
  const { sql } = rig;
  const at = await place('test');
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
    select state, reason from postrider.recipient_state where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    Array.from({ length: 2 }, () => ({ state: 'proofed', reason: 'connection_mode' })),
  );
});
