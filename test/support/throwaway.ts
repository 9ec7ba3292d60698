/**
 * One throw-away server: made in a temporary directory named by the process that owns it, gone with
 * it. What a killed run leaves behind is removed by the next (`reap`).
 */
import { spawnSync } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, realpathSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  asAccount,
  binariesFor,
  binariesIn,
  chooseAccount,
  createCluster,
  homeAt,
  identity,
  isAlive,
  isFree,
  makeSocketDir,
  randomPassword,
  readPidFile,
  runningServer,
  ServerError,
  signal,
  startPostmaster,
  stopPostmaster,
  superuser,
  writeConfiguration,
  type Account,
  type Binaries,
  type Home,
  type PidFile,
  type StopMode,
} from '@postrider/embedded-postgres/parts';

/** The owner role and its database, as the product names them. */
export const owner = 'postrider';

export interface OwnServerOptions {
  readonly major?: 18 | 15;
  /**
   * With fsync and full page writes, as the product runs: what a power cut needs. A kill -9 of the
   * server is survived without.
   */
  readonly durable?: boolean;
  /** postgresql.conf lines over ours, values as written there: `{ max_connections: '20' }`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The directory of its programs; the bundled 18 unless told. */
  readonly bin?: string;
  /**
   * Fills the data directory, in place of a new cluster: a copy of another server's. The password
   * is that server's.
   */
  readonly copy?: {
    readonly password: string;
    fill(account: Account, dataDir: string): Promise<void>;
  };
}

export interface OwnServer {
  /** Of the owner role (no superuser) and its empty database `postrider`. */
  readonly url: string;
  /** Of the superuser, database `postgres`. */
  readonly adminUrl: string;
  readonly port: number;
  readonly dataDir: string;
  readonly major: number;
  /** The directory of its programs. */
  readonly bin: string;
  /** The postmaster's; null when it is down. */
  pid(): number | null;
  stop(mode?: StopMode): Promise<void>;
  /** On the same port, so URLs stay good. Recovers after `kill9`. */
  start(): Promise<void>;
  /** Kills the postmaster and waits until it is dead; its backends notice by themselves. */
  kill9(): Promise<void>;
  /** Stops it and removes its files. */
  drop(): Promise<void>;
}

const PREFIX = 'postrider-test-';
/**
 * Names the cluster that `prepareCluster` has made, with its password and the version of its
 * programs: JSON.
 */
const PREPARED = 'POSTRIDER_TEST_CLUSTER';
const START_TIMEOUT_MS = 60_000;
/**
 * A database is some 700 files, made and removed for nearly every test: on tmpfs that costs 13 ms
 * of the kernel's time for each, on a disk 30, and up to 290 on an ext4 without a journal, which
 * will not give out for minutes the inodes that were just removed.
 */
const MEMORY = '/dev/shm';
const ROOM = 4 * 2 ** 30;
const repository = fileURLToPath(new URL('../..', import.meta.url));

export async function startThrowaway(options: OwnServerOptions = {}): Promise<OwnServer> {
  const account = chooseAccount(repository, null);
  const binaries =
    options.bin === undefined ? binariesFor(account, owner) : binariesIn(options.bin, account);
  const home = makeDirectory(account, options.durable !== true && hasRoom(MEMORY));
  removeAtExit(home, account);
  const copy = options.copy ?? preparedFor(binaries);
  const password = copy?.password ?? randomPassword();
  const durability = options.durable === true ? 'durable' : 'throwaway';
  const extra = options.settings ?? {};
  const { dataDir, logDir } = home;
  const cluster = {
    application: owner,
    binaries,
    account,
    dataDir,
    durability,
    superuserPassword: password,
    logDir: null,
    extra,
  } as const;
  if (copy === null) await createCluster({ ...cluster, password });
  else {
    await copy.fill(account, dataDir);
    writeConfiguration(cluster);
  }
  const socketDir = makeSocketDir(home, account);
  const launch = (port: number): Promise<PidFile> =>
    startPostmaster({
      binaries,
      account,
      dataDir,
      socketDir,
      logDir,
      port,
      timeoutMs: START_TIMEOUT_MS,
    });
  const { port } = await onSomePort(launch);
  const url = (role: string, name: string): string =>
    `postgres://${role}:${password}@127.0.0.1:${port}/${name}`;
  return {
    url: url(owner, owner),
    adminUrl: url(superuser, 'postgres'),
    port,
    dataDir,
    major: binaries.major,
    bin: dirname(binaries.postgres),
    pid: () => runningServer(dataDir)?.pid ?? null,
    stop: async (mode = 'fast') => void (await stopPostmaster(account, dataDir, mode)),
    start: async () => void (await launch(port)),
    kill9: async () => {
      const pid = runningServer(dataDir)?.pid;
      if (pid === undefined) return;
      signal(account, pid, 'KILL');
      while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    },
    drop: async () => {
      await stopPostmaster(account, dataDir, 'immediate');
      asAccount(account, 'rm -rf "$1"', [home.path]);
    },
  };
}

