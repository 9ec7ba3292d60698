/**
 * Facts about processes that a bare pid cannot give: pids are used again, and a zombie answers
 * signal 0 for ever.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import type { Account } from './account.ts';
import { asAccount } from './account.ts';

const linux = process.platform === 'linux';

/**
 * Alive and not a zombie (in a container whose first process reaps nobody, a killed server stays
 * one).
 */
export function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return !linux || stat(pid)?.state !== 'Z';
}

/** Tells two processes with one pid apart: the kernel's start tick on Linux, nothing elsewhere. */
export function startTick(pid: number): string {
  return (linux && stat(pid)?.startTick) || '';
}

/**
 * Whether `pid` is the postmaster of this data directory, which stands in its command line (or is
 * where it works: root in a container may read the former only). True where the system does not
 * say.
 */
export function isPostmasterOf(pid: number, dataDir: string): boolean {
  if (!linux) return true;
  try {
    if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(dataDir)) return true;
    return readlinkSync(`/proc/${pid}/cwd`) === dataDir;
  } catch {
    return false;
  }
}

/**
 * The account's processes that work in `directory`, as a postmaster and all its backends do in
 * their data directory. Null where the system cannot tell. Some 10 ms. Asked as the account,
 * because root in a container may not look at others' directories.
 */
export function processesIn(directory: string, account: Account): number[] | null {
  if (!linux) return null;
  const found = asAccount(
    account,
    'for p in /proc/[0-9]*; do [ "$p/cwd" -ef "$1" ] && echo "${p#/proc/}"; done',
    [directory],
  );
  return found.out.split('\n').filter(Boolean).map(Number);
}

function stat(pid: number): { state: string; startTick: string } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The command's name is in brackets and may hold anything, brackets and spaces too.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', startTick: fields[19] ?? '' };
  } catch {
    return null;
  }
}
