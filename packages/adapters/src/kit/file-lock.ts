/**
 * A lock between processes, held for milliseconds around an append.
 *
 * It is a folder with the name of its holder in it. The folder is made beside its place and renamed
 * into it, because renaming is atomic on every file system: a process that is killed at any moment
 * leaves no lock, or one that says whose it was. A lock is taken away when its process is gone, or,
 * where that cannot be seen (another machine), when it is far older than any append. A process that
 * lives keeps its lock, however long it was stopped.
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
  signal.throwIfAborted();
  const mine = `${path}.${randomUUID()}`;
  try {
    await mkdir(mine);
    await writeFile(
      join(mine, 'owner'),
      JSON.stringify({ pid: process.pid, host: hostname(), token: randomUUID() }),
    );
    for (let pause = 2; !(await tookPlace(mine, path)); pause = Math.min(pause * 2, 50)) {
      signal.throwIfAborted();
      const holder = await readHolder(path);
      if (holder !== null && isAbandoned(holder)) await clearAway(path, holder);
      else await sleep(pause + Math.random() * pause, undefined, { signal });
    }
    try {
      return await work();
    } finally {
      // At once, too: emptied and then removed, it would be nobody's lock for a moment.
      await rename(path, mine).catch(() => undefined);
    }
  } finally {
    await rm(mine, { recursive: true, force: true });
  }
}

/** Whether the rename succeeded: it does unless a folder that is not empty is there. */
async function tookPlace(mine: string, path: string): Promise<boolean> {
  try {
    await rename(mine, path);
    return true;
  } catch (error) {
    // The last two are what Windows says.
    if (['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'].includes(errorCode(error))) return false;
    throw error;
  }
}

/** Takes an abandoned lock away. */
async function clearAway(path: string, holder: Holder): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    // Only one of several can win the rename.
    await rename(path, aside);
  } catch {
    return;
  }
  // Between the look and the rename another may have cleared it away and locked anew: that lock is
  // put back.
  if ((await readHolder(aside))?.token !== holder.token && (await tookPlace(aside, path))) return;
  await rm(aside, { recursive: true, force: true });
}

interface Holder {
  readonly pid: number | null;
  readonly host: string | null;
  readonly token: string | null;
  readonly ageMs: number;
}

/** Null where the lock is gone. Its owner is unknown where a crash of the machine cut it off. */
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
    // Its age decides.
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
