/** A sink of which nothing works, and what a person does about it: switch on, tell anew. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replayEvents, retryEffects, switchOnSink } from '@postrider/core';
import {
  claimEffects,
  dueEffects,
  settleEffects,
  type ClaimedEffect,
  type EffectSettlement,
} from '../../../packages/core/src/machine/effects.ts';
import { readyWork } from '../../../packages/core/src/machine/waiting.ts';
import type { Place } from '../../support/machine.ts';
import { DAY, place, refused, sent, sharedMachine, tellAll, turnClock, type Rig } from '../rig.ts';

const rig = sharedMachine();
const SINK = { effects: ['event_sink'] } as const;

async function claimed(at: Place): Promise<readonly ClaimedEffect[]> {
  return await claimEffects(rig.sql, { ...at, kind: 'event_sink', limit: 100, leaseMs: 60_000 });
}
async function answer(
  at: Place,
  effects: readonly ClaimedEffect[],
  as: Pick<EffectSettlement, 'outcome' | 'message' | 'afterMs'>,
): Promise<void> {
  const results = effects.map((effect) => ({ ...effect, ...as }));
  await settleEffects(rig.sql, at.organizationId, results, 5 * DAY);
}
async function alarms(sql: Rig['sql'], at: Place): Promise<string[]> {
  return (
    await sql<{ kind: string }[]>`
      select kind from postrider.alarms where organization_id = ${at.organizationId}`
  ).map(({ kind }) => kind);
}
async function waiting(at: Place): Promise<Record<string, unknown>[]> {
  return [
    ...(await rig.sql`
      select w.people::int as events, w.why, w.failing
      from postrider.waiting_work() w
      join postrider.organizations o on o.name = w.organization
      where o.id = ${at.organizationId} and w.state = 'effect event_sink'`),
  ].map((row) => ({ ...row }));
}
const busy = { outcome: 'retry', message: 'the endpoint answers 503', afterMs: 3_600_000 } as const;

void test('a sink of which nothing worked for five days is switched off with one alarm, and loses nothing', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK);
  const batch = await sent(sql, at, 2);
  for (let day = 0; day < 5; day += 1) {
    await answer(at, await claimed(at), busy);
    assert.deepEqual(await alarms(sql, at), [], `day ${day}`);
    await turnClock(sql, DAY);
  }
  await answer(at, await claimed(at), busy);
  assert.deepEqual(await alarms(sql, at), ['effects_off']);
  const [alarm] = await sql`
    select meaning, what_helps from postrider.alarms where organization_id = ${at.organizationId}`;
  assert.match(String(alarm?.['meaning']), /event sink is switched off.*answers 503/);
  assert.match(String(alarm?.['what_helps']), /switch_on_sink/);
  // It is not asked any more; what happens to its cards is written all the same.
  await turnClock(sql, DAY);
  await tellAll(sql, at, batch, 'delivered');
  assert.deepEqual(await claimed(at), []);
  const due = await dueEffects(sql, at.organizationId);
  assert.deepEqual(
    due.filter(({ kind }) => kind === 'event_sink'),
    [],
  );
  assert.equal((await readyWork(sql)).effects, 0, 'nothing can move, so nobody waits for it');
  assert.deepEqual(await waiting(at), [
    { events: 4, why: 'switched off [the endpoint answers 503]', failing: true },
  ]);
  const [work] = await sql`select verdict, message from postrider.doctor('work')`;
  assert.equal(work?.['verdict'], 'bad');
  assert.match(String(work?.['message']), /event sink of campaign spring, which is switched off,/);
  assert.equal(await switchOnSink(sql, at), 4);
  assert.deepEqual(await alarms(sql, at), []);
  assert.equal((await claimed(at)).length, 4);
  await refused('PR017', switchOnSink(sql, at), /no event sink of this campaign is switched off/);
});

void test('one answer in five days is enough, and what had waited for it comes at once', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK);
  await sent(sql, at, 3);
  await answer(at, await claimed(at), busy);
  await turnClock(sql, 4 * DAY);
  const [first, ...others] = await claimed(at);
  assert.ok(first);
  await answer(at, others, { ...busy, afterMs: DAY });
  await answer(at, [first], { outcome: 'done' });
  assert.equal((await claimed(at)).length, 2, 'not a day later');
  await turnClock(sql, 2 * DAY);
  await answer(at, await claimed(at), busy);
  assert.deepEqual(await alarms(sql, at), [], 'the days begin anew');
});

void test('days in which no runner was there to try are no days in which nothing worked', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK);
  await sent(sql, at, 2);
  await answer(at, await claimed(at), busy);
  await turnClock(sql, 6 * DAY);
  await answer(at, await claimed(at), busy);
  assert.deepEqual(await alarms(sql, at), []);
});

void test('a sink that refuses is switched off at once, and no attempt is counted', async () => {
  const { sql } = rig;
  const at = await place(sql, SINK);
  await sent(sql, at, 2);
  const events = await claimed(at);
  await answer(at, events, { outcome: 'refused', message: 'the endpoint is gone (410)' });
  assert.deepEqual(await alarms(sql, at), ['effects_off']);
  await switchOnSink(sql, at);
  assert.deepEqual(
    (await claimed(at)).map(({ key, attempt }) => [key, attempt]),
    events.map(({ key }) => [key, 1]),
  );
});

void test('a meter is never switched off', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter'] });
  await sent(sql, at, 1);
  for (let day = 0; day < 9; day += 1) {
    const charges = await claimEffects(sql, {
      ...at,
      kind: 'usage_meter',
      limit: 10,
      leaseMs: 60_000,
    });
    assert.equal(charges.length, 1);
    await settleEffects(
      sql,
      at.organizationId,
      charges.map((charge) => ({ ...charge, ...busy })),
    );
    await turnClock(sql, DAY);
  }
  assert.deepEqual(await alarms(sql, at), []);
});

void test('events are told anew by card, since a time, and where they failed; a charge never is', async () => {
  const { sql } = rig;
  const at = await place(sql, { effects: ['usage_meter', 'event_sink'] });
  const batch = await sent(sql, at, 2);
  const events = await claimed(at);
  const [one, other] = events;
  assert.ok(one && other);
  await answer(at, [one], { outcome: 'done' });
  await answer(at, [other], { outcome: 'failed', message: 'too large' });
  await refused('PR020', replayEvents(sql, at, {}), /say which events/);
  assert.equal(await replayEvents(sql, at, { failed: true }), 1);
  assert.deepEqual(await alarms(sql, at), [], 'nothing is failed any more');
  assert.deepEqual(
    (await claimed(at)).map(({ key, attempt }) => [key, attempt]),
    [[other.key, 2]],
  );
  assert.equal(await replayEvents(sql, at, { mailpieceId: one.mailpieceId }), 1);
  assert.equal(await replayEvents(sql, at, { since: new Date('2100-01-01') }), 0);
  assert.equal(await replayEvents(sql, at, { since: new Date('2020-01-01') }), 2);
  await turnClock(sql, 2 * DAY);
  assert.deepEqual(
    (await claimed(at)).map(({ isBackfill }) => isBackfill),
    [true, true],
    'told anew two days later it is history',
  );
  assert.equal(batch.pieces.length, 2);
  assert.equal(await retryEffects(sql, at.organizationId), 0);
});
