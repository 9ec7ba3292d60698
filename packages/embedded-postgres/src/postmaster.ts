/**
 * Starting, watching and stopping one postmaster.
 *
 * It is started directly, not by pg_ctl: pg_ctl looks every 100 ms whether it is ready, here it is
 * 5. `detached` gives it a session of its own, so neither Ctrl-C nor the end of the process that
 * started it reaches it; its output goes to a file, so a pipe behind the caller (`npm start |
 * head`) closes when the caller ends.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Account } from './account.ts';
import { asAccount, identity, serverEnvironment } from './account.ts';
import type { Binaries } from './binaries.ts';
import { ServerError, diagnose } from './errors.ts';
import { START_LOG, listen } from './server-log.ts';
import { isAlive, isPostmasterOf, processesIn } from './processes.ts';
import { doubleQuote } from './settings.ts';

/** postmaster.pid, as PostgreSQL writes it. */
export interface PidFile {
  readonly pid: number;
  /** Seconds since 1970. */
  readonly startedAt: number;
  readonly port: number;
  readonly socketDir: string;
  readonly ready: boolean;
}

export interface StartOptions {
  readonly binaries: Binaries;
  readonly account: Account;
  readonly dataDir: string;
  readonly socketDir: string;
  readonly logDir: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/** How long backends of a killed postmaster may finish their statement before they are ended. */
const ORPHAN_GRACE_MS = 500;
const RETRY_MS = 50;
const START_ATTEMPTS = 40;

export function readPidFile(dataDir: string): PidFile | null {
  let lines: string[];
  try {
    lines = readFileSync(join(dataDir, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return null;
  }
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0) return null;
  return {
    pid,
    startedAt: Number(lines[2] ?? 0),
    port: Number(lines[3] ?? 0),
    socketDir: lines[4] ?? '',
    ready: (lines[7] ?? '').trim() === 'ready',
  };
}

/**
 * The server of this directory, if its process lives. After a reboot the file may name a stranger,
 * whom nobody may take for a server.
 */
export function runningServer(dataDir: string): PidFile | null {
  const file = readPidFile(dataDir);
  if (file === null || !isAlive(file.pid)) return null;
  return isPostmasterOf(file.pid, dataDir) ? file : null;
}

/**
 * Whether something accepts connections at the server's socket (its directory is private, so that
 * is the server), or on its port.
 */
export async function isAnswering(file: PidFile): Promise<boolean> {
  if (await accepts({ path: join(file.socketDir, `.s.PGSQL.${file.port}`) })) return true;
  // A cleaner of temporary files may have taken the socket from under a server that runs well.
  return process.platform === 'linux' && (await accepts({ host: '127.0.0.1', port: file.port }));
}

/** Waits for a server that somebody else is starting. Null when it ended instead. */
export async function untilReady(dataDir: string, timeoutMs: number): Promise<PidFile | null> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const file = runningServer(dataDir);
    if (file === null) return null;
    if (file.ready && (await isAnswering(file))) return file;
    if (Date.now() > deadline) throw stillStarting(dataDir, file.pid, timeoutMs);
    await sleep(5);
  }
}

/** Starts the server and waits until it takes connections. Throws ServerError. */
export async function startPostmaster(options: StartOptions): Promise<PidFile> {
  for (let attempt = 1; ; attempt += 1) {
    clearStalePidFile(options);
    const outcome = await launch(options);
    if (typeof outcome !== 'string') return outcome;
    if (
      /lock file "postmaster\.pid" already exists/.test(outcome) &&
      runningServer(options.dataDir) !== null
    ) {
      const other = await untilReady(options.dataDir, options.timeoutMs);
      if (other !== null) return other;
    }
    // The last postmaster was killed and backends of it still work: one in the middle of a long
    // statement does not notice for a while.
    const leftOver =
      /lock file "postmaster\.pid" already exists|pre-existing shared memory block/.test(outcome);
    if (!leftOver || attempt === START_ATTEMPTS) {
      throw diagnose(outcome, {
        dataDir: options.dataDir,
        user: options.account.name,
        port: options.port,
      });
    }
    if (attempt * RETRY_MS > ORPHAN_GRACE_MS) endOrphans(options);
    await sleep(RETRY_MS);
  }
}

export type StopMode = 'smart' | 'fast' | 'immediate';
const signals: Readonly<Record<StopMode, string>> = {
  smart: 'TERM',
  fast: 'INT',
  immediate: 'QUIT',
};

