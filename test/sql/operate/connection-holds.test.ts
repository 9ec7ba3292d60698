/** What a held connection keeps back: what goes through it, and nothing else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyCampaign,
  ensureOrganization,
  hold,
  launch,
  launchPreview,
  release,
} from '@postrider/core';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import { definition } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  claimDue,
  pidOf,
  refused,
  sent,
  sharedMachine,
  stageOne,
  statesOf,
  unknownDue,
  waitsForLock,
} from '../rig.ts';
import { by, connected, connectedPlace, stagedOf, stuckOf } from '../rig/connections.ts';

const rig = sharedMachine();

void test('what is told of cards through a connection that is held, or of the other mode, waits', async () => {
  const { sql } = rig;
  const organizationId = await ensureOrganization(sql, 'Told');
  await connected(sql, organizationId);
  const sink = await connected(sql, organizationId, { name: 'klaviyo', provider: 'klaviyo' });
  const told = by('lob-main', {
    integrations: { event_sink: { connection: 'klaviyo' } },
    effects: ['event_sink'],
  });
  const { campaignId } = await applyCampaign(sql, organizationId, definition(told));
  const at = { organizationId, campaignId };
  await launch(sql, at, { mode: 'live', arm: true });
  await sent(sql, at, 2);
  const claimed = async (): Promise<number> => {
    const [row] = await sql`
      select json_array_length(postrider.claim_effects(
        ${organizationId}, 'event_sink', ${campaignId}, 1, '1 minute')) as n`;
    return Number(row?.['n'] ?? 0);
  };
  await hold(sql, { organizationId, kind: 'connection', id: sink.connectionId });
  assert.equal(await claimed(), 0);
  await release(sql, { organizationId, kind: 'connection', id: sink.connectionId });
  assert.equal(await claimed(), 1);
  await connected(sql, organizationId, { name: 'sandbox', provider: 'klaviyo', mode: 'test' });
  const other = by('lob-main', {
    integrations: { event_sink: { connection: 'sandbox' } },
    effects: ['event_sink'],
  });
  await applyCampaign(sql, organizationId, definition(other));
  assert.equal(await claimed(), 0);
});

void test('nothing is staged for a printer whose connection is held, and it is said; released, it goes on', async () => {
  const { sql } = rig;
  const [at, other] = [await connectedPlace(sql), await connectedPlace(sql)];
  await hold(sql, { ...at, kind: 'connection', id: at.connectionId }, 'no balance');
  assert.equal(await stagedOf(sql, at), 0);
  assert.equal(await stagedOf(sql, other), 1, 'nobody else waits');
  const stuck = await stuckOf(sql, at);
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
  assert.equal(await stagedOf(sql, at), 1);
});

void test('a cohort that was staged before the hold is not begun, and its people are back', async () => {
  const { sql } = rig;
  const at = await connectedPlace(sql);
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
  const at = await connectedPlace(sql);
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
  const at = await connectedPlace(sql);
  const changer = machine.connect(1);
  const [other, holder] = [machine.connect(1), machine.connect(1)];
  const pid = await pidOf(holder);
  let holding: Promise<unknown> = Promise.resolve();
  const second = JSON.stringify(
    definition(by('lob-main', { name: 'second', printer_name: 'press-2' })),
  );
  await changer.begin(async (tx) => {
    await tx`
      select postrider.apply_campaign(${at.organizationId}, ${second}::text::jsonb)`;
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
  const at = await connectedPlace(sql);
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
