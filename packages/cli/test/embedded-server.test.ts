import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { ServerError } from '@postrider/embedded-postgres';
import { entry } from '../../../test/support/hosted.ts';
import { loader } from '../../../test/support/loader.ts';
import { explain } from '../src/errors/explain.ts';
import { projectHome } from './cli.ts';

it('a project on a read-only file system is told as such, and no server is made elsewhere', (t) => {
  if (spawnSync('unshare', ['-m', 'true']).status !== 0) {
    t.diagnostic('this process may not mount: a real read-only file system was not tried');
    return;
  }
  const home = projectHome();
  const script = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && shift && exec "$@"';
  const command = [process.execPath, ...loader, entry, 'db', 'start'];
  const run = spawnSync('unshare', ['-m', 'sh', '-c', script, 'sh', home.path, ...command], {
    encoding: 'utf8',
    env: {
      ...process.env,
      DATABASE_URL: undefined,
      DATABASE_URL_FILE: undefined,
      POSTRIDER_HOME: home.path,
    },
  });
  assert.equal(run.status, 73, run.stderr);
  assert.match(run.stderr, /read-only[^]*POSTRIDER_HOME/);
  assert.equal(existsSync(join(home.path, 'var')), false);
  home.remove();
});

it('a damaged database is told with what it means for those who mail', () => {
  const { hint } = explain(
    new ServerError('damaged', { what: 'What.', kept: 'Kept.', remedy: 'Remedy.', log: 'PANIC' }),
  );
  assert.equal(
    hint,
    'Kept. Cards already printed stay known to their printers. Remedy. Run `reconcile --since` ' +
      "before mailing resumes, so that nothing is printed twice.\nThe server's log ends with:\n" +
      '  PANIC',
  );
});
