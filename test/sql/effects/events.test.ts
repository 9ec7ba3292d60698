/**
 * What an event sink hears: each status of a card that the campaign asks for, once, in whichever
 * order the printer told it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type postgres from 'postgres';
import { applyCampaign, cancel, erase, goLive, type EventStatus } from '@postrider/core';
import {
  claimEffects,
  settleEffects,
  type ClaimedEffect,
} from '../../../packages/core/src/machine/effects.ts';
import { settleCallBacks } from '../../../packages/core/src/machine/call-back.ts';
import { definition, type Place } from '../../support/machine.ts';
import {
  event,
  idOf,
  place,
  refused,
  sending,
  sent,
  settleAll,
  sharedMachine,
  tell,
  tellAll,
  turnClock,
  type Sending,
} from '../rig.ts';

const rig = sharedMachine();
const LEASE = 60_000;
const DAY = 86_400_000;
const SINK = { effects: ['event_sink'] } as const;

async function claimed(at: Place): Promise<readonly ClaimedEffect[]> {
  return await claimEffects(rig.sql, { ...at, kind: 'event_sink', limit: 100, leaseMs: LEASE });
}

async function heard(at: Place): Promise<string[]> {
  return (
    await rig.sql<{ status: string }[]>`
      select status from postrider.effect
      where organization_id = ${at.organizationId} and kind = 'event_sink'
      order by occurred_at, status`
  ).map(({ status }) => status);
}

async function toldAll(
  sql: postgres.Sql,
  at: Place,
  { pieces: [piece] }: Sending,
  events: readonly (readonly [status: string, occurredAt: string])[],
): Promise<void> {
  assert.ok(piece);
  await tell(
    sql,
    at,
    events.map(([status, occurredAt]) =>
      event({ providerId: idOf(piece), status }, { occurredAt }),
    ),
  );
}

void test('a sink hears sent, in transit, delivered and returned, each once and with the time of its first scan', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK);
  const batch = await sent(sql, at, 1);
  await toldAll(sql, at, batch, [
    ['in_production', '2030-03-01T08:00:00Z'],
    ['in_local_area', '2030-03-03T08:00:00Z'],
    ['in_transit', '2030-03-02T08:00:00Z'],
    ['in_transit', '2030-03-02T09:00:00Z'],
    ['rerouted', '2030-03-02T10:00:00Z'],
  ]);
  await toldAll(sql, at, batch, [['processed_for_delivery', '2030-03-04T08:00:00Z']]);
  await toldAll(sql, at, batch, [['delivered', '2030-03-05T08:00:00Z']]);
  await toldAll(sql, at, batch, [['delivered', '2030-03-05T09:00:00Z']]);
  await toldAll(sql, at, batch, [['returned', '2030-03-09T08:00:00Z']]);
  const events = await claimed(at);
  const [piece] = batch.pieces;
  assert.deepEqual(
    events.slice(1).map(({ key, occurredAt }) => [key, new Date(occurredAt).toISOString()]),
    [
      [`${piece?.mailpieceId}:in_transit`, '2030-03-02T08:00:00.000Z'],
      [`${piece?.mailpieceId}:delivered`, '2030-03-05T08:00:00.000Z'],
      [`${piece?.mailpieceId}:returned`, '2030-03-09T08:00:00.000Z'],
    ],
  );
  assert.equal(events[0]?.key, `${piece?.mailpieceId}:sent`);
});

void test('what comes late is one more event: a scan after the delivery, a delivery after the return', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK);
  const batch = await sent(sql, at, 1);
  for (const status of ['returned', 'delivered', 'in_transit', 'returned', 'delivered'])
    await tellAll(sql, at, batch, status);
  assert.deepEqual((await heard(at)).toSorted(), ['delivered', 'in_transit', 'returned', 'sent']);
});

void test('events that a printer told before its answer came are written with it', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK);
  const batch = await sending(sql, at);
  const [piece] = batch.pieces;
  assert.ok(piece);
  // By the printer's id alone: nobody knows yet whose it is.
  await tell(sql, at, [event({ providerId: idOf(piece), status: 'in_transit' })]);
  assert.deepEqual(await heard(at), []);
  await settleAll(sql, at, batch);
  assert.deepEqual((await heard(at)).toSorted(), ['in_transit', 'sent']);
});

void test('an event has what a sink needs, and nothing that names the person', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK);
  const batch = await sent(sql, at, 1);
  await tellAll(sql, at, batch, 'in_transit');
  const [, scan] = (await claimed(at)).toSorted((a, b) => (a.status < b.status ? 1 : -1));
  assert.ok(scan);
  const { key: _key, occurredAt: _at, acceptedAt, ...rest } = scan;
  const [piece] = batch.pieces;
  assert.ok(piece && acceptedAt !== null);
  const [row] = await sql`
    select o.name as organization
    from postrider.organization o where id = ${at.organizationId}`;
  assert.deepEqual(rest, {
    mailpieceId: piece.mailpieceId,
    kind: 'event_sink',
    status: 'in_transit',
    campaignId: at.campaignId,
    recipientId: piece.recipientId,
    attempt: 1,
    isBackfill: rest.isBackfill,
    externalId: 'p0',
    organization: row?.['organization'],
    campaign: 'spring',
    format: '4x6',
    mailClass: 'first_class',
    mode: 'live',
    printer: 'press',
    providerId: idOf(piece),
    expectedDelivery: null,
    rerouted: false,
    confidence: 'scan',
  });
  assert.doesNotMatch(JSON.stringify(scan), /example\.com|Street|Ada/);
});

void test('a campaign says which statuses its sink wants, and none that nobody knows', async () => {
  const { sql } = rig;
  const at = await place(sql, { ...SINK, event_statuses: ['delivered', 'failed'] });
  const batch = await sent(sql, at, 2);
  await tellAll(sql, at, batch, 'in_transit');
  const [first, second] = batch.pieces;
  assert.ok(first && second);
  await tell(sql, at, [event({ providerId: idOf(first), status: 'failed' })]);
  await tell(sql, at, [event({ providerId: idOf(second), status: 'delivered' })]);
  assert.deepEqual((await heard(at)).toSorted(), ['delivered', 'failed']);
  await refused(
    'PR020',
    applyCampaign(
      sql,
      at.organizationId,
      definition({ event_statuses: ['received' as EventStatus] }),
    ),
    /no event sink can be told of received/,
  );
});

void test('a card that only counts as received is no delivered one', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK);
  await sent(sql, at, 1);
  await turnClock(sql, 22 * DAY);
  const [row] = await sql`select postrider.assume_received(${at.organizationId}) as moved`;
  assert.equal(row?.['moved'], 1);
  assert.deepEqual(await heard(at), ['sent']);
});

void test('a card that the printer called back is told as cancelled where that is asked for', async () => {
  const { sql } = rig;
  const at = await place(sql, { ...SINK, event_statuses: ['sent', 'cancelled'] });
  const { pieces } = await sent(sql, at, 1);
  const [piece] = pieces;
  assert.ok(piece);
  await cancel(sql, piece.recipientId);
  for (const _ of [1, 2])
    await settleCallBacks(sql, at.organizationId, [
      { ...piece, outcome: 'cancelled', message: '' },
    ]);
  assert.deepEqual((await heard(at)).toSorted(), ['cancelled', 'sent']);
});

void test('what was older than a day when it was told first is history, and stays so', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK);
  const batch = await sent(sql, at, 1);
  await toldAll(sql, at, batch, [['delivered', '2020-03-05T08:00:00Z']]);
  const first = await claimed(at);
  assert.deepEqual(first.map(({ status, isBackfill }) => `${status} ${isBackfill}`).toSorted(), [
    'delivered true',
    'sent false',
  ]);
  await settleEffects(
    sql,
    at.organizationId,
    first.map((effect) => ({ ...effect, outcome: 'retry', message: 'busy', afterMs: 1000 })),
  );
  await turnClock(sql, 3 * DAY);
  assert.deepEqual(
    (await claimed(at)).map(({ status, isBackfill }) => `${status} ${isBackfill}`).toSorted(),
    ['delivered true', 'sent false'],
    'a repeat says the same',
  );
});

void test('late news of a test card that was put aside is no event, and a live one is', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK, 'test');
  const trial = await sent(sql, at, 1);
  await tellAll(sql, at, trial, 'in_transit');
  assert.deepEqual((await claimed(at)).map(({ status, mode }) => `${status} ${mode}`).toSorted(), [
    'in_transit test',
    'sent test',
  ]);
  await goLive(sql, at);
  await tellAll(sql, at, trial, 'delivered');
  assert.deepEqual((await heard(at)).toSorted(), ['in_transit', 'sent']);
});

void test('events of somebody who was erased have no id of theirs', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK);
  const { pieces } = await sent(sql, at, 1);
  assert.ok(pieces[0]);
  await erase(sql, pieces[0].recipientId);
  const [told] = await claimed(at);
  assert.deepEqual([told?.status, told?.externalId], ['sent', null]);
});
