/**
 * Klaviyo that is down for days, and a key that is not taken: nothing is lost, nothing else waits,
 * it is seen, and each event comes once. The twin is a process, and it is killed.
 */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { klaviyoAccount } from '@postrider/adapters/klaviyo';
import {
  askAccount,
  Connections,
  replayEvents,
  switchOnSink,
  type ConnectionKey,
} from '@postrider/core';
import { klaviyoTwinClient, spawnKlaviyo, type KlaviyoOptions } from '@postrider/twins/klaviyo';
import { noteHealth } from '../../../packages/core/src/machine/health.ts';
import { noteLimit } from '../../../packages/core/src/machine/limits.ts';
import { DAY, sent, tellAll, turnClock } from '../../sql/rig.ts';
import { people, type Machine, type Place } from '../../support/machine.ts';
import { secretsIn, tablesWith } from '../../support/secrets.ts';
import { alarms } from '../house/failing-work.ts';
import { KEY, klaviyoWorld } from './klaviyo-world.ts';

const HOUR = 3_600_000;

async function klaviyo(t: TestContext, options: Partial<KlaviyoOptions> = {}) {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'klaviyo-')));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const child = await spawnKlaviyo({
    folder,
    keys: [KEY],
    accountBurst: 0,
    accountSteady: 0,
    log: () => undefined,
    ...options,
  });
  t.after(() => child.kill());
  return { child, folder, url: child.url, twin: klaviyoTwinClient(child.url, KEY) };
}

async function states(sql: Machine['sql'], { campaignId }: Place): Promise<Record<string, number>> {
  const rows = await sql<{ state: string; many: number }[]>`
    select state, count(*)::int as many
    from postrider.effect
    where campaign_id = ${campaignId}
    group by 1`;
  return Object.fromEntries(rows.map(({ state, many }) => [state, many]));
}

async function breaker(sql: Machine['sql'], { organizationId }: Place): Promise<string> {
  const [row] = await sql<{ state: string }[]>`
    select state from postrider.connection_health
    where organization_id = ${organizationId}`;
  return row?.state ?? 'closed';
}

void test('Klaviyo that is down for days loses nothing, keeps nobody waiting, is seen, and hears each event once', async (t) => {
  const first = await klaviyo(t);
  await using world = await klaviyoWorld();
  const { sql, context } = world.at;
  const shop = await world.campaign('Down', first.url);
  const batch = await sent(sql, shop, people(30));
  // The answer to a bulk request is lost, and with it the process.
  await first.twin.fault({ kind: 'silence_after_effect', endpoint: 'bulk' });
  const killed = world.work(shop);
  for (let asked = 0; asked === 0; asked = (await first.twin.ledger()).length)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await first.child.kill();
  await killed;
  for (let round = 0; round < 20; round += 1) {
    await world.work(shop);
    await context.health.end();
    if (round % 5 === 0) await world.probe();
    await turnClock(sql, 4 * HOUR);
  }
  await tellAll(sql, shop, batch, 'delivered');
  assert.deepEqual(await states(sql, shop), { waiting: 60 });
  assert.notEqual(await breaker(sql, shop), 'closed');
  const up = await klaviyo(t);
  const other = await world.campaign('Up', up.url);
  await sent(sql, other, people(2, 'u'));
  await world.work(other);
  assert.deepEqual(await states(sql, other), { done: 2 });
  const seen = await sql<{ verdict: string; message: string }[]>`
    select verdict, message from postrider.doctor('connections')`;
  assert.match(JSON.stringify(seen), /klaviyo.*(not answer|does not work|fails|cannot be reached)/);
  const second = await klaviyo(t, { folder: first.folder, port: first.child.port });
  for (let round = 0; round < 5; round += 1) {
    await world.probe();
    await world.work(shop);
    await turnClock(sql, HOUR);
  }
  assert.deepEqual(await states(sql, shop), { done: 60 });
  const ledger = await second.twin.ledger();
  assert.equal(ledger.length, 60);
  assert.equal(new Set(ledger.map(({ uniqueId }) => uniqueId)).size, 60);
  assert.ok(
    ledger.every(({ changed }) => changed.length === 0),
    'no profile was changed',
  );
  // The printer told of months ago; what was told late for our own sake is no history.
  for (const { metric, backfill } of ledger)
    assert.equal(backfill, metric === 'Direct Mail Delivered', metric);
  assert.equal(await breaker(sql, shop), 'closed');
  assert.deepEqual(await alarms(sql), []);
});

void test('a key that is not taken switches the sink off with one alarm, and nothing is lost', async (t) => {
  const { url, twin } = await klaviyo(t);
  await using world = await klaviyoWorld();
  const { sql } = world.at;
  const shop = await world.campaign('Refused', url);
  const batch = await sent(sql, shop, people(3));
  await twin.fault({ kind: 'expired_key', count: 1000 });
  for (let day = 0; day < 3; day += 1) {
    await world.work(shop);
    await turnClock(sql, DAY);
  }
  assert.equal((await twin.requests()).length, 3, 'whatever is sent next fares alike: not sent');
  const raised = await sql<{ kind: string; meaning: string }[]>`
    select kind, meaning from postrider.alarms where organization_id = ${shop.organizationId}`;
  assert.equal(raised.length, 1, JSON.stringify(raised));
  assert.match(raised[0]?.meaning ?? '', /401 authentication_failed/);
  await tellAll(sql, shop, batch, 'delivered');
  await twin.clearFaults();
  await switchOnSink(sql, shop);
  await world.work(shop);
  assert.deepEqual(await states(sql, shop), { done: 6 });
  assert.equal((await twin.ledger()).length, 6);
});

