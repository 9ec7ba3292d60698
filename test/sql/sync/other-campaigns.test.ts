/**
 * The rules of admission that look at mail beyond the campaign: who is in flight or was mailed
 * elsewhere, and who was mailed too recently.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retry } from '@postrider/core';
import { syncPeople } from '../../support/machine.ts';
import {
  DAY,
  accepted,
  anotherCampaign,
  answered,
  event,
  one,
  place,
  proofAll,
  reasonsOf,
  resident,
  sending,
  sent,
  settleAll,
  sharedMachine,
  standing,
  tell,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();
void test('who is in flight elsewhere in the organization is turned away: by id, by e-mail, by household', async () => {
  const { sql } = rig;
  const first = await place(sql);
  const second = await anotherCampaign(sql, first);
  await syncPeople(sql, first, [resident('a'), resident('b'), resident('c')]);
  await syncPeople(sql, second, [
    resident('a', { email: 'x@example.com', line1: '70 Far St' }),
    resident('y', { email: 'b@example.com' }),
    resident('z', { line1: '1 C STREET' }),
    resident('free'),
  ]);
  const elsewhere = (await standing(sql, second)).filter((p) =>
    ['y', 'z', 'free'].includes(p.externalId),
  );
  assert.deepEqual(
    Object.fromEntries(elsewhere.map((p) => [p.externalId, `${p.state} (${p.reason})`])),
    {
      free: 'pending (new)',
      y: 'skipped (cross_campaign)',
      z: 'skipped (cross_campaign)',
    },
  );
  // And the other way round: what the second holds is turned away by the first.
  await syncPeople(sql, first, [resident('free', { line1: '8 Far St' })], false);
  const free = (await standing(sql, { organizationId: first.organizationId }))
    .filter((p) => p.externalId === 'free')
    .map((p) => p.reason);
  assert.deepEqual(free.sort(), ['cross_campaign', 'new']);
});

void test('somebody in error counts as in flight; who was turned away does not', async () => {
  const { sql } = rig;
  const first = await place(sql);
  const second = await anotherCampaign(sql, first);
  const batch = await sending(sql, first, [resident('a')]);
  await settleAll(sql, first, batch, (piece) => answered(piece, 'rejected'));
  await syncPeople(sql, first, [resident('b', { line1: '1 a Street' })], false);
  assert.deepEqual(await reasonsOf(sql, first), {
    a: 'error (rejected)',
    b: 'skipped (duplicate)',
  });
  await syncPeople(sql, second, [
    resident('a2', { line1: '1 a Street' }),
    resident('b2', { email: 'b@example.com' }),
  ]);
  const there = Object.fromEntries(
    (await standing(sql, second))
      .filter((p) => p.externalId.endsWith('2'))
      .map((p) => [p.externalId, p.reason]),
  );
  assert.deepEqual(there, { a2: 'cross_campaign', b2: 'new' });
});

void test('who was mailed elsewhere is left alone as long as the window says, and no longer', async () => {
  const { sql } = rig;
  const first = await place(sql);
  const second = await anotherCampaign(sql, first, { exclusion_window: '30 days' });
  const third = await anotherCampaign(sql, first, { exclusion_window: '5 days' });
  const batch = await sent(sql, first, [resident('a')]);
  await sql`select postrider.apply_events(${first.organizationId}, 'press', ${JSON.stringify([
    {
      eventId: 'e',
      providerId: `id of ${batch.pieces[0]?.mailpieceId}`,
      status: 'delivered',
      providerStatus: 'delivered',
      confidence: 'scan',
      occurredAt: '2026-01-01T00:00:00Z',
    },
  ])}::text::jsonb)`;
  assert.equal((await one(sql, first)).state, 'received');
  await turnClock(sql, 10 * DAY);
  await syncPeople(sql, second, [resident('b', { line1: '1 a Street' })]);
  assert.equal((await one(sql, second, 'b')).reason, 'cross_campaign');
  await syncPeople(sql, third, [resident('c', { line1: '1 a Street' })]);
  assert.equal((await one(sql, third, 'c')).state, 'pending');
});

void test('a household that was mailed too recently is skipped, or waits until it may be mailed again', async () => {
  const { sql } = rig;
  const first = await place(sql);
  const skips = await anotherCampaign(sql, first, {
    exclusion_window: '0',
    frequency_cap: '90 days',
    frequency_cap_mode: 'skip',
  });
  const defers = await anotherCampaign(sql, first, {
    exclusion_window: '0',
    frequency_cap: '90 days',
    frequency_cap_mode: 'defer',
  });
  const batch = await sent(sql, first, [resident('a')]);
  await sql`select postrider.assume_received(${first.organizationId})`;
  await turnClock(sql, 30 * DAY);
  await sql`select postrider.assume_received(${first.organizationId})`;
  assert.equal((await one(sql, first)).reason, 'assumed');
  const home = { line1: '1 a Street' };
  await syncPeople(sql, skips, [resident('b', home), resident('b2')]);
  await syncPeople(sql, defers, [resident('c', home)]);
  assert.equal((await one(sql, skips, 'b')).reason, 'frequency_cap');
  assert.equal((await one(sql, skips, 'b2')).state, 'pending');
  const deferred = await one(sql, defers, 'c');
  assert.deepEqual([deferred.state, deferred.reason], ['pending', 'frequency_deferred']);
  const [piece] = await sql`
    select accepted_at + interval '90 days' as free
    from postrider.mailpiece
    where id = ${batch.pieces[0]?.mailpieceId ?? ''}`;
  assert.deepEqual(deferred.availableAt, piece?.['free']);
  await proofAll(sql, defers);
  assert.equal((await one(sql, defers, 'c')).state, 'pending');
  await turnClock(sql, 61 * DAY);
  await proofAll(sql, defers);
  assert.equal((await one(sql, defers, 'c')).state, 'proofed');
});

void test('who is tried again still waits for the frequency cap', async () => {
  const { sql } = rig;
  const bakery = await place(sql, {
    dedupe: 'person',
    frequency_cap: '90 days',
    frequency_cap_mode: 'defer',
  });
  const batch = await sending(sql, bakery, [resident('a'), resident('b', { line1: '1 a Street' })]);
  const { id } = await one(sql, bakery, 'b');
  await settleAll(sql, bakery, batch, (piece) =>
    piece.recipientId === id ? answered(piece, 'rejected') : accepted(piece),
  );
  assert.equal(await retry(sql, id), 'pending');
  const [free] = await sql`
    select max(accepted_at) + interval '90 days' as at
    from postrider.mailpiece
    where organization_id = ${bakery.organizationId}`;
  assert.deepEqual((await one(sql, bakery, 'b')).availableAt, free?.['at']);
});

void test('a card that the printer failed to make is no mail: neither the cap nor another campaign counts it', async () => {
  const { sql } = rig;
  const bakery = await place(sql, { frequency_cap: '90 days' });
  const batch = await sent(sql, bakery, [resident('a')]);
  await tell(sql, bakery, [
    event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'failed' }),
  ]);
  const { id } = await one(sql, bakery);
  await sql`select postrider.cancel(${id})`;
  const other = await anotherCampaign(sql, bakery);
  await syncPeople(sql, other, [resident('b', { line1: '1 a Street' })]);
  assert.equal((await one(sql, other, 'b')).reason, 'new');
  const again = await place(sql, { frequency_cap: '90 days' });
  const failed = await sent(sql, again, [resident('a')]);
  await tell(sql, again, [
    event({ providerId: `id of ${failed.pieces[0]?.mailpieceId}`, status: 'failed' }),
  ]);
  assert.equal(await retry(sql, (await one(sql, again)).id), 'pending');
});
