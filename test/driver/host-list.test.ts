/**
 * With a list of hosts (a primary and its standby) as with one: what was asked first on a
 * connection is answered, whatever becomes of its session.
 */
import assert from 'node:assert/strict';
import { createServer, connect as dial, type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { builds, open, outcome, until } from './rig.ts';

/** FATAL 57P01, as of a server that is shut down. */
const fields = Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0');
const shutDown = Buffer.concat([
  Buffer.from('E'),
  Buffer.from(Uint32Array.of(fields.length + 4).buffer).swap32(),
  fields,
]);

function twice(url: string) {
  const { hostname, port } = new URL(url);
  return { host: [hostname, hostname], port: [Number(port), Number(port)] } as object;
}

void test('the first query of a connection is told of the loss of its session, with a list of hosts too', async () => {
  await using place = await open();
  for (const [build, driver] of Object.entries(builds)) {
    for (const lose of ['terminate', 'reset'] as const) {
      const sql = place.client({ max: 1, fetch_types: false, ...twice(place.url) }, driver);
      const first = outcome(sql`select pg_sleep(60)`);
      await until(
        async () =>
          (
            await place.admin`
              select from pg_stat_activity
              where datname = current_database()
                and query = 'select pg_sleep(60)'
                and state = 'active'`
          ).length >= 1,
      );
      await place[lose]();
      assert.match(await first, /^(CONNECTION_CLOSED|ECONNRESET|57P01)$/, `${build}, ${lose}`);
      assert.equal(await outcome(sql`select 1`), 'ok');
    }
  }
});

void test('a host that goes while it is asked for its types leaves its last words to nobody', async () => {
  await using place = await open();
  const { hostname, port } = new URL(place.url);
  for (const [build, driver] of Object.entries(builds)) {
    // The first host lets in, and is gone when it is asked.
    let asked = 0;
    const going = createServer((client) => {
      const upstream = dial(Number(port), hostname);
      client.on('data', (data: Buffer) => {
        if (!data.includes('typarray')) return upstream.write(data);
        asked += 1;
        return client.end(shutDown);
      });
      upstream.pipe(client);
      client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
      upstream.on('error', () => client.destroy());
    });
    await new Promise<void>((listening) => going.listen(0, '127.0.0.1', listening));
    try {
      const list = {
        host: ['127.0.0.1', hostname],
        port: [(going.address() as AddressInfo).port, Number(port)],
      } as object;
      const sql = place.client({ max: 1, ...list }, driver);
      assert.equal(await outcome(sql`select array[1, 2] as both`), 'ok', build);
      assert.equal(asked, 1);
      const [row] = await sql`select array[1, 2]::int[] as both`;
      assert.deepEqual(row?.['both'], [1, 2]);
      await sql.end({ timeout: 1 });
    } finally {
      await new Promise((closed) => going.close(closed));
    }
  }
});
