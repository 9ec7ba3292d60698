/** The limiter that adapters are handed: what it reserves, forfeits and gives back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionKey } from '@postrider/core';
import type { RateLimiter, RouteLimit } from '../../../packages/core/src/ports/index.ts';
import { limiterOf, Limits } from '../../../packages/core/src/runtime/limits.ts';
import { worstWindow } from '@postrider/bench/worst-window';
import { refused, sharedMachine } from '../rig.ts';
import { newConnection } from '../rig/connections.ts';

const rig = sharedMachine();
const limit: RouteLimit = { route: 'POST /postcards', windows: [{ requests: 150, ms: 5000 }] };
const slow: RouteLimit = { route: 'GET /slow', windows: [{ requests: 2, ms: 10_000 }] };
const logger = { debug: none, info: none, warn: none, error: none };
const never = new AbortController().signal;

function none(): void {
  // Nobody reads it.
}

interface Runner {
  readonly limits: Limits;
  readonly limiter: RateLimiter;
  readonly stop: AbortController;
  readonly key: ConnectionKey;
}

function runnerOf(key: ConnectionKey, sql = rig.sql): Runner {
  const stop = new AbortController();
  const limits = new Limits(sql, logger, () => new Date());
  return { limits, stop, key, limiter: limiterOf({ limits, stopping: stop.signal }, key) };
}

async function takeAll(limiter: RateLimiter, many: number, of = limit): Promise<number[]> {
  const times: number[] = [];
  const one = async (): Promise<void> => {
    await limiter.take(of, 1, never);
    times.push(performance.now());
  };
  await Promise.all(Array.from({ length: many }, one));
  return times;
}

interface Route {
  readonly slots: number;
  readonly told_limit: number | null;
  readonly closed_ms: number | null;
}

async function routeOf({ connectionId }: ConnectionKey): Promise<Route | undefined> {
  const [row] = await rig.sql<Route[]>`
    select cardinality(slots) as slots, told_limit,
      (extract(epoch from closed_until - postrider.now()) * 1000)::int as closed_ms
    from postrider.connection_limit
    where connection_id = ${connectionId}`;
  return row;
}

async function until(is: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline;) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail('it never came');
}

void test('without a connection nothing is limited, and an abort is obeyed all the same', async () => {
  const { limits, stop } = runnerOf(await newConnection(rig.sql));
  const limiter = limiterOf({ limits, stopping: stop.signal }, null);
  assert.equal((await limiter.take(slow, 100, never)).waitedMs, 0);
  limiter.told(slow, { kind: 'exceeded', retryAfterMs: 60_000 });
  assert.equal((await limiter.take(slow, 100, never)).waitedMs, 0);
  await assert.rejects(limiter.take(slow, 1, AbortSignal.abort(new Error('gone'))), /gone/);
});

void test('forty requests cost few statements, and what is reserved beyond them is given back', async () => {
  await rig.sql.unsafe(`
    create schema counting;
    create sequence counting.statement;
    create function counting.count_statement() returns trigger language plpgsql as
      $$ begin perform nextval('counting.statement'); return null; end $$;
    create trigger counted after update on postrider.connection_limit
      for each statement execute function counting.count_statement()`);
  const { limiter, key } = runnerOf(await newConnection(rig.sql));
  await takeAll(limiter, 40);
  const [row] = await rig.sql<{ n: number }[]>`select last_value::int as n from counting.statement`;
  assert.ok((row?.n ?? 40) <= 8, `${row?.n}`);
  await until(async () => (await routeOf(key))?.slots === 40);
  await rig.sql`drop trigger counted on postrider.connection_limit`;
});

void test('an abort takes nothing: the slot is the next one’s who waits', async () => {
  const { limiter, key } = runnerOf(await newConnection(rig.sql));
  await takeAll(limiter, 1, slow);
  const gone = new AbortController();
  const waits = limiter.take(slow, 1, gone.signal);
  const next = limiter.take(slow, 1, never);
  gone.abort(new Error('the lease is lost'));
  await assert.rejects(waits, /the lease is lost/);
  assert.ok((await next).waitedMs < 5000);
  assert.equal((await routeOf(key))?.slots, 2);
});

void test('what was never sent is given back', async () => {
  const { limiter, key } = runnerOf(await newConnection(rig.sql));
  for (let n = 0; n < 6; n += 1) (await limiter.take(slow, 1, never)).end(false);
  await until(async () => (await routeOf(key))?.slots === 0);
});

void test('what was never sent is nobody’s while the route is closed', async () => {
  const { limiter } = runnerOf(await newConnection(rig.sql));
  const permit = await limiter.take(limit, 1, never);
  const closedAt = performance.now();
  limiter.told(limit, { kind: 'exceeded', retryAfterMs: 1000 });
  permit.end(false);
  await limiter.take(limit, 1, never);
  assert.ok(performance.now() - closedAt >= 1000);
});

void test('no window holds more than it allows, however long requests are on their way', async () => {
  const { limiter } = runnerOf(await newConnection(rig.sql));
  const short: RouteLimit = { route: 'POST /far', windows: [{ requests: 20, ms: 2000 }] };
  const arrivals: number[] = [];
  const way = async (ms: number): Promise<void> =>
    await new Promise((resolve) => setTimeout(resolve, ms));
  const post = async (_: unknown, n: number): Promise<void> => {
    const permit = await limiter.take(short, 1, never);
    // Half of them are half a second longer on their way than the slack of 70 ms allows.
    await way(n > 5 && n < 40 ? 600 : 30);
    arrivals.push(performance.now());
    await way(20);
    permit.end(true);
  };
  await Promise.all(Array.from({ length: 70 }, post));
  assert.ok(worstWindow(arrivals, 1990) <= 20, `${worstWindow(arrivals, 1990)}`);
});

void test('while the database is slow to answer, nothing turns round', async () => {
  const { limiter, key } = runnerOf(await newConnection(rig.sql));
  const permit = await limiter.take(limit, 1, never);
  const pause = async (ms: number): Promise<void> =>
    await new Promise((resolve) => setTimeout(resolve, ms));
  await pause(200);
  permit.end(true);
  const real = globalThis.setTimeout;
  let timers = 0;
  await rig.sql.begin(async (tx) => {
    await tx`
      select from postrider.connection_limit
      where connection_id = ${key.connectionId}
      for update`;
    const waits = limiter.take(limit, 1, AbortSignal.timeout(1800)).catch(() => undefined);
    // By now it is time to judge the first request, and the database is still asked.
    await pause(1200);
    globalThis.setTimeout = Object.assign((...args: Parameters<typeof real>) => {
      timers += 1;
      return real(...args);
    }, real);
    try {
      await waits;
    } finally {
      globalThis.setTimeout = real;
    }
  });
  assert.ok(timers < 50, `${timers} timers in half a second`);
});

void test('a stop ends every wait, and gives back what is reserved', async () => {
  const { limiter, limits, stop, key } = runnerOf(await newConnection(rig.sql));
  const takes = Array.from({ length: 60 }, async () => await limiter.take(limit, 1, never));
  await Promise.race(takes);
  stop.abort(new Error('the pipeline stops'));
  const done = await Promise.allSettled(takes);
  await limits.end();
  const sent = done.filter(({ status }) => status === 'fulfilled').length;
  assert.ok(sent > 0 && sent < 60);
  assert.equal((await routeOf(key))?.slots, sent);
});

void test('a slot that is used too late is forfeited: a process that slept sends nothing in a heap', async () => {
  const { limiter } = runnerOf(await newConnection(rig.sql));
  const granted: number[] = [];
  let wokeAt = Infinity;
  const takes = Array.from({ length: 40 }, async () => {
    await limiter.take(limit, 1, never);
    granted.push(performance.now());
    if (granted.length !== 1) return;
    // Nothing else of this process runs meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600);
    wokeAt = performance.now();
  });
  await Promise.all(takes);
  const heap = worstWindow(
    granted.filter((at) => at > wokeAt - 1),
    20,
  );
  // Those of the last 50 ms, at the pace of the start, and two more in the time.
  assert.ok(heap <= 9, `${heap}`);
});

void test('what headers tell is noted once, and a window without anything left closes the route', async () => {
  const { limiter, key } = runnerOf(await newConnection(rig.sql));
  await takeAll(limiter, 1);
  const headers = { kind: 'headers', remaining: 7, resetAt: null } as const;
  for (let n = 0; n < 30; n += 1) limiter.told(limit, { ...headers, limit: 60 });
  await until(async () => (await routeOf(key))?.told_limit === 60);
  limiter.told(limit, { ...headers, limit: 150 });
  await until(async () => (await routeOf(key))?.told_limit === 150);
  assert.equal((await routeOf(key))?.closed_ms, null);
  const resetAt = new Date(Date.now() + 3_600_000);
  limiter.told(limit, { kind: 'headers', limit: 150, remaining: 0, resetAt });
  await until(async () => (await routeOf(key))?.closed_ms !== null);
  // By a clock that is an hour ahead of ours: never longer than the window.
  assert.ok(((await routeOf(key))?.closed_ms ?? 0) <= 5000);
});

void test('429 stops the runner that met it at once, and a second is told within a second', async () => {
  const one = runnerOf(await newConnection(rig.sql));
  const other = runnerOf(one.key);
  const sent: number[] = [];
  const ends = new AbortController();
  const busy = async (limiter: RateLimiter): Promise<void> => {
    for (;;) {
      await limiter.take(limit, 1, ends.signal);
      sent.push(performance.now());
    }
  };
  const work = [one, other].flatMap(({ limiter }) => [busy(limiter), busy(limiter)]);
  await until(async () => await Promise.resolve(sent.length > 60));
  one.limiter.told(limit, { kind: 'exceeded', retryAfterMs: 2500 });
  const at = performance.now();
  await until(async () => await Promise.resolve(sent.some((when) => when > at + 2400)));
  ends.abort();
  await Promise.allSettled(work);
  assert.deepEqual(
    sent.filter((when) => when > at + 1000 && when < at + 2400),
    [],
  );
});

void test('a limit that makes no sense is told to who asks, and not asked again for ever', async () => {
  const { limiter } = runnerOf(await newConnection(rig.sql));
  await refused('PR020', limiter.take({ route: 'x', windows: [{ requests: 0, ms: 1 }] }, 1, never));
});

void test('while the database is away, who waits goes on waiting until somebody ends it', async () => {
  const away = rig.machine.connect(1);
  await away.end();
  const { limiter } = runnerOf(await newConnection(rig.sql), away);
  const late = AbortSignal.timeout(700);
  await assert.rejects(limiter.take(limit, 1, late), { name: 'TimeoutError' });
});
