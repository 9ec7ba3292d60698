/** What a machine does to a checkout: line ends, and a proxy for all that goes out. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeCheckout, repository, type Checkout } from './checkout.ts';

describe('bin/postrider', () => {
  let checkout: Checkout;
  let program: string;
  before(() => {
    checkout = makeCheckout();
    program = join(checkout.root, 'bin', 'postrider');
  });
  after(() => checkout.remove());

  it('says so of a checkout with CRLF, however it came, and git makes none', async () => {
    const windows = makeCheckout('windows');
    try {
      for (const name of ['postrider', 'test', 'check', '_bootstrap.sh']) {
        const file = join(windows.root, 'bin', name);
        writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n'));
      }
      for (const name of ['postrider', 'test', 'check']) {
        const run = await windows.run('sh', [`bin/${name}`]);
        assert.equal(run.code, 69, run.stderr);
        assert.match(run.stderr, /^bin\/\w+: this checkout has Windows line ends \(CRLF\).*\n$/);
        assert.equal(run.stdout, '');
      }
    } finally {
      windows.remove();
    }
    if (spawnSync('git', ['--version']).status !== 0) return;
    const from = join(checkout.base, 'from');
    cpSync(join(checkout.root, 'bin'), join(from, 'bin'), { recursive: true });
    cpSync(join(repository, '.gitattributes'), join(from, '.gitattributes'));
    const git = (...args: readonly string[]): void => {
      const { status, stderr } = spawnSync('git', args, { cwd: from, encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    };
    git('init', '-q');
    git('add', '.');
    git('-c', 'user.name=a', '-c', 'user.email=a@b.test', 'commit', '-qm', 'All');
    const clone = join(checkout.base, 'clone');
    git('clone', '-q', '-c', 'core.autocrlf=true', from, clone);
    for (const name of ['postrider', '_bootstrap.sh', 'main.ts'])
      assert.ok(!readFileSync(join(clone, 'bin', name), 'utf8').includes('\r'), name);
  });

  it('keeps loopback from a proxy', async () => {
    const main = join(checkout.root, 'bin', 'main.ts');
    const before = readFileSync(main, 'utf8');
    writeFileSync(
      main,
      `import { createServer } from 'node:http';
       const server = createServer((_request, response) => response.end('twin'));
       server.listen(0, '127.0.0.1', async () => {
         const { port } = server.address() as { port: number };
         for (const host of ['127.0.0.1', 'localhost'])
           console.log(await (await fetch('http://' + host + ':' + port)).text());
         console.log(process.env['NO_PROXY']);
         server.close();
         server.closeAllConnections();
       });`,
    );
    const proxy = 'http://127.0.0.1:9';
    try {
      for (const [mine, all] of [
        [{}, 'localhost,127.0.0.1,::1'],
        [{ NO_PROXY: 'a.test' }, 'a.test,localhost,127.0.0.1,::1'],
      ] as const) {
        const env = { HTTP_PROXY: proxy, http_proxy: proxy, NODE_USE_ENV_PROXY: '1', ...mine };
        const run = await checkout.run(program, [], { env });
        assert.equal(run.stdout, `twin\ntwin\n${all}\n`, run.stderr);
      }
    } finally {
      writeFileSync(main, before);
    }
  });

  it('npm install and npm ci say how it is done, and change nothing', () => {
    const root = join(checkout.base, 'by-npm');
    for (const name of ['package.json', 'package-lock.json', 'packages/core/package.json'])
      cpSync(join(repository, name), join(root, name));
    const before = readdirSync(root).toSorted();
    for (const command of ['install', 'ci']) {
      const run = spawnSync('npm', [command, '--offline', '--no-audit', '--no-fund'], {
        cwd: root,
        encoding: 'utf8',
        env: { ...process.env, HOME: checkout.base, npm_config_cache: join(checkout.base, 'npm') },
      });
      assert.notEqual(run.status, 0);
      assert.match(run.stderr, /run: npm start - this checkout installs itself, with pnpm/);
    }
    assert.deepEqual(readdirSync(root).toSorted(), before);
    const lock = readFileSync(join(repository, 'package-lock.json'), 'utf8');
    assert.equal(readFileSync(join(root, 'package-lock.json'), 'utf8'), lock);
  });
});
