/**
 * What each parameter of an address means: as libpq has it, or as a word of another client for the
 * same, or not used here, with the reason.
 */
import { nearWords } from '../../ports/words/near.ts';
import type { Pair } from './forms.ts';
import { DatabaseAddressError, noAddress, wrongValue } from './problem.ts';

export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];
export const sessionAttributes = [
  'any',
  'read-write',
  'read-only',
  'primary',
  'standby',
  'prefer-standby',
];

/** libpq's, and understood here with its meaning; where one of few values, those. */
const understood: Readonly<Record<string, readonly string[] | null>> = {
  host: null,
  hostaddr: null,
  port: null,
  dbname: null,
  user: null,
  password: null,
  passfile: null,
  service: null,
  servicefile: null,
  connect_timeout: null,
  options: null,
  application_name: null,
  fallback_application_name: null,
  keepalives: ['0', '1'],
  keepalives_idle: null,
  sslmode: sslModes,
  sslnegotiation: ['postgres', 'direct'],
  sslrootcert: null,
  sslcert: null,
  sslkey: null,
  sslpassword: null,
  sslcrl: null,
  ssl_min_protocol_version: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
  ssl_max_protocol_version: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
  target_session_attrs: sessionAttributes,
  channel_binding: ['disable', 'prefer', 'require'],
  gssencmode: ['disable', 'prefer', 'require'],
};

/** A demand that cannot be met here is refused: without it the connection would be less safe. */
const demands: Readonly<Record<string, (value: string) => boolean>> = {
  gssencmode: (value) => value === 'require',
  require_auth: () => true,
  sslcrldir: () => true,
  requirepeer: () => true,
  replication: (value) => !/^(?:false|off|no|0)$/.test(value),
};

const POOL = 'how many connections are open is for --slots and PipelineOptions to say';
const SESSIONS = 'sessions have settings of their own here';
const CERTIFICATES = 'sslmode says what is asked of the certificate';
const WAITING = 'connect_timeout is what is known here';
const STATEMENTS = 'statements are prepared as the work needs it';
const SYSTEM = 'the system decides';

/** Words of libpq and of other clients that are not used here, and why. */
const unused: Readonly<Record<string, string>> = {
  // libpq
  keepalives_interval: SYSTEM,
  keepalives_count: SYSTEM,
  tcp_user_timeout: SYSTEM,
  sslcompression: 'TLS is not compressed',
  sslsni: 'the name of the host is always sent',
  sslcertmode: 'a certificate that is given is sent where the server asks for one',
  sslkeylogfile: 'keys are not logged',
  krbsrvname: 'Kerberos is not used',
  gsslib: 'Kerberos is not used',
  gssdelegation: 'Kerberos is not used',
  load_balance_hosts: 'hosts are tried in their order',
  client_encoding: 'sessions are in UTF-8',
  min_protocol_version: 'the protocol is 3.0',
  max_protocol_version: 'the protocol is 3.0',
  // Prisma
  schema: 'the tables are in the schemas postrider and postrider_queue',
  connection_limit: POOL,
  pool_timeout: POOL,
  socket_timeout: WAITING,
  pgbouncer: 'a pooler is noticed by itself; a runner needs one in session mode',
  statement_cache_size: STATEMENTS,
  prepared_statement_cache_size: STATEMENTS,
  single_use_connections: POOL,
  max_connection_lifetime: POOL,
  max_idle_connection_lifetime: POOL,
  sslaccept: CERTIFICATES,
  sslidentity: 'sslcert and sslkey name a certificate of the client',
  // Rails, Django, SQLAlchemy, Go
  pool: POOL,
  pool_size: POOL,
  max_overflow: POOL,
  pool_recycle: POOL,
  pool_pre_ping: POOL,
  pool_max_conns: POOL,
  pool_min_conns: POOL,
  pool_max_conn_lifetime: POOL,
  pool_max_conn_idle_time: POOL,
  poolclass: POOL,
  checkout_timeout: POOL,
  reaping_frequency: POOL,
  idle_timeout: POOL,
  conn_max_age: POOL,
  max: POOL,
  adapter: 'this is always PostgreSQL',
  encoding: 'sessions are in UTF-8',
  prepared_statements: STATEMENTS,
  default_query_exec_mode: STATEMENTS,
  prepare: STATEMENTS,
  timeout: WAITING,
  command_timeout: WAITING,
  min_messages: SESSIONS,
  server_settings: SESSIONS,
  search_path: SESSIONS,
  statement_timeout: SESSIONS,
  lock_timeout: SESSIONS,
  idle_in_transaction_session_timeout: SESSIONS,
  timezone: SESSIONS,
  datestyle: SESSIONS,
  uselibpqcompat: 'sslmode is read as libpq reads it',
  supa: 'it is for another client',
  workaround: 'it is for another client',
  // JDBC
  currentSchema: 'the tables are in the schemas postrider and postrider_queue',
  prepareThreshold: STATEMENTS,
  preparedStatementCacheQueries: STATEMENTS,
  reWriteBatchedInserts: STATEMENTS,
  loginTimeout: WAITING,
  socketTimeout: WAITING,
  tcpKeepAlive: SYSTEM,
  sslfactory: CERTIFICATES,
  sslhostnameverifier: CERTIFICATES,
  stringtype: 'it is for another client',
  loadBalanceHosts: 'hosts are tried in their order',
};

