import assert from 'node:assert/strict';
import { test } from 'node:test';
import postgres from 'postgres';
import { Lease, LeaseLostError, Leases } from '../src/runtime/leases.ts';
import { messageOf } from '../src/common/message-of.ts';
import { ResultWriter } from '../src/runtime/result-writer.ts';
import { Waker } from '../src/scheduling/waker.ts';
import { redacted } from '../src/runtime/work-failures.ts';

const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
async function pause(ms: number): Promise<void> {
  return await new Promise((resolve) => setTimeout(resolve, ms));
}

function pgError(code: string): Error {
  return Object.assign(new postgres.PostgresError('no'), { code });
}

void test('a lease counts from when its begin was sent, by the wall clock too', () => {
  const young = new Lease({ organizationId: 'o', cohortId: 'c' }, 1000, {
    monotonic: performance.now(),
    wall: Date.now(),
  });
  young.assertHeld();
  assert.ok(young.leftMs > 0);
  const slept = new Lease({ organizationId: 'o', cohortId: 'c' }, 1000, {
    monotonic: performance.now(),
    wall: Date.now() - 1500,
  });
  assert.throws(() => slept.assertHeld(), LeaseLostError);
  const stopped = new Lease({ organizationId: 'o', cohortId: 'c' }, 1000, {
    monotonic: performance.now() - 1500,
    wall: Date.now(),
  });
  assert.throws(() => stopped.assertHeld(), LeaseLostError);
});

void test('a lease that the database no longer has is lost at the next renewal', async () => {
  const leases = new Leases(100, async () => await Promise.resolve([]), silent);
  const lease = leases.prepare({ organizationId: 'o', cohortId: 'c' });
  leases.hold(lease);
  await pause(80);
  assert.equal(lease.signal.aborted, true);
  assert.throws(() => lease.assertHeld(), LeaseLostError);
  leases.release(lease);
});

void test('where renewals fail, the lease runs out by itself', async () => {
  const leases = new Leases(
    150,
    async () => await Promise.reject(new Error('no database')),
    silent,
  );
  const lease = leases.prepare({ organizationId: 'o', cohortId: 'c' });
  leases.hold(lease);
  assert.doesNotThrow(() => lease.assertHeld());
  await pause(250);
  assert.throws(() => lease.assertHeld(), LeaseLostError);
  leases.release(lease);
});

void test('a lease whose work is over allows no further request, however much of it is left', () => {
  const leases = new Leases(60_000, async () => await Promise.resolve([]), silent);
  const lease = leases.prepare({ organizationId: 'o', cohortId: 'c' });
  leases.hold(lease);
  lease.assertHeld();
  leases.release(lease);
  assert.throws(() => lease.assertHeld(), LeaseLostError);
});

void test('results are flushed while others are still awaited, and the last flush says that no more will come', async () => {
  const writes: [number[], boolean][] = [];
  const settler = new ResultWriter<number>({
    write: async (results, last) => await Promise.resolve(writes.push([[...results], last])),
    patienceMs: () => 1000,
    logger: silent,
  });
  settler.add([1]);
  settler.add([2]);
  await pause(150);
  assert.deepEqual(writes, [[[1, 2], false]]);
  settler.add([3]);
  await settler.end();
  assert.deepEqual(writes.at(-1), [[3], true]);
});

void test('a settle that waits for a lock is done person by person, so that one row does not block the others', async () => {
  const written: number[] = [];
  let last = false;
  const settler = new ResultWriter<number>({
    write: async (results, isLast) => {
      if (results.length > 1) throw pgError('55P03');
      written.push(...results);
      last ||= isLast;
      await Promise.resolve();
    },
    patienceMs: () => 1000,
    logger: silent,
  });
  settler.add([1, 2, 3]);
  await settler.end();
  assert.deepEqual(written, [1, 2, 3]);
  assert.equal(last, true);
});

void test('a lost connection is tried again until patience ends, and then nobody is told that it worked', async () => {
  let tries = 0;
  const settler = new ResultWriter<number>({
    write: async () => {
      tries += 1;
      if (tries < 3) throw new Error('CONNECTION_CLOSED');
      await Promise.resolve();
    },
    patienceMs: () => 60_000,
    logger: silent,
  });
  settler.add([1]);
  await settler.end();
  assert.equal(tries, 3);
});

void test('a waker runs at once, never twice at a time, and once more where it was woken meanwhile', async () => {
  let running = 0;
  let most = 0;
  let runs = 0;
  const waker = new Waker(
    'test',
    async () => {
      running += 1;
      most = Math.max(most, running);
      runs += 1;
      await pause(20);
      running -= 1;
    },
    silent,
  );
  for (let n = 0; n < 10; n += 1) waker.wake();
  while (runs < 2) await pause(5);
  await waker.stop();
  assert.equal(most, 1);
  assert.equal(runs, 2);
  waker.wake();
  assert.equal(runs, 2);
});

void test('what went wrong is said also where an error hides it, or has no words', async () => {
  const said = await fetch('http://127.0.0.1:59/').catch(messageOf);
  assert.equal(said, 'fetch failed: connect ECONNREFUSED 127.0.0.1:59');
  const both = new AggregateError([
    new Error('connect ECONNREFUSED ::1:1'),
    new Error('connect ECONNREFUSED 127.0.0.1:1'),
  ]);
  assert.equal(messageOf(both), 'connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1');
  assert.equal(messageOf(new TypeError('')), 'TypeError');
});

void test('what is kept of an error has no secrets and no e-mails, also of those that are written as JSON or in an address', () => {
  for (const [said, kept] of [
    [
      `HTTP 401: {"error":"bad","api_key":"hidden", "password": "hidden words","accessToken":"hidden"}`,
      'HTTP 401: {"error":"bad"',
    ],
    [`no login with {'password': 'hidden', user: 'shop'}`, `user: 'shop'}`],
    ['{\\"client_secret\\":\\"hidden\\",\\"code\\":7}', '\\"code\\":7}'],
    ['{"authorization":"Basic hidden","status":401}', '"status":401}'],
    ['400 for access_token=hidden&client_secret=hidden&page=2', '&page=2'],
    ['x-api-key: hidden is not known', 'is not known'],
    ['GET /people/hidden%40example.com/orders: 404', '404'],
    ['duplicate key value: 7 of 8', 'of 8'],
  ] as const) {
    const told = redacted(said);
    assert.doesNotMatch(told, /hidden/);
    assert.ok(told.includes(kept), told);
  }
});
