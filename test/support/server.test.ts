import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isAlive } from '@postrider/embedded-postgres/parts';
import {
  cloneDatabase,
  connect,
  pg15Binaries,
  startServer,
  templateDatabase,
  testDatabase,
} from './server.ts';
import { reap } from './throwaway.ts';

const flags = process.execArgv.filter((flag) => !flag.startsWith('--test'));
const child = fileURLToPath(new URL('./server-child.ts', import.meta.url));

async function rows(url: string, text: string): Promise<unknown[]> {
  const sql = connect(url);
  try {
    return [...(await sql.unsafe(text))];
  } finally {
    await sql.end();
  }
}

describe('test databases', () => {
  it('are copies of a template that is made once, and do not see each other', async () => {
    const name = `template-${process.pid}`;
    let made = 0;
    const prepare = async (url: string): Promise<void> => {
      made += 1;
      await rows(url, 'create table people (name text); insert into people values ($$Ada$$)');
    };
    await Promise.all([1, 2, 3].map(() => templateDatabase(name, prepare)));
    assert.equal(made, 1);
    const [one, two] = await Promise.all([cloneDatabase(name), cloneDatabase(name)]);
    await rows(one.url, 'delete from people');
    assert.deepEqual(await rows(two.url, 'select name from people'), [{ name: 'Ada' }]);
    assert.deepEqual(
      await rows(two.url, 'select rolsuper from pg_roles where rolname = current_user'),
      [{ rolsuper: false }],
    );
    assert.deepEqual(
      await rows(two.adminUrl, 'select rolsuper from pg_roles where rolname = current_user'),
      [{ rolsuper: true }],
    );
    const held = connect(two.url);
    await held`select 1`;
    await Promise.all([one.drop(), two.drop()]);
    await held.end({ timeout: 0 });
    await assert.rejects(rows(two.url, 'select 1'), /does not exist/);
  });

  it('are made again when the template’s first attempt failed', async () => {
    const name = `failing-${process.pid}`;
    await assert.rejects(
      templateDatabase(name, () => Promise.reject(new Error('migration broken'))),
      /migration broken/,
    );
    await templateDatabase(name, async (url) => void (await rows(url, 'create table t ()')));
    await (await cloneDatabase(name)).drop();
  });

  it('may be empty', async () => {
    const db = await testDatabase();
    assert.deepEqual(await rows(db.url, `select 1 from pg_tables where schemaname = 'public'`), []);
    await db.drop();
  });
});

describe('a server of a test’s own', () => {
  for (const durable of [false, true]) {
    it(`is killed, stopped and started on one address, ${durable ? 'durable' : 'throw-away'}`, async () => {
      const server = await startServer({ durable, settings: { max_connections: '23' } });
      await rows(server.url, 'create table kept (n int); insert into kept values (1)');
      assert.deepEqual(await rows(server.url, 'show max_connections'), [{ max_connections: '23' }]);
      assert.deepEqual(await rows(server.url, 'show fsync'), [{ fsync: durable ? 'on' : 'off' }]);
      const first = server.pid();
      await server.kill9();
      assert.equal(server.pid(), null);
      await assert.rejects(rows(server.url, 'select 1'));
      await server.start();
      assert.notEqual(server.pid(), first);
      await server.stop();
      await server.start();
      assert.deepEqual(await rows(server.url, 'select n from kept'), [{ n: 1 }]);
      await (await server.empty()).drop();
      await server.drop();
      assert.equal(existsSync(dirname(server.dataDir)), false);
    });
  }

  it('is PostgreSQL 15 where its programs are found', async (t) => {
    if (pg15Binaries() === null) return t.diagnostic('PostgreSQL 15 was not found: not run on it');
    const server = await startServer({ major: 15 });
    assert.equal(server.major, 15);
    const [row] = await rows(
      server.url,
      `
        select current_setting('server_version_num')::int / 10000 as major, upper('é') as upper,
          'Z' < 'a' as code_point`,
    );
    assert.deepEqual(row, { major: 15, upper: 'É', code_point: true });
    await server.drop();
  });

  it('goes with the process that started it', () => {
    const run = spawnSync(process.execPath, [...flags, child], {
      encoding: 'utf8',
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    });
    const { pid, dataDir } = JSON.parse(run.stdout) as { pid: number; dataDir: string };
    assert.equal(isAlive(pid), false);
    assert.equal(existsSync(dirname(dataDir)), false);
  });

  it('is removed by the next run when that process was killed', async () => {
    const run = spawn(process.execPath, [...flags, child, 'stay'], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    });
    const line = await new Promise<string>((resolve) =>
      run.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString())),
    );
    const { pid, dataDir } = JSON.parse(line) as { pid: number; dataDir: string };
    run.kill('SIGKILL');
    await new Promise((resolve) => run.once('close', resolve));
    assert.equal(isAlive(pid), true);
    await reap();
    assert.equal(isAlive(pid), false);
    assert.equal(existsSync(dirname(dataDir)), false);
  });
});
