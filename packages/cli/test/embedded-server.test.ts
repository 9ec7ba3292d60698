import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { MachineError, MigrationError } from '@postrider/core';
import { ServerError } from '@postrider/embedded-postgres';
import { entry } from '../../../test/support/hosted.ts';
import { loader } from '../../../test/support/loader.ts';
import { explain } from '../src/errors/explain.ts';
import { cli, projectHome } from './cli.ts';

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

it('says that the folder of POSTRIDER_HOME is not there, and does not make it for a question', async () => {
  const bare = projectHome();
  const home = join(bare.path, 'nope', 'x');
  const nowhere = { url: null, home: bare.path, env: { POSTRIDER_HOME: home } };
  try {
    for (const command of [['status'], ['run'], ['campaign', 'list']]) {
      const run = await cli(nowhere, command);
      assert.equal(run.code, 69, run.stderr);
      assert.match(
        run.stderr,
        new RegExp(`there is no folder ${home}\\n.*POSTRIDER_HOME.*postrider migrate.*make it`),
      );
    }
    assert.match((await cli(nowhere, ['db', 'status'])).stdout, /there is none yet/);
    assert.ok(!existsSync(join(bare.path, 'nope')));
  } finally {
    bare.remove();
  }
});

it('no variable of libpq leads a command or psql away from the embedded database', async () => {
  const home = projectHome();
  const env = {
    PGHOST: '127.0.0.2',
    PGHOSTADDR: '127.0.0.2',
    PGPORT: '1',
    PGUSER: 'eve',
    PGDATABASE: 'elsewhere',
    PGPASSWORD: 'wrong',
    PGSSLMODE: 'verify-full',
    PGSERVICE: 'elsewhere',
    PGOPTIONS: '-c role=eve',
    PGTARGETSESSIONATTRS: 'standby',
    PGMAX: '0',
  };
  const place = { url: null, home: home.path, env };
  try {
    const migrated = await cli(place, ['migrate']);
    assert.equal(migrated.code, 0, migrated.stderr);
    const asked = 'select current_user, current_database()';
    const told = await cli(place, ['sql', asked, '--csv']);
    assert.match(told.stdout, /\npostrider,postrider\n$/, told.stderr);
    if (spawnSync('psql', ['--version']).status === 0) {
      const psql = await cli(place, ['psql', '--', '-XAtc', asked]);
      assert.equal(psql.stdout, 'postrider|postrider\n', psql.stderr);
    }
  } finally {
    assert.equal((await cli(place, ['db', 'stop'])).code, 0);
    home.remove();
  }
});

it('its status tells the account of the system from the login of the database', async () => {
  const home = projectHome();
  try {
    const data = join(home.path, 'var/postgres/data');
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'PG_VERSION'), '18\n');
    const status = await cli({ url: null, home: home.path }, ['db', 'status']);
    assert.match(
      status.stdout,
      /run by +\S+ \(an account of this system\)\n +login +postrider \(a role of the database\)/,
    );
    const [told] = (await cli({ url: null, home: home.path }, ['db', 'status', '--json'])).json();
    assert.equal(told?.['login'], 'postrider');
  } finally {
    home.remove();
  }
});

it('where the embedded database must be another one, it is said how it is put aside', () => {
  const error = new MigrationError('unsuitable', 'it is older', 'give it an empty database');
  const { DATABASE_URL: own } = process.env;
  try {
    delete process.env['DATABASE_URL'];
    assert.match(
      explain(error).hint ?? '',
      /^give it an empty database\. .*`postrider db stop`.*var\/postgres.*`postrider migrate`$/,
    );
    process.env['DATABASE_URL'] = 'postgres://own';
    assert.equal(explain(error).hint, 'give it an empty database');
  } finally {
    if (own === undefined) delete process.env['DATABASE_URL'];
    else process.env['DATABASE_URL'] = own;
  }
});

it('what helps after a typed call is told as a command, and after plain SQL as SQL', () => {
  const hint =
    "look at the printer's console, then: " +
    "select postrider.resolve('1', 'printed' or 'not_printed', 'evidence'). Nothing was changed";
  assert.match(
    explain(new MachineError('PR016', 'nobody can tell', { hint, detail: {}, cause: null })).hint ??
      '',
    /then: postrider resolve 1 printed\|not_printed --evidence "…"\. Nothing was changed/,
  );
  const plain = Object.assign(new Error('nobody can tell'), {
    name: 'PostgresError',
    code: 'PR016',
    hint,
  });
  assert.equal(explain(plain).hint, hint);
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
