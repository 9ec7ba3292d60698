/**
 * A lock between processes, held for milliseconds around an append.
 *
 * It is a folder, because making one is atomic on every file system. A holder that was killed
 * leaves it behind: it is taken away when its process is gone, or, where that cannot be seen
 * (another machine), when it is far older than any append. A process that lives keeps its lock,
 * however long it was stopped.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorCode } from './files.ts';

const staleMs = 60_000;

/** Runs `work` while no other process is in it. Waits until the lock is free or `signal` aborts. */
export async function withFileLock<Result>(
  path: string,
  signal: AbortSignal,
  work: () => Promise<Result>,
): Promise<Result> {
  for (let pause = 2; ; pause = Math.min(pause * 2, 50)) {
    signal.throwIfAborted();
    try {
      await mkdir(path);
      break;
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
    }
    const holder = await readHolder(path);
    if (holder === null || !isAbandoned(holder)) {
      await sleep(pause + Math.random() * pause, undefined, { signal });
      continue;
    }
    const aside = `${path}.${randomUUID()}`;
    try {
      // Only one of several can win the rename.
      await rename(path, aside);
    } catch {
      continue;
    }
    // Between the look and the rename another may have cleared it away and locked anew: that lock
    // is put back.
    if ((await readHolder(aside))?.token === holder.token)
      await rm(aside, { recursive: true, force: true });
    else await rename(aside, path).catch(() => rm(aside, { recursive: true, force: true }));
  }
  try {
    await writeFile(
      join(path, 'owner'),
      JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() }),
    );
    return await work();
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

interface Holder {
  readonly pid: number | null;
  readonly host: string | null;
  readonly token: string | null;
  readonly ageMs: number;
}

/**
 * Null where the lock is gone. Its owner is unknown for the moment between making the folder and
 * writing the name.
 */
async function readHolder(path: string): Promise<Holder | null> {
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  const ageMs = Date.now() - found.mtimeMs;
  try {
    const owner: unknown = JSON.parse(await readFile(join(path, 'owner'), 'utf8'));
    if (
      typeof owner === 'object' &&
      owner !== null &&
      'pid' in owner &&
      'host' in owner &&
      'token' in owner
    ) {
      return {
        pid: Number(owner.pid),
        host: String(owner.host),
        token: String(owner.token),
        ageMs,
      };
    }
  } catch {
    // Not written yet, or cut off by a crash: its age decides.
  }
  return { pid: null, host: null, token: null, ageMs };
}

function isAbandoned({ pid, host, ageMs }: Holder): boolean {
  if (pid !== null && host === hostname()) return !isRunning(pid);
  return ageMs > staleMs;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== 'ESRCH';
  }
}
