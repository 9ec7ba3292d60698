/**
 * Whose card nobody scans: assumed to be there after the usual time, but not while a printer that
 * tells when it prints has not printed it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyCampaign, armPrinter } from '@postrider/core';
import { definition, syncPeople, people, type Place } from '../../support/machine.ts';
import {
  DAY,
  event,
  firstOf,
  idOf,
  mailBegun,
  place,
  proofAll,
  reasonsOf,
  sent,
  settleAll,
  sharedMachine,
  tell,
  tellAll,
  turnClock,
} from '../rig.ts';

const rig = sharedMachine();

async function assume(at: Place): Promise<void> {
  return void (await rig.sql`select postrider.assume_received(${at.organizationId})`);
}
async function whyOf(at: Place, who: string): Promise<string> {
  const [row] = await rig.sql<
    { why: string }[]
  >`select why from postrider.why(${who}, ${at.organizationId}) as why`;
  return row?.why ?? '';
}
async function stuckOf(at: Place) {
  return await rig.sql<
    { people: number; state: string; why: string; helps: string; mailpieceId: string }[]
  >`
    select people::int, state, why, what_helps as helps, mailpiece_id as "mailpieceId"
    from postrider.stuck
    where organization_id = ${at.organizationId} and state = 'sent'`;
}

/** Two cards at a printer that tells when it prints, of which it has printed the second. */
async function oneWaits(): Promise<{
  at: Place;
  waits: string;
  batch: Awaited<ReturnType<typeof sent>>;
}> {
  const at = await place(rig.sql, { assumed_after: '10 days' });
  const batch = await sent(rig.sql, at, 2);
  const [first, second] = batch.pieces;
  assert.ok(first && second);
  await tell(rig.sql, at, [event({ providerId: idOf(second), status: 'in_production' })]);
  return { at, waits: first.mailpieceId, batch };
}

void test('a card that its printer has not printed is not assumed to be there, and is named by stuck', async () => {
  const { sql } = rig;
  const { at, waits } = await oneWaits();
  await turnClock(sql, 10.5 * DAY);
  for (let minute = 0; minute < 3; minute += 1) await assume(at);
  assert.deepEqual(Object.values(await reasonsOf(sql, at)).sort(), [
    'received (assumed)',
    'sent (accepted)',
  ]);
  const [row, ...others] = await stuckOf(at);
  assert.deepEqual([row?.people, row?.mailpieceId, others], [1, waits, []]);
  assert.equal(row?.why, 'the printer press took it 10 days ago and has not printed it');
  assert.match(
    row?.helps ?? '',
    /ask the printer: it may collect cards.*select postrider\.cancel\('/,
  );
  assert.match(
    await whyOf(at, waits),
    /Next: the printer prints it; it took it at 20\d\d-.* Before that it is not assumed to be there\./,
  );
  const [face] = await sql`
    select available_at
    from postrider.recipients
    where organization_id = ${at.organizationId} and state = 'sent'`;
  assert.equal(face?.['available_at'], null);
});

void test('from the press on the usual time counts, and no longer from when the printer took the card', async () => {
  const { sql } = rig;
  const { at, batch } = await oneWaits();
  await turnClock(sql, 10.5 * DAY);
  await assume(at);
  await tellAll(sql, at, batch, 'in_production');
  assert.equal((await stuckOf(at)).length, 0);
  assert.match(
    await whyOf(at, firstOf(batch).mailpieceId),
    /Next: delivery; without any scan it is assumed at /,
  );
  await turnClock(sql, 9.5 * DAY);
  await assume(at);
  assert.deepEqual(Object.values(await reasonsOf(sql, at)).sort(), [
    'received (assumed)',
    'sent (accepted)',
  ]);
  await turnClock(sql, DAY);
  await assume(at);
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['received (assumed)']),
  );
});

