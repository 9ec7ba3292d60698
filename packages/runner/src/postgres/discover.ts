/** Which database a command works on: your own by DATABASE_URL or DATABASE_URL_FILE, else the project's embedded server. */
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

/** The URL that the environment names, or null. Starts nothing. Throws ServerError `no_rights` for a file that cannot be read, `configuration` for what cannot be used. */
export function configuredUrl(env: NodeJS.ProcessEnv): { url: string; source: 'DATABASE_URL' | 'DATABASE_URL_FILE' } | null {
  const direct = env['DATABASE_URL']?.trim();
  if (direct) return { url: checked('DATABASE_URL', direct), source: 'DATABASE_URL' };
  const path = env['DATABASE_URL_FILE'];
  if (!path) return null;
  let url: string;
  try {
    url = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw unusable(path, `cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'error'})`, cause);
  }
  if (url === '') throw unusable(path, 'is empty', undefined, 'configuration');
  if (/\s/.test(url)) throw unusable(path, 'holds more than one line or word', undefined, 'configuration');
  return { url: checked(path, url), source: 'DATABASE_URL_FILE' };
}

/** The same address without its secrets: for logs, errors and people. Takes anything, also what is no URL. */
export function redactUrl(url: string): string {
  return url
    .replace(/(\/\/[^/?#@:]*):.*@(?=[^@/?#]*(?:[/?#]|$))/, '$1:***@') // //user:secret@host, secrets with @ or / in them too
    .replace(/([?&\s]|^)((?:ssl)?password|pass|passfile|sslkey)\s*=\s*('(?:[^'\\]|\\.)*'|[^&\s]*)/gi, '$1$2=***'); // ?password=, and libpq's key words
}

/** The driver takes any scheme, and would look for a PostgreSQL at the port of something else. */
function checked(where: string, url: string): string {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
  if (scheme === undefined || /^postgres(ql)?$/i.test(scheme)) return url;
  throw new ServerError('configuration', {
    what: `${where} names a ${scheme}:// address, and Postrider works on PostgreSQL.`,
    kept: 'Nothing was started or changed.',
    remedy: 'It looks like postgres://user:password@host:5432/name.',
  });
}

function unusable(path: string, why: string, cause?: unknown, code: ServerErrorCode = 'no_rights'): ServerError {
  return new ServerError(code, {
    what: `DATABASE_URL_FILE names ${path}, which ${why}.`,
    kept: 'Nothing was started or changed.',
    remedy: 'Put one line with the address in it (postgres://user:password@host:5432/name), readable for this user, or unset the variable.',
    cause,
  });
}
