/**
 * Tracking: a mailpiece's status is a function of the set of its events; not of their order, nor of
 * how often or how early they are told.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, retry } from '@postrider/core';
import { definition, people, syncPeople, type Place } from '../../support/machine.ts';
import {
  accepted,
  alarms,
  answered,
  event,
  mailBegun,
  one,
  onlyPiece,
  pieces,
  place,
  proofAll,
  reasonsOf,
  sending,
  sent,
  sharedMachine,
  statesOf,
  tell,
  turnClock,
  settleAll,
  tellAll,
} from '../rig.ts';

const rig = sharedMachine();
void test('a webhook that comes before the answer is kept, and counts when the id lands', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await tell(sql, at, [event({ providerId: 'psc_1', status: 'in_transit' })]);
  assert.equal((await one(sql, at)).state, 'sending');
  await settleAll(sql, at, batch, (piece) => accepted(piece, 'psc_1'));
  assert.deepEqual(
    [(await one(sql, at)).state, (await onlyPiece(sql, at)).status],
    ['sent', 'in_transit'],
  );
});

void test('an event and the answer that do not see each other meet at the next beat', async () => {
  const { sql, machine } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  const slow = machine.connect(1);
  await slow.begin(async (tx) => {
    await tell(tx, at, [event({ providerId: 'psc_2', status: 'delivered' })]);
    await settleAll(sql, at, batch, (piece) => accepted(piece, 'psc_2'));
  });
  assert.equal((await one(sql, at)).state, 'sent');
  await sql`select postrider.match_events(${at.organizationId})`;
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'received (scan)' });
});

void test('our reference in an event resolves a piece of which nobody knew', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sending(sql, at);
  await settleAll(sql, at, batch, (piece) => answered(piece, 'unknown'));
  await tell(sql, at, [
    event({
      providerId: 'psc_3',
      mailpieceId: batch.pieces[0]?.mailpieceId ?? null,
      status: 'accepted',
    }),
  ]);
  assert.deepEqual(
    [(await one(sql, at)).state, (await onlyPiece(sql, at)).providerId],
    ['sent', 'psc_3'],
  );
});

void test("a reference that is another organization's or another printer's is not believed", async () => {
  const { sql } = rig;
  const mine = await place(sql);
  const theirs = await place(sql);
  const batch = await sending(sql, mine);
  const stray = event({
    providerId: 'psc_4',
    mailpieceId: batch.pieces[0]?.mailpieceId ?? null,
    status: 'delivered',
  });
  await tell(sql, theirs, [stray]);
  await tell(sql, mine, [stray], 'another printer');
  assert.deepEqual(
    [(await one(sql, mine)).state, (await onlyPiece(sql, mine)).status],
    ['sending', 'submitting'],
  );
});

void test('a status that we do not know is kept and reported once, and moves nobody', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  const id = `id of ${batch.pieces[0]?.mailpieceId}`;
  for (const eventId of ['a', 'b'])
    await tell(sql, at, [
      event(
        { providerId: id, status: null },
        { eventId: eventId + at.organizationId, providerStatus: 'teleported' },
      ),
    ]);
  assert.equal((await one(sql, at)).state, 'sent');
  assert.deepEqual(await alarms(sql, at), ['unknown_status']);
  const kept = await sql`
    select status, provider_status
    from postrider.mailpiece_event
    where organization_id = ${at.organizationId}`;
  assert.deepEqual(
    kept.map((row) => ({ ...row })),
    [
      { status: null, provider_status: 'teleported' },
      { status: null, provider_status: 'teleported' },
    ],
  );
});

void test('an event that is told again is not new', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const batch = await sent(sql, at);
  const scan = event({ providerId: `id of ${batch.pieces[0]?.mailpieceId}`, status: 'in_transit' });
  assert.equal(await tell(sql, at, [scan, scan]), 1);
  assert.equal(await tell(sql, at, [scan]), 0);
});

void test('an address that mail came back from is suppressed for the whole organization, for good', async () => {
  const { sql } = rig;
  const at = await place(sql, { exclusion_window: '0' });
  // An earlier entry for the same household, which has run out since: it must not stand in the way.
  await sql`
    select postrider.suppress(
      ${at.organizationId}, p_line1 => '1 p Street', p_postal_code => '94607',
      p_expires_at => postrider.now() + interval '1 second'
    )`;
  await turnClock(sql, 2000);
  const batch = await sent(sql, at);
  await tellAll(sql, at, batch, 'delivered');
  await tellAll(sql, at, batch, 'returned');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'returned (returned)' });
  const { campaignId } = await applyCampaign(
    sql,
    at.organizationId,
    definition({ name: 'another', exclusion_window: '0' }),
  );
  const next = { ...at, campaignId };
  await syncPeople(sql, next, [
    {
      ...(people(1)[0] ?? assert.fail()),
      externalId: 'new',
      email: 'new@example.com',
      line1: '1 P ST',
    },
  ]);
  assert.deepEqual(await reasonsOf(sql, next), { new: 'blacklisted (suppressed)' });
  const [entry] = await sql`
    select value, reason, expires_at
    from postrider.suppression
    where organization_id = ${at.organizationId}`;
  assert.deepEqual([entry?.['value'], entry?.['expires_at']], ['2|US|94607|1|P|ST||||', null]);
});

void test('a card that the printer could not make is a matter for a person; tried again it is a new piece with a new key', async () => {
  const { sql } = rig;
  const at = await place(sql);
  const first = await sent(sql, at);
  await tellAll(sql, at, first, 'failed');
  assert.deepEqual(await reasonsOf(sql, at), { p0: 'error (failed_at_printer)' });
  assert.equal(await retry(sql, (await one(sql, at)).id), 'pending');
  await proofAll(sql, at);
  const second = await mailBegun(sql, at);
  assert.notEqual(second.pieces[0]?.idempotencyKey, first.pieces[0]?.idempotencyKey);
  assert.deepEqual(
    (await pieces(sql, at)).map((piece) => piece.status),
    ['failed', 'submitting'],
  );
});

void test('a webhook is stored once, and claimed by one', async () => {
  const { sql, machine } = rig;
  const at: Place = await place(sql);
  const store = async (id: string) =>
    (
      await sql`
        select postrider.receive_webhook(
          ${at.organizationId}, 'press', ${id}, ${Buffer.from('{}')}
        ) as stored`
    )[0]?.['stored'];
  assert.deepEqual([await store('d1'), await store('d1'), await store('d2')], [true, false, true]);
  const other = machine.connect(1);
  await other.begin(async (tx) => {
    const first = await tx`select id from postrider.claim_webhooks(1)`;
    const second = await sql`select id from postrider.claim_webhooks(10)`;
    assert.deepEqual([first.length, second.length], [1, 1]);
    assert.notEqual(first[0]?.['id'], second[0]?.['id']);
    await tx`select postrider.close_webhook(${at.organizationId}, ${first[0]?.['id'] as string})`;
    await tx`
      select postrider.close_webhook(
        ${at.organizationId}, ${second[0]?.['id'] as string}, 'no JSON'
      )`.catch(() => undefined);
  });
  const [row] = await sql`
    select count(*) filter (where error is null)::int as applied, max(error) as error,
      (select count(*)::int from postrider.waiting_webhook) as waiting
    from postrider.provider_event
    where organization_id = ${at.organizationId}`;
  assert.deepEqual({ ...row }, { applied: 1, error: 'no JSON', waiting: 0 });
  assert.deepEqual(await statesOf(sql, at), {});
});
