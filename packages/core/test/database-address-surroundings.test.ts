/** What libpq adds to an address, from variables and files, and what psql gets of it. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import {
  driverOptions,
  libpqEnvironment,
  placeOf,
  readDatabaseAddress,
} from '@postrider/core/database-address';

type Environment = Parameters<typeof readDatabaseAddress>[1];

/** `user:password@host:port/database`, its mode of TLS, and the names of what is not used. */
function read(text: string, environment: Environment = {}): readonly string[] {
  const address = readDatabaseAddress(text, environment);
  const { user, database, tls, notes } = address;
  return [
    `${user}:${address.password() ?? ''}@${placeOf(address)}/${database}`,
    tls.mode,
    notes.map((note) => /^\S+/.exec(note)?.[0]).join(' '),
  ];
}

describe('what an address leaves out', () => {
  const home = mkdtempSync(join(tmpdir(), 'acme-address-'));
  after(() => rmSync(home, { recursive: true }));
  const file = (name: string, text: string, mode = 0o600): string => {
    writeFileSync(join(home, name), text, { mode });
    return join(home, name);
  };

  it('is that of the variables of libpq, which never go before the address', () => {
    const environment = {
      PGHOST: 'there',
      PGPORT: '7',
      PGUSER: 'eve',
      PGPASSWORD: 'secret',
      PGDATABASE: 'other',
      PGSSLMODE: 'require',
    };
    assert.deepEqual(read('postgresql://', environment), [
      'eve:secret@there:7/other',
      'require',
      '',
    ]);
    assert.deepEqual(read('postgres://u:p@h:1/d?sslmode=disable', environment), [
      'u:p@h:1/d',
      'disable',
      '',
    ]);
    assert.throws(() => readDatabaseAddress('postgres://u@h', { PGSSLMODE: 'always' }), /sslmode/);
    const timed = readDatabaseAddress('postgres://u@h', {
      PGOPTIONS: '-c a.b=1',
      PGCONNECT_TIMEOUT: '4',
    });
    assert.deepEqual([timed.options, timed.connectTimeout], ['-c a.b=1', 4]);
  });

  it('a service of a file, after the address and before the variables', () => {
    const services = file('services', '# ours\n[one]\nhost=of-service\nuser=s\n\n[two]\nhost=x\n');
    const environment = { PGSERVICE: 'one', PGSERVICEFILE: services, PGHOST: 'y', PGUSER: 'z' };
    assert.deepEqual(read('postgresql:///d', environment)[0], 's:@of-service:5432/d');
    assert.deepEqual(read('postgres://u@h/d', environment)[0], 'u:@h:5432/d');
    assert.deepEqual(
      read('service=two dbname=d user=q', { PGSERVICEFILE: services })[0],
      'q:@x:5432/d',
    );
  });

  it('a password of the password file, where nobody else may read that', () => {
    const lines =
      '# none\nh:1:d:u:other\n*:*:my\\:db:u:p\\:w\n/run/pg:*:d:u:of socket\n*:*:d:u:last\n';
    const passfile = file('.pgpass', lines);
    const at = (text: string): string | undefined =>
      readDatabaseAddress(text, { HOME: home }).password();
    assert.equal(at('postgres://u@h:1/d'), 'other');
    assert.equal(at('postgres://u@h/my:db'), 'p:w');
    assert.equal(at('postgres://u@/d?host=/run/pg'), 'of socket');
    assert.equal(at('postgres://u@h/d'), 'last');
    assert.equal(at('postgres://v@h/d'), undefined);
    assert.equal(at('postgres://u:own@h/d'), 'own');
    assert.equal(
      readDatabaseAddress('postgres://u@h/d', {
        PGPASSFILE: file('elsewhere', '*:*:*:*:there'),
      }).password(),
      'there',
    );
    chmodSync(passfile, 0o644);
    const open = readDatabaseAddress('postgres://u@h/d', { HOME: home });
    assert.equal(open.password(), undefined);
    assert.match(open.notes.join(), /password file .* is not used: others may read it/);
    rmSync(passfile);
  });

  it('certificates of ~/.postgresql', () => {
    mkdirSync(join(home, '.postgresql'));
    file('.postgresql/root.crt', 'x');
    const { tls } = readDatabaseAddress('postgres://u@h/d?sslmode=require', { HOME: home });
    assert.deepEqual([tls.mode, tls.rootCert], ['verify-ca', join(home, '.postgresql/root.crt')]);
    rmSync(join(home, '.postgresql'), { recursive: true });
    assert.throws(
      () =>
        driverOptions(readDatabaseAddress('host=h user=u sslmode=verify-full sslrootcert=/no', {})),
      /file \/no by sslrootcert, which cannot be read \(ENOENT\)/,
    );
  });

  it('and the account’s name', () => {
    assert.equal(read('postgres://h/')[0], `${userInfo().username}:@h:5432/${userInfo().username}`);
  });
});

describe('the environment of psql', () => {
  it('says the address, and nothing of what was there before', () => {
    const before = {
      PATH: '/bin',
      PGHOST: 'other',
      PGSERVICE: 'other',
      PGOPTIONS: '-c role=other',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: '/other',
      PGPASSFILE: '/other',
    };
    const address = readDatabaseAddress(
      'postgres://a%40b:p%2Fw@[::1]:5433/my%20db?sslmode=require',
      {},
    );
    assert.deepEqual(libpqEnvironment(address, before), {
      PATH: '/bin',
      PGHOST: '::1',
      PGPORT: '5433',
      PGUSER: 'a@b',
      PGPASSWORD: 'p/w',
      PGDATABASE: 'my db',
      PGSSLMODE: 'require',
    });
    const bound = readDatabaseAddress(
      'host=db.test hostaddr=10.0.0.1 user=u channel_binding=require',
      {},
    );
    assert.deepEqual(libpqEnvironment(bound, {}), {
      PGHOST: 'db.test',
      PGHOSTADDR: '10.0.0.1',
      PGPORT: '5432',
      PGUSER: 'u',
      PGDATABASE: 'u',
      PGSSLMODE: 'prefer',
      PGCHANNELBINDING: 'require',
    });
  });
});
