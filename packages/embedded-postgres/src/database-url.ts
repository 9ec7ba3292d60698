/**
 * Which database a command works on: your own by DATABASE_URL or DATABASE_URL_FILE, else the
 * project's embedded server.
 */
import { readFileSync } from 'node:fs';
import { ServerError, type ServerErrorCode } from './errors.ts';
import type { EnsureOptions, Server } from './server.ts';
import { ensureServer } from './server.ts';

export interface DatabaseOptions extends EnsureOptions {
  readonly env?: NodeJS.ProcessEnv;
}

export interface Database {
  /** Holds a password: print it through `redactUrl` only. */
  readonly url: string;
  readonly source: 'DATABASE_URL' | 'DATABASE_URL_FILE' | 'embedded';
  /** The embedded server, started if need be; null for one of your own. */
  readonly server: Server | null;
}

/** Throws ServerError. */
export async function databaseUrl(options: DatabaseOptions): Promise<Database> {
  const own = configuredUrl(options.env ?? process.env);
  if (own !== null) return { ...own, server: null };
  const server = await ensureServer(options);
  return { url: server.url, source: 'embedded', server };
}

/**
 * The URL that the environment names, or null where it says nothing. A variable that is there and
 * empty is a mistake, such as a secret that was not filled in: the embedded server in its place
 * would be a second, empty database. Starts nothing. Throws ServerError
 * `no_rights` for a file that may not be read, `configuration` for what cannot be used.
 */
export function configuredUrl(
  env: NodeJS.ProcessEnv,
): { url: string; source: 'DATABASE_URL' | 'DATABASE_URL_FILE' } | null {
  const direct = env['DATABASE_URL']?.trim();
  if (direct) return { url: checked('DATABASE_URL', direct), source: 'DATABASE_URL' };
  const path = env['DATABASE_URL_FILE'];
  if (path === undefined && direct === undefined) return null;
  if (!path)
    throw unusable(`${path === undefined ? 'DATABASE_URL' : 'DATABASE_URL_FILE'} is empty`);
  const named = `DATABASE_URL_FILE names ${path}`;
  let url: string;
  try {
    url = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    const { code = 'error' } = cause as NodeJS.ErrnoException;
    throw unusable(
      `${named}, which cannot be read (${code})`,
      cause,
      ['EACCES', 'EPERM'].includes(code) ? 'no_rights' : 'configuration',
    );
  }
  if (url === '') throw unusable(`${named}, which is empty`);
  if (/[\r\n]/.test(url)) throw unusable(`${named}, which holds more than one line`);
  return { url: checked(path, url), source: 'DATABASE_URL_FILE' };
}

/**
 * The same address without its secrets: for logs, errors and people. Takes anything, also what is
 * no URL.
 */
export function redactUrl(url: string): string {
  return (
    url
      // //user:secret@host, secrets with @ or / in them too
      .replace(/(\/\/[^/?#@:]*):.*@(?=[^@/?#]*(?:[/?#]|$))/, '$1:***@')
      // Azure's //user@server:secret@host
      .replace(/(\/\/[^/?#@:]*@[^/?#@:]*):[^/?#@]*@/, '$1:***@')
      // ?password=, libpq's key words, and PDO's
      .replace(
        /([?&;\s]|^)((?:ssl)?password|pass|passfile|sslkey)\s*=\s*('(?:[^'\\]|\\.)*'|[^&\s]*)/gi,
        '$1$2=***',
      )
  );
}

const ofPostgres = /^(?:postgres(?:ql)?|pgsql|postgis|ecto|psql|pg|timescaledb)(?:\+\w+)?$/i;

/**
 * Refuses the address of something else. That of a PostgreSQL has many forms, which the client
 * reads: a URI of another client (`jdbc:postgresql:`, `postgresql+psycopg2:`), or key words.
 */
function checked(where: string, url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
  if (scheme === undefined || ofPostgres.test(scheme)) return url;
  throw new ServerError('configuration', {
    what: `${where} names a ${scheme}:// address, which is not that of a PostgreSQL.`,
    kept: 'Nothing was started or changed.',
    remedy: 'It looks like postgres://user:password@host:5432/name.',
  });
}

function unusable(
  what: string,
  cause?: unknown,
  code: ServerErrorCode = 'configuration',
): ServerError {
  return new ServerError(code, {
    what: `${what}.`,
    kept: 'Nothing was started or changed.',
    remedy:
      'Put the address there, in one line (postgres://user:password@host:5432/name), readable ' +
      'for this user; or unset the variable for the embedded server.',
    cause,
  });
}
