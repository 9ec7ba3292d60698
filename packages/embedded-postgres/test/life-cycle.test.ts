import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { asAccount, chooseAccount, identity } from '../src/account.ts';
import { connect } from '../../../test/support/client.ts';
import { serverStatus, stopServer } from '../src/index.ts';
import { readPidFile } from '../src/postmaster.ts';
import { isAlive } from '../src/processes.ts';
import type { Project } from './project.ts';
import { application, ensureElsewhere, makeProject, processStat, query } from './project.ts';

describe('the embedded server', () => {
  let project: Project;
  before(() => {
    project = makeProject();
  });
  after(async () => project.remove());
  const status = (): ReturnType<typeof serverStatus> => serverStatus(project.place);
  const stop = (mode: 'fast' | 'immediate' = 'fast'): Promise<boolean> =>
    stopServer({ ...project.place, mode });
  const killPostmaster = async (pid: number): Promise<void> => {
    asAccount(chooseAccount(project.dir, null), 'kill -s KILL "$1"', [String(pid)]);
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('is set up once by four processes that ask at the same time', async () => {
    assert.equal((await status()).state, 'absent');
    const children = [1, 2, 3, 4].map(() => ensureElsewhere(project.dir));
    const servers = await Promise.all(children.map((child) => child.server));
    await Promise.all(children.map((child) => child.closed));
    assert.equal(new Set(servers.map((server) => server.pid)).size, 1);
    assert.equal(new Set(servers.map((server) => server.url)).size, 1);
    assert.equal(servers.filter((server) => server.started).length, 1);
    assert.equal((await status()).state, 'running');
  });

  it('is found running by the next call', async () => {
    const first = await project.ensure();
    const second = await project.ensure();
    assert.equal(second.started, false);
    assert.equal(second.pid, first.pid);
    assert.equal(second.dataDir, join(project.dir, 'var', 'postgres', 'data'));
    assert.equal(second.elsewhere, null);
  });

  it('is PostgreSQL 18 with an owner who is no superuser', async () => {
    const { url } = await project.ensure();
    const [row] = await query<Record<string, unknown>>(
      url,
      `
        select current_setting('server_version_num')::int / 10000 as major, current_user as "user",
          current_database() as database,
          (select rolsuper from pg_roles where rolname = current_user) as super,
          pg_has_role('pg_monitor', 'member') as monitor,
          (
            select datdba::regrole::text from pg_database where datname = current_database()
          ) as owner`,
    );
    const expected = {
      major: 18,
      user: application,
      database: application,
      super: false,
      monitor: true,
      owner: application,
    };
    assert.deepEqual(row, expected);
  });

  it('knows Unicode, orders by code point and keeps what it commits', async () => {
    const { url } = await project.ensure();
    const [row] = await query<Record<string, unknown>>(
      url,
      `select upper('éàñø') as upper,
         lower('ÉÅ') as lower,
         normalize(U&'e\\0301', nfc) = 'é' as normal,
         'Z' < 'a' as by_code_point,
         pg_encoding_to_char(encoding) as encoding,
         current_setting('fsync') as fsync,
         current_setting('full_page_writes') as pages,
         current_setting('synchronous_commit') as commit,
         current_setting('timezone') as zone,
         current_setting('jit') as jit,
         current_setting('idle_in_transaction_session_timeout') as idle
       from pg_database
       where datname = current_database()`,
    );
    assert.deepEqual(row, {
      upper: 'ÉÀÑØ',
      lower: 'éå',
      normal: true,
      by_code_point: true,
      encoding: 'UTF8',
      fsync: 'on',
      pages: 'on',
      commit: 'on',
      zone: 'UTC',
      jit: 'off',
      idle: '0',
    });
  });

  it('starts again after a stop, on the same address', async () => {
    const first = await project.ensure();
    await query(first.url, 'create table kept (n int); insert into kept values (42)');
    assert.equal(await stop(), true);
    assert.equal(await stop(), false);
    assert.equal((await status()).state, 'stopped');
    const second = await project.ensure();
    assert.equal(second.started, true);
    assert.notEqual(second.pid, first.pid);
    assert.equal(second.url, first.url);
    assert.deepEqual(await query(second.url, 'select n from kept'), [{ n: 42 }]);
  });

  it('outlives the process that started it, however that ends, and its group’s Ctrl-C', async () => {
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      await stop();
      const child = ensureElsewhere(project.dir, true);
      const server = await child.server;
      assert.equal(server.started, true);
      process.kill(-(child.process.pid ?? 0), signal);
      await child.closed;
      assert.equal((await project.ensure()).pid, server.pid);
      if (process.platform === 'linux')
        assert.equal(
          Number(processStat(server.pid)[3]),
          server.pid,
          'it leads a session of its own',
        );
    }
  });

  it('holds no pipe of its starter: a command that is piped into `head` ends', async () => {
    await stop();
    // `closed` comes when nobody holds its stdout any more.
    const child = ensureElsewhere(project.dir);
    await child.closed;
    assert.equal((await status()).state, 'running');
  });

  it('recovers from kill -9 of the postmaster', async () => {
    const before = await project.ensure();
    await killPostmaster(before.pid);
    assert.equal((await status()).state, 'stopped');
    const now = await project.ensure();
    assert.equal(now.started, true);
    assert.deepEqual(await query(now.url, 'select n from kept'), [{ n: 42 }]);
  });

  it('recovers from kill -9 while a session is in the middle of a long statement', async () => {
    const { url, pid } = await project.ensure();
    const sql = connect(url);
    const busy = sql`select count(*) from generate_series(1, 100000000000)`.catch(() => undefined);
    const watcher = connect(url);
    while (
      (
        await watcher`
          select 1
          from pg_stat_activity
          where query like '%generate_series(1, 1000000%' and pid <> pg_backend_pid()`
      ).length === 0
    );
    await watcher.end();
    await killPostmaster(pid);
    const now = await project.ensure();
    assert.deepEqual(await query(now.url, 'select n from kept'), [{ n: 42 }]);
    await busy;
    await sql.end({ timeout: 0 });
  });

  it('is not fooled after a reboot by a stranger who got its pid, and leaves him alone', async () => {
    const { dataDir } = await project.ensure();
    const pidFile = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8');
    await stop();
    const stranger = spawn('sleep', ['60'], {
      ...identity(chooseAccount(project.dir, null)),
      cwd: '/',
      stdio: 'ignore',
    });
    try {
      writeFileSync(join(dataDir, 'postmaster.pid'), pidFile.replace(/^\d+/, String(stranger.pid)));
      assert.equal((await status()).state, 'stopped');
      assert.equal(await stop(), false);
      const now = await project.ensure();
      assert.equal(now.started, true);
      assert.equal(isAlive(stranger.pid ?? 0), true);
    } finally {
      stranger.kill('SIGKILL');
    }
  });

  it('takes another port when its own is taken, and its own when it is free again', async () => {
    const first = await project.ensure();
    await stop();
    const thief = createServer();
    await new Promise<void>((resolve) => thief.listen(first.port, '127.0.0.1', resolve));
    const second = await project.ensure();
    assert.notEqual(second.port, first.port);
    assert.deepEqual(await query(second.url, 'select n from kept'), [{ n: 42 }]);
    await new Promise((resolve) => thief.close(resolve));
    await stop();
    assert.equal((await project.ensure()).port, first.port);
  });

  it('is reached although a cleaner of temporary files took its socket', async () => {
    // Elsewhere the socket alone tells a server from a stranger on its port.
    if (process.platform !== 'linux') return;
    const first = await project.ensure();
    rmSync(join(first.socketDir, `.s.PGSQL.${first.port}`));
    assert.equal((await project.ensure()).pid, first.pid);
    await stop();
  });

  it('gets a new password when the file with the old one is gone', async () => {
    const before = await project.ensure();
    rmSync(join(dirname(before.dataDir), 'password'));
    const now = await project.ensure();
    assert.notEqual(now.url, before.url);
    assert.deepEqual(await query(now.url, 'select n from kept'), [{ n: 42 }]);
    await assert.rejects(query(before.url, 'select 1'), /password authentication failed/);
  });

  it('goes on where a lock holder and a start were killed', async () => {
    const { dataDir } = await project.ensure();
    await stop();
    const home = dirname(dataDir);
    writeFileSync(
      join(home, 'lock'),
      `${hostname()} ${process.pid} 1 a process of an earlier life with the pid of this one`,
    );
    writeFileSync(join(home, 'run', '.s.PGSQL.17000.lock'), '1\n');
    const now = await project.ensure();
    assert.equal(now.started, true);
    assert.equal(existsSync(join(home, 'lock')), false);
    assert.deepEqual(await query(now.url, 'select n from kept'), [{ n: 42 }]);
  });

  it('keeps what it did in its log, and people’s data out of it', async () => {
    const { url, logDir } = await project.ensure();
    const sql = connect(url);
    await assert.rejects(sql`select 1 / ${0}::int, ${'Ada Lovelace'}::text`, /division by zero/);
    await sql.end();
    const day = new Date().toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' });
    const file = join(logDir, `postgres-${day}.log`);
    let log = '';
    for (let i = 0; i < 100 && !log.includes('division by zero'); i += 1) {
      // The collector is a process of its own.
      await new Promise((resolve) => setTimeout(resolve, 20));
      log = readFileSync(file, 'utf8');
    }
    assert.match(log, /division by zero/);
    assert.doesNotMatch(log, /Lovelace/);
    assert.equal(statSync(file).mode & 0o077, 0);
  });

  it('is told apart by its pid file', async () => {
    const { dataDir, pid, port, socketDir } = await project.ensure();
    const file = readPidFile(dataDir);
    assert.deepEqual(
      { ...file, startedAt: 0 },
      { pid, port, socketDir, startedAt: 0, ready: true },
    );
    assert.equal(Math.abs((file?.startedAt ?? 0) * 1000 - Date.now()) < 600_000, true);
  });
});
