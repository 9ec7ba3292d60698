/** Errors of the machine, of migrations, of PostgreSQL, and of the way to it. */
import { exitCodes, type ExitCode } from '@postrider/runner/process';
import { asCommand } from '../output/as-command.ts';
import { field, type KnownExplanation } from './explanation.ts';

/**
 * The machine's own errors: SQLSTATE class PR, whether a typed call of core or plain SQL ran into
 * it.
 */
const machineCodes: Readonly<Record<string, ExitCode>> = {
  PR011: exitCodes.tryLater,
  PR013: exitCodes.tryLater,
  PR018: exitCodes.configuration,
  PR019: exitCodes.noRights,
  PR020: exitCodes.usage,
  PR021: exitCodes.tryLater,
};

/** Of a typed call. Plain SQL is told what helps as SQL. */
export function ofACommand(code: string, hint: string, detail: unknown): KnownExplanation {
  return ofTheMachine(code, asCommand(hint, '<campaign>'), detail);
}

export function ofTheMachine(code: string, hint: string, detail: unknown): KnownExplanation {
  return {
    hint: hint === '' ? null : hint,
    exitCode: machineCodes[code] ?? exitCodes.failed,
    code,
    ...(detail === undefined ? {} : { detail }),
  };
}

const PUT_ASIDE =
  'The embedded database is put aside, and an empty one made, by: `postrider db stop`; give ' +
  'var/postgres of the project another name (mv); `postrider migrate`';

function isEmbedded(): boolean {
  return (
    process.env['DATABASE_URL'] === undefined && process.env['DATABASE_URL_FILE'] === undefined
  );
}

export function migration(error: Error): KnownExplanation {
  const hint = field(error, 'hint') || null;
  const kind = field(error, 'kind');
  if (kind === 'no_rights') return { hint, exitCode: exitCodes.noRights, code: 'no_rights' };
  if (kind === 'unsuitable' && isEmbedded())
    return {
      hint: `${hint ?? ''}. ${PUT_ASIDE}`,
      exitCode: exitCodes.configuration,
      code: 'migration',
    };
  if (kind === 'too_old') return { hint, exitCode: exitCodes.unavailable, code: 'server_too_old' };
  return { hint, exitCode: exitCodes.configuration, code: 'migration' };
}

export function database(error: Error, code: string): KnownExplanation {
  const hint = field(error, 'hint') || null;
  if (code.startsWith('PR')) return ofTheMachine(code, hint ?? '', parsed(field(error, 'detail')));
  if (['42P01', '3F000', '42883'].includes(code) && /postrider/.test(error.message))
    return {
      message: `the database is not set up for this version: ${error.message}`,
      hint:
        'run `postrider migrate`; it changes nothing but the schemas postrider and ' +
        'postrider_queue',
      exitCode: exitCodes.configuration,
      code,
    };
  switch (code) {
    case '08P01':
      return {
        hint: /startup parameter/.test(error.message)
          ? 'this is PgBouncer: connect without it; or in session mode, with ' +
            'ignore_startup_parameters as in docs/how-to/run-on-your-own-postgres.md. ' +
            'Nothing was changed'
          : hint,
        exitCode: exitCodes.unavailable,
        code,
      };
    case '28P01':
    case '28000':
      return {
        hint: 'check user and password in DATABASE_URL; nothing was changed',
        exitCode: exitCodes.noRights,
        code,
      };
    case '42501':
      return {
        hint:
          hint ??
          'use the owner of the schema postrider, or a role that was granted ' +
            'postrider_operator (for `run`: postrider_runner); nothing was changed',
        exitCode: exitCodes.noRights,
        code,
      };
    case '3D000':
      return {
        hint: 'create it (createdb), or correct DATABASE_URL; nothing was changed',
        exitCode: exitCodes.unavailable,
        code,
      };
    case '57P01':
    case '57P02':
    case '57P03':
    case '53300':
      return {
        hint: 'the server starts, stops or is full; the same command works when it is back',
        exitCode: exitCodes.unavailable,
        code,
      };
    case '53100':
      return {
        hint:
          'the disk of the database is full; what was committed stands. ' +
          'Free some space and run the same command again',
        exitCode: exitCodes.cannotWrite,
        code,
      };
    case '55P03':
    case '40P01':
    case '40001':
      return {
        hint: 'somebody else works on the same rows; nothing was changed, try again',
        exitCode: exitCodes.tryLater,
        code,
      };
    default:
      return { hint, exitCode: exitCodes.failed, code };
  }
}

