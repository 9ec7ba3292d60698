/**
 * Makes a database cluster: initdb and the first roles into a temporary name, then one rename. A
 * cluster that exists is therefore complete; a kill -9 at any moment leaves only a temporary
 * directory, which the next attempt removes.
 */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Account } from './account.ts';
import { asAccount, runAs } from './account.ts';
import type { Binaries } from './binaries.ts';
import { ServerError, diagnose } from './errors.ts';
import type { Durability } from './settings.ts';
import { configuration, hostAccess, identityMap, superuser } from './settings.ts';

export interface ClusterOptions {
  /** Names the owner and its database: small letters, digits and underscores. */
  readonly application: string;
  readonly binaries: Binaries;
  readonly account: Account;
  readonly dataDir: string;
  readonly durability: Durability;
  /** Password of the owner for TCP. Never written to the cluster in clear, nor to a log. */
  readonly password: string;
  /** With it the superuser may come by TCP too: test servers only. */
  readonly superuserPassword?: string;
  readonly logDir: string | null;
  readonly extra?: Readonly<Record<string, string>>;
}

/** A secret of 192 bits that needs no quoting in a URL or a shell. */
export function randomPassword(): string {
  return randomBytes(24).toString('base64url');
}

/** Throws ServerError. */
export async function createCluster(options: ClusterOptions): Promise<void> {
  const { binaries, account, dataDir } = options;
  asAccount(account, 'rm -rf "$1".new-*', [dataDir]);
  const making = `${dataDir}.new-${process.pid}`;
  try {
    await initdb(options, making);
    await addRoles(options, making);
    writeConfiguration(options, making);
    if (options.durability === 'durable')
      await must(options, runAs(account, binaries.initdb, ['--sync-only', '-D', making]));
    await must(
      options,
      Promise.resolve(asAccount(account, 'test ! -e "$2" && mv "$1" "$2"', [making, dataDir])),
    );
    // The new name must outlive a power cut as the files do. `sync DIR` is not everywhere; the
    // plain form is.
    if (options.durability === 'durable')
      asAccount(account, 'sync "$1" 2>/dev/null || sync', [`${dataDir}/..`]);
  } finally {
    asAccount(account, 'rm -rf "$1"', [making]);
  }
}

/**
 * Writes the three configuration files, each in one rename. Part of every start: settings follow
 * the program's version.
 */
export function writeConfiguration(
  options: Omit<ClusterOptions, 'password'>,
  dataDir: string = options.dataDir,
): void {
  const { account, durability, logDir, extra } = options;
  const files = [
    'postgresql.conf',
    configuration({ durability, logDir, ...(extra === undefined ? {} : { extra }) }),
    'pg_hba.conf',
    hostAccess(options.superuserPassword !== undefined),
    'pg_ident.conf',
    identityMap(account, options.binaries.major, options.application),
  ];
  const script =
    'cd "$1" || exit 1; shift; while [ $# -gt 0 ]; do ' +
    'printf %s "$2" >"$1.new" && mv "$1.new" "$1" || exit 1; shift 2; done';
  const done = asAccount(account, script, [dataDir, ...files]);
  if (!done.ok) throw diagnose(done.out, { dataDir, user: account.name, port: 0 });
}

/**
 * A statement that gives a role its password without showing it, even if the statement lands in a
 * log.
 */
export function passwordStatement(role: string, password: string, iterations = 4096): string {
  return `alter role ${role} password '${scramVerifier(password, iterations)}'`;
}

async function initdb(options: ClusterOptions, directory: string): Promise<void> {
  const { binaries, account } = options;
  const common = [
    '-D',
    directory,
    '-U',
    superuser,
    '-E',
    'UTF8',
    '-A',
    'peer',
    '--no-sync',
    '--no-instructions',
  ];
  // Code point order and Unicode upper/lower, the same on every machine and without the system's or
  // ICU's library (whose upgrades reorder indexes). Before PostgreSQL 17 only the C library offers
  // that.
  const locale =
    binaries.major >= 17
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : ['--locale-provider=libc', '--locale=C.UTF-8'];
  await must(options, runAs(account, binaries.initdb, [...common, ...locale]));
}

/**
 * By single-user mode: no port, no window in which a half-made server could be reached. Each
 * statement is one line there.
 */
async function addRoles(options: ClusterOptions, directory: string): Promise<void> {
  // A random password needs no stretching, and a throw-away server sees thousands of connections:
  // one round instead of 4096.
  const iterations = options.durability === 'throwaway' ? 1 : 4096;
  const strategy = options.durability === 'throwaway' ? ' strategy file_copy' : '';
  const { application } = options;
  const statements = [
    `create role ${application} login createdb createrole`,
    passwordStatement(application, options.password, iterations),
    // An application looks at other sessions and their waits, and may have to end one.
    `grant pg_monitor, pg_signal_backend to ${application}`,
    `create database ${application} owner ${application}${strategy}`,
    ...(options.superuserPassword === undefined
      ? []
      : [passwordStatement(superuser, options.superuserPassword, iterations)]),
  ];
  // Not synced here: `initdb --sync-only` does it once for all. Errors do not end single-user mode
  // with a bad exit code, so ask for them.
  const done = await runAs(
    options.account,
    options.binaries.postgres,
    ['--single', '-F', '-D', directory, 'template1'],
    {
      input: `${statements.map((statement) => `${statement};\n`).join('')}`,
    },
  );
  if (!done.ok || /^.*\b(ERROR|FATAL|PANIC): /m.test(done.out))
    await must(options, Promise.resolve({ ok: false, out: done.out }));
}

async function must(
  options: ClusterOptions,
  step: Promise<{ ok: boolean; out: string }>,
): Promise<void> {
  const { ok, out } = await step;
  if (ok) return;
  const known = diagnose(out, { dataDir: options.dataDir, user: options.account.name, port: 0 });
  if (known.code !== 'failed' && known.code !== 'damaged') throw known;
  throw new ServerError('failed', {
    what: `A database could not be set up in ${options.dataDir}.`,
    kept: 'Nothing existed there before, and nothing half-made was left behind.',
    remedy: 'Read the messages below, mend what they name and run the same command again.',
    log: out,
  });
}

/**
 * What PostgreSQL stores for a SCRAM-SHA-256 password (RFC 5803). Ours are ASCII, so no SASLprep.
 */
function scramVerifier(password: string, iterations: number): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const hmac = (text: string): Buffer => createHmac('sha256', salted).update(text).digest();
  const stored = createHash('sha256').update(hmac('Client Key')).digest('base64');
  const server = hmac('Server Key').toString('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${server}`;
}
