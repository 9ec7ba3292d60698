/**
 * The embedded PostgreSQL of a project directory: one daemon, shared by every process that works
 * there, reachable by its owner only.
 *
 * `ensureServer` is called by every command, so its warm path is two small files and one connection
 * attempt: no lock, no child process, no client library. Everything else happens under the home's
 * lock. The server outlives the process that started it; `stopServer` ends it.
 */
import { lstatSync } from 'node:fs';
import type { Account } from './account.ts';
import { userName } from './account.ts';
import type { Binaries } from './binaries.ts';
import { binariesFor, variableFor } from './binaries.ts';
import { createCluster, writeConfiguration } from './cluster.ts';
import { ServerError, ownServerHint } from './errors.ts';
import type { Home, Place } from './layout.ts';
import { accountOf, findHome, keyOf, majorOf, makeHome, makeSocketDir } from './layout.ts';
import { withLock } from './lock.ts';
import { newPassword, readPassword } from './password.ts';
import type { PidFile, StopMode } from './postmaster.ts';
import {
  isAnswering,
  isFree,
  runningServer,
  startPostmaster,
  stopPostmaster,
  untilReady,
} from './postmaster.ts';

export interface EnsureOptions extends Place {
  /** Told in a sentence what takes long: the first set-up, a recovery. For stderr. */
  readonly onProgress?: (message: string) => void;
  /** For the whole of it, in milliseconds. 120,000 unless told. */
  readonly timeoutMs?: number;
}

export interface Server {
  /**
   * With the password, for the owner role by TCP; any client library takes it. Print it through
   * `redactUrl` only.
   */
  readonly url: string;
  /**
   * By the socket in here (peer, no password) the server's user and root may be any role, the
   * superuser `postgres` too.
   */
  readonly socketDir: string;
  readonly port: number;
  readonly dataDir: string;
  readonly logDir: string;
  readonly pid: number;
  /** Whether this call started it. */
  readonly started: boolean;
  /** Why the data are not in the project directory, or null. */
  readonly elsewhere: string | null;
}

export interface ServerStatus {
  readonly state: 'running' | 'starting' | 'stopped' | 'absent';
  /** Null where there is no data yet. */
  readonly dataDir: string | null;
  readonly logDir: string | null;
  readonly socketDir: string | null;
  readonly port: number | null;
  readonly pid: number | null;
  readonly startedAt: Date | null;
  /** The operating-system user who owns the data and runs the server. */
  readonly user: string | null;
  /** PostgreSQL's major version that wrote the data. */
  readonly major: number | null;
  readonly elsewhere: string | null;
}

const PORTS_TRIED = 5;

/** Starts the server if need be; safe from any number of processes at once. Throws ServerError. */
export async function ensureServer(options: EnsureOptions): Promise<Server> {
  const found = findHome(options);
  if (found !== null) {
    const server = await running(found);
    if (server !== null) return server;
  }
  const timeoutMs = options.timeoutMs ?? 120_000;
  const { home, account } =
    found === null
      ? await makeHome(options)
      : { home: found, account: accountOf(options.projectDir, found) };
  const server = await withLock(home.lockFile, timeoutMs, async () => {
    // Another first run may have had to settle elsewhere meanwhile.
    const settled = findHome(options);
    if (settled !== null && settled.path !== home.path) return null;
    return (await running(home)) ?? (await start(home, account, timeoutMs, options.onProgress));
  });
  return server ?? ensureServer(options);
}

/** Looks only. Throws ServerError `no_rights` where the data belong to another user. */
export async function serverStatus(options: Place): Promise<ServerStatus> {
  const home = findHome(options);
  if (home === null) {
    const nothing = {
      dataDir: null,
      logDir: null,
      socketDir: null,
      port: null,
      pid: null,
      startedAt: null,
      user: null,
      major: null,
      elsewhere: null,
    };
    return { state: 'absent', ...nothing };
  }
  const file = runningServer(home.dataDir);
  const uid = lstatSync(home.dataDir).uid;
  return {
    state:
      file === null ? 'stopped' : file.ready && (await isAnswering(file)) ? 'running' : 'starting',
    dataDir: home.dataDir,
    logDir: home.logDir,
    socketDir: file?.socketDir ?? null,
    port: file?.port ?? null,
    pid: file?.pid ?? null,
    startedAt: file === null ? null : new Date(file.startedAt * 1000),
    user: userName(uid) ?? String(uid),
    major: majorOf(home),
    elsewhere: home.elsewhere,
  };
}

