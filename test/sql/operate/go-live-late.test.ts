/** What comes late of a test, or at the moment when its campaign goes live. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type postgres from 'postgres';
import { cancel, goLive } from '@postrider/core';
import { settleReconciled } from '../../../packages/core/src/machine/reconcile.ts';
import { type Place } from '../../support/machine.ts';
import {
  event,
  proofed,
  tell,
  accepted,
  firstOf,
  mailBegun,
  one,
  pidOf,
  place,
  reasonsOf,
  refused,
  sending,
  sent,
  settleAll,
  staged,
  statesOf,
  tellAll,
  unknownDue,
  waitsForLock,
  sharedMachine,
  type Sending,
} from '../rig.ts';
import { mailAll, pieces } from './tested.ts';

const rig = sharedMachine();

void test('late news of a test card moves nobody, whatever it is', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const batch = await sent(sql, at, 1);
  await goLive(sql, at);
  for (const status of ['in_production', 'in_transit', 'delivered', 'returned', 'cancelled'])
    await tellAll(sql, at, batch, status);
  assert.deepEqual(await statesOf(sql, at), { p0: 'pending' });
  const live = await mailAll(sql, at);
  for (const status of ['rerouted', 'failed', 'delivered', 'returned'])
    await tellAll(sql, at, batch, status);
  assert.deepEqual(await statesOf(sql, at), { p0: 'sent' });
  assert.deepEqual(await pieces(sql, at), ['test voided', 'live accepted']);
  const [alarms] = await sql`
    select count(*)::int as n from postrider.alarm where organization_id = ${at.organizationId}`;
  assert.equal(alarms?.['n'], 0);
  const [suppressed] = await sql`
    select count(*)::int as n from postrider.suppression
    where organization_id = ${at.organizationId}`;
  assert.equal(suppressed?.['n'], 0);
  await tellAll(sql, at, live, 'delivered');
  assert.deepEqual(await statesOf(sql, at), { p0: 'received' });
});

void test('a late answer of a test card, a verdict and a call-back move nobody', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  const batch = await unknownDue(sql, at, 1);
  const piece = firstOf(batch);
  const { id } = await one(sql, at);
  // While nobody knows, the person is at the printer.
  await refused('PR017', goLive(sql, at));
  await sql`
    select postrider.settle_reconciled(${at.organizationId}, ${JSON.stringify([
      { mailpieceId: piece.mailpieceId, attempt: 0, outcome: 'cannot_tell' },
    ])}::text::json, 1)`;
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (outcome_unknown)' });
  await goLive(sql, at);
  await settleAll(sql, at, batch);
  await settleReconciled(sql, at.organizationId, [
    {
      mailpieceId: piece.mailpieceId,
      attempt: 0,
      outcome: 'found',
      providerId: 'late',
      keyLifetimeMs: null,
    },
  ]);
  assert.deepEqual(await statesOf(sql, at), { p0: 'pending' });
  const live = await mailAll(sql, at);
  await cancel(sql, id);
  await sql`
    select postrider.settle_call_backs(${at.organizationId}, ${JSON.stringify([
      { recipientId: id, mailpieceId: piece.mailpieceId, outcome: 'too_late', message: 'gone' },
    ])}::text::json)`;
  assert.notEqual((await one(sql, at)).cancelRequestedAt, null);
  assert.deepEqual(await statesOf(sql, at), { p0: 'sent' });
  assert.equal(live.pieces[0]?.mode, 'live');
});

void test('a begin waits for one who goes live, and is live then', async () => {
  const { sql, machine } = rig;
  const at = await place(sql, {}, 'test');
  await staged(sql, at, 'mail', 1);
  const [one_, other] = [machine.connect(1), machine.connect(1)];
  const pid = await pidOf(other);
  let begun: Promise<Sending> | undefined;
  await one_.begin(async (tx) => {
    await tx`select postrider.go_live(${at.organizationId}, ${at.campaignId})`;
    begun = mailBegunById(other, at);
    await waitsForLock(sql, pid);
  });
  // Its people were taken out of the cohort meanwhile.
  assert.deepEqual((await begun)?.pieces, []);
  const live = await mailBegun(sql, at);
  assert.equal(firstOf(live).mode, 'live');
  await settleAll(sql, at, live);
});

async function mailBegunById(sql: postgres.Sql, at: Place): Promise<Sending> {
  const [cohort] = await rig.sql<{ id: string }[]>`
    select id from postrider.cohort
    where organization_id = ${at.organizationId} and stage = 'mail' and closed_at is null`;
  const [row] = await sql<{ begun: { pieces: Sending['pieces'] } | null }[]>`
    select postrider.begin_mail(
      ${at.organizationId}, ${cohort?.id ?? null}, ${randomUUID()}, '1 minute') as begun`;
  return { cohortId: cohort?.id ?? '', pieces: row?.begun?.pieces ?? [] };
}

for (const [what, late] of [
  [
    'a webhook',
    async (sql: postgres.Sql, at: Place, batch: Sending) =>
      await tellAll(sql, at, batch, 'delivered'),
  ],
  [
    'an answer that comes twice',
    async (sql: postgres.Sql, at: Place, batch: Sending) => await settleAll(sql, at, batch),
  ],
] as const)
  void test(`${what} waits for one who goes live, and moves nobody then`, async () => {
    const { sql, machine } = rig;
    const at = await place(sql, {}, 'test');
    const batch = await sent(sql, at, 2);
    const [one_, other] = [machine.connect(1), machine.connect(1)];
    const pid = await pidOf(other);
    let told: Promise<number> | undefined;
    await one_.begin(async (tx) => {
      await tx`select postrider.go_live(${at.organizationId}, ${at.campaignId})`;
      told = late(other, at, batch);
      await waitsForLock(sql, pid);
    });
    await told;
    assert.deepEqual(await statesOf(sql, at), { p0: 'pending', p1: 'pending' });
    assert.deepEqual(await pieces(sql, at), ['test voided', 'test voided']);
  });

void test('who goes live waits for an answer that is being settled, and then begins again', async () => {
  const { sql, machine } = rig;
  const at = await place(sql, {}, 'test');
  const batch = await sending(sql, at, 1);
  const [one_, other] = [machine.connect(1), machine.connect(1)];
  const pid = await pidOf(other);
  let went: Promise<unknown> | undefined;
  await one_.begin(async (tx) => {
    await tx`
      select postrider.settle_mail(${at.organizationId}, ${batch.cohortId}, ${JSON.stringify(
        batch.pieces.map((piece) => accepted(piece)),
      )}::text::json, true, '1 minute')`;
    went = goLive(other, at);
    await waitsForLock(sql, pid);
  });
  await went;
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'pending (went_live)' });
});

void test('a test card that a printer lists after a restore moves nobody', async () => {
  const { sql } = rig;
  const at = await place(sql, {}, 'test');
  await proofed(sql, at, 1);
  const { id } = await one(sql, at);
  await goLive(sql, at);
  const mailpieceId = randomUUID();
  await sql`
    select postrider.adopt_pieces(${at.organizationId}, 'press', ${JSON.stringify([
      {
        mailpieceId,
        recipientId: id,
        campaignId: at.campaignId,
        providerId: 'listed',
        idempotencyKey: randomUUID(),
        mode: 'test',
        createdAt: '2026-03-01T12:00:00Z',
      },
    ])}::text::jsonb)`;
  await tell(sql, at, [event({ providerId: 'listed', status: 'delivered' })]);
  assert.deepEqual(await statesOf(sql, at), { p0: 'proofed' });
  assert.deepEqual(await pieces(sql, at), ['test voided']);
});
