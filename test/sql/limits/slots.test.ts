/** Slots of a route: how they are given, given back, and closed; on a clock that is turned. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { removeConnection, type ConnectionKey } from '@postrider/core';
import {
  noteLimit,
  takeSlots,
  type LateSlot,
  type TakenSlots,
} from '../../../packages/core/src/machine/limits.ts';
import type { RouteLimit } from '../../../packages/core/src/ports/index.ts';
import { worstWindow } from '@postrider/bench/worst-window';
import { pidOf, refused, sharedMachine, turnClock, waitsForLock } from '../rig.ts';
import { connected, newConnection } from '../rig/connections.ts';
import { events, postcards } from './routes.ts';

const rig = sharedMachine();
async function take(
  key: ConnectionKey,
  limit: RouteLimit,
  most: number,
  { cost = 1, unused = [] as readonly string[], late = [] as readonly LateSlot[] } = {},
): Promise<TakenSlots> {
  return await takeSlots(rig.sql, key, limit, { most, cost, unused, late });
}

function timesOf({ slots }: TakenSlots): number[] {
  return slots.map(({ at }) => Date.parse(at));
}

void test('a slice is a quarter of a second’s worth at most, and none is further away than 0.8 s', async () => {
  const key = await newConnection(rig.sql);
  const slices: TakenSlots[] = [];
  for (let n = 0; n < 12; n += 1) slices.push(await take(key, postcards, 10_000));
  for (const slice of slices) {
    const [first = 0, last = 0] = [timesOf(slice)[0], timesOf(slice).at(-1)];
    assert.ok(last - first <= 250);
    assert.ok(slice.slots.every(({ inMs }) => inMs >= 0 && inMs <= 800));
  }
  const last = slices.at(-1);
  assert.ok(last !== undefined && last.slots.length < 3 && last.againMs > 0);
});

void test('two runners never get the same slot, and a late slot still fits into the window', async () => {
  const key = await newConnection(rig.sql);
  const times: number[] = [];
  for (let turn = 0; turn < 60; turn += 1) {
    const told = await Promise.all([take(key, postcards, 100), take(key, postcards, 100)]);
    for (const { slots, lateMs } of told) {
      assert.ok(lateMs > 43 && lateMs < 45, `${lateMs}`);
      times.push(...slots.map(({ at }) => Date.parse(at)));
    }
    await turnClock(rig.sql, 250);
  }
  times.sort((a, b) => a - b);
  assert.equal(worstWindow(times, 5165), 150);
  // Two windows in a row.
  const [first = 0, last = 0] = [times[50], times[350]];
  assert.ok(300 / ((last - first) / 5000) > 0.955 * 150, `${last - first}`);
});

void test('what is given back counts for nothing any more, and is taken back once', async () => {
  const key = await newConnection(rig.sql);
  const kept = async (): Promise<number> => {
    const [row] = await rig.sql<{ slots: number }[]>`
      select cardinality(slots) as slots
      from postrider.connection_limit
      where connection_id = ${key.connectionId}`;
    return row?.slots ?? 0;
  };
  const { slots } = await take(key, postcards, 8);
  await take(key, postcards, 4);
  const unused = slots.slice(0, 5).map(({ at }) => at);
  for (const _again of [1, 2]) {
    await take(key, postcards, 0, { unused });
    assert.equal(await kept(), 7);
  }
  assert.equal((await take(key, postcards, 100, { unused })).slots.length > 5, true);
});

void test('what came late counts from when it came, also when it is long ago', async () => {
  const key = await newConnection(rig.sql);
  const arrivals: number[] = [];
  const onTheWay = new Map<string, { readonly laterMs: number; readonly cameAt: number }>();
  let now = 0;
  for (let turn = 0; turn < 120; turn += 1) {
    const late = [...onTheWay].filter(([, { cameAt }]) => cameAt <= now);
    for (const [at] of late) onTheWay.delete(at);
    const told = await take(key, postcards, 100, {
      late: late.map(([at, { laterMs }]) => ({ at, laterMs })),
    });
    now = told.nowMs + 250;
    assert.ok(told.wayMs > 87 && told.wayMs < 88, `${told.wayMs}`);
    for (const [n, { at }] of told.slots.entries()) {
      // For three seconds in six all are a second on their way, and one is longer than the window.
      const slow = turn % 24 === 7 && n === 0 ? 6000 : 1000;
      const laterMs = turn % 24 < 12 ? slow : told.wayMs;
      const cameAt = Date.parse(at) + laterMs;
      arrivals.push(cameAt);
      if (laterMs > told.wayMs) onTheWay.set(at, { laterMs, cameAt });
    }
    await turnClock(rig.sql, 250);
  }
  const worst = worstWindow(arrivals, 4999);
  assert.ok(worst > 140 && worst <= 150, `${worst}`);
});

void test('all windows of a route hold at once', async () => {
  const key = await newConnection(rig.sql);
  const times: number[] = [];
  for (let turn = 0; turn < 180; turn += 1) {
    times.push(...timesOf(await take(key, events, 100)));
    await turnClock(rig.sql, 700);
  }
  assert.ok(worstWindow(times, 1000) <= 10);
  assert.equal(worstWindow(times, 60_000), 150);
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  assert.ok(times.length / ((last - first) / 60_000) > 0.95 * 150);
});

void test('a request that counts several times has as many of its window', async () => {
  const key = await newConnection(rig.sql);
  const costly: RouteLimit = { route: 'bulk', windows: [{ requests: 10, ms: 1000 }] };
  const arrivals: number[] = [];
  for (let turn = 0; turn < 40; turn += 1) {
    const cost = [1, 4, 7][turn % 3] ?? 1;
    const told = await take(key, costly, 3, { cost });
    arrivals.push(...timesOf(told).flatMap((at) => Array.from({ length: cost }, () => at)));
    await turnClock(rig.sql, 300);
  }
  assert.ok(arrivals.length > 60);
  assert.ok(worstWindow(arrivals, 1000) <= 10);
  assert.equal((await take(key, costly, 1, { cost: 12 })).slots.length <= 1, true);
});

void test('429 closes the route for everybody, until the time told and for no slot before it', async () => {
  const key = await newConnection(rig.sql);
  await take(key, postcards, 3);
  await noteLimit(rig.sql, key, postcards, { told: null, closes: true, waitMs: 7000 });
  const closed = await take(key, postcards, 3);
  assert.deepEqual(closed.slots, []);
  assert.ok(closed.closedMs > 6500 && closed.closedMs <= 7000);
  assert.ok(closed.againMs <= closed.closedMs);
  // A later answer to an earlier request does not open it.
  await noteLimit(rig.sql, key, postcards, { told: null, closes: true, waitMs: 1000 });
  await noteLimit(rig.sql, key, postcards, { told: 150, closes: false, waitMs: null });
  await turnClock(rig.sql, 5000);
  assert.deepEqual((await take(key, postcards, 3)).slots, []);
  await turnClock(rig.sql, 2000);
  // Without a burst: that would be 29.
  const { length } = (await take(key, postcards, 100)).slots;
  assert.ok(length >= 8 && length < 20, `${length}`);
});

void test('429 without a time closes it for the longest window', async () => {
  const key = await newConnection(rig.sql);
  await noteLimit(rig.sql, key, events, { told: null, closes: true, waitMs: null });
  const { closedMs } = await take(key, events, 1);
  assert.ok(closedMs > 59_000 && closedMs <= 60_000);
});

void test('a limit that the provider tells is obeyed while it is lower than ours', async () => {
  const key = await newConnection(rig.sql);
  await noteLimit(rig.sql, key, postcards, { told: 20, closes: false, waitMs: null });
  const times: number[] = [];
  for (let turn = 0; turn < 50; turn += 1) {
    times.push(...timesOf(await take(key, postcards, 100)));
    await turnClock(rig.sql, 250);
  }
  assert.equal(worstWindow(times, 5000), 20);
  await noteLimit(rig.sql, key, postcards, { told: 9999, closes: false, waitMs: null });
  for (let turn = 0; turn < 50; turn += 1) {
    times.push(...timesOf(await take(key, postcards, 100)));
    await turnClock(rig.sql, 250);
  }
  assert.equal(worstWindow(times, 5165), 150);
});

void test('a clock that is set back does not close a route', async () => {
  const key = await newConnection(rig.sql);
  await take(key, postcards, 100);
  await turnClock(rig.sql, -3_600_000);
  const { slots } = await take(key, postcards, 100);
  assert.ok(slots.length > 0 || (await take(key, postcards, 100)).againMs < 1000);
  await turnClock(rig.sql, 2000);
  assert.ok((await take(key, postcards, 100)).slots.length > 0);
});

void test('routes, connections and organizations have limits of their own', async () => {
  const one = await newConnection(rig.sql);
  const other = await newConnection(rig.sql);
  const beside = await connected(rig.sql, one.organizationId, { name: 'lob-other' });
  for (let n = 0; n < 10; n += 1) await take(one, postcards, 100);
  const full = await take(one, postcards, 100);
  assert.ok(full.slots.length < 2);
  const elsewhere = [
    take(one, { ...postcards, route: 'GET /postcards' }, 1),
    take(beside, postcards, 1),
    take(other, postcards, 1),
  ];
  for (const { slots } of await Promise.all(elsewhere)) assert.equal(slots.length, 1);
});

void test('the clock is read after the lock: a long wait gives no slot of the past', async () => {
  const key = await newConnection(rig.sql);
  await take(key, postcards, 1);
  const [holder, waiter] = [rig.machine.connect(1), rig.machine.connect(1)];
  const pid = await pidOf(waiter);
  await holder`begin`;
  await takeSlots(holder, key, postcards, { most: 1, cost: 1, unused: [], late: [] });
  const waits = takeSlots(waiter, key, postcards, { most: 5, cost: 1, unused: [], late: [] });
  await waitsForLock(rig.sql, pid);
  await new Promise((resolve) => setTimeout(resolve, 300));
  const [released] = await holder<{ now: Date }[]>`select postrider.now()`;
  await holder`commit`;
  for (const at of timesOf(await waits)) assert.ok(at >= (released?.now.getTime() ?? 0));
});

void test('a connection that is gone has no limits', async () => {
  const key = await newConnection(rig.sql);
  await take(key, postcards, 1);
  await removeConnection(rig.sql, key);
  await refused('PR010', take(key, postcards, 1), /there is no connection/);
  const unknown = { ...key, connectionId: randomUUID() };
  const note = { told: 5, closes: false, waitMs: null };
  await refused('PR010', noteLimit(rig.sql, unknown, postcards, note));
});

void test('what is no limit is refused, and nothing is kept of it', async () => {
  const key = await newConnection(rig.sql);
  for (const windows of [
    [],
    [{ requests: 0, ms: 1000 }],
    [{ requests: 1, ms: 0 }],
    [{ requests: 1, ms: 86_400_001 }],
  ])
    await refused('PR020', take(key, { route: 'x', windows }, 1));
  await refused('PR020', take(key, postcards, -1));
  await refused('PR020', take(key, postcards, 1, { cost: 0 }));
  const rows = await rig.sql`
    select from postrider.connection_limit where connection_id = ${key.connectionId}`;
  assert.equal(rows.length, 0);
});