interface Prepared {
  readonly path: string;
  readonly password: string;
  readonly version: string;
}

/**
 * Makes a cluster that the servers of this run and of its children copy: 0.03 s of processor time
 * where initdb takes 0.7. They share its system identifier, as a primary and its standbys do.
 */
export async function prepareCluster(bin?: string): Promise<void> {
  const account = chooseAccount(repository, null);
  const binaries = bin === undefined ? binariesFor(account, owner) : binariesIn(bin, account);
  const { path, dataDir } = makeDirectory(account, hasRoom(MEMORY));
  process.once('exit', () => void asAccount(account, 'rm -rf "$1"', [path]));
  const password = randomPassword();
  await createCluster({
    application: owner,
    binaries,
    account,
    dataDir,
    durability: 'throwaway',
    password,
    superuserPassword: password,
    logDir: null,
  });
  process.env[PREPARED] = JSON.stringify({
    path: dataDir,
    password,
    version: binaries.version,
  } satisfies Prepared);
}

/** Null where the run has no cluster prepared for these programs. */
function preparedFor(binaries: Binaries): NonNullable<OwnServerOptions['copy']> | null {
  const given = process.env[PREPARED];
  if (given === undefined || given === '') return null;
  const { path, password, version } = JSON.parse(given) as Prepared;
  if (version !== binaries.version || !existsSync(dirname(path))) return null;
  return {
    password,
    fill: async (account, dataDir) => {
      const { ok, out } = await Promise.resolve(
        asAccount(account, 'cp -R "$1" "$2"', [path, dataDir]),
      );
      if (!ok) throw new Error(out);
    },
  };
}

/** Removes the servers of runs that are over, for example killed ones. */
export async function reap(): Promise<void> {
  const account = chooseAccount(repository, null);
  for (const base of bases()) {
    for (const name of readdirSync(base)) {
      const pid = name.startsWith(PREFIX)
        ? Number.parseInt(name.slice(PREFIX.length), 10)
        : Number.NaN;
      if (Number.isNaN(pid) || isAlive(pid)) continue;
      const path = join(base, name);
      if (lstatSync(path, { throwIfNoEntry: false })?.uid !== account.uid) continue;
      await stopPostmaster(account, homeAt(path, owner).dataDir, 'immediate');
      asAccount(account, 'rm -rf "$1"', [path]);
    }
  }
}

async function onSomePort(launch: (port: number) => Promise<PidFile>): Promise<PidFile> {
  for (let attempt = 1; ; attempt += 1) {
    // Above the product's own range and below the one systems hand out by themselves.
    const port = randomInt(30_700, 32_700);
    if (attempt < 50 && !(await isFree(port))) continue;
    try {
      return await launch(port);
    } catch (error) {
      if (!(error instanceof ServerError && error.code === 'port_in_use' && attempt < 50))
        throw error;
    }
  }
}

/** The first temporary directory that the server's user may enter. */
function makeDirectory(account: Account, inMemory: boolean): Home {
  for (const base of inMemory ? bases() : bases().filter((path) => path !== MEMORY)) {
    const path = join(base, `${PREFIX}${process.pid}-${randomBytes(4).toString('hex')}`);
    if (asAccount(account, 'mkdir "$1" && mkdir "$1/log"', [path]).ok) return homeAt(path, owner);
  }
  throw new Error(
    `user ${account.name} cannot make a directory in any of ${bases().join(', ')}: ` +
      `set TMPDIR to one that is open to all`,
  );
}

/** Not for the million rows of the long tests, nor in a container's 64 MB. */
function hasRoom(directory: string): boolean {
  if (process.env['POSTRIDER_TEST_LONG'] === '1') return false;
  try {
    const { bavail, bsize } = statfsSync(directory);
    return Math.min(bavail * bsize, freemem()) >= ROOM;
  } catch {
    return false; // there is none
  }
}

/** Where servers of tests may lie, the quickest first. */
function bases(): string[] {
  const all = [MEMORY, tmpdir(), '/tmp', '/var/tmp'].filter(
    (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined,
  );
  return [...new Set(all.map((path) => realpathSync(path)))];
}

/**
 * At exit nothing asynchronous runs any more. A server that this process started becomes a zombie
 * when it ends, so its pid says nothing: its pid file, which it removes as its last act, does.
 */
function removeAtExit(home: Home, account: Account): void {
  process.once('exit', () => {
    const file = readPidFile(home.dataDir);
    const stop = `kill -s QUIT "$2" 2>/dev/null; i=0
      while [ -e "$1/data/postmaster.pid" ] && [ $i -lt 100 ]; do sleep 0.05; i=$((i+1)); done`;
    const runs = file !== null && runningServer(home.dataDir) !== null;
    const script = `${runs ? stop : ''}\nrm -rf "$1"`;
    spawnSync('/bin/sh', ['-c', script, 'sh', home.path, String(file?.pid ?? 0)], {
      ...identity(account),
      cwd: dirname(home.path),
    });
  });
}
