/** A list of hosts with a living standby in it, asked with each of libpq's target_session_attrs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pg15Binaries, startServer } from '../support/server.ts';
import { replicating, startStandby } from '../support/standby.ts';
import { builds, outcome, until, type Driver, type Sql } from './rig.ts';
import { isLong } from '../support/long.ts';

type Role = 'primary' | 'standby';
type Attributes = 'any' | 'read-write' | 'read-only' | 'primary' | 'standby' | 'prefer-standby';

/** What libpq's documentation says, by the host that comes first in the list. */
const serves: Readonly<Record<Attributes, Readonly<Record<Role, Role>>>> = {
  any: { primary: 'primary', standby: 'standby' },
  'read-write': { primary: 'primary', standby: 'primary' },
  'read-only': { primary: 'standby', standby: 'standby' },
  primary: { primary: 'primary', standby: 'primary' },
  standby: { primary: 'standby', standby: 'standby' },
  'prefer-standby': { primary: 'standby', standby: 'standby' },
};

/** A primary, its standby, and clients that reach them in the order that is given. */
async function pair(major?: 15) {
  const stack = new AsyncDisposableStack();
  const options = major === undefined ? {} : { major };
  const primary = await startServer({ ...options, settings: replicating });
  stack.defer(async () => await primary.drop());
  const standby = await startStandby(primary, primary.port);
  stack.defer(async () => await standby.drop());
  const servers = { primary, standby };
  const client = (
    driver: Driver,
    roles: readonly Role[],
    attributes: Attributes,
    more: Parameters<Driver>[1] = {},
  ): Sql => {
    const url = new URL(primary.adminUrl);
    const [first, ...others] = roles.map((role) => servers[role].port);
    const hosts = [`${first}`, ...others.map((port) => `${url.hostname}:${port}`)].join(',');
    const list = url.href.replace(`:${url.port}/`, `:${hosts}/`);
    const sql = driver(`${list}?target_session_attrs=${attributes}`, {
      max: 1,
      backoff: () => 0.01,
      onnotice: () => undefined,
      ...more,
    });
    stack.defer(async () => await sql.end({ timeout: 0 }));
    return sql as Sql;
  };
  return {
    ...servers,
    client,
    [Symbol.asyncDispose]: async () => await stack.disposeAsync(),
  };
}

async function roleOf(sql: Sql): Promise<Role> {
  const [row] = await sql<{ standby: boolean }[]>`select pg_is_in_recovery() as standby`;
  return row?.standby === true ? 'standby' : 'primary';
}

for (const major of isLong ? ([undefined, 15] as const) : [undefined]) {
  const skip = major === 15 && pg15Binaries() === null ? 'PostgreSQL 15 is not installed' : false;
  const on = major === undefined ? '' : `, on PostgreSQL ${major}`;
  void test(
    `each of target_session_attrs is served by whom libpq would choose${on}`,
    { skip },
    async () => {
      await using at = await pair(major);
      for (const [build, driver] of Object.entries(builds)) {
        for (const [attributes, byFirst] of Object.entries(serves)) {
          for (const first of ['primary', 'standby'] as const) {
            const order =
              first === 'primary'
                ? (['primary', 'standby'] as const)
                : (['standby', 'primary'] as const);
            const sql = at.client(driver, order, attributes as Attributes);
            assert.equal(
              await roleOf(sql),
              byFirst[first],
              `${build}: ${attributes}, ${first} first`,
            );
            // And the session after it, which begins with the other one.
            if (attributes === 'any') continue;
            for (let n = 0; n < 2; n += 1) {
              await outcome(sql`select pg_terminate_backend(pg_backend_pid())`);
              assert.equal(await roleOf(sql), byFirst[first], `${build}: ${attributes} again`);
            }
          }
        }
      }
      if (major === 15) return;

      // A primary whose sessions are read only by default takes no writes either.
      const admin = at.client(builds.esm, ['primary'], 'any');
      await admin`alter system set default_transaction_read_only = on`;
      await admin`select pg_reload_conf()`;
      for (const driver of Object.values(builds)) {
        assert.equal(
          await outcome(at.client(driver, ['standby', 'primary'], 'read-write')`select 1`),
          'CONNECTION_UNFIT',
        );
        assert.equal(await roleOf(at.client(driver, ['primary'], 'read-only')), 'primary');
        assert.equal(await roleOf(at.client(driver, ['standby', 'primary'], 'primary')), 'primary');
      }
    },
  );
}

void test('where no host of the list is fit the caller is told which one and why, and the next attempt waits longer', async () => {
  await using at = await pair();
  for (const driver of Object.values(builds)) {
    for (const [roles, attributes] of [
      [['standby'], 'read-write'],
      [['standby', 'standby'], 'primary'],
      [['primary'], 'standby'],
      [['primary', 'primary'], 'read-only'],
    ] as const) {
      const attempts: number[] = [];
      const sql = at.client(driver, roles, attributes, {
        backoff: (attempt: number) => {
          attempts.push(attempt);
          return 0.01;
        },
      });
      for (let n = 1; n <= 3; n += 1)
        await assert.rejects(
          async () => await sql`select 1`,
          new RegExp(`CONNECTION_UNFIT .*:${at[roles[0]].port}: .*=${attributes} asks for`),
        );
      assert.equal(await outcome(sql.reserve()), 'CONNECTION_UNFIT');
      assert.deepEqual(attempts, [1, 2, 3, 4]);
    }
    // A client that only prefers a standby is served by what there is.
    assert.equal(await roleOf(at.client(driver, ['primary'], 'prefer-standby')), 'primary');
    assert.equal(
      await roleOf(at.client(driver, ['primary', 'primary'], 'prefer-standby')),
      'primary',
    );
  }
  // The client of both finds the one that takes writes, and nobody while neither does.
  const sql = at.client(builds.esm, ['primary', 'standby'], 'read-write');
  assert.equal(await roleOf(sql), 'primary');
  await at.primary.kill9();
  await until(async () => /^(CONNECTION_UNFIT|ECONNREFUSED)$/.test(await outcome(sql`select 1`)));
  await at.standby.promote();
  assert.equal(await outcome(sql`create table written (who text)`), 'ok');
});
