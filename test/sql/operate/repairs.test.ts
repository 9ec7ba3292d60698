/**
 * Repairs by one call: retry_all, clear_alarm, retry_webhooks and event_partitions; and whom
 * `stuck` leaves out.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type postgres from 'postgres';
import { beginProof, settleProof } from '../../../packages/core/src/machine/proof.ts';
import { people, syncPeople, type Place } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  accepted,
  alarms,
  answered,
  mailBegun,
  place,
  proofAll,
  proofed,
  reasonsOf,
  refused,
  sending,
  sent,
  settle,
  settleAll,
  sharedMachine,
  stageOne,
  standing,
  statesOf,
  turnClock,
  unknownDue,
} from '../rig.ts';

const rig = sharedMachine();

interface Retried {
  readonly tried: Record<string, number>;
  readonly refused: number;
  readonly left: number;
}

async function retryAll(
  sql: postgres.Sql,
  at: Place,
  reason: string,
  limit = 10_000,
): Promise<Retried> {
  const [row] = await sql<{ result: Retried }[]>`
    select postrider.retry_all(
      ${at.organizationId}, ${at.campaignId}, ${reason}, ${limit}
    ) as result`;
  return row?.result ?? assert.fail('no answer');
}

/** `n` people whom the renderer refused. */
async function renderFailed(sql: postgres.Sql, at: Place, n: number): Promise<void> {
  await syncPeople(sql, at, people(n));
  const cohortId = await stageOne(sql, at, 'proof');
  const begun = await beginProof(sql, { ...at, cohortId, runnerId: RUNNER, leaseMs: LEASE_MS });
  const cards = begun?.cards ?? [];
  await settleProof(sql, {
    ...at,
    cohortId,
    results: cards.map((card) => ({
      recipientId: card.recipientId,
      outcome: 'failed',
      message: 'template: unknown variable: naem',
    })),
    last: true,
  });
}

void test('retry_all brings back everybody in error for one reason, and nobody else', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await renderFailed(sql, at, 5);
  await sql`select postrider.cancel(${(await standing(sql, at))[4]?.id ?? ''}, 'moved away')`;
  assert.deepEqual(await retryAll(sql, at, 'rejected'), { tried: {}, refused: 0, left: 0 });
  assert.deepEqual(await retryAll(sql, at, 'render_failed', 3), {
    tried: { pending: 3 },
    refused: 0,
    left: 1,
  });
  assert.deepEqual(await retryAll(sql, at, 'render_failed'), {
    tried: { pending: 1 },
    refused: 0,
    left: 0,
  });
  assert.deepEqual(await statesOf(sql, at), {
    p0: 'pending',
    p1: 'pending',
    p2: 'pending',
    p3: 'pending',
    p4: 'skipped',
  });
  await proofAll(sql, at);
  assert.equal((await statesOf(sql, at))['p0'], 'proofed');
});

void test('retry_all asks the rules of admission again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await renderFailed(sql, at, 3);
  const stopped =
    await sql`select postrider.suppress(${at.organizationId}, p_email => 'p1@example.com')`;
  assert.equal(stopped.length, 1);
  assert.deepEqual(await retryAll(sql, at, 'render_failed'), {
    tried: { pending: 2, skipped: 1 },
    refused: 0,
    left: 0,
  });
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'pending (retried)',
    p1: 'skipped (suppressed)',
    p2: 'pending (retried)',
  });
});

void test('a rejected card is tried again with a new mailpiece and key', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, 2);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'rejected'));
  assert.deepEqual(await retryAll(sql, at, 'rejected'), {
    tried: { pending: 2 },
    refused: 0,
    left: 0,
  });
  await proofAll(sql, at);
  const again = await mailBegun(sql, at);
  const keys = new Set([...batch.pieces, ...again.pieces].map((piece) => piece.idempotencyKey));
  assert.equal(keys.size, 4);
});

void test('retry_all never makes a second card while one may exist', async () => {
  const { sql, admin } = rig;
  const at = await place(sql);
  await unknownDue(sql, at, 2);
  const claimed = await sql<{ pieces: { mailpieceId: string; attempt: number }[] }[]>`
    select postrider.claim_unknown_mailpieces(${at.organizationId}, 10, '1 minute') as pieces`;
  const verdicts = (claimed[0]?.pieces ?? []).map((piece) => ({
    ...piece,
    outcome: 'cannot_tell',
    keyLifetimeMs: null,
    message: 'no answer',
  }));
  await sql`
    select postrider.settle_reconciled(
      ${at.organizationId}, ${JSON.stringify(verdicts)}::text::json, 1
    )`;
  await refused('PR016', retryAll(sql, at, 'outcome_unknown'), /nobody can tell/);
  // As if a later version had given the reason another name: the open piece alone must be enough.
  await admin`
    update postrider.recipient_state
    set reason = 'too_many_losses'
    where organization_id = ${at.organizationId}`;
  assert.deepEqual(await retryAll(sql, at, 'too_many_losses'), { tried: {}, refused: 2, left: 0 });
  assert.deepEqual(await statesOf(sql, at), { p0: 'error', p1: 'error' });
});

