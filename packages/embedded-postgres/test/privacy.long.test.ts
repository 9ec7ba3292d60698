import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { asAccount, chooseAccount } from '../src/account.ts';
import { connect } from '../../../test/support/client.ts';
import type { Server } from '../src/index.ts';
import { ensureServer, serverStatus } from '../src/index.ts';
import type { Project } from './project.ts';
import { application, isRoot, makeProject, nodeFlags, otherUser, query } from './project.ts';

const repository = fileURLToPath(new URL('../../../..', import.meta.url));

describe('who reaches the embedded server', () => {
  let project: Project;
  let server: Server;
  before(async () => {
    project = makeProject();
    server = await project.ensure();
  });
  after(async () => project.remove());

  it('has its files for its user alone', () => {
    const home = dirname(server.dataDir);
    const uid = chooseAccount(project.dir, null).uid;
    for (const path of [
      home,
      server.dataDir,
      server.socketDir,
      server.logDir,
      join(home, 'password'),
    ]) {
      assert.equal(lstatSync(path).mode & 0o077, 0, path);
      assert.equal(lstatSync(path).uid, uid, path);
    }
  });

  it('does not hold the password, in its files, its log or its command line', () => {
    const password = new URL(server.url).password;
    assert.ok(password.length >= 32);
    const found = asAccount(chooseAccount(project.dir, null), 'grep -rl -e "$1" "$2" "$3"', [
      password,
      server.dataDir,
      server.logDir,
    ]);
    assert.equal(found.out, '');
    if (process.platform === 'linux')
      assert.doesNotMatch(
        readFileSync(`/proc/${server.pid}/cmdline`, 'utf8'),
        new RegExp(password),
      );
  });

  it('lets nobody in by TCP without the password, and the superuser not at all', async () => {
    const wrong = new URL(server.url);
    wrong.password = 'guess';
    await assert.rejects(query(wrong.href, 'select 1'), /password authentication failed/);
    wrong.password = '';
    await assert.rejects(query(wrong.href, 'select 1'));
    const superuser = new URL(server.url);
    superuser.username = 'postgres';
    await assert.rejects(
      query(superuser.href, 'select 1'),
      /pg_hba\.conf rejects|no pg_hba\.conf entry/,
    );
  });

  it('listens on 127.0.0.1 only', async () => {
    const [row] = await query<{ listen_addresses: string }>(server.url, 'show listen_addresses');
    assert.equal(row?.listen_addresses, '127.0.0.1');
  });

  it('lets its user and root in by the socket without a password, as any role', async () => {
    for (const user of [application, 'postgres']) {
      const sql = connect('postgres://', {
        host: server.socketDir,
        port: server.port,
        user,
        database: application,
      });
      const [row] = await sql<Array<{ user: string }>>`select current_user as "user"`;
      await sql.end();
      assert.equal(row?.user, user);
    }
  });

  it('keeps other users of the machine out of the socket, even with its directory open', (t) => {
    if (otherUser === null)
      return t.diagnostic(
        'not tried: this user cannot be another one, or that one cannot run Node from here',
      );
    assert.equal(asAccount(otherUser, 'cd "$1"', [server.socketDir]).ok, false);
    assert.equal(
      asAccount(otherUser, 'cat "$1"', [join(dirname(server.dataDir), 'password')]).ok,
      false,
    );

    // Suppose that somebody opened every directory and the socket: the kernel still tells the
    // server who is calling.
    const socket = join(server.socketDir, `.s.PGSQL.${server.port}`);
    chmodSync(dirname(server.dataDir), 0o755);
    chmodSync(server.socketDir, 0o755);
    chmodSync(socket, 0o777);
    const greet = `
      const words = '\\0\\x03\\0\\0user\\0acme\\0database\\0acme\\0\\0';
      const body = Buffer.from(words, 'latin1');
      const size = Buffer.alloc(4); size.writeInt32BE(body.length + 4);
      require('net')
          .connect(process.argv[1], function () { this.write(Buffer.concat([size, body])); })
        .on('data', (answer) => { console.log(answer.toString('latin1')); process.exit(); })`;
    const as = (uid: number): string =>
      spawnSync(process.execPath, ['-e', greet, socket], {
        uid,
        gid: uid,
        cwd: '/',
        encoding: 'latin1',
      }).stdout;
    assert.match(as(otherUser.uid), /Peer authentication failed/);
    assert.match(as(0), /^R\0\0\0\x08\0\0\0\0/, 'the same words from root are let in');
  });
});

describe('another user in the same project', () => {
  it('is told whose database it is, and does not get a second one', async (t) => {
    if (otherUser === null)
      return t.diagnostic(
        'not tried: this user cannot be another one, or that one cannot run Node from here',
      );
    const project = makeProject();
    try {
      await project.ensure();
      const script = `
        import(${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)})
          .then((postgres) => postgres.ensureServer(JSON.parse(process.argv[1])))
          .catch((error) => console.log(error.code, error.message))`;
      const run = spawnSync(
        process.execPath,
        [...nodeFlags, '-e', script, JSON.stringify(project.place)],
        {
          uid: otherUser.uid,
          gid: otherUser.gid,
          cwd: repository,
          encoding: 'utf8',
          env: { PATH: process.env['PATH'], HOME: '/' },
        },
      );
      assert.match(
        run.stdout,
        /^no_rights The database of this project, .*, belongs to /,
        run.stderr,
      );
      assert.match(run.stdout, /no(ne| second)/);
    } finally {
      await project.remove();
    }
  });

  it('as root keeps the owner of the project as the owner of its database', async () => {
    if (!isRoot) return;
    const project = makeProject();
    const other = chooseAccount(project.dir, 65_534);
    try {
      const { chownSync } = await import('node:fs');
      chownSync(project.dir, other.uid, other.gid);
      const server = await ensureServer(project.place);
      assert.equal((await serverStatus(project.place)).user, other.name);
      assert.equal(lstatSync(server.dataDir).uid, other.uid);
      assert.equal(
        lstatSync(dirname(dirname(server.dataDir))).uid,
        other.uid,
        'var too: it is her project',
      );
    } finally {
      await project.remove();
    }
  });
});
