/**
 * What goes wrong while a session is made is told to the caller that waits for it. A rejection that
 * nobody hears would end the process, and this test with it.
 */
import assert from 'node:assert/strict';
import { createServer, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { builds, open, outcome, until } from './rig.ts';

void test('a session that is lost while it asks for the types of arrays is told to the caller that waits for it', async () => {
  await using place = await open();
  for (const build of Object.values(builds)) {
    const sql = place.client({ max: 3 }, build);
    // The types are in this table: the session waits for it.
    await place.admin
      .begin(async (tx) => {
        await tx`lock table pg_catalog.pg_type in access exclusive mode`.catch(() => undefined);
        await tx`select 1`.catch(() => undefined);
      })
      .catch(() => undefined);
    const asked = [
      outcome(sql`select 1`),
      outcome(sql.reserve()),
      outcome(sql.begin(async (tx) => await tx`select 1`)),
    ];
    for (let n = 0; n < 40; n += 1) {
      await place.terminate();
      if (n % 4 === 0)
        asked.push(outcome(sql`select 1`), outcome(sql.begin(async (tx) => await tx`select 1`)));
    }
    for (const one of await Promise.all(asked))
      assert.match(one, /^(ok|CONNECTION_CLOSED|ECONNRESET|57P01)$/);
    await sql.end({ timeout: 1 });
  }
});

void test('types or a role that cannot be asked are told with the reason of the server, and the next one may have more luck', async () => {
  await using place = await open();
  for (const options of [{}, { target_session_attrs: 'read-write' as const }]) {
    const sql = place.client({
      ...options,
      connection: { statement_timeout: 1, backend_flush_after: 0 },
    });
    for (let n = 0; n < 5; n += 1)
      assert.match(
        await outcome(sql`select pg_sleep(0.2)`),
        /^(57014|ECONNRESET|CONNECTION_CLOSED)$/,
      );
  }
});

void test('a password that cannot be had, a port that is none, a certificate that is none: each is an error of the query', async () => {
  await using place = await open();
  const none = async (): Promise<string> => await Promise.reject(new Error('the vault is closed'));
  assert.equal(
    await outcome(place.client({ password: none })`select 1`),
    'Error: the vault is closed',
  );
  assert.equal(await outcome(place.client({ port: 70_000 })`select 1`), 'ERR_SOCKET_BAD_PORT');
  const badSocket = { socket: async () => await Promise.reject(new Error('no socket')) } as object;
  const sql = place.client(badSocket);
  for (let n = 0; n < 3; n += 1) assert.equal(await outcome(sql`select 1`), 'Error: no socket');

  const greets = createServer((socket) =>
    socket.on('data', () => socket.write('S')).on('error', () => undefined),
  );
  await new Promise<void>((listening) => greets.listen(0, '127.0.0.1', listening));
  const { port } = greets.address() as AddressInfo;
  const secured = place.client({
    host: '127.0.0.1',
    port,
    ssl: { ca: 'none', cert: 'none', key: 'none' },
  });
  assert.match(await outcome(secured`select 1`), /PEM|ERR_OSSL|ERR_/);
  await secured.end({ timeout: 0 });
  await new Promise((closed) => greets.close(closed));
});

void test('a pool that ends while the server goes away has ended', async () => {
  await using place = await open();
  for (const max of [1, 3]) {
    const sql = place.client({ max });
    const asked = Array.from({ length: max }, async () => await outcome(sql`select pg_sleep(60)`));
    await until(
      async () =>
        (
          await place.admin`
            select from pg_stat_activity
            where datname = current_database()
              and query = 'select pg_sleep(60)'`
        ).length === max,
    );
    const ended = outcome(sql.end());
    await place.terminate();
    for (const one of await Promise.all(asked))
      assert.match(one, /^(CONNECTION_CLOSED|ECONNRESET)$/);
    assert.equal(await ended, 'ok');
  }
  await place.shut();
  const sql = place.client();
  const asked = outcome(sql`select 1`);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(await outcome(sql.end()), 'ok');
  assert.equal(await asked, 'ECONNREFUSED');
  await place.reopen();
});
