/** The breaker of a connection: when it opens, what waits meanwhile, and who does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  applyCampaign,
  armPrinter,
  cancel,
  launch,
  type CampaignDefinition,
} from '@postrider/core';
import { claimCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import { claimEffects } from '../../../packages/core/src/machine/effects.ts';
import {
  campaignsToEnrich,
  claimBatch,
  dueBatches,
} from '../../../packages/core/src/machine/enrich.ts';
import { beginMail } from '../../../packages/core/src/machine/mail.ts';
import { campaignsToSync } from '../../../packages/core/src/machine/sync.ts';
import { claimPrintersToPoll } from '../../../packages/core/src/machine/track.ts';
import { readyWork, waitingWork } from '../../../packages/core/src/machine/waiting.ts';
import { definition, people, syncPeople } from '../../support/machine.ts';
import {
  claimDue,
  emailOnly,
  LEASE_MS,
  proofAll,
  RUNNER,
  sent,
  sharedMachine,
  stageOne,
  turnClock,
  unknownDue,
} from '../rig.ts';
import { by, connected } from '../rig/connections.ts';
import { type Connected, connectedPlace, fails, healthOf, stagedOf, works } from './broken.ts';

const rig = sharedMachine();

void test('five failures in a row open it, of whichever runner, and an answer between them begins anew', async () => {
  const at = await connectedPlace(rig.sql);
  assert.equal(await works(rig.sql, at), undefined, 'nothing is kept of a connection that works');
  assert.equal((await fails(rig.sql, at, 4))?.state, 'closed');
  assert.equal((await fails(rig.sql, at, 4, true))?.state, 'closed');
  const opened = await fails(rig.sql, at, 1);
  assert.deepEqual([opened?.before, opened?.state], ['closed', 'open']);
  assert.match(opened?.cause ?? '', /did not answer/);
  assert.equal((await fails(rig.sql, at, 3))?.state, 'open');
  const closed = await works(rig.sql, at);
  assert.deepEqual([closed?.before, closed?.state], ['open', 'closed']);
  assert.equal(await works(rig.sql, at), undefined);
});

void test('while it is open nothing is staged for its printers, nobody else waits, and it is said everywhere', async () => {
  const { sql } = rig;
  const [at, other] = [await connectedPlace(rig.sql), await connectedPlace(rig.sql)];
  // A second printer of the same organization.
  await connected(sql, at.organizationId, { name: 'lob-other' });
  const beside = await applyCampaign(
    sql,
    at.organizationId,
    definition(by('lob-other', { name: 'summer' })),
  );
  await armPrinter(sql, at.organizationId, 'lob-other');
  await launch(sql, beside, { mode: 'live' });
  await syncPeople(sql, beside, people(1, 'q'));
  await proofAll(sql, beside);
  await fails(rig.sql, at);
  assert.equal(await stagedOf(rig.sql, at), 1, 'the other printer’s');
  assert.equal(await stagedOf(rig.sql, other), 1);

  await turnClock(sql, 600_000);
  const [stuck] = await sql`
    select why, what_helps
    from postrider.stuck
    where organization_id = ${at.organizationId} and campaign = 'spring'`;
  const said = /^connection lob-main does not work since .*: POST \/postcards: api\.lob\.com did/;
  assert.match(String(stuck?.['why']), said);
  assert.match(
    String(stuck?.['what_helps']),
    /^nothing is lost: it is probed again at .* by itself/,
  );
  const [why] = await sql`select why from postrider.why('p0', ${at.organizationId}) as why`;
  assert.match(String(why?.['why']), /the printer, when it answers again: .* Nothing is lost\./);
  const waits = (await waitingWork(sql)).find(({ why: text }) => said.test(text));
  assert.equal(waits?.people, 2);
  const [pace] = await sql`
    select standing_still
    from postrider.pace
    where organization_id = ${at.organizationId} and campaign = 'spring'`;
  assert.match(String(pace?.['standing_still']), said);
  const [doctor] = await sql`select * from postrider.doctor('connections')`;
  assert.equal(doctor?.['verdict'], 'bad');
  assert.match(String(doctor?.['message']), /lob-main does not work .*; 2 people wait/);
  assert.doesNotMatch(String(doctor?.['message']), /(?:^|; ); /, 'nothing of those that work');
  assert.match(String(doctor?.['what_helps']), /nothing is lost/);
  const health = await healthOf(rig.sql, at);
  assert.deepEqual([health?.['state'], health?.['people']], ['open', 2]);
  assert.match(String(health?.['why']), said);

  await works(rig.sql, at);
  assert.equal(await stagedOf(rig.sql, at), 2);
  assert.equal((await healthOf(rig.sql, at))?.['why'], null);
});

void test('a cohort that was staged before it opened is not begun: its people are back without an attempt', async () => {
  const { sql } = rig;
  const at = await connectedPlace(rig.sql);
  const cohortId = await stageOne(sql, at, 'mail');
  await fails(rig.sql, at);
  const begun = await beginMail(sql, { ...at, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS });
  assert.equal(begun, null);
  const rows = await sql`
    select state, reason, attempt, losses
    from postrider.recipient_state
    where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    rows.map((row) => ({ ...row })),
    Array.from({ length: 2 }, () => ({
      state: 'proofed',
      reason: 'connection_broken',
      attempt: 0,
      losses: 0,
    })),
  );
});

void test('while it is open its printer is asked nothing: no outcome, no poll, no call-back that comes too late, no effect', async () => {
  const { sql } = rig;
  const unknown = await connectedPlace(rig.sql, {}, []);
  await unknownDue(sql, unknown);
  const accepted = await connectedPlace(rig.sql, { effects: ['usage_meter'] }, []);
  await sent(sql, accepted);
  const meter = { usage_meter: { connection: accepted.connectionId } };
  await sql`
    update postrider.campaign
    set integrations = integrations || ${JSON.stringify(meter)}::text::jsonb
    where id = ${accepted.campaignId}`;
  const [someone] = await sql<{ id: string }[]>`
    select recipient_id as id
    from postrider.recipient_state
    where organization_id = ${accepted.organizationId} and state = 'sent'
    limit 1`;
  await cancel(sql, someone?.id ?? '');
  await sql`
    update postrider.mailpiece
    set cancellable_until = postrider.now() - interval '1 minute'
    where recipient_id = ${someone?.id ?? ''}`;
  for (const at of [unknown, accepted]) await fails(rig.sql, at);
  assert.equal((await readyWork(sql))['unknown'], 0);
  const asked = async () => {
    const effects = await claimEffects(sql, {
      ...accepted,
      kind: 'usage_meter',
      limit: 10,
      leaseMs: 1000,
    });
    const polled = await claimPrintersToPoll(sql, 1000);
    return {
      unknown: (await claimDue(sql, unknown)).length > 0,
      callBacks: (await claimCallBacks(sql, accepted.organizationId, 10)).length > 0,
      effects: effects.length > 0,
      polls: polled.some(({ organizationId }) => organizationId === accepted.organizationId),
    };
  };
  const nothing = { unknown: false, callBacks: false, effects: false, polls: false };
  assert.deepEqual(await asked(), nothing);
  for (const at of [unknown, accepted]) await works(rig.sql, at);
  assert.deepEqual(await asked(), { unknown: true, callBacks: true, effects: true, polls: true });
});

void test('while it is open cards are called back that can be still, and those of people who are to be cancelled are looked for', async () => {
  const { sql } = rig;
  const at = await connectedPlace(rig.sql, {}, []);
  const { organizationId } = at;
  const { pieces } = await sent(sql, at, 3);
  const windows = ['10 minutes', null, '-10 minutes'];
  for (const [index, window] of windows.entries())
    await sql`
      update postrider.mailpiece
      set cancellable_until = postrider.now() + ${window}::interval
      where id = ${pieces[index]?.mailpieceId ?? ''}`;
  for (const { recipientId } of pieces) await cancel(sql, recipientId);
  const unknown = await unknownDue(sql, at, people(2, 'q'));
  await cancel(sql, unknown.pieces[1]?.recipientId ?? '');
  await fails(rig.sql, at);
  assert.equal((await readyWork(sql))['unknown'], 1);
  assert.deepEqual(
    new Set((await claimCallBacks(sql, organizationId, 10)).map((piece) => piece.mailpieceId)),
    new Set([pieces[0]?.mailpieceId, pieces[1]?.mailpieceId]),
  );
  assert.deepEqual(
    (await claimDue(sql, at)).map((piece) => piece.mailpieceId),
    [unknown.pieces[1]?.mailpieceId],
  );
});

/** Its audience and its enricher are reached by the connection. */
async function reading(over: Partial<CampaignDefinition> = {}): Promise<Connected> {
  const at = await connectedPlace(rig.sql, over, []);
  const both = {
    audience: { connection: at.connectionId },
    enricher: { connection: at.connectionId },
  };
  await rig.sql`
    update postrider.campaign
    set integrations = integrations || ${JSON.stringify(both)}::text::jsonb
    where id = ${at.campaignId}`;
  return at;
}

