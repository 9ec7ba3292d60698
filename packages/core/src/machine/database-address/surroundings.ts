/**
 * What libpq takes from around an address for what the address leaves out: the `PG…` variables, a
 * service file, a password file, and files in `~/.postgresql`.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseAddressError } from './problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

const variables: Readonly<Record<string, string>> = {
  host: 'PGHOST',
  hostaddr: 'PGHOSTADDR',
  port: 'PGPORT',
  dbname: 'PGDATABASE',
  user: 'PGUSER',
  password: 'PGPASSWORD',
  passfile: 'PGPASSFILE',
  options: 'PGOPTIONS',
  connect_timeout: 'PGCONNECT_TIMEOUT',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
  channel_binding: 'PGCHANNELBINDING',
  require_auth: 'PGREQUIREAUTH',
  gssencmode: 'PGGSSENCMODE',
  sslmode: 'PGSSLMODE',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslrootcert: 'PGSSLROOTCERT',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslcrl: 'PGSSLCRL',
  sslcrldir: 'PGSSLCRLDIR',
  ssl_min_protocol_version: 'PGSSLMINPROTOCOLVERSION',
  ssl_max_protocol_version: 'PGSSLMAXPROTOCOLVERSION',
};

/** All by which libpq could be led somewhere else. */
export const variablesOfLibpq: readonly string[] = [
  ...Object.values(variables),
  'PGSERVICE',
  'PGSERVICEFILE',
  'PGSYSCONFDIR',
  'PGAPPNAME',
  'PGREQUIRESSL',
  'PGREQUIREPEER',
  'PGSSLCERTMODE',
  'PGSSLCOMPRESSION',
  'PGSSLSNI',
  'PGSSLKEYLOGFILE',
  'PGKRBSRVNAME',
  'PGGSSLIB',
  'PGGSSDELEGATION',
  'PGLOADBALANCEHOSTS',
  'PGMINPROTOCOLVERSION',
  'PGMAXPROTOCOLVERSION',
];

/** A variable that is there and empty says nothing, as in libpq. */
export function ofVariables(environment: Environment): ReadonlyMap<string, string> {
  const told = new Map<string, string>();
  for (const [name, variable] of Object.entries(variables)) {
    const value = environment[variable];
    if (value !== undefined && value !== '') told.set(name, value);
  }
  return told;
}

/** A file of the user's own directory; null where there is none. */
export function homeFile(environment: Environment, ...path: readonly string[]): string | null {
  const home = environment['HOME'];
  if (home === undefined || home === '') return null;
  const file = join(home, ...path);
  try {
    return statSync(file).isFile() ? file : null;
  } catch {
    return null;
  }
}

/** What a service file says of a service. Throws `DatabaseAddressError` where it is in none. */
export function ofService(
  name: string,
  named: string | undefined,
  environment: Environment,
): ReadonlyMap<string, string> {
  const file = named ?? environment['PGSERVICEFILE'];
  const shared = environment['PGSYSCONFDIR'];
  const files = [
    ...(file === undefined || file === '' ? [homeFile(environment, '.pg_service.conf')] : [file]),
    join(
      shared === undefined || shared === '' ? '/etc/postgresql-common' : shared,
      'pg_service.conf',
    ),
  ];
  for (const path of files) {
    const found = path === null ? null : sectionOf(path, name);
    if (found !== null) return found;
  }
  throw new DatabaseAddressError(
    `names the service ${name}, which no service file has`,
    `it is looked for in ${files.filter((path) => path !== null).join(' and ')}`,
  );
}

function sectionOf(path: string, name: string): ReadonlyMap<string, string> | null {
  const lines = linesOf(path).map((line) => line.trim());
  const begin = lines.indexOf(`[${name}]`);
  if (begin < 0) return null;
  const told = new Map<string, string>();
  for (const line of lines.slice(begin + 1)) {
    if (line.startsWith('[')) break;
    const equals = line.indexOf('=');
    if (line.startsWith('#') || equals < 1) continue;
    told.set(line.slice(0, equals).trim(), line.slice(equals + 1).trim());
  }
  return told;
}

/** Of a file that may not be there. */
function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/);
  } catch {
    return [];
  }
}

export interface Login {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
}

export interface FoundPassword {
  readonly password: string | undefined;
  readonly note: string | null;
}

/**
 * Of the first line of a password file that fits. As in libpq, a file that others may read is not
 * used.
 */
export function ofPasswordFile(path: string, login: Login): FoundPassword {
  try {
    const stat = statSync(path);
    if (stat.isFile() && (stat.mode & 0o077) !== 0)
      return {
        password: undefined,
        note: `the password file ${path} is not used: others may read it (chmod 600 it)`,
      };
  } catch {
    return { password: undefined, note: null };
  }
  const host = login.host.startsWith('/') ? [login.host, 'localhost'] : [login.host];
  const wanted = [host, [String(login.port)], [login.database], [login.user]];
  for (const line of linesOf(path)) {
    if (line.startsWith('#')) continue;
    const fields = [...line.matchAll(/((?:[^:\\]|\\.)*)(?::|$)/g)].map(([, field = '']) => field);
    const fits = wanted.every((values, at) => {
      const field = fields[at];
      return field === '*' || values.includes((field ?? '').replace(/\\(.)/g, '$1'));
    });
    if (fits && fields.length > 4)
      return { password: (fields[4] ?? '').replace(/\\(.)/g, '$1'), note: null };
  }
  return { password: undefined, note: null };
}