const unreachable = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNRESET',
  'CONNECT_TIMEOUT',
]);
const broken = new Set(['CONNECTION_CLOSED', 'CONNECTION_ENDED', 'CONNECTION_DESTROYED', 'EPIPE']);

/**
 * ` at host:port`, as the driver or Node tells it, of several hosts of each; never who logs in. A
 * name that is not found has no port yet.
 */
function placeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return '';
  if (error instanceof AggregateError) return placeOf(error.errors[0]);
  const { address, hostname, port } = error as Readonly<Record<string, unknown>>;
  const hosts = [address ?? hostname].flat().filter((host) => typeof host === 'string');
  const ports = [port].flat();
  const all = hosts.map((host, index) => {
    const at = ports[index];
    const name = host.includes(':') ? `[${host}]` : host;
    return typeof at === 'number' || typeof at === 'string' ? `${name}:${at}` : name;
  });
  return all.length === 0 ? '' : ` at ${[...new Set(all)].join(', ')}`;
}

/** TLS was asked for, and there is none, or not one that is trusted. */
function ofTls(error: unknown, code: string): KnownExplanation | null {
  const said = error instanceof Error ? error.message : '';
  const isRefused = /secure TLS connection was established/.test(said);
  if (!isRefused && !/^(?:ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_)/.test(code))
    return null;
  return {
    message: isRefused
      ? `the database${placeOf(error)} has no TLS, or ended its negotiation`
      : `the certificate of the database is not trusted: ${said}`,
    hint: isRefused
      ? 'sslmode of DATABASE_URL asks for TLS: ask the operator of the server for it; ' +
        'sslmode=prefer goes without, where the way to the server is safe. Nothing was changed'
      : 'sslrootcert in DATABASE_URL names the certificate that it is to be compared with; with ' +
        'sslmode=verify-full the host is named as the certificate names it. Nothing was changed',
    exitCode: exitCodes.unavailable,
    code,
  };
}

/** The socket of a server: nobody listens there, or this user may not enter. */
function isOfSocket(error: unknown): boolean {
  return field(error, 'syscall') === 'connect' && /\.s\.PGSQL\./.test(field(error, 'address'));
}

export function connection(error: unknown, code: string): KnownExplanation | null {
  const tls = ofTls(error, code);
  if (tls !== null) return tls;
  if (unreachable.has(code) || isOfSocket(error))
    return {
      message: `the database${placeOf(error)} cannot be reached (${code})`,
      hint:
        'is the server up, and DATABASE_URL right? Nothing was changed; ' +
        'without DATABASE_URL the embedded server is used',
      exitCode: exitCodes.unavailable,
      code,
    };
  if (code === 'CONNECTION_UNFIT')
    return {
      message: 'no server of DATABASE_URL is what its target_session_attrs asks for',
      hint:
        'those that answer are standbys, or read-only: promote one, or wait for the primary; ' +
        'nothing was changed',
      exitCode: exitCodes.unavailable,
      code,
    };
  if (broken.has(code))
    return {
      message: `the connection to the database${placeOf(error)} broke`,
      hint:
        'what was committed stands; run the same command again. ' +
        'Where it breaks every time: is it a PostgreSQL that DATABASE_URL names?',
      exitCode: exitCodes.unavailable,
      code,
    };
  return null;
}

function parsed(detail: string): unknown {
  try {
    return JSON.parse(detail === '' ? '{}' : detail);
  } catch {
    return {};
  }
}