async function batchOf(at: Connected, limit = 1) {
  const of = { ...at, enricher: 'lookup' };
  return await claimBatch(rig.sql, of, { limit, deadlineMs: 3_600_000, restMs: 1000 });
}

async function places(at: Connected): Promise<Record<string, string | null>> {
  const rows = await rig.sql<{ state: string; why: string | null }[]>`
    select state, why from postrider.waiting_places()
    where organization_id = ${at.organizationId}`;
  return Object.fromEntries(rows.map(({ state, why }) => [state, why]));
}

void test('while it is open no sync begins by itself, and nobody is handed to the enricher; batches that are out wait up to their deadline, and nobody else waits', async () => {
  const { sql } = rig;
  const automated = { campaign_mode: 'automated' } as const;
  const [at, other] = [await reading(automated), await reading(automated)];
  for (const place of [at, other])
    await syncPeople(sql, place, [emailOnly('e0', 1), emailOnly('e1', 2), emailOnly('e2', 3)]);
  for (const place of [at, other]) assert.equal((await batchOf(place))?.people.length, 1);
  await turnClock(sql, 60_000);
  const asked = async (place: Connected) => ({
    syncs: (await campaignsToSync(sql, place.organizationId)).length,
    looksUp: (await campaignsToEnrich(sql, place.organizationId)).length,
    hasBatch: (
      await sql`
        select from postrider.campaigns_to_enrich(p_only_due => true)
        where organization_id = ${place.organizationId}`
    ).length,
  });
  const all = { syncs: 1, looksUp: 1, hasBatch: 1 };
  assert.deepEqual(await asked(at), all);
  const ready = Number((await readyWork(sql))['batches']);
  await fails(sql, at);
  assert.deepEqual(await asked(at), { syncs: 0, looksUp: 0, hasBatch: 0 });
  assert.deepEqual(await asked(other), all);
  assert.equal(Number((await readyWork(sql))['batches']), ready - 1);
  assert.equal(await batchOf(at), null);
  assert.deepEqual(await dueBatches(sql, at.organizationId), []);
  const said = /^connection lob-main does not work since .*: POST \/postcards: api\.lob\.com did/;
  const { address_enrichable: waits, address_enriching: out } = await places(at);
  assert.match(String(waits), said);
  assert.match(String(out), said);
  assert.equal((await places(other))['address_enrichable'], 'the next enrichment');
  const [why] = await sql`select why from postrider.why('e2', ${at.organizationId}) as why`;
  assert.match(
    String(why?.['why']),
    /Next: the enricher, when it answers again: connection lob-main/,
  );
  const health = await healthOf(sql, at);
  assert.equal(health?.['people'], 3);

  assert.notEqual(await batchOf(other), null);
  assert.equal((await dueBatches(sql, other.organizationId)).length, 1);
  // Past its deadline a batch is looked after all the same: nobody is kept for ever.
  await turnClock(sql, 3_600_000);
  assert.equal((await asked(at)).hasBatch, 1);
  assert.deepEqual(
    (await dueBatches(sql, at.organizationId)).map(({ overdue }) => overdue),
    [true],
  );
  await works(sql, at);
  assert.deepEqual([(await asked(at)).syncs, (await asked(at)).looksUp], [1, 1]);
  assert.notEqual(await batchOf(at), null);
});

void test('a breaker goes with its connection, and what is seen of one that is gone is nothing', async () => {
  const { sql } = rig;
  const at = await connectedPlace(rig.sql, {}, []);
  const key = await connected(sql, at.organizationId, { name: 'lob-gone' });
  await fails(rig.sql, key);
  await sql`select postrider.remove_connection(${key.organizationId}, ${key.connectionId})`;
  assert.equal(await fails(rig.sql, key), undefined);
});
