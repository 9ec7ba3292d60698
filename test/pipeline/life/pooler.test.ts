/** Behind a pooler: its session mode serves, its transaction mode is refused with the reason. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect as dial, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chooseAccount, identity } from '@postrider/embedded-postgres/parts';
import { connect, planMigration } from '@postrider/core';
import { sessionSettings } from '@postrider/core/session';
import { testDatabase } from '../../support/server.ts';
import { machineServer, states, type Machine } from '../../support/machine.ts';
import { openPooler } from '../../support/pooler.ts';
import { open, until } from '../rig.ts';

const refused = {
  name: 'UnsuitableSessionError',
  message: /transaction mode/,
  hint: /session mode.*nothing was changed/,
};

/** The same address by another port. */
function by(port: number, { url }: Pick<Machine, 'url'>): string {
  const other = new URL(url);
  other.port = String(port);
  return other.href;
}

void test('a pooler in transaction mode is refused at the start, with the reason and what to do', async () => {
  const admin = connect(await machineServer(), { max: 1 });
  const [row] = await admin`
    select current_setting('unix_socket_directories') as folder, current_setting('port') as port`;
  await admin.end();
  const path = `${String(row?.['folder']).replaceAll('"', '')}/.s.PGSQL.${String(row?.['port'])}`;
  await using pooler = await openPooler(path);
  let client: ReturnType<typeof connect> | undefined;
  await using place = await open({
    people: 1,
    sql: (machine) => (client = connect(by(pooler.port, machine), { max: 3 })),
  });
  await assert.rejects(place.pipeline.start(), refused);
  assert.deepEqual(await states(place.sql), { pending: 1 });
  await client?.end({ timeout: 1 });
});

const page = fileURLToPath(
  new URL('../../../docs/how-to/run-on-your-own-postgres.md', import.meta.url),
);

/** What the page says of PgBouncer. */
function ofThePage(): { readonly ignored: string; readonly role: string } {
  const text = readFileSync(page, 'utf8');
  const ignored = /^ignore_startup_parameters = (.*)$/m.exec(text)?.[1] ?? '';
  const role = /^alter role postrider set .*;$/gm;
  return { ignored, role: (text.match(role) ?? []).join('\n') };
}

void test('the page names each setting of a session for PgBouncer to ignore', () => {
  const { ignored } = ofThePage();
  assert.deepEqual(
    ignored.split(', ').toSorted(),
    [...Object.keys(sessionSettings), 'synchronous_commit', 'transaction_timeout'].toSorted(),
  );
});

const program = [
  ...(process.env['PATH'] ?? '').split(':').map((folder) => join(folder, 'pgbouncer')),
  '/usr/sbin/pgbouncer',
].find((path) => existsSync(path));

interface Bouncer extends AsyncDisposable {
  readonly port: number;
}

/** Before the server of the tests, for the owner of its databases. */
async function startBouncer(mode: string, ignored: string): Promise<Bouncer> {
  await using database = await testDatabase();
  const { username, password, port: server } = new URL(database.url);
  const folder = mkdtempSync(join(tmpdir(), 'acme-bouncer-'));
  const port = await freePort();
  const ini = join(folder, 'ini');
  writeFileSync(
    ini,
    [
      '[databases]',
      `* = host=127.0.0.1 port=${server} user=${username} password=${password}`,
      '[pgbouncer]',
      'listen_addr = 127.0.0.1',
      `listen_port = ${port}`,
      'unix_socket_dir =',
      'auth_type = any',
      `pool_mode = ${mode}`,
      'default_pool_size = 30',
      `ignore_startup_parameters = ${ignored}`,
      '',
    ].join('\n'),
  );
  // It does not run as root.
  const account = chooseAccount(tmpdir(), null);
  chownSync(folder, account.uid, account.gid);
  const child = spawn(program ?? '', [ini], {
    ...identity(account),
    cwd: folder,
    stdio: 'ignore',
  });
  await until(async () => await answers(port));
  return {
    port,
    async [Symbol.asyncDispose]() {
      const gone = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await gone;
      rmSync(folder, { recursive: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = dial(port, '127.0.0.1');
    socket.on('connect', () => socket.destroy() && resolve(true));
    socket.on('error', () => resolve(false));
  });
}

const skip = program === undefined ? 'there is no pgbouncer on this machine' : false;

void test(
  'PgBouncer in session mode serves a pipeline, set up as the page says',
  { skip },
  async () => {
    const { ignored, role } = ofThePage();
    await using bouncer = await startBouncer('session', ignored);
    let client: ReturnType<typeof connect> | undefined;
    await using place = await open({
      people: 5,
      sql: (machine) => (client = connect(by(bouncer.port, machine), { max: 12 })),
    });
    // Of this database alone: the role is that of all tests.
    const name = new URL(place.machine.url).pathname.slice(1);
    await place.sql.unsafe(role.replaceAll('role postrider', `role postrider in database ${name}`));
    await place.pipeline.start();
    await until(async () => (await states(place.sql))['sent'] === 5);
    const [session] = await (client ?? place.sql)`
    select current_setting('plan_cache_mode') as plans, current_setting('jit') as jit`;
    assert.deepEqual({ ...session }, { plans: 'force_custom_plan', jit: 'off' });
    await place.pipeline.stop();
    await client?.end({ timeout: 5 });
  },
);

void test(
  'PgBouncer in transaction mode is refused, and one that is not set up says how it is',
  { skip },
  async () => {
    await using bouncer = await startBouncer('transaction', ofThePage().ignored);
    let client: ReturnType<typeof connect> | undefined;
    await using place = await open({
      people: 1,
      sql: (machine) => (client = connect(by(bouncer.port, machine), { max: 3 })),
    });
    await assert.rejects(place.pipeline.start(), refused);
    await client?.end({ timeout: 1 });
    await using strict = await startBouncer('session', 'extra_float_digits');
    const first = connect(by(strict.port, place.machine));
    await assert.rejects(planMigration(first), {
      name: 'ConnectionError',
      code: '08P01',
      message: /at 127\.0\.0\.1:\d+ is behind PgBouncer/,
      hint: /ignore_startup_parameters.*run-on-your-own-postgres/,
    });
    await first.end();
  },
);
