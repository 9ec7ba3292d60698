/**
 * The first run on a fresh machine, for real: a copy of the tree without node_modules, an empty
 * home, the real npm and registry. Needs the network and some 20 s.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { repository } from './checkout.ts';

describe('a first run', () => {
  let base: string;
  let root: string;
  before(() => {
    base = realpathSync(mkdtempSync(join(tmpdir(), 'postrider-first-')));
    root = join(base, 'private', 'postrider');
    mkdirSync(join(base, 'home'));
    // As root the server runs as somebody who cannot enter here.
    mkdirSync(join(base, 'private'), { mode: 0o700 });
    const unwanted = ['node_modules', '.git', 'var', 'out'];
    const top = (path: string): string =>
      path
        .slice(repository.length + 1)
        .split('/')
        .at(-1) ?? '';
    cpSync(repository, root, {
      recursive: true,
      verbatimSymlinks: true,
      filter: (path) => !unwanted.includes(top(path)),
    });
    // What this test is about is everything up to the first line of the program.
    writeFileSync(
      join(root, 'bin', 'main.ts'),
      `import { databaseUrl, stopServer } from '@postrider/embedded-postgres';
       import postgres from 'postgres';
       const place = { projectDir: process.argv[2] ?? '', application: 'postrider' };
       const { url, server } = await databaseUrl({ ...place, env: {} });
       const sql = postgres(url);
       const [row] = await sql\`select current_setting('server_version') as version\`;
       await sql.end();
       await stopServer(place);
       const { elsewhere, dataDir } = server ?? {};
       console.log(JSON.stringify({ ...row, node: process.version, elsewhere, dataDir }));`,
    );
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  it('installs what the lockfile pins, and the embedded server runs', () => {
    chmodSync(base, 0o755);
    const began = Date.now();
    const run = spawnSync(join(root, 'bin', 'postrider'), [root], {
      cwd: '/',
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH']
          ?.split(':')
          .filter((dir) => !dir.includes('node_modules'))
          .join(':'),
        HOME: join(base, 'home'),
      },
    });
    console.log(`first run: ${((Date.now() - began) / 1000).toFixed(1)} s`);
    assert.equal(run.status, 0, run.stderr);
    assert.match(run.stderr, /^postrider: installing/);
    const told = JSON.parse(run.stdout) as {
      version: string;
      node: string;
      elsewhere: string | null;
      dataDir: string;
    };
    assert.match(told.version, /^18\./);
    assert.ok(Number.parseInt(told.node.slice(1), 10) >= 22, told.node);
    assert.equal(existsSync(join(root, '.install-lock')), false);
    assert.match(
      readFileSync(join(root, 'node_modules', '.postrider-stamp'), 'utf8'),
      /\n(native|tsx)\n$/,
    );
    if (process.getuid?.() === 0) {
      assert.match(told.elsewhere ?? '', /cannot use it/);
      rmSync(join(told.dataDir, '..'), { recursive: true });
    }
  });
});
