/**
 * Addresses against real servers: TLS in each mode, sockets, and what is said where none answers.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { connect, ConnectionError, migrate } from '@postrider/core';
import {
  connect as bare,
  owner,
  startServer,
  testDatabase,
  type OwnServer,
  type TestDatabase,
} from '../../../test/support/server.ts';
import { cli, projectHome } from './cli.ts';
import { isLong } from '../../../test/support/long.ts';

const hasPsql = spawnSync('psql', ['--version']).status === 0;
const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const OF_THE_SESSION = `
  select s.ssl, current_setting('application_name') as name
  from pg_catalog.pg_stat_ssl s
  where s.pid = pg_catalog.pg_backend_pid()`;

describe('a server with TLS', { skip: hasOpenssl ? false : 'there is no openssl' }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'acme-tls-'));
  const home = projectHome();
  let server: OwnServer;
  const pem = (name: string): string => join(folder, name);

  before(async () => {
    for (const name of ['server', 'other'])
      spawnSync(
        'openssl',
        'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=db.test -addext'
          .split(' ')
          .concat('subjectAltName=DNS:localhost')
          .concat('-keyout', pem(`${name}.key`), '-out', pem(`${name}.crt`)),
      );
    server = await startServer();
    const admin = bare(server.adminUrl, { max: 1 });
    for (const name of ['server.key', 'server.crt']) {
      const lines = readFileSync(pem(name), 'utf8').trim().split('\n');
      const values = lines.map((line) => `('${line}')`).join(', ');
      await admin.unsafe(
        `copy (values ${values}) to program 'umask 077; cat > "${server.dataDir}/${name}"'`,
      );
    }
    await admin.unsafe(`alter system set ssl = on`);
    await admin`select pg_reload_conf()`;
    await admin.end();
  });
  after(async () => {
    home.remove();
    rmSync(folder, { recursive: true });
    await server.drop();
  });

  const at = (host: string, query: string): string => {
    const url = new URL(server.url);
    url.hostname = host;
    return `${url.href}?${query}`;
  };
  /** Whether the session has TLS, or the code of the error. */
  const told = async (url: string): Promise<unknown> => {
    const sql = connect(url, { onNotice: () => undefined, max: 1 });
    try {
      const [row] = await sql.unsafe<{ ssl: boolean }[]>(OF_THE_SESSION);
      return row?.ssl;
    } catch (error) {
      return (error as { code?: unknown }).code;
    } finally {
      await sql.end({ timeout: 1 });
    }
  };

  const right = `sslrootcert=${pem('server.crt')}`;
  const wrong = `sslrootcert=${pem('other.crt')}`;
  const cases: ReadonlyArray<readonly [string, string, unknown]> = [
    ['127.0.0.1', '', true],
    ['127.0.0.1', 'sslmode=disable', false],
    ['127.0.0.1', 'sslmode=allow', true],
    ['127.0.0.1', 'sslmode=prefer', true],
    ['127.0.0.1', 'sslmode=require&channel_binding=require', true],
    ['127.0.0.1', 'sslmode=no-verify', true],
    ['127.0.0.1', `sslmode=require&${wrong}`, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['127.0.0.1', `sslmode=verify-ca&${right}`, true],
    ['127.0.0.1', `sslmode=verify-ca&${wrong}`, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['localhost', `sslmode=verify-full&${right}`, true],
    ['127.0.0.1', `sslmode=verify-full&${right}`, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['localhost', 'sslmode=verify-full', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ['127.0.0.1', `sslmode=verify-full&${right}&hostaddr=127.0.0.1&host=localhost`, true],
  ];
  for (const [host, query, wanted] of cases) {
    const shown = query.replaceAll(folder, '');
    it(`at ${host} by ${shown === '' ? 'an address that says nothing of it' : shown}`, async () =>
      assert.equal(await told(at(host, query)), wanted));
  }

  if (isLong)
    it('psql goes the same way', { skip: !hasPsql }, async () => {
      for (const [host, query, wanted] of cases) {
        if (query.includes('verify-full') && !query.includes('sslrootcert')) continue;
        const place = { url: at(host, query), home: home.path };
        const run = await cli(place, ['psql', '--', '-XAtc', OF_THE_SESSION]);
        if (typeof wanted === 'boolean')
          assert.equal(
            run.stdout,
            `${wanted ? 't' : 'f'}|postrider psql\n`,
            `${query} ${run.stderr}`,
          );
        else assert.notEqual(run.code, 0, query);
      }
    });

  it('the command line says a certificate that is not trusted, and which parameter it is', async () => {
    const place = { url: at('localhost', `sslmode=verify-full`), home: home.path };
    const run = await cli(place, ['doctor']);
    assert.equal(run.code, 69, run.stderr);
    assert.match(run.stderr, /certificate[\s\S]*sslrootcert/);
  });
});

describe('an address as it is pasted', () => {
  const home = projectHome();
  let database: TestDatabase;
  before(async () => (database = await testDatabase()));
  after(async () => {
    home.remove();
    await database.drop();
  });
  const where = (url: string, env: Record<string, string> = {}) => ({ url, home: home.path, env });
  const asks = ['sql', 'select current_database() as name', '--csv'];

  it('works, and says which of its parameters are not used', async () => {
    const query = 'schema=public&pgbouncer=true&sslmode=prefer&channel_binding=require';
    const url = `"${database.url}?${query}"\n`;
    const run = await cli(where(url), asks);
    assert.equal(run.code, 0, run.stderr);
    for (const name of ['schema', 'pgbouncer', 'channel_binding'])
      assert.match(run.stderr, new RegExp(`DATABASE_URL: ${name} is not used: `));
    const refused = await cli(where(url), ['why', 'nobody', '--json']);
    const told = refused.stderr
      .trim()
      .split('\n')
      .map((line) => Object.keys(JSON.parse(line) as object));
    assert.deepEqual(told, [['note'], ['note'], ['note'], ['error']], 'one JSON object a line');
    const status = await cli(where(url), ['db', 'status', '--json']);
    assert.equal(status.json<{ notes: string[] }>()[0]?.notes.length, 3);
    assert.ok(!status.stdout.includes(new URL(database.url).password));
  });

  it('of JDBC, SQLAlchemy and libpq’s key words, for every command', async () => {
    const { hostname, port, username, password } = new URL(database.url);
    const name = database.name;
    for (const url of [
      `jdbc:postgresql://${hostname}:${port}/${name}?user=${username}&password=${password}`,
      database.url.replace('postgres:', 'postgresql+psycopg2:'),
      `host=${hostname} port=${port} dbname='${name}' user=${username} password=${password}`,
    ]) {
      const run = await cli(where(url), asks);
      assert.equal(run.stdout, `name\n${name}\n`, run.stderr);
      const migrated = await cli(where(url), ['migrate', '--dry-run']);
      assert.equal(migrated.code, 0, migrated.stderr);
      const doctor = await cli(where(url), ['doctor']);
      assert.match(doctor.stdout, /Postrider is not set up in this database/);
    }
  });

  it('without what the variables of libpq tell, which nobody else’s database is found by', async () => {
    const { hostname, port, username, password } = new URL(database.url);
    const env = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password };
    const run = await cli(where(`postgresql:///${database.name}`, env), asks);
    assert.equal(run.stdout, `name\n${database.name}\n`, run.stderr);
    const astray = {
      PGHOST: '127.0.0.2',
      PGPORT: '1',
      PGDATABASE: 'no',
      PGSERVICE: 'no',
      PGOPTIONS: '-c no=1',
      PGMAX: '0',
      PGSSL: 'verify-full',
    };
    const { PGSERVICE: _service, PGOPTIONS: _options, ...others } = astray;
    assert.equal((await cli(where(database.url, others), asks)).code, 0);
    if (!hasPsql) return;
    const psql = await cli(where(database.url, others), [
      'psql',
      '--',
      '-XAtc',
      'select current_database()',
    ]);
    assert.equal(psql.stdout, `${database.name}\n`, psql.stderr);
  });

  it('by the socket of the server', async () => {
    const admin = bare(database.adminUrl, { max: 1 });
    const [row] = await admin`select current_setting('unix_socket_directories') as folder`;
    await admin.end();
    const folder = String(row?.['folder']).replaceAll('"', '');
    const { port } = new URL(database.url);
    for (const url of [
      `postgresql://${owner}@/${database.name}?host=${folder}&port=${port}`,
      `postgresql://${owner}@${encodeURIComponent(folder)}:${port}/${database.name}?sslmode=require`,
      `host=${folder} port=${port} user=${owner} dbname=${database.name}`,
    ]) {
      const run = await cli(where(url), asks);
      assert.equal(run.stdout, `name\n${database.name}\n`, run.stderr);
    }
    const away = await cli(where(`postgresql://u@/d?host=/no/such`), asks);
    assert.equal(away.code, 69, away.stderr);
    assert.match(away.stderr, /\/no\/such\/\.s\.PGSQL\.5432/);
    assert.ok(existsSync(folder));
  });

  it('says what is wrong with it, and never the password', async () => {
    for (const [url, said] of [
      ['postgres://u:hun@ter2@h/d', /DATABASE_URL has a password with @ .*\n.*%40.*Nothing was/],
      ['postgres://u:hunter2@h/d?sslmod=require', /sslmod.*\n.*did you mean sslmode/],
      ['service=nowhere password=hunter2', /DATABASE_URL names the service nowhere/],
    ] as const)
      for (const args of [['status'], ['psql'], ['run', '--once'], ['db', 'status']]) {
        const run = await cli(where(url), args);
        assert.equal(run.code, 78, run.stderr);
        assert.match(run.stderr, said);
        assert.ok(!/hun|ter2/.test(run.stdout + run.stderr), run.stderr);
      }
  });
});

describe('the first call of the library says where the database was looked for, and what to do', () => {
  let database: TestDatabase;
  before(async () => (database = await testDatabase()));
  after(async () => await database.drop());

  const cases: ReadonlyArray<readonly [string, (url: URL) => void, string, RegExp, RegExp]> = [
    [
      'away',
      (url) => (url.port = '1'),
      'ECONNREFUSED',
      /at 127\.0\.0\.1:1 cannot be/,
      /is the server up/,
    ],
    [
      'of no such host',
      (url) => (url.hostname = 'nowhere.invalid'),
      'E',
      /at nowhere\.invalid:\d+/,
      /host/,
    ],
    [
      'with another password',
      (url) => (url.password = 'hunter2'),
      '28P01',
      /at 127.*refuses/,
      /password/,
    ],
    [
      'that is not there',
      (url) => (url.pathname = '/none'),
      '3D000',
      /no such database/,
      /createdb/,
    ],
    [
      'without TLS',
      (url) => (url.search = '?sslmode=require'),
      'ECONNRESET',
      /has no TLS/,
      /sslmode/,
    ],
  ];
  for (const [what, change, code, message, hint] of cases)
    it(`of one ${what}`, async () => {
      const url = new URL(database.url);
      change(url);
      const sql = connect(url.href);
      try {
        await assert.rejects(migrate(sql), (error: unknown) => {
          assert.ok(error instanceof ConnectionError, String(error));
          assert.ok(error.code.startsWith(code), error.code);
          assert.match(error.message, message);
          assert.match(error.hint, hint);
          assert.match(error.hint, /nothing was changed$/);
          assert.ok(!(error.message + error.hint).includes('hunter2'));
          return true;
        });
      } finally {
        await sql.end({ timeout: 1 });
      }
    });
});
