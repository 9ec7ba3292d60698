/**
 * Where a project's server lives: its *home*, one private directory that holds data, socket, log
 * and password.
 *
 * The first choice is `<project>/var/postgres`. It will not do where the server's user cannot enter
 * it (a checkout below /root), or on a file system without Unix modes or sockets (some mounts of
 * virtual machines). Then the home is elsewhere, at a place that follows from the project's path
 * alone, so that every process finds the same one without a pointer file. An existing home always
 * wins over a better place: a second, empty database would know nothing of what is in the first.
 */
import { createHash, randomUUID } from 'node:crypto';
import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './account.ts';
import { asAccount, chooseAccount, userName } from './account.ts';
import { ServerError, ownServerHint, readOnly } from './errors.ts';

/** Whose server it is. */
export interface Place {
  /** An existing directory. Its server is found by its real path. */
  readonly projectDir: string;
  /**
   * The program that keeps its data here. Names the role and the database, the places outside the
   * project, and the environment variable `<NAME>_PG_BIN`: small letters, digits and underscores.
   */
  readonly application: string;
}

export interface Home {
  readonly application: string;
  readonly path: string;
  readonly dataDir: string;
  readonly logDir: string;
  /** Password of the owner for TCP, mode 0600. */
  readonly passwordFile: string;
  readonly lockFile: string;
  /** Why it is not in the project directory, or null. */
  readonly elsewhere: string | null;
}

/** The kernel's limit for a socket's path: 107 bytes on Linux, 103 on macOS and the BSDs. */
const SOCKET_PATH_LIMIT = process.platform === 'linux' ? 107 : 103;
const LONGEST_SOCKET_NAME = '/.s.PGSQL.65535';

export function homeAt(path: string, application: string, elsewhere: string | null = null): Home {
  return {
    application,
    path,
    dataDir: join(path, 'data'),
    logDir: join(path, 'log'),
    passwordFile: join(path, 'password'),
    lockFile: join(path, 'lock'),
    elsewhere,
  };
}

/**
 * The home that holds this project's data already, or null. Throws ServerError `no_rights` where it
 * belongs to somebody else.
 */
export function findHome(place: Place): Home | null {
  const caller = process.getuid?.() ?? -1;
  for (const { path, inProject } of candidates(place)) {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) continue;
    if (!found.isDirectory() || (caller !== 0 && found.uid !== caller)) {
      if (inProject) throw foreignHome(path, found.uid);
      continue; // somebody squats in a public directory
    }
    const home = homeAt(
      path,
      place.application,
      inProject ? null : 'it was set up there; the project directory was not usable then',
    );
    if (lstatSync(join(home.dataDir, 'PG_VERSION'), { throwIfNoEntry: false }) !== undefined)
      return home;
  }
  return null;
}

/**
 * The first usable place for a new home, made. Throws ServerError `no_rights` when there is none,
 * `read_only` where the project is.
 */
export async function makeHome(place: Place): Promise<{ home: Home; account: Account }> {
  const account = chooseAccount(place.projectDir, null);
  const refusals: string[] = [];
  for (const { path, inProject } of candidates(place)) {
    const refusal = await prepare(path, account);
    if (refusal === null) {
      const elsewhere = inProject ? null : (refusals[0] ?? null);
      return { home: homeAt(path, place.application, elsewhere), account };
    }
    // The application's own files live in the project too: nothing works there, and a database
    // elsewhere would be one more.
    if (inProject && refusal.includes('Read-only file system')) throw readOnly(path);
    refusals.push(`${path}: ${refusal}`);
  }
  throw new ServerError('no_rights', {
    what: `No directory was found that user ${account.name} can keep a database in.`,
    kept: 'Nothing was started.',
    remedy: `Make one of these usable: ${refusals.join('; ')}. ${ownServerHint}`,
  });
}

/** The user who owns a home, and so runs its server. */
export function accountOf(projectDir: string, home: Home): Account {
  return chooseAccount(projectDir, lstatSync(home.dataDir).uid);
}

/**
 * The directory of the socket: in the home, else, where that path is too long for the kernel, a
 * private one in /tmp. Throws ServerError `no_rights` when somebody else sits there.
 */
