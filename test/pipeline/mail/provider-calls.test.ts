/**
 * What providers were asked is kept: of whom, when, and what of it a database that is away costs.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import { createPrintShopPrinter } from '@postrider/adapters/print-shop';
import { connect } from '@postrider/core';
import type { CallContext, Printer, ProviderCall } from '@postrider/core/ports';
import { startPrintShop } from '@postrider/twins/print-shop';
import { states } from '../../support/machine.ts';
import { secret } from '../../support/secrets.ts';
import { openProxy } from '../../support/proxy.ts';
import { open, until, type Opened } from '../rig.ts';

const call: ProviderCall = {
  route: 'POST /cards',
  about: [],
  startedAt: new Date(),
  durationMs: 150,
  status: 200,
  outcome: 'answer',
  hungUp: false,
  providerRequestId: 'req_1',
  request: 'POST https://press.test/cards',
  answer: '200',
  error: null,
};

/** Accepts every card, with a call for each. */
function printer(onCall: (context: CallContext) => Promise<void> = async () => {}): Printer {
  const noop = createNoopPrinter();
  return {
    ...noop,
    async submit(pieces, lease, context) {
      for (const { reference } of pieces) {
        context.calls.record({ ...call, about: [reference.mailpieceId] });
        await onCall(context);
      }
      return await noop.submit(pieces, lease, context);
    },
    async find(pieces, context) {
      context.calls.record({ ...call, route: 'GET /cards' });
      return await noop.find(pieces, context);
    },
  };
}

async function kept(place: Opened): Promise<readonly Record<string, unknown>[]> {
  return [
    ...(await place.sql`
    select c.*, m.id as mailpiece
    from postrider.provider_calls c
    left join postrider.mailpieces m
      on m.organization_id = c.organization_id and c.about @> array[m.id::text]
    order by started_at, c.id`),
  ];
}

void test('each card has the call by which it was sent, once its cohort is settled', async () => {
  await using place = await open({ people: 120, ports: { printer: printer() } });
  await place.pipeline.start();
  await until(async () => (await states(place.sql))['sent'] === 120);
  await until(() => place.pipeline.counts.providerCalls.recorded === 120);
  const calls = await kept(place);
  assert.equal(new Set(calls.map(({ mailpiece }) => mailpiece)).size, 120);
  assert.ok(calls.every(({ who, connection_id }) => who === 'press' && connection_id === null));
  assert.deepEqual(place.pipeline.counts.providerCalls, { recorded: 120, dropped: 0 });
});

void test('an order to the print shop is kept with the cards it was for and what the shop answered, without the token', async () => {
  const token = secret(`a token of ${randomUUID()}`);
  const folder = mkdtempSync(join(tmpdir(), 'acme-calls-'));
  const shop = await startPrintShop({
    folder,
    token,
    acceptNoopArtwork: true,
    printAfterMs: 3_600_000,
    log: () => undefined,
  });
  try {
    const wiring = { baseDirectory: folder, dataDirectory: folder, secret: () => token };
    const press = createPrintShopPrinter({ url: shop.url, maxBatch: 2 }, wiring);
    await using place = await open({ people: 3, ports: { printer: press } });
    await place.pipeline.start();
    await until(async () => (await states(place.sql))['sent'] === 3);
    await place.pipeline.stop();
    const calls = await kept(place);
    const about = calls.map(({ id, mailpiece }) => `${String(id)} ${String(mailpiece)}`);
    assert.equal(new Set(about).size, 3);
    assert.ok(new Set(calls.map(({ id }) => id)).size >= 2, 'two cards an order at most');
    for (const { route, outcome, request, answer } of calls) {
      assert.deepEqual([route, outcome], ['POST /v1/pieces', 'answer']);
      assert.match(String(request), /^POST .*\/v1\/pieces\nauthorization: \[redacted\]\n/);
      assert.match(String(answer), /^20[01]\n[^]*"status":"accepted"/);
      assert.doesNotMatch(`${String(request)}${String(answer)}`, new RegExp(token));
    }
  } finally {
    await shop.stop();
    rmSync(folder, { recursive: true });
  }
});

void test('the calls of an adapter that has no connection are kept too, and nothing else of it', async () => {
  const asked: string[] = [];
  await using place = await open({
    people: 3,
    ports: {
      audience: {
        async *members(_segment, _options, context) {
          context.calls.record(call);
          await context.saved.write('cursor', 'x');
          asked.push(String(await context.saved.read('cursor')));
          yield { members: [], rejects: [], waitedMs: 0 };
        },
      },
    },
  });
  const { organizationId, campaignId } = place.place;
  await place.pipeline.sync(organizationId, campaignId, { kind: 'manual', allowDepartures: true });
  await place.pipeline.stop();
  assert.deepEqual(asked, ['null']);
  assert.deepEqual(
    (await kept(place)).map(({ who, connection_id }) => [who, connection_id]),
    [['audience', null]],
  );
});

