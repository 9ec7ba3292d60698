/** What can go wrong with the embedded server, told so that a person can act on it. */

export type ServerErrorCode =
  /** No PostgreSQL for this machine, or one that does not run here. */
  | 'no_binaries'
  /**
   * The caller is root and there is no ordinary user to run the server as, or the caller has no
   * name.
   */
  | 'no_user'
  | 'no_rights'
  | 'port_in_use'
  | 'disk_full'
  | 'read_only'
  /** DATABASE_URL or its file holds no address of a PostgreSQL. */
  | 'configuration'
  /** The files of the database are damaged or incomplete. */
  | 'damaged'
  /** The files were written by another major version of PostgreSQL. */
  | 'other_version'
  /** Another process holds the lock, or the server is up but does not answer in time. */
  | 'busy'
  | 'failed';

export interface ServerErrorDetail {
  /** What happened, one sentence. */
  readonly what: string;
  /** What was not lost. */
  readonly kept: string;
  /** What to do next. */
  readonly remedy: string;
  /** The last lines of the server's log, where there are any. */
  readonly log?: string | undefined;
  readonly cause?: unknown;
}

/** `message` holds all parts, one a line; the parts are there for programs. */
export class ServerError extends Error {
  override readonly name = 'ServerError';
  readonly code: ServerErrorCode;
  readonly what: string;
  readonly kept: string;
  readonly remedy: string;
  readonly log: string;

  constructor(code: ServerErrorCode, detail: ServerErrorDetail) {
    const log = lastLines(detail.log ?? '');
    const tail = log === '' ? '' : `\nThe server's log ends with:\n${indent(log)}`;
    super(
      `${detail.what}\n${detail.kept}\n${detail.remedy}${tail}`,
      detail.cause === undefined ? {} : { cause: detail.cause },
    );
    this.code = code;
    this.what = detail.what;
    this.kept = detail.kept;
    this.remedy = detail.remedy;
    this.log = log;
  }
}

export const ownServerHint =
  'Or use a server of your own: set DATABASE_URL, or DATABASE_URL_FILE to a file that holds it.';

/**
 * Lines of the server's log that say why it did not start. The first that matches wins: the most
 * specific come first.
 */
const symptoms: ReadonlyArray<readonly [RegExp, ServerErrorCode]> = [
  [/No space left on device|Disk quota exceeded/, 'disk_full'],
  [/Read-only file system/, 'read_only'],
  [/could not bind IPv4 address|could not create any TCP\/IP sockets/, 'port_in_use'],
  [/was initialized by PostgreSQL version|initialized with CATALOG_VERSION_NO/, 'other_version'],
  [
    // The major version has been compared before, so an unknown format of the control file means
    // that it is not one any more.
    new RegExp(
      [
        'initialized with PG_CONTROL_VERSION',
        'could not locate a valid checkpoint record',
        'invalid (primary )?checkpoint',
        'incorrect checksum in control file',
        'global/pg_control',
        'is not a database cluster directory',
        'could not find redo location',
        'invalid data in file',
        'invalid page in block',
      ].join('|'),
    ),
    'damaged',
  ],
  [
    /Permission denied|has invalid permissions|has wrong ownership|Operation not permitted/,
    'no_rights',
  ],
];

/** Turns the log of a server that did not start into an error. */
export function diagnose(
  log: string,
  place: { dataDir: string; user: string; port: number },
): ServerError {
  const code = symptoms.find(([pattern]) => pattern.test(log))?.[1] ?? 'failed';
  const data = place.dataDir;
  switch (code) {
    case 'disk_full':
      return new ServerError(code, {
        what: `The embedded PostgreSQL cannot start: the disk that holds ${data} is full.`,
        kept: 'Nothing committed was lost; what was not yet committed is done again.',
        remedy: 'Free some space on that disk and run the same command again.',
        log,
      });
    case 'read_only':
      return readOnly(data, { log });
    case 'port_in_use':
      return new ServerError(code, {
        what:
          `The embedded PostgreSQL cannot start: port ${place.port} on 127.0.0.1 ` +
          'was taken by another program.',
        kept: `The data in ${data} are untouched.`,
        remedy: 'Run the same command again: another free port is looked for.',
        log,
      });
    case 'other_version':
      return new ServerError(code, {
        what: `The data in ${data} were written by another major version of PostgreSQL.`,
        kept: 'They are untouched.',
        remedy:
          'Keep that directory, dump it with the version that wrote it and load it here. ' +
          ownServerHint,
        log,
      });
    case 'damaged':
      return new ServerError(code, {
        what: `The embedded PostgreSQL cannot start: the files in ${data} are damaged.`,
        kept: 'Nothing was changed by this attempt.',
        remedy: `Copy ${data} aside before anything else, then restore it from a backup.`,
        log,
      });
    case 'no_rights':
      return new ServerError(code, {
        what: `The embedded PostgreSQL cannot start: user ${place.user} may not use ${data}.`,
        kept: 'The data are untouched.',
        remedy:
          `Give ${data} back to user ${place.user} (chown -R, mode 0700), ` +
          `or run as the user who owns it. ${ownServerHint}`,
        log,
      });
    default:
      return new ServerError('failed', {
        what: 'The embedded PostgreSQL did not start.',
        kept: `The data in ${data} are untouched.`,
        remedy: `Read the log below. ${ownServerHint}`,
        log,
      });
  }
}

/**
 * Turns a failed file operation of this process into an error that says what to do; anything else
 * stays as it is.
 */
export function fileError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (code === 'EROFS') return readOnly(path, { cause: error });
  const full = ['ENOSPC', 'EDQUOT'].includes(code);
  if (!full && !['EACCES', 'EPERM'].includes(code)) return error;
  return new ServerError(full ? 'disk_full' : 'no_rights', {
    what: full
      ? `The disk that holds ${path} is full.`
      : `This process may not write ${path} (${code}).`,
    kept: 'Nothing was started, and data that exist are untouched.',
    remedy: full
      ? 'Free some space on that disk and run the same command again.'
      : `Run as the user who owns it. ${ownServerHint}`,
    cause: error,
  });
}

export function readOnly(
  path: string,
  more: Pick<ServerErrorDetail, 'log' | 'cause'> = {},
): ServerError {
  return new ServerError('read_only', {
    what: `The embedded PostgreSQL cannot start: the file system of ${path} is read-only.`,
    kept:
      'Nothing was started, and data that exist are untouched. No other database is made ' +
      'elsewhere: it would know nothing of what is in this one.',
    remedy: `Mount it writable, or work in a directory that can be written. ${ownServerHint}`,
    ...more,
  });
}

/** What tells: the end. Single-user mode's prompts stand before its messages. */
function lastLines(log: string, count = 15): string {
  return log
    .replace(/^(backend> )+/gm, '')
    .trim()
    .split('\n')
    .slice(-count)
    .join('\n');
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