/**
 * Stops the server; false when none ran. `fast` ends sessions and writes everything out. Throws
 * ServerError.
 */
export async function stopServer(
  options: Place & { readonly mode?: StopMode; readonly timeoutMs?: number },
): Promise<boolean> {
  const home = findHome(options);
  if (home === null) return false;
  const timeoutMs = options.timeoutMs ?? 60_000;
  const account = accountOf(options.projectDir, home);
  return await withLock(
    home.lockFile,
    timeoutMs,
    async () => await stopPostmaster(account, home.dataDir, options.mode, timeoutMs),
  );
}

async function running(home: Home): Promise<Server | null> {
  const file = runningServer(home.dataDir);
  const password = readPassword(home);
  if (file === null || password === null || !file.ready || !(await isAnswering(file))) return null;
  return describe(home, file, password, false);
}

/** Under the lock, with no answering server. */
async function start(
  home: Home,
  account: Account,
  timeoutMs: number,
  say: (message: string) => void = () => undefined,
): Promise<Server> {
  const { application, logDir } = home;
  const binaries = binariesFor(account, application);
  const password = readPassword(home) ?? (await newPassword(home, account, binaries));
  if (majorOf(home) === null) {
    const why = home.elsewhere === null ? '' : ` (${home.elsewhere})`;
    say(`setting up PostgreSQL ${binaries.version} in ${home.dataDir}${why}`);
    await createCluster({
      application,
      binaries,
      account,
      dataDir: home.dataDir,
      durability: 'durable',
      password,
      logDir,
    });
  }
  checkVersion(home, binaries);

  const early =
    runningServer(home.dataDir) === null ? null : await untilReady(home.dataDir, timeoutMs);
  if (early !== null) return describe(home, early, password, false);

  writeConfiguration({
    application,
    binaries,
    account,
    dataDir: home.dataDir,
    durability: 'durable',
    logDir,
  });
  const socketDir = makeSocketDir(home, account);
  for (let attempt = 1; ; attempt += 1) {
    const port = await choosePort(home);
    try {
      const file = await startPostmaster({
        binaries,
        account,
        dataDir: home.dataDir,
        socketDir,
        logDir,
        port,
        timeoutMs,
      });
      return describe(home, file, password, true);
    } catch (error) {
      // Between our look and its bind somebody else may have taken the port.
      if (!(error instanceof ServerError && error.code === 'port_in_use' && attempt < PORTS_TRIED))
        throw error;
    }
  }
}

function describe(home: Home, file: PidFile, password: string, started: boolean): Server {
  return {
    url: `postgres://${home.application}:${password}@127.0.0.1:${file.port}/${home.application}`,
    socketDir: file.socketDir,
    port: file.port,
    dataDir: home.dataDir,
    logDir: home.logDir,
    pid: file.pid,
    started,
    elsewhere: home.elsewhere,
  };
}

/**
 * The same port at every start where it is free, so that a saved URL stays good: it follows from
 * the path, below the range from which systems hand out ports by themselves. The next free one
 * otherwise.
 */
async function choosePort(home: Home): Promise<number> {
  const first = 15_432 + (Number.parseInt(keyOf(home.path).slice(0, 6), 16) % 15_000);
  for (let port = first; port < first + 200; port += 1) {
    if (await isFree(port)) return port;
  }
  throw new ServerError('port_in_use', {
    what:
      `No port between ${first} and ${first + 199} on 127.0.0.1 is free ` +
      'for the embedded PostgreSQL.',
    kept: `The data in ${home.dataDir} are untouched.`,
    remedy: `End a program that listens there. ${ownServerHint}`,
  });
}

function checkVersion(home: Home, binaries: Binaries): void {
  const major = majorOf(home);
  if (major === binaries.major) return;
  throw new ServerError('other_version', {
    what:
      `The data in ${home.dataDir} were written by PostgreSQL ${major}; ` +
      `this is PostgreSQL ${binaries.version}.`,
    kept: 'They are untouched.',
    remedy:
      `Dump them with PostgreSQL ${major} and load them here, or set ` +
      `${variableFor(home.application)} to the bin directory of a PostgreSQL ${major}. ` +
      ownServerHint,
  });
}
