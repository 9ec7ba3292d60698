/**
 * A printer that keeps us waiting: what it may take is known before it is sent anything, and what
 * it was sent is heard to its end.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNoopPrinter } from '@postrider/adapters/noop';
import type { PieceRequest, Printer, SubmitResult } from '@postrider/core/ports';
import { open, until } from '../rig.ts';

function printerWith(over: Partial<Printer>): Printer {
  return { ...createNoopPrinter(), ...over };
}

async function lost(pieces: readonly PieceRequest[]): Promise<SubmitResult[]> {
  return await Promise.resolve(
    pieces.map((): SubmitResult => ({ outcome: 'unknown', message: 'it was sent' })),
  );
}

void test('a printer that may take longer than the lease is sent nothing, and people are told why', async () => {
  let asked = 0;
  const printer = printerWith({
    timeoutMs: 10_000,
    submit: async (pieces) => {
      asked += 1;
      return await Promise.resolve(
        pieces.map((): SubmitResult => ({ outcome: 'unknown', message: 'it was sent' })),
      );
    },
  });
  await using place = await open({ people: 3, ports: { printer }, settings: { leaseMs: 10_000 } });
  await place.pipeline.start();
  const waiting = async () =>
    await place.sql<
      { detail: string }[]
    >`select detail from postrider.recipient_state where state = 'proofed' and reason = 'retry'`;
  await until(async () => asked > 0 || (await waiting()).length === 3);
  assert.equal(asked, 0);
  assert.match(
    (await waiting())[0]?.detail ?? '',
    /printer press may take 10000 ms, and the runner's lease is 10000 ms.*timeoutMs is shorter/,
  );
});

void test('a time-out that is no number is no time-out', async () => {
  await using place = await open({
    people: 1,
    ports: { printer: printerWith({ timeoutMs: Number.NaN }) },
  });
  await place.pipeline.start();
  await until(
    async () =>
      (
        await place.sql`
          select from postrider.recipient_state where state = 'proofed' and reason = 'retry'`
      ).length === 1,
  );
});

void test('how long a slow printer must rest is in the database before it is sent anything, and a reaper keeps to it', async () => {
  const known: (number | null)[] = [];
  const printer = printerWith({
    timeoutMs: 50_000,
    readLagMs: 20_000,
    submit: async () => {
      const [row] = await place.sql<
        { quiet: number | null }[]
      >`select extract(epoch from quiet)::int as quiet from postrider.printer`;
      known.push(row?.quiet ?? null);
      // The runner dies here, as far as anybody else can see.
      return await new Promise(() => undefined);
    },
  });
  await using place = await open({ people: 1, ports: { printer } });
  await place.pipeline.start();
  await until(() => known.length === 1);
  assert.deepEqual(known, [71]);
  await place.sql`
    update postrider.cohort
    set lease_until = postrider.now() - interval '1 second', runner_id = gen_random_uuid()
    where stage = 'mail'`;
  const rests = async () =>
    await place.sql<{ seconds: number }[]>`
      select extract(epoch from available_at - postrider.now())::int as seconds
      from postrider.mailpiece
      where status = 'unknown'`;
  await until(async () => (await rests()).length === 1);
  const [{ seconds } = { seconds: 0 }] = await rests();
  assert.ok(seconds > 60 && seconds <= 71, `${seconds} s`);
  await place.pipeline.stop({ timeoutMs: 100 });
});

void test('a request under way is heard to its end although its lease is lost: the card counts as sent by what the printer said', async () => {
  let sent = false;
  let cut = false;
  const answer = Promise.withResolvers<void>();
  const inner = createNoopPrinter();
  const printer = printerWith({
    submit: async (pieces, lease, context) => {
      lease.assertMaySend();
      sent = true;
      context.signal.addEventListener('abort', () => {
        cut = true;
        answer.resolve();
      });
      await answer.promise;
      // What an adapter has to say whose request was ended.
      if (cut) return pieces.map((): SubmitResult => ({ outcome: 'unknown', message: 'hung up' }));
      return await inner.submit(pieces, { assertMaySend: () => undefined }, context);
    },
  });
  await using place = await open({ people: 1, ports: { printer }, settings: { leaseMs: 2000 } });
  await place.pipeline.start();
  await until(() => sent);
  await place.sql`
    update postrider.cohort
    set lease_until = postrider.now() - interval '1 second', runner_id = gen_random_uuid()
    where stage = 'mail'`;
  await until(() => place.log.some((line) => line.startsWith('the lease is lost')));
  // Long enough for whatever listens to a lost lease.
  await sleep(100);
  answer.resolve();
  await until(
    async () =>
      cut ||
      (await place.sql`select from postrider.mailpiece where status = 'accepted'`).length === 1,
  );
  const history = await place.sql<
    { reason: string }[]
  >`select reason from postrider.recipient_event where to_state = 'sent'`;
  assert.deepEqual(
    history.map(({ reason }) => reason),
    ['accepted'],
  );
  assert.equal(cut, false);
});

void test('a printer that cannot be made keeps nobody from being asked for at another', async () => {
  const good = createNoopPrinter();
  const asked: string[] = [];
  const find: Printer['find'] = async (pieces) => {
    asked.push(...pieces.map(({ reference }) => reference.recipientId));
    return await Promise.resolve(
      pieces.map(() => ({ outcome: 'found' as const, providerId: 'found' })),
    );
  };
  await using place = await open({
    people: 2,
    integrations: {
      printer: async ({ name }) =>
        name === 'press'
          ? await Promise.reject(new Error('its secret is not set'))
          : await Promise.resolve({ ...good, find }),
    },
  });
  const { sql } = place;
  const { organizationId, campaignId } = place.place;
  await sql`
    insert into postrider.printer (organization_id, name, kind)
    values (${organizationId}, 'zebra', 'noop')`;
  const ids = await sql<
    { id: string }[]
  >`select recipient_id as id from postrider.recipient_state order by 1`;
  for (const [index, { id }] of ids.entries()) {
    const printer = index === 0 ? 'press' : 'zebra';
    await sql`
      insert into postrider.mailpiece (organization_id, id, recipient_id, campaign_id, printer_name,
        mode, idempotency_key, request, status,
        opened_at, available_at)
      values (${organizationId}, gen_random_uuid(), ${id}, ${campaignId}, ${printer}, 'live',
        gen_random_uuid(), '{}', 'unknown', now(), now())`;
  }
  await place.pipeline.reconcile(organizationId);
  assert.deepEqual(asked, [ids[1]?.id]);
  const rests = await sql<{ printer_name: string; told_nothing: number; later: boolean }[]>`
    select printer_name, told_nothing, available_at > now() as later
    from postrider.mailpiece
    where status = 'unknown'`;
  assert.deepEqual([...rests], [{ printer_name: 'press', told_nothing: 0, later: true }]);
});

void test('a printer that hangs while it is made keeps nobody who asks about its cards, cancels them or brings its webhooks', async () => {
  let hangs = false;
  const integrations = {
    printer: async () =>
      hangs
        ? await new Promise<never>(() => undefined)
        : await Promise.resolve(printerWith({ submit: lost })),
  };
  await using place = await open({
    people: 2,
    integrations,
    settings: { adapterTimeoutMs: 100, quietMs: 100 },
  });
  await place.pipeline.start();
  await until(
    async () =>
      (await place.sql`select from postrider.mailpiece where status = 'unknown'`).length === 2,
  );
  hangs = true;
  const { organizationId } = place.place;
  const silent = /nothing was heard of the maker of printer press for 100 ms/;
  const [asked] = await place.pipeline.reconcileSince(organizationId, new Date(0));
  assert.equal(asked?.outcome, 'not_asked');
  assert.match(asked.message ?? '', silent);
  await place.sql`update postrider.mailpiece set available_at = postrider.now()`;
  await place.pipeline.reconcile(organizationId);
  assert.match(
    place.log.join('\n'),
    /could not be asked about unknown pieces.*nothing was heard of the maker of printer press/,
  );
  await assert.rejects(
    place.pipeline.receiveWebhook(organizationId, 'press', {
      url: '/',
      headers: {},
      body: Buffer.from('{}'),
    }),
    silent,
  );
});
