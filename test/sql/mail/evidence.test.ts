/**
 * Evidence is never fenced: a printer's id is recorded whichever runner brings it, the person
 * follows the mailpiece, and what is odd raises an alarm.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cancel, retry, suppress } from '@postrider/core';
import { beginProof } from '../../../packages/core/src/machine/proof.ts';
import { claimCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import { people, type Place } from '../../support/machine.ts';
import {
  LEASE_MS,
  RUNNER,
  accepted,
  alarms,
  answered,
  event,
  firstOf,
  one,
  onlyPiece,
  pieces,
  place,
  reasonsOf,
  refused,
  sending,
  sent,
  settle,
  settleAll,
  sharedMachine,
  stage,
  statesOf,
  tell,
  turnClock,
  type Sending,
} from '../rig.ts';

const rig = sharedMachine();
/**
 * Brings one person, with a piece that the printer has all the same, into each state in which late
 * evidence may find them.
 */
const later: Record<string, (at: Place, batch: Sending) => Promise<void>> = {
  sending: async () => undefined,
  proofed: async (at, batch) =>
    void (await settle(rig.sql, at, batch, [answered(firstOf(batch), 'retry', { afterMs: 0 })])),
  sending_staged: async (at, batch) => {
    await settle(rig.sql, at, batch, [answered(firstOf(batch), 'retry', { afterMs: 0 })]);
    await stage(rig.sql, at, 'mail');
  },
  error: async (at, batch) =>
    void (await settle(rig.sql, at, batch, [answered(firstOf(batch), 'rejected')])),
  skipped: async (at, batch) =>
    void (await settle(rig.sql, at, batch, [
      answered(firstOf(batch), 'rejected', { badAddress: true }),
    ])),
  blacklisted: async (at, batch) => {
    await settle(rig.sql, at, batch, [answered(firstOf(batch), 'retry', { afterMs: 0 })]);
    await suppress(rig.sql, at.organizationId, { email: 'p0@example.com' }, 'test');
  },
};

for (const [state, arrange] of Object.entries(later)) {
  void test(`evidence finds somebody in ${state}: they are sent, once, with what follows from it${state === 'skipped' || state === 'blacklisted' ? ', and an alarm' : ''}`, async () => {
    const { sql } = rig;
    for (const how of ['settle', 'event', 'reconcile'] as const) {
      const at = await place(sql, { effects: ['usage_meter', 'event_sink'] });
      const batch = await sending(sql, at);
      const piece = firstOf(batch);
      await arrange(at, batch);
      assert.equal((await one(sql, at)).state, state);
      const bring = async (): Promise<void> => {
        if (how === 'settle') await settle(sql, at, batch, [accepted(piece, 'printed')]);
        if (how === 'event')
          await tell(sql, at, [
            event({ providerId: 'printed', mailpieceId: piece.mailpieceId, status: 'accepted' }),
          ]);
        if (how === 'reconcile') {
          const { mailpieceId } = piece;
          const found = [{ mailpieceId, attempt: 0, outcome: 'found', providerId: 'printed' }];
          await sql`
            select postrider.settle_reconciled(
              ${at.organizationId}, ${JSON.stringify(found)}::text::json
            )`;
        }
      };
      await bring();
      await bring();
      const person = await one(sql, at);
      assert.equal(person.state, 'sent', how);
      assert.equal(
        person.reason,
        state === 'sending' && how === 'settle' ? 'accepted' : 'late_evidence',
        how,
      );
      assert.equal(person.cohortId, null);
      const there = await onlyPiece(sql, at);
      assert.deepEqual([there.status, there.providerId], ['accepted', 'printed']);
      // Who has only a bad address was not stopped.
      assert.equal(person.cancelRequestedAt !== null, state === 'blacklisted', how);
      assert.deepEqual(
        await alarms(sql, at),
        state === 'skipped' || state === 'blacklisted' ? ['printed_all_the_same'] : [],
      );
      const [row] = await sql`
        select count(*)::int as effects
        from postrider.effect
        where organization_id = ${at.organizationId}`;
      assert.equal(row?.['effects'], 2);
    }
  });
}

/**
 * Somebody whose card was refused, is tried again, and waits for each of the steps before the
 * printer.
 */
const again: Record<string, (at: Place) => Promise<void>> = {
  pending: async () => undefined,
  proofing_staged: async (at) => void (await stage(rig.sql, at, 'proof')),
  proofing: async (at) => {
    const [cohort] = await stage(rig.sql, at, 'proof');
    await beginProof(rig.sql, {
      organizationId: at.organizationId,
      cohortId: cohort ?? assert.fail('no cohort'),
      runnerId: RUNNER,
      leaseMs: LEASE_MS,
    });
  },
};

