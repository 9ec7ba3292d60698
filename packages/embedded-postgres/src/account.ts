/**
 * Which operating-system user runs the server.
 *
 * PostgreSQL refuses to run as root, so root has to lend it to somebody: the owner of the data,
 * else the owner of the project (who can change the code anyway), else `postgres`, else `nobody`.
 * Everything that root does to files below the server's home is done *as that user*, through a
 * shell: a home that belongs to `nobody` must not be a place where a symbolic link makes root write
 * elsewhere, nor a pid file a way to have root signal a stranger's process.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { ServerError, ownServerHint } from './errors.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** True where this process is root and has to switch. */
  readonly switched: boolean;
}

/**
 * A bare environment: PG* variables and the caller's secrets are not the server's business. TZ
 * spares initdb a search.
 */
export const serverEnvironment: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '/usr/local/bin:/usr/bin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

export function identity(account: Account): { uid?: number; gid?: number } {
  return account.switched ? { uid: account.uid, gid: account.gid } : {};
}

/**
 * The user for a server of `projectDir`; `dataOwner` is the uid that owns existing data, and
 * decides. Throws ServerError `no_user`.
 */
export function chooseAccount(projectDir: string, dataOwner: number | null): Account {
  const caller = process.getuid?.();
  if (caller === undefined)
    throw noUser(
      'This operating system has no user ids, ' +
        'so the embedded PostgreSQL cannot be kept private here.',
    );
  if (caller !== 0) {
    try {
      const { username, uid, gid } = userInfo();
      return { name: username, uid, gid, switched: false };
    } catch (cause) {
      throw noUser(
        `User id ${caller} has no name on this machine, ` +
          "and PostgreSQL's initdb refuses to run without one.",
        cause,
      );
    }
  }
  if (dataOwner !== null && dataOwner !== 0) {
    const owner = lookUp(dataOwner);
    if (owner !== null && canSwitch(owner)) return owner;
    throw noUser(
      `The data belong to user id ${dataOwner}, which has no name here or cannot be switched to.`,
    );
  }
  for (const who of [ownerOf(projectDir), 'postgres', 'nobody', 'daemon']) {
    const account = who === null ? null : lookUp(who);
    if (account !== null && canSwitch(account)) return account;
  }
  throw noUser(
    'PostgreSQL does not run as root, and no ordinary user was found to run it as ' +
      '(tried: the project’s owner, postgres, nobody).',
  );
}

/**
 * Runs a short shell script as the account; `$1`… are `args`. Output is text. Blocks for some 3 ms:
 * not for the path of a warm start.
 */
export function asAccount(
  account: Account,
  script: string,
  args: readonly string[],
  input?: string,
): { ok: boolean; out: string } {
  const done = spawnSync('/bin/sh', ['-c', `umask 077; ${script}`, 'sh', ...args], {
    ...identity(account),
    cwd: '/',
    env: serverEnvironment,
    encoding: 'utf8',
    input: input ?? '',
  });
  return {
    ok: done.status === 0,
    out: `${done.stdout ?? ''}${done.stderr ?? ''}${done.error?.message ?? ''}`,
  };
}

/** Runs a program as the account and gathers what it says. */
export async function runAs(
  account: Account,
  program: string,
  args: readonly string[],
  options: { input?: string; env?: Record<string, string> } = {},
): Promise<{ ok: boolean; out: string }> {
  return await new Promise((resolve) => {
    const child = spawn(program, args, {
      ...identity(account),
      cwd: '/',
      env: { ...serverEnvironment, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let out = '';
    const hear = (chunk: Buffer): void => {
      out += chunk.toString();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.stdin.on('error', () => undefined); // it may end without reading all; its exit code tells
    child.on('error', (error) => resolve({ ok: false, out: `${out}${error.message}` }));
    child.on('close', (code) => resolve({ ok: code === 0, out }));
    child.stdin.end(options.input ?? '');
  });
}

/** The name of a user id, or null. */
export function userName(uid: number): string | null {
  return lookUp(uid)?.name ?? null;
}

function ownerOf(path: string): number | null {
  const uid = statSync(path, { throwIfNoEntry: false })?.uid ?? 0;
  return uid === 0 ? null : uid;
}

function lookUp(who: string | number): Account | null {
  const byFile = passwd().find(([name, , uid]) =>
    typeof who === 'string' ? name === who : uid === String(who),
  );
  const [name, , uid, gid] = byFile ?? askId(String(who));
  if (name === undefined || uid === undefined || gid === undefined || uid === '' || uid === '0')
    return null;
  return { name, uid: Number(uid), gid: Number(gid), switched: process.getuid?.() === 0 };
}

function passwd(): string[][] {
  try {
    return readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .filter((fields) => fields.length >= 4);
  } catch {
    return [];
  }
}

/** Directory services (LDAP, macOS) are not in /etc/passwd; `id` asks them. */
function askId(who: string): string[] {
  const [name, uid, gid] = ['-un', '-u', '-g'].map((flag) => {
    const answer = spawnSync('id', [flag, who], { encoding: 'utf8', env: serverEnvironment });
    return answer.status === 0 ? answer.stdout.trim() : '';
  });
  return name && uid && gid ? [name, '', uid, gid] : [];
}

/** A container may have the name but not the right, or not the id, to switch. */
function canSwitch(account: Account): boolean {
  return (
    !account.switched ||
    spawnSync('/bin/sh', ['-c', ':'], { ...identity(account), cwd: '/', env: serverEnvironment })
      .status === 0
  );
}

function noUser(what: string, cause?: unknown): ServerError {
  return new ServerError('no_user', {
    what,
    kept: 'Nothing was started or changed.',
    remedy:
      'Run as an ordinary user, or create one (for example `useradd --system postgres`). ' +
      ownServerHint,
    cause,
  });
}