void test('a card that is printed late, but before it was assumed, has its usual time too', async () => {
  const { sql } = rig;
  const { at, batch, waits } = await oneWaits();
  await turnClock(sql, 9 * DAY);
  await tellAll(sql, at, batch, 'in_production');
  const told = await whyOf(at, waits);
  await turnClock(sql, 2 * DAY);
  await assume(at);
  assert.deepEqual(Object.values(await reasonsOf(sql, at)).sort(), [
    'received (assumed)',
    'sent (accepted)',
  ]);
  assert.equal(await whyOf(at, waits), told, 'it was foretold');
  await turnClock(sql, 8.5 * DAY);
  await assume(at);
  assert.deepEqual(
    new Set(Object.values(await reasonsOf(sql, at))),
    new Set(['received (assumed)']),
  );
});

void test('a scan of a card that waited brings it in, and the printer may fail it', async () => {
  const { sql } = rig;
  const at = await place(sql, { assumed_after: '10 days' });
  const batch = await sent(sql, at, 4);
  const ids = batch.pieces.map(idOf);
  await tell(sql, at, [event({ providerId: ids[3] ?? null, status: 'in_production' })]);
  await turnClock(sql, 11 * DAY);
  await assume(at);
  assert.equal((await stuckOf(at))[0]?.people, 3);
  await tell(sql, at, [
    event({ providerId: ids[0] ?? null, status: 'delivered' }),
    event({ providerId: ids[1] ?? null, status: 'failed' }),
    event({ providerId: ids[2] ?? null, status: 'cancelled' }),
  ]);
  assert.deepEqual(Object.values(await reasonsOf(sql, at)).sort(), [
    'error (failed_at_printer)',
    'received (assumed)',
    'received (scan)',
    'skipped (cancelled)',
  ]);
  assert.equal((await stuckOf(at)).length, 0);
});

void test('where a printer tells only of scans, the usual time is all there is', async () => {
  const { sql } = rig;
  const at = await place(sql, { assumed_after: '10 days' });
  const batch = await sent(sql, at, 2);
  await tell(sql, at, [event({ providerId: idOf(firstOf(batch)), status: 'in_transit' })]);
  await turnClock(sql, 10.5 * DAY);
  await assume(at);
  assert.deepEqual(await reasonsOf(sql, at), {
    p0: 'received (assumed)',
    p1: 'received (assumed)',
  });
});

void test('many who wait at the printer keep nobody else from being assumed', async () => {
  const { sql } = rig;
  const { at } = await oneWaits();
  const { campaignId } = await applyCampaign(
    sql,
    at.organizationId,
    definition({ name: 'next', assumed_after: '10 days', exclusion_window: '0' }),
  );
  const next = { ...at, campaignId };
  await sql`select postrider.launch(${at.organizationId}, ${campaignId})`;
  await syncPeople(sql, next, people(3, 'next'));
  await proofAll(sql, next);
  const batch = await mailBegun(sql, next);
  await settleAll(sql, next, batch);
  const last = batch.pieces.at(-1);
  assert.ok(last);
  await tell(sql, next, [event({ providerId: idOf(last), status: 'in_production' })]);
  await turnClock(sql, 10.5 * DAY);
  for (let minute = 0; minute < 4; minute += 1)
    await sql`select postrider.assume_received(${at.organizationId}, 1)`;
  assert.deepEqual(Object.values(await reasonsOf(sql, next)).sort(), [
    'received (assumed)',
    'sent (accepted)',
    'sent (accepted)',
  ]);
});

void test('a printer of another kind under the same name has yet to tell that it tells when it prints', async () => {
  const { sql } = rig;
  const { at, batch } = await oneWaits();
  // While live cards are on their way, a printer is not exchanged under its name.
  await tell(
    sql,
    at,
    batch.pieces.map((piece) => event({ providerId: idOf(piece), status: 'delivered' })),
  );
  const other = {
    assumed_after: '10 days',
    integrations: {
      printer: { kind: 'mail_house' },
      renderer: { kind: 'noop' },
      image_host: { kind: 'noop' },
    },
  };
  await applyCampaign(sql, at.organizationId, definition(other));
  await armPrinter(sql, at.organizationId, 'press');
  await syncPeople(sql, at, people(2, 'n'));
  await proofAll(sql, at);
  await settleAll(sql, at, await mailBegun(sql, at));
  await turnClock(sql, 11 * DAY);
  await assume(at);
  const reasons = await reasonsOf(sql, at);
  assert.deepEqual([reasons['n0'], reasons['n1']], ['received (assumed)', 'received (assumed)']);
});
