/** Few connections, and connections that are lost. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createNoopPrinter } from '@postrider/adapters/noop';
import { connect, createPipeline, integrationsOf } from '@postrider/core';
import type { Printer } from '@postrider/core/ports';
import { startHttp } from '@postrider/runner';
import { states } from '../../support/machine.ts';
import { noopPorts, open, until, type Opened } from '../rig.ts';

function forgetful(): undefined {
  return undefined;
}
const quiet = { debug: forgetful, info: forgetful, warn: forgetful, error: forgetful };

/** Whose webhooks are lists of mailpieces that were delivered. */
const talking: Printer = {
  ...createNoopPrinter(),
  verifyWebhook: ({ body }) => ({
    valid: true,
    deliveryId: createHash('sha256').update(body).digest('hex'),
  }),
  parseWebhook: (body) =>
    (JSON.parse(Buffer.from(body).toString()) as string[]).map((mailpieceId) => ({
      eventId: `${mailpieceId} delivered`,
      providerId: null,
      mailpieceId,
      organizationId: null,
      status: 'delivered',
      providerStatus: 'delivered',
      occurredAt: new Date().toISOString(),
      confidence: 'scan',
    })),
};

void test('one connection is enough, from pending to received by webhook', async () => {
  await using place = await open({
    people: 5,
    ports: { printer: talking },
    settings: { beats: true },
    sql: (machine) => machine.connect(1),
  });
  const { sql, pipeline } = place;
  await pipeline.start();
  await until(async () => (await states(sql))['sent'] === 5);
  const pieces = await sql<{ id: string }[]>`select id from postrider.mailpiece`;
  for (const { id } of pieces) {
    const reception = await pipeline.receiveWebhook(place.place.organizationId, 'press', {
      url: '/',
      headers: {},
      body: Buffer.from(JSON.stringify([id])),
    });
    assert.equal(reception.outcome, 'stored');
  }
  await until(async () => (await states(sql))['received'] === 5);
});

/** A webhook that a runner has to read, by a printer that it makes for it. */
async function storeUnread({ sql, place }: Opened): Promise<void> {
  await sql`
    select postrider.receive_webhook(
      ${place.organizationId}, 'press', 'one', '["00000000-0000-4000-8000-000000000001"]'::bytea)`;
}

void test('a printer that asks the database while it is made is made outside the transaction that applies its webhooks', async () => {
  await using place: Opened = await open({
    people: 1,
    sql: (machine) => machine.connect(1),
    integrations: {
      printer: async () => {
        await place.client`select 'its options'`;
        return talking;
      },
    },
  });
  await storeUnread(place);
  await place.pipeline.start();
  await until(
    async () =>
      (
        await place.sql`
          select from postrider.provider_event
          where id not in (select id from postrider.waiting_webhook)`
      ).length > 0,
  );
});

void test('a connection that is lost while a printer is made says nothing about the webhook: it is applied later', async () => {
  let made = 0;
  await using place: Opened = await open({
    people: 0,
    sql: (machine) => machine.connect(2),
    integrations: {
      printer: async () => {
        made += 1;
        if (made === 1) await place.client`select pg_terminate_backend(pg_backend_pid())`;
        return talking;
      },
    },
  });
  await storeUnread(place);
  await place.pipeline.start();
  await until(
    async () =>
      (
        await place.sql`
          select from postrider.provider_event
          where id not in (select id from postrider.waiting_webhook)`
      ).length > 0,
  );
  assert.ok(made >= 2);
  assert.deepEqual(
    place.log.filter((line) => line.startsWith('a webhook could not be applied')),
    [],
  );
});

void test('a client without a connection is refused, whichever of the two it is', async () => {
  await using place = await open({ people: 0 });
  const none = place.machine.connect(0);
  const integrations = integrationsOf(noopPorts());
  const restoreWatermark = 'not kept';
  const refusal = /needs at least one connection.*has a max of 0/;
  assert.throws(() => createPipeline({ sql: none, integrations, restoreWatermark }), refusal);
  assert.throws(
    () => createPipeline({ sql: place.sql, queueSql: none, integrations, restoreWatermark }),
    refusal,
  );
});

void test('an address that no printer can have is not found, and no error', async () => {
  await using place = await open({ people: 0, ports: { printer: talking } });
  const errors: string[] = [];
  const http = await startHttp({
    host: '127.0.0.1',
    port: 0,
    sql: place.sql,
    pipeline: place.pipeline,
    logger: { ...quiet, error: (_fields, message) => void errors.push(message) },
    isReady: () => true,
  });
  const { organizationId } = place.place;
  for (const path of [
    `${organizationId}/%00`,
    `${organizationId}/a%00b`,
    `${organizationId}/%E0%A4%A`,
    `${organizationId}/%ED%A0%80`,
    `${organizationId}/nobody`,
    '%00/press',
    'nobody/press',
  ]) {
    const answer = await fetch(`${http.url}/webhooks/${path}`, { method: 'POST', body: '[]' });
    assert.equal(answer.status, 404, path);
  }
  await http.close();
  assert.deepEqual(errors, []);
});

void test('a worker whose fetch met a dead session looks again when the database answers, not only at its poll', async () => {
  const clients: ReturnType<typeof connect>[] = [];
  await using place = await open({
    people: 0,
    sql: ({ url }) => {
      const sql = connect(url, { max: 25, name: 'pipeline' });
      clients.push(sql);
      return sql;
    },
  });
  const { sql, pipeline, machine } = place;
  try {
    await pipeline.start();
    const fetches = async () =>
      await sql<{ pid: number }[]>`
        select pid
        from pg_stat_activity
        where datname = current_database() and application_name = 'pipeline'
          and wait_event_type = 'Lock' and query like '%next AS%'`;
    // While the queue is locked, every slot is made to look; then its session ends. The job comes
    // without a notification.
    const other = machine.connect(1);
    await other.begin(async (tx) => {
      await tx`lock table postrider_queue.job in access exclusive mode`;
      await sql`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database()
          and application_name = 'pipeline'
          and query ilike 'listen%'`;
      // Two proof slots, four mail slots, four of effects, of look-ups of cards and of call-backs,
      // one of each of the two other queues.
      await until(async () => (await fetches()).length === 20);
      const pids = (await fetches()).map(({ pid }) => pid);
      await sql`select pg_terminate_backend(pid) from unnest(${pids}::int[]) as t (pid)`;
      await until(
        async () =>
          (await sql`select from pg_stat_activity where pid = any (${pids}::int[])`).length === 0,
      );
      await tx`
        insert into postrider_queue.job (name, data)
        values ('sync', ${tx.json({ organization_id: place.place.organizationId })})`;
    });
    await until(
      async () =>
        (await sql`select from postrider_queue.job where name = 'sync' and state = 'completed'`)
          .length === 1,
    );
  } finally {
    await pipeline.stop({ timeoutMs: 2000 });
    await Promise.all(clients.map(async (client) => await client.end({ timeout: 2 })));
  }
});
