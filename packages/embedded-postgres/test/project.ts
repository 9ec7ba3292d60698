/**
 * A temporary project directory with an embedded server of its own, and other processes that use
 * it.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Account } from '../src/account.ts';
import { asAccount, chooseAccount } from '../src/account.ts';
import { connect } from '../../../test/support/client.ts';
import type { Place, Server } from '../src/index.ts';
import { ensureServer, stopServer } from '../src/index.ts';
import { runningServer } from '../src/postmaster.ts';

/** Whose servers they are. */
export const application = 'acme';

export const isRoot = process.getuid?.() === 0;

/** What this process was started with to run TypeScript, for processes that a test starts. */
export const nodeFlags = process.execArgv.filter((flag) => !flag.startsWith('--test'));

const nobody: Account = { name: 'nobody', uid: 65_534, gid: 65_534, switched: true };

/**
 * Another user of this machine who can run Node from this checkout; null where there is none to be,
 * and a test says so.
 */
export const otherUser =
  isRoot &&
  asAccount(nobody, 'test -x "$1" && test -r "$2"', [process.execPath, import.meta.filename]).ok
    ? nobody
    : null;

export interface Project {
  readonly dir: string;
  readonly place: Place;
  ensure(): Promise<Server>;
  remove(): Promise<void>;
}

/** `name` is made below a fresh directory, so it may be as long or odd as a test needs. */
export function makeProject(name = 'project'): Project {
  const base = mkdtempSync(join(tmpdir(), 'acme-project-'));
  chmodSync(base, 0o755);
  const dir = join(base, name);
  mkdirSync(dir, { recursive: true });
  // A run that is interrupted must not leave a daemon behind.
  process.once('exit', () => {
    const dataDir = join(dir, 'var', 'postgres', 'data');
    const pid = runningServer(dataDir)?.pid;
    if (pid !== undefined)
      asAccount(chooseAccount(dir, lstatSync(dataDir).uid), 'kill -s QUIT "$1"', [String(pid)]);
    rmSync(base, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
  });
  const place = { projectDir: dir, application };
  return {
    dir,
    place,
    ensure: () => ensureServer(place),
    remove: async () => {
      await stopServer({ ...place, mode: 'immediate' });
      rmSync(base, { recursive: true, force: true });
    },
  };
}

const child = fileURLToPath(new URL('./child.ts', import.meta.url));

/**
 * Another process that ensures the server, prints it as JSON and then waits for its end (`stay`) or
 * leaves.
 */
export function ensureElsewhere(
  dir: string,
  stay = false,
): { process: ChildProcess; server: Promise<Server>; closed: Promise<void> } {
  const process_ = spawn(process.execPath, [...nodeFlags, child, dir, stay ? 'stay' : ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true, // a group of its own, so that a test can send it what Ctrl-C sends
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  });
  const end = (): void => {
    if (process_.exitCode === null && process_.signalCode === null)
      process.kill(-(process_.pid ?? 0), 'SIGKILL');
  };
  process.once('exit', end);
  process_.once('exit', () => process.off('exit', end));
  let out = '';
  const server = new Promise<Server>((resolve, reject) => {
    process_.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
      if (out.endsWith('\n')) resolve(JSON.parse(out) as Server);
    });
    process_.on('exit', () => reject(new Error(`the child ended: ${out}`)));
  });
  const closed = new Promise<void>((resolve) => process_.on('close', () => resolve()));
  return { process: process_, server, closed };
}

export async function query<Row>(url: string, text: string): Promise<Row[]> {
  const sql = connect(url);
  try {
    return [...(await sql.unsafe(text))] as Row[];
  } finally {
    await sql.end({ timeout: 1 });
  }
}

/**
 * The fields of /proc/<pid>/stat after the name: state, parent, process group, session… Linux only.
 */
export function processStat(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}