export function makeSocketDir(home: Home, account: Account): string {
  const inside = join(home.path, 'run');
  const fits = Buffer.byteLength(inside + LONGEST_SOCKET_NAME) <= SOCKET_PATH_LIMIT;
  const path = fits ? inside : `/tmp/${home.application}-${account.uid}-${keyOf(home.path)}`;
  asAccount(account, 'mkdir -p "$1" && chmod 700 "$1"', [path]);
  const made = lstatSync(path, { throwIfNoEntry: false });
  if (!made?.isDirectory() || made.uid !== account.uid || (made.mode & 0o077) !== 0) {
    throw new ServerError('no_rights', {
      what:
        `The directory ${path} for the server's socket ` +
        `cannot be made private for user ${account.name}.`,
      kept: 'The data are untouched.',
      remedy: `Remove it and run the same command again. ${ownServerHint}`,
    });
  }
  return path;
}

/** PostgreSQL's major version that wrote the data; null where there are none yet. */
export function majorOf(home: Home): number | null {
  try {
    return Number.parseInt(readFileSync(join(home.dataDir, 'PG_VERSION'), 'utf8'), 10);
  } catch {
    return null;
  }
}

/** A short name for a path or a content, stable across processes. */
export function keyOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}

function candidates({
  projectDir,
  application,
}: Place): ReadonlyArray<{ path: string; inProject: boolean }> {
  const project = realpathSync(projectDir);
  const key = keyOf(project);
  const uid = process.getuid?.() ?? 0;
  const state = process.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  return [
    { path: join(project, 'var', 'postgres'), inProject: true },
    {
      path: uid === 0 ? `/var/lib/${application}/${key}` : join(state, application, key),
      inProject: false,
    },
    { path: `/var/tmp/${application}-${uid}-${key}`, inProject: false },
  ];
}

/**
 * Makes the directory and tries everything the server will need. Answers why it will not do, or
 * null.
 */
async function prepare(path: string, account: Account): Promise<string | null> {
  const made = asAccount(account, 'mkdir -p "$1"', [path]);
  if (!made.ok && !account.switched) return reason(made.out);
  if (account.switched) {
    // Where only root may write, the parents stay root's; the home alone is handed over, so its
    // name cannot be swapped beneath us. Each of several first runs does it, also where another
    // one made the directory: a run that tried it before that was handed over would go elsewhere.
    const root = { ...account, switched: false };
    const given = made.ok ? made : asAccount(root, 'umask 022; mkdir -p "$1"', [path]);
    if (!given.ok) return reason(given.out);
    if (lstatSync(path).uid === 0)
      asAccount(root, 'chown -h "$2:$3" "$1"', [path, String(account.uid), String(account.gid)]);
  }
  const probe = join(path, `.probe-${randomUUID()}`);
  const tried = asAccount(
    account,
    'cd "$1" && chmod 700 . && : >"$2" && rm -f "$2" && mkdir -p log',
    [path, probe],
  );
  if (!tried.ok) return `user ${account.name} cannot use it (${reason(tried.out)})`;
  const now = lstatSync(path);
  if (now.uid !== account.uid || (now.mode & 0o077) !== 0)
    return 'its file system keeps no owners or modes';
  // A path that is too long says nothing about the file system; the socket then goes to /tmp.
  if (
    Buffer.byteLength(path + LONGEST_SOCKET_NAME) <= SOCKET_PATH_LIMIT &&
    !(await canListen(probe))
  )
    return 'its file system has no sockets';
  return null;
}

async function canListen(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(path, () => server.close(() => resolve(true)));
  });
}

function reason(output: string): string {
  return output.trim().split('\n').at(-1)?.replace(/^.*: /, '') || 'it cannot be made';
}

function foreignHome(path: string, uid: number): ServerError {
  const owner = userName(uid) ?? `user id ${uid}`;
  return new ServerError('no_rights', {
    what: `The database of this project, ${path}, belongs to ${owner}.`,
    kept:
      'It is untouched. A second database beside it would know nothing of what is in this one, ' +
      'so none is made.',
    remedy: `Run as ${owner} or as root. ${ownServerHint}`,
  });
}