void test('calls are kept by the connection, without the key and without a name', async (t) => {
  const { url } = await klaviyo(t);
  await using world = await klaviyoWorld();
  const { sql, context } = world.at;
  const shop = await world.campaign('Kept', url);
  await sent(sql, shop, people(30));
  await world.work(shop);
  await context.callLog.end();
  const calls = await sql<{ route: string; status: number; request: string }[]>`
    select route, status, request from postrider.provider_call
    where organization_id = ${shop.organizationId}`;
  assert.deepEqual(
    calls.map(({ route, status }) => [route, status]),
    [['POST /api/event-bulk-create-jobs', 202]],
  );
  const limits = await sql<{ route: string }[]>`
    select route from postrider.connection_limit where organization_id = ${shop.organizationId}`;
  assert.deepEqual(
    limits.map(({ route }) => route),
    ['POST /api/event-bulk-create-jobs'],
  );
  assert.doesNotMatch(JSON.stringify([...calls]), new RegExp(`${KEY}|Ada|@example`));
});

void test('a key that Klaviyo quotes when it refuses an event or the account stands in no table and no log', async (t) => {
  const { url, twin } = await klaviyo(t);
  await using world = await klaviyoWorld();
  const { sql, context, errors, infos } = world.at;
  const shop = await world.campaign('Quoted', url, { atOnce: 1, bulkFrom: 0 });
  await sent(sql, shop, people(2));
  const written = `${KEY}, ${Buffer.from(KEY).toString('base64')}`;
  await twin.fault(
    { kind: 'refusal', code: 'invalid', message: `Odd: ${written}` },
    { kind: 'refusal', code: 'authentication_failed', message: `Not valid: ${written}` },
  );
  await world.work(shop);
  await context.callLog.end();
  const [failed] = await sql<{ error: string }[]>`
    select error from postrider.effect where state = 'failed'`;
  assert.match(failed?.error ?? '', /Odd: \[redacted\], \[redacted\]/);
  const raised = await sql<{ meaning: string }[]>`
    select meaning from postrider.alarms where organization_id = ${shop.organizationId}`;
  assert.match(raised.map(({ meaning }) => meaning).join('\n'), /Not valid: \[redacted\]/);
  assert.deepEqual(await tablesWith(sql, [KEY]), []);
  assert.deepEqual(secretsIn(JSON.stringify([errors(), infos()]), [KEY]), []);
});

void test('events that are told anew go singly, as whatever was told before, and count once', async (t) => {
  const { url, twin } = await klaviyo(t);
  await using world = await klaviyoWorld();
  const { sql } = world.at;
  const shop = await world.campaign('Anew', url);
  await sent(sql, shop, people(30));
  await world.work(shop);
  assert.equal((await twin.requests('bulk')).length, 1);
  // Twice, before a runner comes: the second time nothing says any more when it was told first.
  for (let time = 0; time < 2; time += 1)
    assert.equal(await replayEvents(sql, shop, { since: new Date(0) }), 30);
  await sent(sql, shop, people(30, 'n'));
  await world.work(shop);
  const bulk = await twin.requests('bulk');
  assert.equal(bulk.length, 2, 'what is new goes in bulk');
  assert.equal((await twin.requests('event')).length, 30);
  assert.deepEqual(await states(sql, shop), { done: 60 });
  assert.equal((await twin.ledger()).length, 60);
});

void test('a probe of a runner takes from the limit that all share, and is kept as a call', async (t) => {
  const { url, twin } = await klaviyo(t);
  await using world = await klaviyoWorld();
  const { sql, context } = world.at;
  const shop = await world.campaign('Probed', url);
  const [key] = await sql<ConnectionKey[]>`
    select organization_id as "organizationId", id as "connectionId" from postrider.connection`;
  assert.ok(key !== undefined);
  const breaks = { ...key, works: false, failures: 5, cause: 'it did not answer' };
  await noteHealth(sql, [breaks]);
  await turnClock(sql, 300_000);
  await world.probe();
  await context.callLog.flush();
  assert.equal(await breaker(sql, shop), 'closed');
  const calls = await sql<{ who: string; route: string; status: number; request: string }[]>`
    select who, route, status, request from postrider.provider_call`;
  assert.deepEqual(
    calls.map(({ who, route, status }) => [who, route, status]),
    [['connection', 'GET /api/accounts', 200]],
  );
  const limits = await sql`select from postrider.connection_limit`;
  assert.equal(limits.length, 1);
  // While the route is closed, it is not asked: nobody knows whether it works.
  const limit = { route: 'GET /api/accounts', windows: [{ requests: 1, ms: 1000 }] };
  await noteLimit(sql, key, limit, { told: null, closes: true, waitMs: 3_600_000 });
  await noteHealth(sql, [breaks]);
  await turnClock(sql, 300_000);
  await world.probe();
  assert.equal((await twin.requests('account')).length, 1);
  assert.notEqual(await breaker(sql, shop), 'open');
  // A person who asks waits for no limit, and leaves a record all the same.
  const connection = await new Connections(sql, () => KEY).of(key.organizationId, key.connectionId);
  const kept = { sql, connectionId: key.connectionId };
  await askAccount({ kind: klaviyoAccount, connection, timeoutMs: 10_000, kept });
  const [row] = await sql<{ calls: number }[]>`
    select count(*)::int as calls from postrider.provider_call where who = 'connection'`;
  assert.equal(row?.calls, 2);
});
