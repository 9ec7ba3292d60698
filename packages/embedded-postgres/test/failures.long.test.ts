import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { asAccount, chooseAccount } from '../src/account.ts';
import { diagnose } from '../src/errors.ts';
import { ServerError, serverStatus, stopServer } from '../src/index.ts';
import type { Project } from './project.ts';
import { isRoot, makeProject, nodeFlags, query } from './project.ts';

describe('what goes wrong is told, and mended it goes on', () => {
  let project: Project;
  let dataDir: string;
  before(async () => {
    project = makeProject();
    const server = await project.ensure();
    dataDir = server.dataDir;
    await query(server.url, 'create table kept (n int); insert into kept values (7)');
    await stopServer(project.place);
  });
  after(async () => project.remove());

  const refusal = async (): Promise<ServerError> => {
    const error = await project.ensure().then(
      () => assert.fail('it started'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ServerError, String(error));
    for (const part of [error.what, error.kept, error.remedy])
      assert.ok(error.message.includes(part) && part.length > 10);
    return error;
  };
  const worksAgain = async (): Promise<void> => {
    assert.deepEqual(await query((await project.ensure()).url, 'select n from kept'), [{ n: 7 }]);
    await stopServer(project.place);
  };

  it('a damaged control file', async () => {
    const control = join(dataDir, 'global', 'pg_control');
    const good = readFileSync(control);
    // Its checksum does not fit; it is all nonsense; it is empty.
    for (const bad of [
      Buffer.concat([good.subarray(0, 100), Buffer.from([1, 2, 3]), good.subarray(103)]),
      Buffer.alloc(8192, 7),
      Buffer.alloc(0),
    ]) {
      writeFileSync(control, bad);
      const error = await refusal();
      assert.equal(error.code, 'damaged', error.log);
      assert.match(error.remedy, /Copy .* aside/);
      assert.match(error.log, /FATAL|PANIC/);
    }
    writeFileSync(control, good);
    await worksAgain();
  });

  it('a missing write-ahead log', async () => {
    const wal = join(dataDir, 'pg_wal');
    renameSync(wal, `${wal}.aside`);
    asAccount(chooseAccount(project.dir, lstatSync(dataDir).uid), 'mkdir "$1"', [wal]);
    assert.equal((await refusal()).code, 'damaged');
    asAccount(chooseAccount(project.dir, lstatSync(dataDir).uid), 'rm -rf "$1"', [wal]);
    renameSync(`${wal}.aside`, wal);
    await worksAgain();
  });

  it('data of another major version', async () => {
    const file = join(dataDir, 'PG_VERSION');
    writeFileSync(file, '17\n');
    const error = await refusal();
    assert.equal(error.code, 'other_version');
    assert.match(error.what, /PostgreSQL 17/);
    writeFileSync(file, '18\n');
    await worksAgain();
  });

  it('files that were opened to others', async () => {
    chmodSync(dataDir, 0o777);
    const error = await refusal();
    assert.equal(error.code, 'no_rights');
    chmodSync(dataDir, 0o700);
    await worksAgain();
  });

  it('a directory that nobody may write, and nothing elsewhere', async () => {
    if (isRoot) return; // root may write everywhere
    const locked = makeProject();
    const state = process.env['XDG_STATE_HOME'];
    try {
      chmodSync(locked.dir, 0o500);
      process.env['XDG_STATE_HOME'] = join(locked.dir, 'state');
      // The last resort is /var/tmp, so it is tried and used; without it there would be an error
      // that names all three.
      const server = await locked.ensure();
      assert.match(server.dataDir, /^\/var\/tmp\//);
      assert.equal(existsSync(dirname(server.dataDir)), true);
    } finally {
      if (state === undefined) delete process.env['XDG_STATE_HOME'];
      else process.env['XDG_STATE_HOME'] = state;
      chmodSync(locked.dir, 0o700);
      await locked.remove();
    }
  });

  it('a read-only file system, where no second database is made elsewhere', async (t) => {
    if (spawnSync('unshare', ['-m', 'true']).status !== 0) {
      t.diagnostic('this process may not mount: a real read-only file system was not tried');
      return;
    }
    const empty = makeProject();
    const child = fileURLToPath(new URL('./child.ts', import.meta.url));
    const script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"';
    for (const dir of [project.dir, empty.dir]) {
      const run = spawnSync(
        'unshare',
        ['-m', 'sh', '-c', script, 'sh', dir, process.execPath, ...nodeFlags, child, dir],
        { encoding: 'utf8' },
      );
      assert.equal(run.status, 1, run.stderr);
      assert.match(run.stderr, /read-only[^]*code: 'read_only'/);
    }
    assert.equal((await serverStatus(empty.place)).state, 'absent');
    await empty.remove();
    await worksAgain();
  });

  it('an empty password file counts as none', async () => {
    truncateSync(join(dirname(dataDir), 'password'));
    await worksAgain();
  });
});

describe('the server’s log is understood', () => {
  const place = { dataDir: '/srv/data', user: 'postgres', port: 15_432 };
  // Lines as PostgreSQL 18 writes them.
  const lines: ReadonlyArray<readonly [string, string]> = [
    ['FATAL:  could not write lock file "postmaster.pid": No space left on device', 'disk_full'],
    [
      'FATAL:  could not write blocks 17..17 in file "base/13510/2838": No space left on device',
      'disk_full',
    ],
    [
      'LOG:  could not bind IPv4 address "127.0.0.1": Address already in use\n' +
        'FATAL:  could not create any TCP/IP sockets',
      'port_in_use',
    ],
    [
      'FATAL:  database files are incompatible with server\n' +
        'DETAIL:  The data directory was initialized by PostgreSQL version 17',
      'other_version',
    ],
    ['PANIC:  could not locate a valid checkpoint record at 0/1500028', 'damaged'],
    ['FATAL:  data directory "/srv/data" has wrong ownership', 'no_rights'],
    ['FATAL:  could not open file "postmaster.pid": Read-only file system', 'read_only'],
    ['FATAL:  could not map anonymous shared memory: Cannot allocate memory', 'failed'],
  ];
  for (const [line, code] of lines) {
    it(code, () => {
      const error = diagnose(`${'LOG:  noise\n'.repeat(100)}${line}`, place);
      assert.equal(error.code, code);
      assert.ok(error.log.split('\n').length <= 15);
      assert.ok(error.log.endsWith(line.split('\n').at(-1) ?? ''));
    });
  }
});
