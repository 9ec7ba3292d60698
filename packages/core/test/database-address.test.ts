/** Addresses as people paste them, each with what libpq makes of it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DatabaseAddressError,
  driverOptions,
  placeOf,
  readDatabaseAddress,
  shownAddress,
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

const pasted: ReadonlyArray<readonly [string, string, readonly [string, string, string]]> = [
  [
    'Neon',
    'postgresql://me:pw@ep-x-123.eu.aws.neon.tech/db?sslmode=require&channel_binding=require',
    ['me:pw@ep-x-123.eu.aws.neon.tech:5432/db', 'require', 'channel_binding'],
  ],
  [
    'Neon, as its page has it',
    `psql 'postgresql://me:pw@ep-x.neon.tech/db?sslmode=require'`,
    ['me:pw@ep-x.neon.tech:5432/db', 'require', ''],
  ],
  [
    'Supabase',
    'postgres://postgres.ref:pw@aws-0-eu.pooler.supabase.com:6543/postgres?pgbouncer=true',
    ['postgres.ref:pw@aws-0-eu.pooler.supabase.com:6543/postgres', 'prefer', 'pgbouncer'],
  ],
  [
    'Prisma',
    'postgresql://me:pw@h:5432/db?schema=public&connection_limit=5&pool_timeout=10',
    ['me:pw@h:5432/db', 'prefer', 'schema connection_limit pool_timeout'],
  ],
  [
    'Heroku',
    'postgres://u:p@ec2-1.amazonaws.com:5432/d',
    ['u:p@ec2-1.amazonaws.com:5432/d', 'prefer', ''],
  ],
  ['Heroku for Node', 'postgres://u:p@h/d?ssl=no-verify', ['u:p@h:5432/d', 'require', '']],
  [
    'RDS',
    'postgres://u:p@x.rds.amazonaws.com/d?sslmode=verify-full&sslrootcert=/tmp/rds.pem',
    ['u:p@x.rds.amazonaws.com:5432/d', 'verify-full', ''],
  ],
  [
    'Rails',
    'postgresql://u:p@h/d?pool=5&encoding=utf8',
    ['u:p@h:5432/d', 'prefer', 'pool encoding'],
  ],
  [
    'JDBC',
    'jdbc:postgresql://h:5433/d?user=u&password=p%2Fw&ssl=true&ApplicationName=x',
    ['u:p/w@h:5433/d', 'require', ''],
  ],
  ['JDBC, short', 'jdbc:postgresql:d?user=u&host=h', ['u:@h:5432/d', 'prefer', '']],
  ['SQLAlchemy', 'postgresql+psycopg2://u:p@h/d', ['u:p@h:5432/d', 'prefer', '']],
  [
    'SQLAlchemy with asyncpg',
    'postgres+asyncpg://u:p@h/d?ssl=require',
    ['u:p@h:5432/d', 'require', ''],
  ],
  [
    'libpq’s key words',
    `host=h port=5433 dbname='my db' user=u password='it\\'s \\\\ p' sslmode=disable`,
    [`u:it's \\ p@h:5433/my db`, 'disable', ''],
  ],
  ['key words with blanks', 'host = h\n user = u\n dbname=d', ['u:@h:5432/d', 'prefer', '']],
  [
    'a socket',
    'postgresql://u@/d?host=/var/run/postgresql',
    ['u:@/var/run/postgresql/.s.PGSQL.5432/d', 'disable', ''],
  ],
  [
    'a socket as host',
    'postgresql://u:p@%2Fvar%2Frun:5433/d?sslmode=require',
    ['u:p@/var/run/.s.PGSQL.5433/d', 'disable', ''],
  ],
  [
    'a socket in key words',
    'host=/run/pg user=u dbname=d',
    ['u:@/run/pg/.s.PGSQL.5432/d', 'disable', ''],
  ],
  [
    'encoded letters',
    'postgres://a%40b:p%2Fw%3A@[::1]:5433/my%20db',
    ['a@b:p/w:@[::1]:5433/my db', 'prefer', ''],
  ],
  [
    'what libpq takes as it is',
    'postgres://u:p#?:!$&=+@h/d',
    ['u:p#?:!$&=+@h:5432/d', 'prefer', ''],
  ],
  ['quotes', '"postgres://u:p@h/d"', ['u:p@h:5432/d', 'prefer', '']],
  ['blanks and line breaks around', ` \n'postgres://u:p@h/d'\r\n`, ['u:p@h:5432/d', 'prefer', '']],
  ['a line of .env', 'export DATABASE_URL="postgres://u:p@h/d";', ['u:p@h:5432/d', 'prefer', '']],
  ['capitals', 'POSTGRES://u:p@h/d', ['u:p@h:5432/d', 'prefer', '']],
  ['several hosts', 'postgres://u@a:1,b,[::1]:3/d', ['u:@a:1, b:5432, [::1]:3/d', 'prefer', '']],
  ['several hosts, one port', 'host=a,b port=7 user=u dbname=d', ['u:@a:7, b:7/d', 'prefer', '']],
  ['an unknown parameter', 'postgres://u@h/d?flavour=plum', ['u:@h:5432/d', 'prefer', 'flavour']],
  ['an empty parameter', 'postgres://u@h/d?sslmode=&', ['u:@h:5432/d', 'prefer', '']],
  [
    'the last of two',
    'postgres://u@h/d?sslmode=allow&sslmode=disable',
    ['u:@h:5432/d', 'disable', ''],
  ],
  [
    'settings of a session',
    'postgres://u@h/d?options=-c%20search_path%3Dx%20-c%20work_mem%3D8MB&statement_timeout=5000',
    ['u:@h:5432/d', 'prefer', 'statement_timeout search_path'],
  ],
  ['no database', 'postgres://u@h', ['u:@h:5432/u', 'prefer', '']],
];

const refused: ReadonlyArray<readonly [string, string, RegExp]> = [
  ['@ in a password', 'postgres://u:hun@ter2@h/d', /^has a password with @ in it as it is: .*%40$/],
  [
    '/ in a password',
    'postgres://u:hun/ter2@h/d',
    /^has a password with \/ in it as it is: .*%2F$/,
  ],
  [
    'several',
    'postgres://u:h#n/t er@2@h/d',
    /with # and \/ and a blank and @ in it as they are: .*%23 and %2F and %20 and %40$/,
  ],
  ['digits before a /', 'postgres://u:12/hunter2@h/d', /^has a password with \//],
  ['% in a password', 'postgres://u:hunter%2@h/d', /^has a password with % in it.*%25$/],
  ['a port that is none', 'postgres://u:hunter2@h:port/d', /^has a port that is none/],
  ['a port too high', 'postgres://u:hunter2@h:70000/d', /^has a port that is none/],
  ['a line break within', 'postgres://u:hunter2@h\n/d', /^has a line break in it/],
  ['another scheme', 'mysql://u:hunter2@h/d', /^is not the address.*begins with mysql:\/\//],
  ['the form of .NET', 'Host=h;Username=u;Password=hunter2', /the form of \.NET/],
  ['a word', 'hunter2', /^is not the address of a database/],
  ['nothing', ' "" ', /^is empty/],
  ['key words that end in the midst', `host=h password='hunter2`, /cannot be read after its host/],
  [
    'a mode that is none',
    'postgres://u:hunter2@h/d?sslmode=required',
    /^has sslmode .*disable, allow/,
  ],
  [
    'a parameter that is nearly one',
    'postgres://u:hunter2@h/d?sslmod=require',
    /sslmod.*mean sslmode/,
  ],
  [
    'attributes that are none',
    'postgres://u:hunter2@h/d?target_session_attrs=rw',
    /target_session_attrs.*read-write/,
  ],
  ['a demand', 'postgres://u:hunter2@h/d?require_auth=scram-sha-256', /by require_auth/],
  ['Kerberos', 'postgres://u:hunter2@h/d?gssencmode=require', /by gssencmode/],
  [
    'a time that is none',
    'postgres://u:hunter2@h/d?connect_timeout=soon',
    /connect_timeout.*seconds/,
  ],
  [
    'verify-ca without',
    'postgres://u:hunter2@h/d?sslmode=verify-ca',
    /verify-ca without sslrootcert/,
  ],
  ['IPv6 without brackets', 'postgres://u:hunter2@::1/d', /IPv6.*\[brackets\]/],
  ['ports of others', 'host=a,b port=1,2,3 user=u', /3 ports for 2 hosts/],
  ['an unknown service', 'service=hunter3 password=hunter2', /names the service hunter3/],
];

describe('an address is read as libpq reads it', () => {
  for (const [what, text, wanted] of pasted)
    it(`that of ${what}`, () => assert.deepEqual(read(text), wanted));

  for (const [what, text, said] of refused)
    it(`and is refused with the reason: ${what}`, () =>
      assert.throws(
        () => readDatabaseAddress(text, {}),
        (error: unknown) => {
          assert.ok(error instanceof DatabaseAddressError);
          const all = `${error.message}: ${error.hint}`;
          assert.match(all, said);
          assert.ok(!/hunter2|hun|ter2/.test(all.replace('hunter3', '')), all);
          return true;
        },
      ));

  it('and its parameters reach the driver', () => {
    const address = readDatabaseAddress(
      'postgres://u@h/d?connect_timeout=3&application_name=me&keepalives=0' +
        '&target_session_attrs=primary&options=-c%20work_mem%3D8MB',
      {},
    );
    const driver = driverOptions(address) as Readonly<Record<string, unknown>>;
    assert.equal(driver['connect_timeout'], 3);
    assert.equal(driver['keep_alive'], 0);
    assert.equal(driver['target_session_attrs'], 'primary');
    assert.equal(address.applicationName, 'me');
    assert.equal(address.options, '-c work_mem=8MB');
  });

  it('and is shown without its password, however it is shown', () => {
    const address = readDatabaseAddress('postgres://u:hunter2@a:1,b:2/d?sslmode=require', {});
    assert.equal(shownAddress(address), 'postgres://u:***@a:1,b:2/d?sslmode=require');
    assert.ok(!JSON.stringify(address).includes('hunter2'));
    assert.ok(!/hunter2/.test(JSON.stringify(driverOptions(address))));
  });
});