for (const [state, arrange] of Object.entries(again)) {
  void test(`evidence of an earlier try finds somebody in ${state}: sent and charged for, and who opts out then is called back`, async () => {
    const { sql } = rig;
    for (const how of ['settle', 'event'] as const) {
      const at = await place(sql, { effects: ['usage_meter'] });
      const batch = await sending(sql, at);
      const piece = firstOf(batch);
      await settle(sql, at, batch, [answered(piece, 'rejected')]);
      assert.equal(await retry(sql, piece.recipientId), 'pending');
      await arrange(at);
      if (how === 'settle') await settle(sql, at, batch, [accepted(piece, 'printed')]);
      else
        await tell(sql, at, [
          event({ providerId: 'printed', mailpieceId: piece.mailpieceId, status: 'in_production' }),
        ]);
      assert.deepEqual(await reasonsOf(sql, at), { p0: 'sent (late_evidence)' }, how);
      await suppress(sql, at.organizationId, { email: 'p0@example.com' }, 'test');
      assert.equal((await claimCallBacks(sql, at.organizationId, 50)).length, 1, how);
      const [row] = await sql`
        select count(*)::int as effects
        from postrider.effect
        where organization_id = ${at.organizationId}`;
      assert.equal(row?.['effects'], 1, how);
    }
  });
}

void test('a person who is stopped and has a card all the same is sent, charged for and called back', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter'] });
  const batch = await sending(sql, at, 2);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'rejected'));
  for (const piece of batch.pieces) await retry(sql, piece.recipientId);
  // As an earlier version left them: the piece is known to be made, and its person waits.
  await sql`
    update postrider.mailpiece
    set status = 'accepted', provider_id = id::text, accepted_at = postrider.now()
    where organization_id = ${at.organizationId}`;
  assert.equal(await cancel(sql, (await one(sql, at, 'p0')).id), 'sent (cancel requested)');
  await suppress(sql, at.organizationId, { email: 'p1@example.com' }, 'test');
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'sent (late_evidence)',
    p1: 'sent (late_evidence)',
  });
  assert.equal((await claimCallBacks(sql, at.organizationId, 50)).length, 2);
  const [row] = await sql`
    select count(*)::int as effects
    from postrider.effect
    where organization_id = ${at.organizationId}`;
  assert.equal(row?.['effects'], 2);
});

void test('somebody who is sent is received when the usual time is over, and not before', async () => {
  const { sql } = rig;
  const at = await place(sql, { assumed_after: '10 days' });
  await sent(sql, at);
  const assume = async () => await sql`select postrider.assume_received(${at.organizationId})`;
  await turnClock(sql, 9.9 * 86_400_000);
  await assume();
  assert.equal((await one(sql, at)).state, 'sent');
  await turnClock(sql, 0.2 * 86_400_000);
  await assume();
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'received (assumed)' });
});

void test('there is at most one open piece of a person and mode, by index', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  const copy = (mode: string, status: string) => sql`
    insert into postrider.mailpiece (
      organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key, request,
      status, opened_at, accepted_at
    )
    select organization_id, postrider.new_id(), recipient_id, campaign_id, printer_name, ${mode},
      gen_random_uuid(), request, ${status}, now(), now()
    from postrider.mailpiece
    where id = ${firstOf(batch).mailpieceId}`;
  for (const status of [
    'submitting',
    'unknown',
    'accepted',
    'in_production',
    'in_transit',
    'in_local_area',
    'processed_for_delivery',
    'delivered',
    'returned',
  ])
    await refused('23505', copy('live', status));
  for (const status of ['rejected', 'cancelled', 'failed']) await copy('live', status);
  await copy('test', 'submitting');
  for (const status of ['voided', 'voided']) await copy('test', status);
  const closed = await sql<
    { name: string }[]
  >`select name from postrider.mailpiece_status where not is_open order by 1`;
  assert.deepEqual(
    closed.map((row) => row.name),
    ['cancelled', 'failed', 'rejected', 'voided'],
    'the index and the table of statuses agree',
  );
});

void test('evidence in opposite order from two sessions does not deadlock', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at, people(40));
  const clients = machine.connect(4);
  const results = batch.pieces.map((piece) => accepted(piece));
  const events = batch.pieces.map((piece) =>
    event({
      providerId: `id of ${piece.mailpieceId}`,
      mailpieceId: piece.mailpieceId,
      status: 'in_transit',
    }),
  );
  await Promise.all([
    settle(clients, at, batch, results),
    settle(clients, at, batch, results.toReversed()),
    tell(clients, at, events),
    tell(clients, at, events.toReversed()),
    clients`select postrider.match_events(${at.organizationId})`,
  ]);
  await sql`select postrider.match_events(${at.organizationId})`;
  assert.deepEqual(new Set(Object.values(await statesOf(sql, at))), new Set(['sent']));
  assert.deepEqual(new Set((await pieces(sql, at)).map((p) => p.status)), new Set(['in_transit']));
});
