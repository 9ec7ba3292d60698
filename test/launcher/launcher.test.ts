import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Checkout, Run } from './checkout.ts';
import { barePath, makeCheckout, told } from './checkout.ts';

const isRoot = process.getuid?.() === 0;

describe('bin/postrider', () => {
  let checkout: Checkout;
  let program: string;
  before(() => {
    checkout = makeCheckout();
    program = join(checkout.root, 'bin', 'postrider');
  });
  after(() => checkout.remove());
  const stamp = (): string => join(checkout.root, 'node_modules', '.postrider-stamp');
  const fresh = (): void => {
    rmSync(join(checkout.root, 'node_modules'), { recursive: true, force: true });
    rmSync(join(checkout.base, 'installs'), { force: true });
    checkout.npx('echo "chatter of the installer"; real_install');
  };

  it('installs once, says so on stderr, and keeps stdout for data', async () => {
    const first = await checkout.run(program, ['a b', '', '*', "it's", 'x\ny', '--flag=1']);
    assert.equal(first.code, 0, first.stderr);
    assert.deepEqual(told(first).arguments, ['a b', '', '*', "it's", 'x\ny', '--flag=1']);
    assert.match(first.stderr, /installing/);
    assert.doesNotMatch(first.stdout, /chatter/);
    assert.deepEqual(checkout.installs(), ['--yes pnpm@12.21.0 install --frozen-lockfile']);
    const second = await checkout.run(program);
    assert.equal(second.stderr, '');
    assert.equal(checkout.installs().length, 1);
    assert.equal(existsSync(join(checkout.root, '.install-lock')), false);
  });

  it('passes the exit code on', async () => {
    assert.equal((await checkout.run(program, ['exit', '75'])).code, 75);
  });

  it('works from anywhere, by symbolic links, relative ones too, and leaves the working directory alone', async () => {
    const links = join(checkout.base, 'links');
    mkdirSync(links);
    symlinkSync('../checkout/bin/postrider', join(links, 'relative'));
    symlinkSync('relative', join(links, 'chain'));
    for (const path of ['./relative', './chain', program, '../checkout/bin/postrider']) {
      const run = await checkout.run(path, [], { cwd: links });
      assert.equal(run.code, 0, `${path}: ${run.stderr}`);
      assert.equal(told(run).directory, links);
    }
    const bySh = await checkout.run('sh', ['postrider', 'x'], {
      cwd: join(checkout.root, 'bin'),
      env: { CDPATH: '/' },
    });
    assert.deepEqual(told(bySh).arguments, ['x']);
  });

  it('installs again when the lockfile has changed', async () => {
    writeFileSync(join(checkout.root, 'pnpm-lock.yaml'), 'lockfileVersion: 9\n# changed\n');
    await checkout.run(program);
    assert.equal(checkout.installs().length, 2);
  });

  it('installs once when four first runs come together', async () => {
    fresh();
    checkout.npx('sleep 0.7; real_install');
    const runs = await Promise.all([1, 2, 3, 4].map((n) => checkout.run(program, [String(n)])));
    assert.deepEqual(
      runs.map((run) => told(run).arguments[0]),
      ['1', '2', '3', '4'],
    );
    assert.equal(checkout.installs().length, 1);
  });

  it('inherits the lock of an installer that was killed, once', async () => {
    fresh();
    checkout.npx('sleep 60');
    const killed = await checkout.run(program, [], {
      started: (pid) => {
        const wait = setInterval(() => {
          if (!existsSync(join(checkout.root, '.install-lock', 'holder'))) return;
          clearInterval(wait);
          process.kill(-pid, 'SIGKILL');
        }, 10);
      },
    });
    assert.equal(killed.code, null);
    assert.equal(existsSync(join(checkout.root, '.install-lock')), true);
    fresh();
    checkout.npx('sleep 0.7; real_install');
    const runs = await Promise.all([1, 2, 3].map(() => checkout.run(program)));
    for (const run of runs) assert.equal(run.code, 0, run.stderr);
    assert.equal(checkout.installs().length, 1);
    assert.equal(existsSync(join(checkout.root, '.install-lock')), false);
  });

  it('is not kept waiting by a stranger who got the pid of a dead installer', async () => {
    fresh();
    mkdirSync(join(checkout.root, '.install-lock'));
    writeFileSync(
      join(checkout.root, '.install-lock', 'holder'),
      `${process.pid}-${process.platform === 'linux' ? 1 : ''}\n`,
    );
    if (process.platform !== 'linux')
      // Only Linux tells them apart.
      rmSync(join(checkout.root, '.install-lock'), { recursive: true });
    const run = await checkout.run(program);
    assert.equal(run.code, 0, run.stderr);
    assert.doesNotMatch(run.stderr, /waiting/);
  });

  it('gives the lock back on Ctrl-C', async () => {
    fresh();
    checkout.npx('sleep 60');
    let pressing: NodeJS.Timeout | undefined;
    const run = await checkout.run(program, [], {
      started: (pid) => {
        // Again and again, as a person does: a shell that is just about to start a child loses a
        // signal for that child.
        pressing = setInterval(() => {
          if (checkout.installs().length === 0) return;
          try {
            process.kill(-pid, 'SIGINT');
          } catch {
            clearInterval(pressing); // it has ended
          }
        }, 50);
      },
    });
    clearInterval(pressing);
    assert.notEqual(run.code, 0);
    assert.equal(existsSync(join(checkout.root, '.install-lock')), false);
    assert.equal(existsSync(stamp()), false);
  });

  const refused = (run: Run, words: RegExp): void => {
    assert.equal(run.code, 69, run.stderr);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, words);
    assert.equal(existsSync(stamp()), false);
    assert.equal(existsSync(join(checkout.root, '.install-lock')), false);
  };

  it('shows why an installation failed, and goes on from there next time', async () => {
    fresh();
    checkout.npx(
      'echo "line on stdout"; echo "ERR_PNPM_META_FETCH_FAIL no route to registry" >&2; exit 1',
    );
    const run = await checkout.run(program);
    refused(run, /no route to registry[\s\S]*npm ping/);
    assert.match(run.stderr, /line on stdout/);
    checkout.npx('real_install');
    assert.equal((await checkout.run(program)).code, 0);
  });

  it('says what to install where there is no npm', async () => {
    fresh();
    refused(
      await checkout.run(program, [], { env: { PATH: barePath(checkout, ['npx']) } }),
      /npm was not found[\s\S]*nodejs\.org/,
    );
  });

  it('says so where no Node runs here', async () => {
    fresh();
    checkout.npx(
      'real_install; rm "$ROOT/node_modules/.bin/node"; ' +
        'printf "#!/bin/sh\\necho wrong libc >&2; exit 1" >"$ROOT/node_modules/.bin/node"; ' +
        'chmod +x "$ROOT/node_modules/.bin/node"',
    );
    refused(await checkout.run(program), /wrong libc[\s\S]*22\.12/);
  });

  it('takes the machine’s Node when it is new enough, and notices when that one goes', async () => {
    fresh();
    const old = await checkout.run(program);
    assert.equal(readFileSync(stamp(), 'utf8').split('\n')[2], 'bundled');
    assert.equal(told(old).node, realpathSync(join(checkout.root, 'node_modules', '.bin', 'node')));
    fresh();
    const own = join(checkout.base, 'own');
    mkdirSync(own);
    writeFileSync(
      join(own, 'node'),
      `#!/bin/sh\n[ "$1" = -e ] && { echo '${own}/node'; exit; }\n` +
        `FROM_OWN=1 exec '${process.execPath}' "$@"\n`,
      { mode: 0o755 },
    );
    const PATH = `${own}:${checkout.tools}:/usr/bin:/bin`;
    await checkout.run(program, [], { env: { PATH } });
    assert.equal(readFileSync(stamp(), 'utf8').split('\n')[2], join(own, 'node'));
    assert.equal((await checkout.run(program, [], { env: { PATH } })).code, 0);
    assert.equal(checkout.installs().length, 1);
    renameSync(join(own, 'node'), join(own, 'gone'));
    assert.equal((await checkout.run(program, [], { env: { PATH } })).code, 0);
    assert.equal(readFileSync(stamp(), 'utf8').split('\n')[2], 'bundled');
  });

  it('lets npm’s PATH, which leads with our own Node, not pass for the machine’s', async () => {
    fresh();
    const PATH = `${join(checkout.root, 'node_modules', '.bin')}:${checkout.tools}:/usr/bin:/bin`;
    await checkout.run(program, [], { env: { PATH } });
    rmSync(stamp());
    await checkout.run(program, [], { env: { PATH } });
    assert.equal(readFileSync(stamp(), 'utf8').split('\n')[2], 'bundled');
  });

  it('runs below a path of odd characters, and by tsx where Node does not strip types by itself', async () => {
    for (const [name, byTsx] of [
      ['50% of "it" # ? & é', false],
      [`it's 50% é`, true],
    ] as const) {
      const odd = makeCheckout(name);
      try {
        const path = join(odd.root, 'bin', 'postrider');
        const first = await odd.run(path, ['x']);
        assert.equal(first.code, 0, first.stderr);
        assert.deepEqual(told(first).flags, []);
        if (!byTsx) continue;
        const file = join(odd.root, 'node_modules', '.postrider-stamp');
        writeFileSync(file, readFileSync(file, 'utf8').replace(/native\n$/, 'tsx\n'));
        const second = await odd.run(path, ['x']);
        assert.equal(second.code, 0, second.stderr);
        assert.match(told(second).flags.join(' '), /--import=.*tsx/);
      } finally {
        odd.remove();
      }
    }
  });

  it('runs for a user who may read but not write, once it is installed', async (t) => {
    if (!isRoot) return t.diagnostic('not tried: only root can be somebody else for a moment');
    const nobody = 65_534;
    const shared = makeCheckout();
    try {
      const path = join(shared.root, 'bin', 'postrider');
      const reaches = await shared.run('sh', ['-c', `test -x '${process.execPath}'`], {
        uid: nobody,
      });
      if (reaches.code !== 0)
        return t.diagnostic('not tried: another user cannot run Node from this checkout');
      const early = await shared.run(path, [], { uid: nobody });
      assert.equal(early.code, 69, early.stderr);
      assert.match(early.stderr, /owner/);
      await shared.run(path);
      chmodSync(shared.base, 0o755);
      const run = await shared.run(path, ['x'], { uid: nobody });
      assert.deepEqual(told(run).arguments, ['x'], run.stderr);
      assert.equal(run.stderr, '');
    } finally {
      shared.remove();
    }
  });
});
