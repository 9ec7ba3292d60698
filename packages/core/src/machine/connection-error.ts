/** No session could be had: where it was tried, and what to do. */
import type postgres from 'postgres';
import { isServerError } from '../common/driver-errors.ts';
import { messageOf } from '../common/message-of.ts';

/**
 * `message` says where the database was looked for and what came of it, `hint` what to do. `code`
 * is that of the driver or of the server, whose error is the `cause`. Nothing was changed.
 */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  readonly code: string;
  readonly hint: string;
  constructor({
    code,
    message,
    hint,
    cause,
  }: {
    readonly code: string;
    readonly message: string;
    readonly hint: string;
    readonly cause: unknown;
  }) {
    super(message, { cause });
    this.code = code;
    this.hint = hint;
  }
}

type Client = Pick<postgres.Sql, 'options'>;

/** An error of making a session as a `ConnectionError`; any other as it is. */
export function asConnectionError(error: unknown, client?: Client): unknown {
  if (typeof error !== 'object' || error === null || !('code' in error)) return error;
  if (error instanceof ConnectionError) return error;
  const code = String(error.code);
  const at = placeOf(error, client);
  const make = (what: string, hint: string): ConnectionError =>
    new ConnectionError({
      code,
      message: `the database${at} ${what}`,
      hint: `${hint}; nothing was changed`,
      cause: error,
    });
  if (isServerError(error)) {
    const [said, hint] = told(code, error.message) ?? [];
    return said === undefined || hint === undefined ? error : make(said, hint);
  }
  const said = messageOf(error);
  if (/secure TLS connection was established/.test(said))
    return make(
      'has no TLS, or ended its negotiation',
      'the address asks for TLS: ask the operator of the server for it, or use sslmode=prefer ' +
        'where the way to the server is safe without',
    );
  if (isOfCertificate(code))
    return make(
      `has a certificate that is not trusted: ${said}`,
      'sslrootcert names the certificate that it is to be compared with; with ' +
        'sslmode=verify-full the host is named as the certificate names it',
    );
  if (unreachable.has(code))
    return make(
      `cannot be reached (${code})`,
      'is the server up, and are host and port of the address right?',
    );
  return error;
}

/** Awaits what needs a session of this client. */
export async function withConnectionErrors<T>(client: Client, query: PromiseLike<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw asConnectionError(error, client);
  }
}

const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT', // of a socket
  'EACCES',
  'CONNECT_TIMEOUT',
]);

function isOfCertificate(code: string): boolean {
  return /^(?:ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_)/.test(code);
}

/** Of the server, and of a pooler that speaks as one. Null: not of making a session. */
function told(code: string, message: string): readonly [string, string] | null {
  switch (code) {
    case '28P01':
      return [`refuses the login: ${message}`, 'correct user and password of the address'];
    case '28000':
      return [
        `refuses the login: ${message}`,
        'the operator of the server lets this user in (pg_hba.conf); where it speaks of ' +
          'encryption, sslmode of the address says whether TLS is used',
      ];
    case '3D000':
      return [
        `has no such database: ${message}`,
        'create it (createdb), or correct the name in the address',
      ];
    case '57P03':
      return [`takes nobody yet: ${message}`, 'it starts or stops; ask again in a moment'];
    case '53300':
      return [
        `has no connection left: ${message}`,
        'take fewer (`max` of connect()), end some, or raise max_connections',
      ];
    default:
      return poolers(code, message);
  }
}

function poolers(code: string, message: string): readonly [string, string] | null {
  if (code !== '08P01' || !/unsupported startup parameter/.test(message)) return null;
  return [
    `is behind PgBouncer, which refuses the settings of a session: ${message}`,
    'connect without it; or in session mode, with ignore_startup_parameters as in ' +
      'docs/how-to/run-on-your-own-postgres.md',
  ];
}

/** ` at host:port`, never who logs in. A program may hand over a client of another driver. */
function placeOf(error: object, client: Client | undefined): string {
  const of = client?.options as Partial<Client['options']> | undefined;
  const { path } = of ?? {};
  if (typeof path === 'string' && path !== '') return ` at ${path}`;
  const failed = error instanceof AggregateError ? (error.errors[0] as object) : error;
  const { hostname, address, port } = { ...failed } as Readonly<Record<string, unknown>>;
  const hosts = [of?.host ?? hostname ?? address].flat();
  const ports = [of?.port ?? port].flat();
  const all = hosts
    .filter((host) => typeof host === 'string')
    .map((host, index) => {
      const at = ports[index];
      const name = host.includes(':') ? `[${host}]` : host;
      return typeof at === 'number' || typeof at === 'string' ? `${name}:${at}` : name;
    });
  return all.length === 0 ? '' : ` at ${[...new Set(all)].join(', ')}`;
}
