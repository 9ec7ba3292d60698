/** Addresses as they are copied out of shells, files and the pages of providers. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import {
  DatabaseAddressError,
  placeOf,
  readDatabaseAddress,
} from '@postrider/core/database-address';

function read(text: string): string {
  const address = readDatabaseAddress(text, {});
  return `${address.user}:${address.password() ?? ''}@${placeOf(address)}/${address.database}`;
}

it('what stands around an address does not become part of it', () => {
  for (const text of [
    'postgres://u:p@h/d # prod',
    'postgres://u:p@h/d,',
    'postgres://u:p@h/d"',
    'psql "postgres://u:p@h/d" -c "select 1"',
    'psql "host=h dbname=d user=u password=p"',
    'DATABASE_URL: postgres://u:p@h/d',
    'url: "postgres://u:p@h/d"',
    'set DATABASE_URL=postgres://u:p@h/d',
    'setx DATABASE_URL "postgres://u:p@h/d"',
    '$env:DATABASE_URL="postgres://u:p@h/d"',
    'ENV DATABASE_URL=postgres://u:p@h/d',
    '--database-url=postgres://u:p@h/d',
    'jdbc:postgresql://u:p@h:5432/d',
  ])
    assert.equal(read(text), 'u:p@h:5432/d', text);
});

it('the forms of other clients are read', () => {
  for (const text of [
    'pgsql://u:p@h/d',
    'postgis://u:p@h/d',
    'ecto://u:p@h/d',
    'psql://u:p@h/d',
    'pgsql:host=h;port=5432;dbname=d;user=u;password=p',
  ])
    assert.equal(read(text), 'u:p@h:5432/d', text);
  assert.equal(
    read('postgres://u@srv:p@srv.postgres.database.azure.com/d'),
    'u@srv:p@srv.postgres.database.azure.com:5432/d',
  );
  assert.equal(read('postgres://u:p@/d?host=/tmp/.s.PGSQL.5433'), 'u:p@/tmp/.s.PGSQL.5433/d');
});

it('what cannot be meant is refused with the reason, and without the password', () => {
  for (const [text, reason] of [
    ['postgres://u:[YOUR-PASSWORD]@h/d', /placeholder where its password/],
    ['postgres://u:<password>@h/d', /placeholder where its password/],
    ['postgres://u:hunter2@${DB_HOST}/d', /placeholder where its host/],
    ['postgres://u:hunter2@$HOST/d', /placeholder where its host/],
    ['host=$HOST dbname=d password=hunter2', /placeholder where its host/],
    ['postgres://u:hunter2@h/d&sslmode=require', /first parameter behind &/],
    ['postgres://u:hunter2@https://h/d', /:\/\/ in it, where its host/],
    ['postgres://u:hunter2@h/d#x', /a comma or # in it/],
    ['host=h, dbname=d password=hunter2', /comma behind its host/],
  ] as const)
    assert.throws(
      () => read(text),
      (error: unknown) =>
        error instanceof DatabaseAddressError &&
        reason.test(error.message) &&
        !`${error.message} ${error.hint}`.includes('hunter2'),
      text,
    );
  assert.equal(read('postgres://u:%3Cpw%3E@h/d'), 'u:<pw>@h:5432/d', 'a password may be so');
  assert.equal(read('postgres://u:[a1b2]c@h/d'), 'u:[a1b2]c@h:5432/d');
});

it('a parameter that may ask for TLS is not dropped', () => {
  for (const name of ['tls', 'ssl_ca', 'sslca', 'sslroot', 'sslinline', 'tlsMode', 'caCert'])
    assert.throws(
      () => read(`postgres://u:p@h/d?${name}=true`),
      new RegExp(`parameter ${name}, which is not known`),
      name,
    );
  assert.match(readDatabaseAddress('postgres://u:p@h/d?foo=1', {}).notes.join(), /foo is not used/);
});
