/**
 * A provider that begins to fail in the middle of a cohort: the rest of the cohort is not sent, and
 * waits for the breaker as people do who are not staged. Lob's twin has the bad days.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import { cancel, createPipeline, integrationsOf } from '@postrider/core';
import type { Printer, ProviderCall } from '@postrider/core/ports';
import { callBackCards } from '../../../packages/core/src/stages/mail/call-back.ts';
import { judge } from '../../once/judge.ts';
import { letPass, play } from '../../once/play.ts';
import type { Schedule } from '../../once/schedule.ts';
import { openWorld, type World } from '../../once/world.ts';
import { connectedPlace } from '../../sql/limits/broken.ts';
import { reasonsOf, standing } from '../../sql/rig.ts';
import { freshMachine, people, type Machine } from '../../support/machine.ts';
import { noopPorts, until } from '../rig.ts';

const PEOPLE = 30;

function quiet(atOnce: number): Schedule {
  return {
    seed: 1,
    people: PEOPLE,
    runners: 1,
    cohortSize: PEOPLE,
    atOnce,
    webhooks: null,
    arrives: false,
    twin: {},
    steps: [],
  };
}

async function counted({ sql, place }: World): Promise<Record<string, number>> {
  const rows = await sql<{ told: string; people: number }[]>`
    select concat_ws(' ', state, reason, attempt) as told, count(*)::int as people
    from postrider.recipient_state
    where organization_id = ${place.organizationId}
    group by 1
    order by 1`;
  return Object.fromEntries(rows.map(({ told, people: n }) => [told, n]));
}

async function ordersOf({ sql, connectionId }: World): Promise<number> {
  const [row] = await sql<{ n: number }[]>`
    select count(*)::int as n from postrider.provider_call
    where connection_id = ${connectionId} and route = 'POST /postcards'`;
  return row?.n ?? 0;
}

async function breakerOf(
  sql: Machine['sql'],
  { connectionId }: { readonly connectionId: string },
): Promise<string> {
  const [row] = await sql<{ state: string }[]>`
    select state from postrider.connection_health where connection_id = ${connectionId}`;
  return row?.state ?? 'none';
}

async function mailOnce(world: World): Promise<void> {
  await play(world, { do: 'mail', runners: [0], cohorts: 1, faults: [], crash: null });
  await world.runners[0]?.context.callLog.end();
}

void test('a cohort is not sent on once its provider fails: the rest waits untouched for the breaker, and goes by itself when it works again', async () => {
  await using machine = await freshMachine();
  const sql = machine.connect(3);
  await using world = await openWorld(sql, quiet(1));
  await play(world, { do: 'proof', runner: 0 });
  await world.twin.fault(
    { kind: 'slow_body', endpoint: 'create', ms: 1, count: 10 },
    { kind: 'error_before_effect', endpoint: 'create', count: 1000 },
  );
  await mailOnce(world);
  assert.equal(await ordersOf(world), 15, 'ten that worked, and five that opened it');
  const { 'proofed connection_broken 0': waiting, ...tried } = await counted(world);
  assert.equal(waiting, 15);
  // On a busy machine one of the ten may have come too late.
  assert.deepEqual(Object.keys(tried), ['sending begun 0', 'sent accepted 0']);
  assert.equal(await breakerOf(sql, world), 'open');
  const [why] = await sql`
    select why.why
    from postrider.recipient_state s
    cross join postrider.why(s.recipient_id::text, s.organization_id) as why
    where s.state = 'proofed'
    limit 1`;
  assert.match(
    String(why?.['why']),
    /provider does not answer: goes on by itself when it does\..*Next: the printer, when it answers/,
  );
  // Nobody is staged in vain.
  await mailOnce(world);
  assert.equal(await ordersOf(world), 15);
  await letPass(world);
  assert.deepEqual(await judge(world), []);
  const everybody = await standing(sql, world.place);
  assert.equal(everybody.filter(({ state }) => state === 'sent').length, PEOPLE);
});

void test('of several requests at once those under way end, and no other begins', async () => {
  await using machine = await freshMachine();
  const sql = machine.connect(3);
  await using world = await openWorld(sql, quiet(4));
  await play(world, { do: 'proof', runner: 0 });
  await world.twin.fault({ kind: 'error_before_effect', endpoint: 'create', count: 1000 });
  await mailOnce(world);
  const orders = await ordersOf(world);
  assert.ok(orders >= 5 && orders <= 8, `${orders} requests`);
  assert.deepEqual(await counted(world), {
    'proofed connection_broken 0': PEOPLE - orders,
    'sending begun 0': orders,
  });
  await letPass(world);
  assert.deepEqual(await judge(world), []);
});

void test('a card is called back although its provider has just failed', async () => {
  await using machine = await freshMachine();
  const sql = machine.connect(3);
  await using world = await openWorld(sql, quiet(1));
  await play(world, { do: 'proof', runner: 0 });
  await world.twin.fault(
    { kind: 'slow_body', endpoint: 'create', ms: 1, count: 10 },
    { kind: 'error_before_effect', endpoint: 'create', count: 1000 },
  );
  await mailOnce(world);
  assert.equal(await breakerOf(sql, world), 'open');
  const [card] = (await standing(sql, world.place)).filter(({ state }) => state === 'sent');
  await cancel(sql, card?.id ?? '');
  const [runner] = world.runners;
  assert.ok(card && runner);
  assert.equal(await callBackCards(runner.context, world.place.organizationId), 1);
  assert.equal((await reasonsOf(sql, world.place))[card.externalId], 'skipped (cancelled)');
  await letPass(world);
  assert.deepEqual(await judge(world), []);
});

/** An address at which nobody listens. */
async function deadUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}/v1`;
}

void test('a provider that takes no connection is not tried for each card of the cohort', async () => {
  await using machine = await freshMachine();
  const sql = machine.connect(3);
  await using world = await openWorld(sql, quiet(1));
  await play(world, { do: 'proof', runner: 0 });
  const { options } = (
    await sql<{ options: object }[]>`
      select options from postrider.connection where id = ${world.connectionId}`
  )[0] ?? { options: {} };
  const point = async (to: object): Promise<void> =>
    void (await sql`
      update postrider.connection set options = ${JSON.stringify(to)}::text::jsonb
      where id = ${world.connectionId}`);
  await point({ url: await deadUrl() });
  await mailOnce(world);
  assert.equal(await ordersOf(world), 5);
  assert.equal(await breakerOf(sql, world), 'open');
  // What failed before the breaker knew was proven not sent, and counts as tried.
  const told = await counted(world);
  assert.equal((told['proofed connection_broken 0'] ?? 0) >= PEOPLE - 5, true);
  await point(options);
  await letPass(world);
  assert.deepEqual(await judge(world), []);
});

const failure: Omit<ProviderCall, 'startedAt'> = {
  route: 'POST /cards',
  about: [],
  durationMs: 1,
  status: 503,
  outcome: 'answer',
  hungUp: false,
  providerRequestId: null,
  request: null,
  answer: null,
  error: null,
};

void test('an adapter that waits for no limit is not handed the next batch', async () => {
  await using machine = await freshMachine();
  const { sql } = machine;
  const at = await connectedPlace(sql, {}, people(PEOPLE));
  const whole = createNoopPrinter();
  let batches = 0;
  let cancelled: Promise<unknown> | null = null;
  const printer: Printer = {
    ...whole,
    maxBatch: 2,
    submit: async (pieces, lease, context) => {
      lease.assertMaySend();
      batches += 1;
      if (batches <= 3) return await whole.submit(pieces, lease, context);
      context.calls.record({ ...failure, startedAt: context.now() });
      // Somebody of the last batch is cancelled while the provider fails.
      const last = (await standing(sql, at)).find(({ state }) => state === 'sending');
      cancelled ??= cancel(sql, last?.id ?? '');
      await cancelled;
      return pieces.map(() => ({ outcome: 'unknown', message: 'it answered 503' }));
    },
  };
  const pipeline = createPipeline({
    sql: machine.connect(3),
    restoreWatermark: 'not kept',
    integrations: { ...integrationsOf({ ...noopPorts(), printer }) },
    settings: { beats: false, reapMs: 200, cohortSize: PEOPLE },
  });
  try {
    await pipeline.start();
    await until(async () => (await breakerOf(sql, at)) === 'open');
    await until(
      async () =>
        (await sql`select from postrider.cohort where stage = 'mail' and closed_at is null`)
          .length === 0,
    );
  } finally {
    await pipeline.stop({ timeoutMs: 2000 });
  }
  assert.equal(batches, 8, 'three that worked, and five that opened it');
  const told = Object.values(await reasonsOf(sql, at));
  const broken = told.filter((reason) => reason === 'proofed (connection_broken)').length;
  assert.equal(broken + told.filter((reason) => reason === 'skipped (cancelled)').length, 14);
  const [{ people: counted } = assert.fail('nothing was counted')] = pipeline.counts.campaigns;
  assert.ok(counted.retried >= broken, `${broken} were not sent, ${counted.retried} are counted`);
});