void test('retry_all says what is wrong with the question', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await refused('PR020', retryAll(sql, at, 'render-failed'), /is not a reason/);
  await refused('PR010', retryAll(sql, { ...at, campaignId: randomUUID() }, 'render_failed'));
  await refused(
    'PR010',
    retryAll(sql, { organizationId: randomUUID(), campaignId: at.campaignId }, 'render_failed'),
  );
});

void test('a completed campaign becomes active again by retry_all, an archived one refuses', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await renderFailed(sql, at, 1);
  await sql`select postrider.end_campaign(${at.organizationId}, ${at.campaignId}, 'completed')`;
  assert.deepEqual((await retryAll(sql, at, 'render_failed')).tried, { pending: 1 });
  const [campaign] =
    await sql`select status, ended_at from postrider.campaigns where id = ${at.campaignId}`;
  assert.deepEqual({ ...campaign }, { status: 'active', ended_at: null });

  const archived = await place(sql);
  await renderFailed(sql, archived, 1);
  await sql`
    select postrider.end_campaign(${archived.organizationId}, ${archived.campaignId}, 'archived')`;
  await refused('PR012', retryAll(sql, archived, 'render_failed'));
});

void test('an alarm is cleared by a person, with a sentence that stays', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at, 1);
  const [piece] = batch.pieces;
  assert.ok(piece !== undefined);
  await settle(sql, at, batch, [accepted(piece, 'another id')]);
  const [alarm] = await sql<{ id: string; meaning: string; campaign: string }[]>`
    select id, meaning, campaign
    from postrider.alarms
    where organization_id = ${at.organizationId}`;
  assert.ok(alarm !== undefined);
  assert.match(alarm.meaning, /second id/);
  assert.equal(alarm.campaign, 'spring');
  await refused('PR020', sql`select postrider.clear_alarm(${alarm.id}, ' ')`);
  await sql`select postrider.clear_alarm(${alarm.id}, 'the shop renumbered its orders')`;
  assert.equal(
    (await sql`select 1 from postrider.alarms where organization_id = ${at.organizationId}`).length,
    0,
  );
  await refused('PR010', sql`select postrider.clear_alarm(${alarm.id}, 'again')`);
  const story = await sql<{ what: string; detail: string; by_role: string | null }[]>`
    select what, detail, by_role
    from postrider.trace(${piece.recipientId})
    where what like 'alarm%'
    order by at`;
  assert.equal(story[0]?.what, 'alarm second_provider_id');
  assert.doesNotMatch(story[0]?.detail ?? '', /renumbered/);
  assert.equal(story[1]?.what, 'alarm cleared');
  assert.equal(story[1]?.detail, 'the shop renumbered its orders');
  assert.notEqual(story[1]?.by_role, null);
  // Told once more, it is not raised once more.
  await settle(sql, at, batch, [accepted(piece, 'another id')]);
  assert.deepEqual(await alarms(sql, at), ['second_provider_id']);
});

void test('webhooks that could not be read are read again', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await sql`
    select postrider.receive_webhook(
      ${at.organizationId}, 'press', 'd1', ${Buffer.from('garbled')}
    )`;
  const claim = async (): Promise<string[]> =>
    (
      await sql<
        { id: string }[]
      >`select id from postrider.claim_webhooks(10) where organization_id = ${at.organizationId}`
    ).map((row) => row.id);
  const [id] = await claim();
  await sql`select postrider.close_webhook(${at.organizationId}, ${id ?? ''}, 'Unexpected token')`;
  assert.deepEqual(await claim(), []);
  const again = async (printer: string | null): Promise<unknown> =>
    (await sql`select postrider.retry_webhooks(${at.organizationId}, ${printer}) as n`)[0]?.['n'];
  await sql`
    insert into postrider.printer
    select (p).*
    from (
      select jsonb_populate_record(p, '{"name": "another"}') as p
      from postrider.printer p
      where organization_id = ${at.organizationId}
    ) x`;
  assert.equal(await again('another'), 0);
  assert.equal(await again(null), 1);
  assert.deepEqual(await claim(), [id]);
});

void test('somebody who is held does not explain why the others wait', async () => {
  const { sql } = rig;
  const at = await place(sql);
  await proofed(sql, at, 2);
  const held = (await standing(sql, at))[0]?.id ?? '';
  await sql`select postrider.hold(${at.organizationId}, 'recipient', ${held})`;
  await turnClock(sql, 600_000);
  const oldest = async (): Promise<unknown[]> => [
    ...(await sql`
      select recipient_id
      from postrider.stuck
      where organization_id = ${at.organizationId} and state = 'proofed'`),
  ];
  assert.deepEqual(await oldest(), [{ recipient_id: (await standing(sql, at))[1]?.id }]);
});