const TRUE = /^(?:true|1|yes|on|t)$/i;
const FALSE = /^(?:false|0|no|off|f)$/i;

function modeOf(value: string): string {
  if (TRUE.test(value) || value === '' || value === 'no-verify') return 'require';
  return FALSE.test(value) ? 'disable' : value;
}

const targets: Readonly<Record<string, string>> = {
  primary: 'primary',
  master: 'primary',
  secondary: 'standby',
  slave: 'standby',
  preferSecondary: 'prefer-standby',
  preferSlave: 'prefer-standby',
  any: 'any',
};

/** Other words for the same. libpq has some of them itself. */
const aliases: Readonly<Record<string, (value: string) => Pair>> = {
  ssl: (value) => ['sslmode', modeOf(value)],
  requiressl: (value) => ['sslmode', value === '1' ? 'require' : 'prefer'],
  ssl_mode: (value) => ['sslmode', value],
  sslMode: (value) => ['sslmode', value],
  sslRootCert: (value) => ['sslrootcert', value],
  ApplicationName: (value) => ['application_name', value],
  connectTimeout: (value) => ['connect_timeout', value],
  targetServerType: (value) => ['target_session_attrs', targets[value] ?? value],
  database: (value) => ['dbname', value],
  db: (value) => ['dbname', value],
  username: (value) => ['user', value],
  hostname: (value) => ['host', value],
  pass: (value) => ['password', value],
};

/** The parameters that mean something, and words on the others. */
export interface Meant {
  readonly given: ReadonlyMap<string, string>;
  /** One sentence for each parameter that is not used. */
  readonly notes: readonly string[];
}

/**
 * Throws `DatabaseAddressError` for what cannot be met, and for a name that is nearly one of
 * libpq's.
 */
export function meantBy(pairs: readonly Pair[]): Meant {
  const given = new Map<string, string>();
  const others = new Map<string, string>();
  const notes: string[] = [];
  for (const [name, value] of pairs) {
    const alias = Object.hasOwn(aliases, name) ? aliases[name] : undefined;
    if (alias !== undefined) others.set(...alias(value));
    else if (name === 'sslmode') given.set(name, value === 'no-verify' ? 'require' : value);
    else if (demands[name]?.(value) === true) throw notMet(name);
    else if (Object.hasOwn(understood, name)) given.set(name, value);
    else if (!Object.hasOwn(demands, name)) notes.push(wordOn(name));
  }
  // The name that libpq has goes before another for the same.
  for (const [name, value] of others) if (!given.has(name)) given.set(name, value);
  for (const [name, value] of given) {
    const values = understood[name];
    if (values !== null && values !== undefined && value !== '' && !values.includes(value))
      throw wrongValue(name, `one of ${values.join(', ')}`);
  }
  if (given.get('channel_binding') === 'require')
    notes.push(
      'channel_binding is not used: the login is made without it, and sslmode says what TLS is asked',
    );
  return { given, notes: [...new Set(notes)] };
}

function notMet(name: string): DatabaseAddressError {
  return new DatabaseAddressError(
    `asks by ${name} for what this client cannot do`,
    `leave ${name} out where the connection may be without it`,
  );
}

function wordOn(name: string): string {
  if (!/^[\w.-]{1,63}$/.test(name)) throw noAddress('has a parameter whose name is none');
  const why = unused[name] ?? unused[name.toLowerCase()];
  if (why !== undefined) return `${name} is not used: ${why}`;
  // A parameter that was mistyped would be missed: the connection might be without TLS.
  const near = nearWords(name, Object.keys(understood)).filter((known) => isTypo(name, known));
  if (near.length > 0)
    throw new DatabaseAddressError(
      `has a parameter ${name}, which is not known`,
      `did you mean ${near.join(' or ')}?`,
    );
  // What it asks would be lost, and nobody would see that the connection is open to read.
  if (/ssl|tls|cert/i.test(name))
    throw new DatabaseAddressError(
      `has a parameter ${name}, which is not known`,
      'TLS is asked for by sslmode, sslrootcert, sslcert and sslkey; leave it out where they say it',
    );
  return `${name} is not used: it is not known here`;
}

function isTypo(name: string, known: string): boolean {
  return Math.abs(name.length - known.length) <= 2;
}