void test('what an adapter remembers of its connection is there for the next runner', async () => {
  const seen: unknown[] = [];
  const remembering = printer(async ({ saved }) => {
    const before = await saved.read('cards');
    seen.push(before);
    await saved.write('cards', Number(before ?? 0) + 1);
  });
  await using place = await open({ people: 3, ports: { printer: remembering } });
  const { organizationId } = place.place;
  const connectionId = randomUUID();
  await place.sql`
    insert into postrider.connection (
      organization_id, id, name, provider, mode, endpoint_id, created_at)
    values (
      ${organizationId}, ${connectionId}, 'main', 'press', 'live', ${randomUUID()}, now())`;
  await place.sql`
    update postrider.printer set connection_id = ${connectionId}
    where organization_id = ${organizationId}`;
  await place.pipeline.start();
  await until(async () => (await states(place.sql))['sent'] === 3);
  await place.pipeline.stop();
  assert.deepEqual(seen, [null, 1, 2]);
  const [state] = await place.sql`select connection_id, key, value from postrider.connection_state`;
  assert.deepEqual({ ...state }, { connection_id: connectionId, key: 'cards', value: 3 });
  const calls = await kept(place);
  assert.deepEqual(
    calls.map(({ connection, who }) => [connection, who]),
    Array.from({ length: 3 }, () => ['main', 'press']),
  );
});

void test('a call that no column takes is mended, or costs itself and no other', async () => {
  const odd: readonly Partial<ProviderCall>[] = [
    { answer: `a\0b\uD800${'x'.repeat(100_000)}`, durationMs: NaN, status: 1.5 },
    { outcome: 'not_sent' },
    { startedAt: new Date(NaN) },
    { outcome: 'perhaps' as 'answer' },
    {},
  ];
  const asking = printer(async ({ calls }) => {
    for (const one of odd) calls.record({ ...call, ...one });
  });
  await using place = await open({ people: 1, ports: { printer: asking } });
  await place.pipeline.start();
  await until(async () => (await states(place.sql))['sent'] === 1);
  await place.pipeline.stop();
  const calls = await kept(place);
  assert.deepEqual(place.pipeline.counts.providerCalls, { recorded: 4, dropped: 2 });
  assert.equal(calls.length, 4);
  const mended = calls.find(({ answer }) => String(answer).startsWith('a\uFFFDb\uFFFD'));
  assert.ok(String(mended?.['answer']).length < 65_000);
  const notSent = calls.find(({ outcome }) => outcome === 'not_sent');
  assert.deepEqual([notSent?.['status'], notSent?.['answer']], [null, null]);
});

void test('a database that is away costs no memory without end: what is dropped is counted and told', async () => {
  await using proxy = await openProxy(null);
  let behind: URL | undefined;
  let asking: CallContext | undefined;
  const held = Promise.withResolvers<void>();
  const holding: Printer = {
    ...createNoopPrinter(),
    async find(pieces, context) {
      asking = context;
      await held.promise;
      return pieces.map(() => ({ outcome: 'absent' }));
    },
    timeoutMs: 60_000,
  };
  await using place = await open({
    people: 1,
    ports: { printer: holding },
    settings: { leaseMs: 120_000 },
    sql: (machine) => {
      behind = new URL(machine.url);
      proxy.lead(Number(behind.port));
      const url = new URL(machine.url);
      url.host = `127.0.0.1:${proxy.port}`;
      return connect(url.href, { max: 2 });
    },
  });
  await using _ = { [Symbol.asyncDispose]: async () => held.resolve() };
  const { organizationId, campaignId } = place.place;
  await place.sql`
    insert into postrider.mailpiece (
      organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key, request,
      status, opened_at, available_at)
    select organization_id, ${randomUUID()}, id, ${campaignId}, 'press', 'live', ${randomUUID()},
      '{}', 'unknown', now(), now()
    from postrider.recipient`;
  const asked = place.pipeline.reconcile(organizationId).catch(() => 0);
  await until(() => asking !== undefined);
  proxy.lead(null);
  proxy.cut();
  const letters = 'x'.repeat(1000);
  for (let index = 0; index < 3000; index += 1)
    asking?.calls.record({ ...call, answer: letters, about: [String(index)] });
  assert.equal(place.pipeline.counts.providerCalls.dropped, 1000);
  await until(() => place.log.some((line) => line.includes('cannot be recorded; they wait')));
  proxy.lead(Number(behind?.port));
  await until(() => place.pipeline.counts.providerCalls.recorded === 2000);
  const calls = await kept(place);
  assert.equal(new Set(calls.map(({ about }) => String(about))).size, 2000);
  const told = place.log.filter((line) => /calls? of (a )?provider/.test(line));
  assert.equal(told.filter((line) => line.includes('was not recorded')).length, 1, told.join());
  assert.ok(
    told.some((line) => line.includes('are recorded again {"dropped":1000}')),
    told.join(),
  );
  held.resolve();
  await asked;
});
