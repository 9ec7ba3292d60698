/**
 * Every error becomes a sentence, what to do about it, and an exit code. Nothing is imported here
 * but types: an error is told by its name and code, so that a command which only asks one question
 * does not load what it never uses.
 */
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { redacted } from './text.ts';

/** An error of the command line itself. */
export class CliError extends Error {
  override readonly name = 'CliError';
  readonly exitCode: ExitCode;
  readonly hint: string | null;
  constructor(exitCode: ExitCode, message: string, hint: string | null = null, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

export interface Explanation {
  readonly message: string;
  /** What was not lost, and what to do. */
  readonly hint: string | null;
  readonly exitCode: ExitCode;
  /** For programs, with --json: `usage`, `PR011`, `28P01`, `EACCES`. */
  readonly code: string;
  readonly detail?: unknown;
}

const codeNames: Readonly<Record<ExitCode, string>> = {
  [exitCodes.ok]: 'ok',
  [exitCodes.failed]: 'failed',
  [exitCodes.usage]: 'usage',
  [exitCodes.badData]: 'bad_data',
  [exitCodes.unavailable]: 'unavailable',
  [exitCodes.cannotWrite]: 'cannot_write',
  [exitCodes.tryLater]: 'try_later',
  [exitCodes.noRights]: 'no_rights',
  [exitCodes.configuration]: 'configuration',
  [exitCodes.interrupted]: 'interrupted',
};

type Told = Omit<Explanation, 'message'> & { readonly message?: string };

export function explain(error: unknown): Explanation {
  const told = tell(error);
  return {
    ...told,
    message: redacted(told.message ?? messageOf(error)),
    hint: told.hint === null ? null : redacted(told.hint),
  };
}

export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

function tell(error: unknown): Told {
  if (error instanceof CliError) {
    // What it says is ours; what the server said is known to programs by its SQLSTATE.
    const state =
      error.cause instanceof Error && error.cause.name === 'PostgresError'
        ? field(error.cause, 'code')
        : '';
    return { hint: error.hint, exitCode: error.exitCode, code: state || codeNames[error.exitCode] };
  }
  const code = field(error, 'code');
  switch (error instanceof Error ? error.name : '') {
    case 'MachineError':
      return machine(code, field(error, 'hint'), (error as { detail?: unknown }).detail);
    case 'MigrationError':
      return migration(error as Error);
    case 'UnsuitableSessionError':
      return {
        hint: field(error, 'hint') || null,
        exitCode: exitCodes.configuration,
        code: 'configuration',
      };
    case 'PostgresError':
      return database(error as Error, code);
    case 'ServerError':
      return server(
        error as Error & { what: string; kept: string; remedy: string; log: string },
        code,
      );
    case 'ShopError':
      return shop(error as Error & { exitCode: number });
    case 'ConfigurationError':
      return {
        hint: field(error, 'hint') || null,
        exitCode: exitCodes.configuration,
        code: 'configuration',
      };
    case 'AdapterConfigError':
      return {
        hint: 'correct the campaign file and apply it again; nothing was changed',
        exitCode: exitCodes.configuration,
        code: 'adapter_option',
      };
    case 'AudienceSourceError':
      return {
        hint: 'pages read before stand, and nobody was taken as having left the segment',
        exitCode: exitCodes.badData,
        code: 'audience',
      };
    case 'AbortError':
      return { hint: null, exitCode: exitCodes.interrupted, code: 'interrupted' };
    default:
      return (
        connection(code) ??
        file(error, code) ?? { hint: null, exitCode: exitCodes.failed, code: code || 'failed' }
      );
  }
}

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

function machine(code: string, hint: string, detail: unknown): Told {
  return {
    hint: hint === '' ? null : hint,
    exitCode: machineCodes[code] ?? exitCodes.failed,
    code,
    ...(detail === undefined ? {} : { detail }),
  };
}

function migration(error: Error): Told {
  const hint = field(error, 'hint') || null;
  const kind = field(error, 'kind');
  if (kind === 'no_rights') return { hint, exitCode: exitCodes.noRights, code: 'no_rights' };
  if (kind === 'too_old') return { hint, exitCode: exitCodes.unavailable, code: 'server_too_old' };
  return { hint, exitCode: exitCodes.configuration, code: 'migration' };
}

function database(error: Error, code: string): Told {
  const hint = field(error, 'hint') || null;
  if (code.startsWith('PR')) return machine(code, hint ?? '', parsed(field(error, 'detail')));
  if (['42P01', '3F000', '42883'].includes(code) && /postrider/.test(error.message))
    return {
      message: `the database is not set up for this version: ${error.message}`,
      hint: 'run `postrider migrate`; it changes nothing but the schemas postrider and postrider_queue',
      exitCode: exitCodes.configuration,
      code,
    };
  switch (code) {
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
          'use the owner of the schema postrider, or a role that was granted postrider_operator (for `run`: postrider_runner); nothing was changed',
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
        hint: 'the disk of the database is full; what was committed stands. Free some space and run the same command again',
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

const serverCodes: Readonly<Record<string, ExitCode>> = {
  no_user: exitCodes.noRights,
  no_rights: exitCodes.noRights,
  disk_full: exitCodes.cannotWrite,
  read_only: exitCodes.cannotWrite,
  busy: exitCodes.tryLater,
  configuration: exitCodes.configuration,
};

function server(
  error: { what: string; kept: string; remedy: string; log: string },
  code: string,
): Told {
  const log =
    error.log === '' ? '' : `\nThe server's log ends with:\n${error.log.replace(/^/gm, '  ')}`;
  return {
    message: error.what,
    hint: `${error.kept} ${error.remedy}${log}`,
    exitCode: serverCodes[code] ?? exitCodes.unavailable,
    code,
  };
}

function shop(error: { exitCode: number }): Told {
  const known = Object.values(exitCodes).find((code) => code === error.exitCode);
  // The shop's 74 is a write that failed while it ran.
  // Before it has opened there is nothing in it to speak of.
  const hint =
    error.exitCode === exitCodes.cannotWrite
      ? 'mend the folder, or name another: `postrider print-shop start --folder <dir>`'
      : 'what it accepted is in its ledger: run the same command again';
  return {
    hint,
    exitCode: error.exitCode === 74 ? exitCodes.cannotWrite : (known ?? exitCodes.failed),
    code: 'print_shop',
  };
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

function connection(code: string): Told | null {
  if (unreachable.has(code))
    return {
      message: `the database cannot be reached (${code})`,
      hint: 'is the server up, and DATABASE_URL right? Nothing was changed; without DATABASE_URL the embedded server is used',
      exitCode: exitCodes.unavailable,
      code,
    };
  if (code === 'CONNECTION_UNFIT')
    return {
      message: 'no server of DATABASE_URL is what its target_session_attrs asks for',
      hint: 'those that answer are standbys, or read-only: promote one, or wait for the primary; nothing was changed',
      exitCode: exitCodes.unavailable,
      code,
    };
  if (broken.has(code))
    return {
      message: 'the connection to the database broke',
      hint: 'what was committed stands; run the same command again. Where it breaks every time: is it a PostgreSQL that DATABASE_URL names?',
      exitCode: exitCodes.unavailable,
      code,
    };
  return null;
}

function file(error: unknown, given: string): Told | null {
  // A mkdir with all its parents says ENOENT where the file system is read-only.
  const code = given === 'ENOENT' && field(error, 'syscall') === 'mkdir' ? 'EROFS' : given;
  const path = field(error, 'path');
  const where = path === '' ? '' : `${path}: `;
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        message: `${where}the disk is full`,
        hint: 'free some space and run the same command again; it goes on where it stopped',
        exitCode: exitCodes.cannotWrite,
        code,
      };
    case 'EROFS':
      return {
        message: `${where}the file system is read-only`,
        hint: 'set POSTRIDER_HOME to a directory that can be written; what was there is untouched',
        exitCode: exitCodes.cannotWrite,
        code,
      };
    case 'EEXIST':
    case 'ENOTDIR':
      return {
        message: `${where}a file is in the way of a directory`,
        hint: 'name another place; nothing was changed',
        exitCode: exitCodes.cannotWrite,
        code,
      };
    case 'EACCES':
    case 'EPERM':
      return {
        message: `${where}no right to use it (${code})`,
        hint: 'run as the user who owns it, or set POSTRIDER_HOME to a directory of your own',
        exitCode: exitCodes.noRights,
        code,
      };
    default:
      return null;
  }
}

function field(error: unknown, name: string): string {
  const value =
    typeof error === 'object' && error !== null
      ? (error as Record<string, unknown>)[name]
      : undefined;
  return typeof value === 'string' ? value : '';
}

function parsed(detail: string): unknown {
  try {
    return JSON.parse(detail === '' ? '{}' : detail);
  } catch {
    return {};
  }
}
