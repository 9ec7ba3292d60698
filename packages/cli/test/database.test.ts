import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { alike, hostile, impose, known } from '../../../test/pipeline/settings/hostile-settings.ts';
import { connect, testDatabase, type TestDatabase } from '../../../test/support/server.ts';
import { cli, projectHome, type CliPlace } from './cli.ts';

describe('the database behind the command line', () => {
  let home: ReturnType<typeof projectHome>;
  let database: TestDatabase;
  let place: CliPlace;
  before(async () => {
    home = projectHome();
    database = await testDatabase();
    place = { url: database.url, home: home.path };
  });
  after(async () => {
    await database.drop();
    home.remove();
  });
  const at = (change: (url: URL) => void): CliPlace => {
    const url = new URL(database.url);
    change(url);
    return { url: url.href, home: home.path };
  };
  const never = (text: string): void =>
    assert.ok(!text.includes(new URL(database.url).password), 'a password was told');

  it('says before it is set up what sets it up', async () => {
    const status = await cli(place, ['status']);
    assert.equal(status.code, 78, status.stderr);
    assert.match(status.stderr, /not set up.*\n.*postrider migrate/);
    assert.equal((await cli(place, ['run', '--once'])).code, 78);
    const doctor = await cli(place, ['doctor']);
    assert.equal(doctor.code, 1);
    assert.match(
      doctor.stdout,
      /bad +schema +Postrider is not set up in this database → postrider migrate/,
    );
  });

  it('migrates, tells the SQL beforehand, and leaves alone what is up to date', async () => {
    const dry = await cli(place, ['migrate', '--dry-run']);
    assert.equal(dry.code, 0, dry.stderr);
    assert.match(dry.stdout, /create table postrider\.recipient_state/);
    const first = await cli(place, ['migrate']);
    assert.equal(first.code, 0, first.stderr);
    assert.match(first.stdout, /^tables, functions and views made in /);
    const stale = connect(database.url);
    await stale`update postrider.migration set checksum = 'x' where name = 'repeatables'`;
    await stale.end();
    const anew = await cli(place, ['migrate', '--json']);
    assert.equal(anew.json()[0]?.['changed'], true);
    const second = await cli(place, ['migrate']);
    assert.match(second.stdout, /up to date/);
    const empty = await cli(place, ['status']);
    assert.equal(empty.code, 0);
    assert.match(empty.stderr, /no campaign yet/);
    assert.equal(empty.stdout, '');
  });

  it('exits 69 where the server cannot be reached, 77 where it refuses, and never tells a password', async () => {
    const away = await cli(
      at((url) => (url.port = '1')),
      ['status'],
    );
    assert.equal(away.code, 69);
    assert.match(away.stderr, /the database at 127\.0\.0\.1:1 cannot be reached \(ECONNREFUSED\)/);
    never(away.stderr);
    const unknown = await cli(
      at((url) => (url.hostname = 'nowhere.invalid')),
      ['status'],
    );
    assert.match(unknown.stderr, /the database at nowhere\.invalid cannot be reached \(E/);
    never(unknown.stderr);
    const wrong = await cli(
      at((url) => (url.password = 'wrong-secret')),
      ['status', '-v'],
    );
    assert.equal(wrong.code, 77, wrong.stderr);
    assert.ok(!wrong.stderr.includes('wrong-secret'));
    const absent = await cli(
      at((url) => (url.pathname = '/no_such_database')),
      ['status', '-v'],
    );
    assert.equal(absent.code, 69, absent.stderr);
    never(absent.stderr);
    const garbled = await cli({ url: 'postgres://u:half secret@h:port/x', home: home.path }, [
      'status',
      '-v',
    ]);
    assert.equal(garbled.code, 78, garbled.stderr);
    assert.ok(!garbled.stderr.includes('half secret'), garbled.stderr);
    const other = await cli({ url: 'mysql://u:secret@127.0.0.1/x', home: home.path }, [
      'status',
      '-v',
    ]);
    assert.equal(other.code, 78, other.stderr);
    assert.match(other.stderr, /DATABASE_URL .*mysql/);
    assert.ok(!other.stderr.includes('secret'), other.stderr);
  });

  it('reads the address from a file', async () => {
    const file = join(home.path, 'address');
    writeFileSync(file, `${database.url}\n`, { mode: 0o600 });
    const run = await cli({ url: null, home: home.path, env: { DATABASE_URL_FILE: file } }, [
      'status',
      '--json',
    ]);
    assert.equal(run.code, 0, run.stderr);
    const missing = await cli(
      { url: null, home: home.path, env: { DATABASE_URL_FILE: '/no/such/file' } },
      ['status'],
    );
    assert.equal(missing.code, 78, missing.stderr);
    for (const args of [['status'], ['db', 'start']]) {
      const unset = await cli({ url: '', home: home.path }, args);
      assert.equal(unset.code, 78, unset.stderr);
      assert.match(unset.stderr, /DATABASE_URL is empty/);
    }
    writeFileSync(file, '\n');
    const empty = await cli({ url: null, home: home.path, env: { DATABASE_URL_FILE: file } }, [
      'status',
    ]);
    assert.equal(empty.code, 78, empty.stderr);
    assert.match(empty.stderr, /is empty/);
  });

  it('exits 77 where the role has no rights', async () => {
    const name = `r_${randomBytes(5).toString('hex')}`;
    const admin = connect(database.adminUrl);
    try {
      await admin.unsafe(`create role ${name} login password 'pw'`);
      const stranger = at((url) => {
        url.username = name;
        url.password = 'pw';
      });
      const look = await cli(stranger, ['status']);
      assert.equal(look.code, 77, look.stderr);
      const hold = await cli(stranger, ['hold', 'campaign', 'x']);
      assert.equal(hold.code, 77, hold.stderr);
      await using other = await testDatabase();
      const url = new URL(other.url);
      url.username = name;
      url.password = 'pw';
      const migrate = await cli({ url: url.href, home: home.path }, ['migrate']);
      assert.equal(migrate.code, 77, migrate.stderr);
      assert.match(migrate.stderr, /no right[\s\S]*nothing was changed/);
    } finally {
      await admin.unsafe(`drop owned by ${name}; drop role ${name}`);
      await admin.end();
    }
  });

  it('refuses a server that is too old', async () => {
    await using old = await testDatabase();
    const admin = connect(old.adminUrl);
    // A real server that claims to be another: in the server's own catalog, since a function of
    // anybody else's is not called. Not strict: it is inlined then, and the built-in one is not
    // asked.
    await admin.unsafe(`
      set allow_system_table_mods = on;
      create or replace function pg_catalog.current_setting(text) returns text
      stable language sql as $$
        select case $1
          when 'server_version_num' then '140012'
          when 'server_version' then '14.12'
          else pg_catalog.current_setting($1, false)
        end
      $$`);
    await admin.end();
    const run = await cli({ url: old.url, home: home.path }, ['migrate']);
    assert.equal(run.code, 69, run.stderr);
    assert.match(
      run.stderr,
      /PostgreSQL 14\.12 is too old\nPostrider needs PostgreSQL 15 or newer; nothing was changed/,
    );
  });

  it('works on a database whose defaults are hostile', async () => {
    await using odd = await testDatabase();
    const [group = []] = alike(hostile);
    await impose(odd, await known(odd, group), 'database');
    const at = { url: odd.url, home: home.path };
    const migrate = await cli(at, ['migrate']);
    assert.equal(migrate.code, 0, migrate.stderr);
    // Somebody's own statement is read by their own search_path.
    const sql = await cli(at, [
      'sql',
      `select pg_catalog.timestamptz '2026-05-04 12:00Z' as at, bytea '\\x00ff' as bytes`,
      '--json',
    ]);
    assert.equal(sql.code, 0, sql.stderr);
    assert.deepEqual(JSON.parse(sql.stdout), { at: '2026-05-04T12:00:00Z', bytes: '\\x00ff' });
  });

  it('says after migrating that months of the history have wrong bounds, and how they are mended', async () => {
    await using old = await testDatabase();
    const at = { url: old.url, home: home.path };
    assert.equal((await cli(at, ['migrate'])).code, 0);
    const sql = connect(old.url, { max: 1 });
    const [month] = await sql<{ name: string; until: string }[]>`
      select
        'recipient_event_' || to_char(m, 'YYYY_MM') as name,
        to_char(m + interval '1 month', 'YYYY-MM-DD 03:30:00+00') as until
      from date_trunc('month', (now() at time zone 'UTC') + interval '3 months') m`;
    assert.ok(month);
    const from = month.until.replace(/^.{10}/, `${month.name.slice(-7).replace('_', '-')}-01`);
    await sql.unsafe(`
      alter table postrider.recipient_event detach partition postrider.${month.name};
      alter table postrider.recipient_event attach partition postrider.${month.name}
        for values from ('${from}') to ('${month.until}')`);
    await sql.end();
    const told = await cli(at, ['migrate', '--json']);
    assert.equal(told.code, 0, told.stderr);
    assert.match(
      told.stderr,
      new RegExp(`${month.name}.*nobody moves meanwhile.*mend_event_partitions`),
    );
    assert.deepEqual(told.json()[0]?.['misdatedPartitions'], [month.name]);
    const { warning } = JSON.parse(told.stderr) as { warning: string };
    const statement = /postrider sql --write "(.*)"/.exec(warning)?.[1] ?? '';
    const mended = await cli(at, ['sql', '--write', statement, '--json']);
    assert.equal(mended.code, 0, mended.stderr);
    assert.equal(mended.json()[0]?.['partition_name'], month.name);
    const again = await cli(at, ['migrate', '--json']);
    assert.deepEqual([again.stderr, again.json()[0]?.['misdatedPartitions']], ['', []]);
  });

  it('makes no embedded server for a question', async () => {
    const bare = projectHome();
    try {
      // Nor for a runner, which has nothing to run on an empty one.
      for (const command of ['status', 'run']) {
        const run = await cli({ url: null, home: bare.path }, [command]);
        assert.equal(run.code, 69, run.stderr);
        assert.match(run.stderr, /there is no database yet\n.*postrider demo/);
      }
      const status = await cli({ url: null, home: bare.path }, ['db', 'status', '--json']);
      assert.equal(status.json()[0]?.['state'], 'absent');
      assert.equal(
        (await cli({ url: null, home: bare.path }, ['db', 'stop'])).stdout,
        'it was not running\n',
      );
    } finally {
      bare.remove();
    }
  });

  it('leaves the embedded server alone where a server is named', async () => {
    assert.equal((await cli(place, ['db', 'start'])).code, 2);
    const status = await cli(place, ['db', 'status']);
    assert.match(status.stdout, /DATABASE_URL names postgres:\/\/[^:]+:\*\*\*@/);
    never(status.stdout);
  });
});
