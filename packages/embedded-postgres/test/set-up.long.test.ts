import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { chooseAccount } from '../src/account.ts';
import { binariesFor, binariesIn } from '../src/binaries.ts';
import { serverStatus, stopServer } from '../src/index.ts';
import { application, ensureElsewhere, isRoot, makeProject, query } from './project.ts';

describe('setting up', () => {
  it('leaves nothing half-made when it is killed, and the next call does it all', async () => {
    const project = makeProject();
    try {
      const home = join(project.dir, 'var', 'postgres');
      const child = ensureElsewhere(project.dir);
      const gaveUp = assert.rejects(child.server);
      const making = (): string[] =>
        existsSync(home) ? readdirSync(home).filter((name) => name.startsWith('data.new-')) : [];
      while (making().length === 0) await new Promise((resolve) => setTimeout(resolve, 2));
      process.kill(-(child.process.pid ?? 0), 'SIGKILL');
      await child.closed;
      await gaveUp;
      assert.equal((await serverStatus(project.place)).state, 'absent');
      const server = await project.ensure();
      assert.deepEqual(await query(server.url, 'select 1 as one'), [{ one: 1 }]);
      assert.deepEqual(making(), []);
    } finally {
      await project.remove();
    }
  });

  it('works below a path that is long and full of odd characters, and through a symbolic link', async () => {
    const project = makeProject(`it's "a" \\ $HOME % # \`x\` ü;&/${'long'.repeat(25)}`);
    try {
      const server = await project.ensure();
      assert.equal(dirname(dirname(server.dataDir)), join(project.dir, 'var'));
      assert.match(
        server.socketDir,
        /^\/tmp\/acme-/,
        'the kernel takes 107 bytes: the socket is elsewhere',
      );
      assert.equal(lstatSync(server.socketDir).mode & 0o777, 0o700);
      assert.deepEqual(await query(server.url, 'select 1 as one'), [{ one: 1 }]);
      const link = join(project.dir, '..', 'link');
      symlinkSync(project.dir, link);
      assert.equal((await serverStatus({ ...project.place, projectDir: link })).pid, server.pid);
      rmSync(server.socketDir, { recursive: true });
    } finally {
      await project.remove();
    }
  });

  it('goes elsewhere when the server’s user cannot enter the project, says so, and finds it again', async () => {
    const project = makeProject('private/project');
    // As root the server runs as somebody who cannot enter; an ordinary user is kept out of her own
    // directory by its mode alone.
    if (isRoot) chmodSync(dirname(project.dir), 0o700);
    else {
      mkdirSync(join(project.dir, 'var'));
      chmodSync(join(project.dir, 'var'), 0o500);
    }
    try {
      const server = await project.ensure();
      assert.ok(!server.dataDir.startsWith(project.dir), server.dataDir);
      assert.match(server.elsewhere ?? '', /cannot use it|cannot|denied/i);
      assert.equal(lstatSync(dirname(server.dataDir)).mode & 0o777, 0o700);
      const again = await project.ensure();
      assert.equal(again.pid, server.pid);
      const status = await serverStatus(project.place);
      assert.equal(status.dataDir, server.dataDir);
      assert.notEqual(status.elsewhere, null);
      await stopServer(project.place);
      rmSync(dirname(server.dataDir), { recursive: true });
    } finally {
      await project.remove();
    }
  });
});

describe('the programs', () => {
  const account = chooseAccount(import.meta.dirname, null);
  const scratches: string[] = [];
  const scratch = (): string => {
    const dir = mkdtempSync(join(tmpdir(), 'acme-programs-'));
    chmodSync(dir, 0o755);
    scratches.push(dir);
    return dir;
  };
  after(() => {
    for (const dir of scratches) rmSync(dir, { recursive: true });
  });

  it('run although the package’s install script, which makes its library links, did not', () => {
    const dir = scratch();
    const native = dirname(dirname(binariesFor(account, application).postgres));
    const copy = join(dir, 'native');
    cpSync(native, copy, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !lstatSync(path).isSymbolicLink() && !path.endsWith('.a'),
    });
    if (process.platform === 'linux')
      assert.throws(() => binariesIn(join(copy, 'bin'), account), { code: 'no_binaries' });
    assert.equal(
      binariesFor(account, application, { env: {}, native: copy }).postgres,
      join(copy, 'bin', 'postgres'),
    );
  });

  it('are copied out of a directory that the server’s user cannot enter', () => {
    if (!isRoot) return; // only root runs the server as somebody else
    const dir = join(scratch(), 'private');
    mkdirSync(dir);
    const native = dirname(dirname(binariesFor(account, application).postgres));
    const hidden = join(dir, 'native');
    cpSync(native, hidden, { recursive: true, verbatimSymlinks: true });
    appendFileSync(join(hidden, 'bin', 'postgres'), 'not the one that others may be using');
    chmodSync(dirname(dir), 0o700);
    const found = binariesFor(account, application, { env: {}, native: hidden });
    assert.ok(!found.postgres.startsWith(dir), found.postgres);
    assert.equal(lstatSync(found.postgres).uid, 0);
    assert.equal(lstatSync(found.postgres).mode & 0o022, 0);
    assert.equal(
      binariesFor(account, application, { env: {}, native: hidden }).postgres,
      found.postgres,
    );
    rmSync(dirname(dirname(dirname(found.postgres))), { recursive: true });
  });

  it('may be your own', () => {
    const bundled = binariesFor(account, application, { env: {} });
    assert.equal(bundled.major, 18);
    assert.deepEqual(
      binariesFor(account, application, { env: { ACME_PG_BIN: dirname(bundled.postgres) } }),
      bundled,
    );
    assert.throws(
      () => binariesFor(account, application, { env: { ACME_PG_BIN: '/nonexistent' } }),
      { name: 'ServerError', code: 'no_binaries', remedy: /^Point to/ },
    );
  });
});
