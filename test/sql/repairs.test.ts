/**
 * Repairs by one call: retry_all, clear_alarm, retry_webhooks and event_partitions; and whom
 * `stuck` leaves out.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type postgres from 'postgres';
import { beginProof, settleProof } from '../../packages/core/src/machine/proof.ts';
import {
  broken,
  freshMachine,
  launched,
  people,
  syncPeople,
  type Place,
} from '../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  accepted,
  alarms,
  answered,
  mailBegun,
  pidOf,
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
  waitsForLock,
} from './rig.ts';

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
    select postrider.retry_all(${at.organizationId}, ${at.campaignId}, ${reason}, ${limit}) as result`;
  return row?.result ?? assert.fail('no answer');
}

/** `n` people whom the renderer refused. */
async function renderFailed(sql: postgres.Sql, at: Place, n: number): Promise<void> {
  await syncPeople(sql, at, people(n));
  const cohortId = await stageOne(sql, at, 'proof');
  const begun = await beginProof(sql, at.organizationId, cohortId, RUNNER, LEASE_MS);
  const cards = begun?.cards ?? [];
  await settleProof(
    sql,
    at.organizationId,
    cohortId,
    cards.map((card) => ({
      recipientId: card.recipientId,
      outcome: 'failed',
      message: 'template: unknown variable: naem',
    })),
    true,
  );
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

void test('retry_all asks the rules of the door again', async () => {
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
    select postrider.reconcile_claim(${at.organizationId}, 10, '1 minute') as pieces`;
  const verdicts = (claimed[0]?.pieces ?? []).map((piece) => ({
    ...piece,
    outcome: 'cannot_tell',
    keyStillHonoured: false,
    message: 'no answer',
  }));
  await sql`select postrider.reconcile_settle(${at.organizationId}, ${JSON.stringify(verdicts)}::text::json, 1)`;
  await refused('PR016', retryAll(sql, at, 'outcome_unknown'), /nobody can tell/);
  // As if a later version had given the reason another name: the open piece alone must be enough.
  await admin`update postrider.recipient_state set reason = 'too_many_losses' where organization_id = ${at.organizationId}`;
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
  await sql`select postrider.end_campaign(${archived.organizationId}, ${archived.campaignId}, 'archived')`;
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
    select id, meaning, campaign from postrider.alarms where organization_id = ${at.organizationId}`;
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
    select what, detail, by_role from postrider.trace(${piece.recipientId}) where what like 'alarm%' order by at`;
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
  await sql`select postrider.receive_webhook(${at.organizationId}, 'press', 'd1', ${Buffer.from('garbled')})`;
  const claim = async (): Promise<string[]> =>
    (
      await sql<
        { id: string }[]
      >`select id from postrider.track_claim(10) where organization_id = ${at.organizationId}`
    ).map((row) => row.id);
  const [id] = await claim();
  await sql`select postrider.track_done(${at.organizationId}, ${id ?? ''}, 'Unexpected token')`;
  assert.deepEqual(await claim(), []);
  const again = async (printer: string | null): Promise<unknown> =>
    (await sql`select postrider.retry_webhooks(${at.organizationId}, ${printer}) as n`)[0]?.['n'];
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
    ...(await sql`select recipient_id from postrider.stuck where organization_id = ${at.organizationId} and state = 'proofed'`),
  ];
  assert.deepEqual(await oldest(), [{ recipient_id: (await standing(sql, at))[1]?.id }]);
});

void test('events of a month that was missed move into its partition, in whatever time zone the session lives', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  await syncPeople(sql, at, people(3, 'before'));
  await sql`select postrider.turn_clock('400 days')`;
  await syncPeople(sql, at, [...people(3, 'before'), ...people(4, 'after')]);
  const stray = async (): Promise<unknown> =>
    (await sql`select count(*)::int as n from postrider.recipient_event_default`)[0]?.['n'];
  assert.equal(await stray(), 4);
  const made = await sql.begin(async (tx) => {
    await tx`set local time zone 'America/New_York'`;
    return (await tx`select postrider.event_partitions() as n`)[0]?.['n'];
  });
  assert.equal(made, 4);
  assert.equal(await stray(), 0);
  assert.equal((await sql`select postrider.event_partitions() as n`)[0]?.['n'], 0);
  // Each starts on the first of its month, in UTC, and ends where the next begins.
  const bounds = await sql<{ name: string; bound: string }[]>`
    select c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bound from pg_inherits i
    join pg_class c on c.oid = i.inhrelid where i.inhparent = 'postrider.recipient_event'::regclass and c.relname <> 'recipient_event_default'`;
  await sql`set time zone 'UTC'`;
  for (const { name, bound } of bounds) {
    const [from, to] = [...bound.matchAll(/'([^']+)'/g)].map((match) => new Date(match[1] ?? ''));
    assert.equal(`recipient_event_${from?.toISOString().slice(0, 7).replace('-', '_')}`, name);
    assert.match(from?.toISOString() ?? '', /-01T00:00:00.000Z$/, name);
    assert.match(to?.toISOString() ?? '', /-01T00:00:00.000Z$/, name);
  }
  const [doctor] =
    await sql`select verdict from postrider.doctor() where check_name = 'default partition'`;
  assert.equal(doctor?.['verdict'], 'ok');
  assert.deepEqual(await broken(sql), []);
});

void test('whoever moves while a partition is made waits for it, and the move does not fail', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  await sql`select postrider.turn_clock('400 days')`;
  await syncPeople(sql, at, people(2));
  // Somebody reads the history just now, so that the partition is made slowly and the move comes in
  // between.
  const reader = await machine.connect(1).reserve();
  await reader`begin`;
  await reader`select 1 from postrider.recipient_event_default`;
  const keeper = machine.connect(1);
  const mover = machine.connect(1);
  const [keeperPid, moverPid] = [await pidOf(keeper), await pidOf(mover)];
  const made = keeper`select postrider.event_partitions() as made`.then(
    (rows) => rows[0]?.['made'],
  );
  await waitsForLock(sql, keeperPid);
  const moved =
    mover`select postrider.cancel(s.recipient_id) as state from postrider.recipient_state s`.then(
      (rows) => rows.map((row) => row['state']),
    );
  await waitsForLock(sql, moverPid);
  await reader`commit`;
  reader.release();
  assert.deepEqual(await moved, ['skipped', 'skipped']);
  // On a slow machine it may have given up after 2 s.
  const [later] = await sql`select postrider.event_partitions() as made`;
  assert.equal(Number(await made) + Number(later?.['made']), 4);
  assert.deepEqual(await broken(sql), []);
});

void test('an open transaction that moved somebody does not let the making of a partition stop everybody else', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await launched(sql);
  await sql`select postrider.turn_clock('400 days')`;
  await syncPeople(sql, at, people(2));
  const open = await machine.connect(1).reserve();
  await open`begin`;
  await open`select postrider.cancel(id, 'left open') from postrider.recipients where external_id = 'p0'`;
  const [row] = await machine.connect(1)`select postrider.event_partitions() as made`;
  assert.equal(row?.['made'], 0);
  // It has given up and holds nothing: others move while the transaction is still open.
  await sql`select postrider.cancel(id, 'moved away') from postrider.recipients where external_id = 'p1'`;
  await open`commit`;
  open.release();
  const [again] = await sql`select postrider.event_partitions() as made`;
  assert.equal(again?.['made'], 4);
  assert.deepEqual(await broken(sql), []);
});
