/** The package as npm packs it: it carries the machine's SQL, and migrates a database with it. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type * as Core from '@postrider/core';
import { catalog } from '../../../test/sql/schema/catalog.ts';
import { freshCatalog, same, withEmpty } from '../../../test/sql/rig/migrations.ts';

const core = join(import.meta.dirname, '..');
const repository = join(core, '../..');

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, npm_config_cache: join(cwd, 'cache'), npm_config_offline: 'true' },
  });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

describe('the package of core', () => {
  let folder: string;
  let unpacked: string;

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'postrider-packed-')));
    // Packed in a copy: others read the tree meanwhile.
    const copy = join(folder, 'repository');
    mkdirSync(join(copy, 'packages/core'), { recursive: true });
    cpSync(join(repository, 'sql'), join(copy, 'sql'), { recursive: true });
    for (const name of ['package.json', 'scripts', 'src'])
      cpSync(join(core, name), join(copy, 'packages/core', name), { recursive: true });
    run('npm', ['pack', '--pack-destination', folder], join(copy, 'packages/core'));
    run('sh', ['-c', 'tar -xzf postrider-core-*.tgz'], folder);
    unpacked = join(folder, 'package');
    rmSync(copy, { recursive: true });
    symlinkSync(join(core, 'node_modules'), join(unpacked, 'node_modules'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const load = async (copy: string): Promise<typeof Core> =>
    (await import(pathToFileURL(join(copy, 'src/index.ts')).href)) as typeof Core;

  it('makes the same database as the repository, and no test is in it', async () => {
    const { migrate, VERSION } = await load(unpacked);
    assert.equal(typeof VERSION, 'string');
    await withEmpty(async (sql) => {
      await migrate(sql);
      same(await catalog(sql), await freshCatalog());
    });
    const names = run(
      'find',
      ['.', '-name', '*.test.ts', '-not', '-path', './node_modules/*'],
      unpacked,
    );
    assert.equal(names, '');
  });

  for (const [missing, said] of [
    ['sql', /the machine's SQL is missing: there is no bootstrap\.sql in .* and in /],
    ['sql/views/why.sql', /sql\/views\/why\.sql cannot be read: .*ENOENT/],
    ['sql/migrations', /sql\/migrations\/ cannot be read/],
  ] as const) {
    it(`says what is missing without ${missing}, and what helps`, async () => {
      const broken = join(folder, missing.replaceAll('/', '-'));
      cpSync(unpacked, broken, { recursive: true, verbatimSymlinks: true });
      rmSync(join(broken, missing), { recursive: true });
      const { migrate } = await load(broken);
      await withEmpty(async (sql) => {
        await assert.rejects(migrate(sql), (error: Error & { kind?: string; hint?: string }) => {
          assert.equal(error.kind, 'incomplete', String(error));
          assert.match(error.message, said);
          assert.match(error.hint ?? '', /install it again.*nothing was changed/);
          return true;
        });
      });
    });
  }
});
