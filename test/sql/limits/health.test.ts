/** What a runner sees of its calls: which of them say something of the provider, and when. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionKey } from '@postrider/core';
import type { ProviderCall } from '../../../packages/core/src/ports/index.ts';
import { Health, verdictOf } from '../../../packages/core/src/runtime/health.ts';
import { place, sharedMachine } from '../rig.ts';
import { connected } from '../rig/connections.ts';

const rig = sharedMachine();
const logger = { debug: none, info: none, warn: none, error: none };

function none(): void {
  // Nobody reads it.
}

function call(over: Partial<ProviderCall>): ProviderCall {
  return {
    route: 'POST /postcards',
    about: [],
    startedAt: new Date(),
    durationMs: 1,
    status: null,
    outcome: 'answer',
    hungUp: false,
    providerRequestId: null,
    request: null,
    answer: null,
    error: null,
    ...over,
  };
}

const timeOut = call({ outcome: 'unclear', error: 'api.lob.com did not answer within 10000 ms.' });
const refused = call({ status: 422 });

async function connection(): Promise<ConnectionKey> {
  const { organizationId } = await place(rig.sql);
  return await connected(rig.sql, organizationId);
}

async function stateOf({ connectionId }: ConnectionKey): Promise<string> {
  const [row] = await rig.sql<{ state: string }[]>`
    select state from postrider.connection_health where connection_id = ${connectionId}`;
  return row?.state ?? 'none';
}

async function until(is: () => Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 20_000; performance.now() < deadline;) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail('it never came');
}

void test('time-outs, resets, refused connections and 5xx are the provider’s; refusals and 429 are not', () => {
  for (const failed of [
    timeOut,
    call({ outcome: 'not_sent', error: 'connection refused' }),
    call({ status: 500 }),
    call({ status: 503 }),
    // An answer that broke off.
    call({ status: 200, outcome: 'unclear' }),
  ])
    assert.equal(verdictOf(failed), 'failed');
  for (const status of [200, 201, 302, 400, 401, 403, 404, 409, 413, 422])
    assert.equal(verdictOf(call({ status })), 'works', `${status}`);
  for (const nothing of [
    call({ status: 429 }),
    call({ status: 408 }),
    call({ outcome: 'unclear', hungUp: true }),
    call({ outcome: 'not_sent', hungUp: true }),
  ])
    assert.equal(verdictOf(nothing), null);
});

void test('refusals open nothing, however many; five time-outs do, and an answer closes it', async () => {
  const key = await connection();
  const woken: string[] = [];
  const health = new Health(rig.sql, { logger, wake: (what) => void woken.push(what) });
  for (let n = 0; n < 30; n += 1) health.observe(key, refused);
  for (let n = 0; n < 30; n += 1) health.observe(key, call({ status: 429 }));
  await health.end();
  assert.equal(await stateOf(key), 'closed');
  for (let n = 0; n < 5; n += 1) health.observe(key, timeOut);
  await until(async () => (await stateOf(key)) === 'open');
  await until(async () => await Promise.resolve(health.isBroken(key, 0)));
  assert.deepEqual(woken, []);
  health.observe(key, refused);
  await until(async () => (await stateOf(key)) === 'closed');
  await until(async () => await Promise.resolve(!health.isBroken(key, 0)));
  assert.deepEqual(woken, ['mail']);
});

void test('five failures in a row are known before they are told; what was begun after it was heard knew better', async () => {
  const key = await connection();
  const health = new Health(rig.sql, { logger, wake: none });
  for (let n = 0; n < 4; n += 1) health.observe(key, timeOut);
  assert.equal(health.isBroken(key, 0), false);
  health.observe(key, refused);
  for (let n = 0; n < 4; n += 1) health.observe(key, timeOut);
  assert.equal(health.isBroken(key, 0), false, 'an answer between them begins anew');
  await health.told();
  assert.equal(health.isBroken(key, 0), false);
  const begunAt = performance.now();
  health.observe(key, timeOut);
  assert.equal(health.isBroken(key, begunAt), true, 'four of them are told already');
  assert.equal(await stateOf(key), 'closed');
  await health.told();
  assert.equal(await stateOf(key), 'open');
  assert.equal(health.isBroken(key, begunAt), true);
  assert.equal(health.isBroken(key, performance.now()), false);
});

void test('where another runner was answered meanwhile, what failed here opens nothing, and counts anew', async () => {
  const key = await connection();
  const [one, other] = [1, 2].map(() => new Health(rig.sql, { logger, wake: none }));
  assert.ok(one && other);
  for (let n = 0; n < 4; n += 1) one.observe(key, timeOut);
  await one.told();
  other.observe(key, refused);
  await other.told();
  one.observe(key, timeOut);
  assert.equal(one.isBroken(key, 0), true);
  await one.told();
  assert.deepEqual([one.isBroken(key, 0), await stateOf(key)], [false, 'closed']);
  one.observe(key, timeOut);
  assert.equal(one.isBroken(key, 0), false);
});

void test('failures of a runner whose calls fail alone do not add up while another one’s are answered', async () => {
  const key = await connection();
  const [one, other] = [1, 2].map(() => new Health(rig.sql, { logger, wake: none }));
  for (let round = 0; round < 4; round += 1) {
    for (let n = 0; n < 3; n += 1) one?.observe(key, timeOut);
    await one?.end();
    other?.observe(key, refused);
    await other?.end();
  }
  assert.equal(await stateOf(key), 'closed');
});

void test('without a connection nothing is kept', async () => {
  const health = new Health(rig.sql, { logger, wake: none });
  const { organizationId } = await connection();
  for (let n = 0; n < 9; n += 1) {
    health.observe(null, timeOut);
    health.observe({ organizationId, connectionId: null }, timeOut);
  }
  await health.end();
  assert.equal(health.isBroken(null, 0), false);
});