/**
 * Stops the server; false when none ran. Throws ServerError `busy` when it does not end in time.
 */
export async function stopPostmaster(
  account: Account,
  dataDir: string,
  mode: StopMode = 'fast',
  timeoutMs = 60_000,
): Promise<boolean> {
  const file = runningServer(dataDir);
  if (file === null) return false;
  signal(account, file.pid, signals[mode]);
  const deadline = Date.now() + timeoutMs;
  while (isAlive(file.pid) && readPidFile(dataDir)?.pid === file.pid) {
    if (Date.now() > deadline) {
      throw new ServerError('busy', {
        what:
          `The server (process ${file.pid}) has not stopped ` +
          `within ${Math.round(timeoutMs / 1000)} s.`,
        kept: 'Everything committed is safe.',
        remedy:
          'Wait for its last statements, or stop it at once with mode immediate; ' +
          'it recovers at its next start.',
      });
    }
    await sleep(5);
  }
  return true;
}

/** By the account's own rights: a pid file must not make root signal a stranger. */
export function signal(account: Account, pid: number, name: string): void {
  asAccount(account, 'kill -s "$1" "$2"', [name, String(pid)]);
}

export async function isFree(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** One attempt: the ready server, or what it said before it ended. */
async function launch(options: StartOptions): Promise<PidFile | string> {
  const { binaries, account, dataDir, socketDir, logDir, port } = options;
  const began = Date.now();
  const said = listen(logDir);
  // The shell makes the log file with the account's rights and is then replaced by the server: one
  // process, one pid. No server of ours runs, so what lies in the socket's directory is left over,
  // and PostgreSQL would trip over a pid used again in it.
  const script =
    'umask 077; mkdir -p "$2" && rm -f "$1"/.s.PGSQL.*; ' +
    'log="$2/$3"; shift 3; exec "$@" >"$log" 2>&1';
  const server = [
    binaries.postgres,
    '-D',
    dataDir,
    '-p',
    String(port),
    '-k',
    doubleQuote(socketDir),
  ]; // -k takes a list
  const child = spawn('/bin/sh', ['-c', script, 'sh', socketDir, logDir, START_LOG, ...server], {
    ...identity(account),
    cwd: '/',
    env: serverEnvironment,
    detached: true,
    stdio: 'ignore',
  });
  const end = { reason: '' };
  child.once('error', (error) => (end.reason = error.message));
  child.once(
    'exit',
    (code, killedBy) => (end.reason = `It ended with ${killedBy ?? `exit code ${code}`}.`),
  );
  try {
    while (end.reason === '') {
      const file = readPidFile(dataDir);
      if (file !== null && file.pid === child.pid && file.ready) return file;
      if (Date.now() - began > options.timeoutMs)
        throw stillStarting(dataDir, child.pid ?? 0, options.timeoutMs);
      await sleep(5);
    }
  } finally {
    child.removeAllListeners();
    child.unref();
  }
  return said() || end.reason;
}

/**
 * PostgreSQL refuses to start while postmaster.pid names a live process of the same user. After a
 * reboot that may be anybody, and in a container without an init the zombie of the last server. The
 * file is removed only where the system shows that no process at all works in the data directory:
 * it also carries the interlock against backends that outlived their postmaster.
 */
function clearStalePidFile(options: StartOptions): void {
  const file = readPidFile(options.dataDir);
  if (file === null || runningServer(options.dataDir) !== null) return;
  if (processesIn(options.dataDir, options.account)?.length === 0)
    asAccount(options.account, 'rm -f "$1"', [join(options.dataDir, 'postmaster.pid')]);
}

function endOrphans(options: StartOptions): void {
  if (runningServer(options.dataDir) !== null) return; // they are no orphans
  for (const pid of processesIn(options.dataDir, options.account) ?? [])
    signal(options.account, pid, 'KILL');
}

function stillStarting(dataDir: string, pid: number, timeoutMs: number): ServerError {
  return new ServerError('busy', {
    what:
      `The embedded PostgreSQL (process ${pid}) is still starting ` +
      `after ${Math.round(timeoutMs / 1000)} s; after a crash it replays its log first.`,
    kept: `Everything committed in ${dataDir} is safe, and it goes on starting.`,
    remedy: 'Run the same command again in a while.',
  });
}

async function accepts(
  address: { path: string } | { host: string; port: number },
): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(address);
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}
