/**
 * One twin to a folder: two would tear each other's ledger.
 *
 * Node has no flock, so the lock is a file that names its process. A process is told by its number
 * and the time it began, where the system shows that, because numbers come round again; and one
 * that is dead but not yet buried (a zombie) holds nothing.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, hasCode, TwinError } from './errors.ts';

export interface FolderLock {
  release(): Promise<void>;
}

/**
 * One that was stopped or killed a moment ago may still be ending, on a busy machine for seconds.
 */
const PATIENCE_MS = 3000;

/**
 * Throws `TwinError` where a living twin holds the folder, and goes on doing so.
 *
 * @param what the twin is, for example `print shop`.
 */
export async function lockFolder(path: string, what: string): Promise<FolderLock> {
  const deadline = Date.now() + PATIENCE_MS;
  const own = `${process.pid} ${(await beganAt(process.pid)) ?? '-'} ${randomUUID()}\n`;
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, own, { mode: 0o600 });
  try {
    for (;;) {
      // link, because it fails where the name exists and never shows half a file.
      const taken = await link(draft, path).then(
        () => true,
        (error: unknown) => {
          if (hasCode(error, 'EEXIST')) return false;
          throw error;
        },
      );
      if (taken) break;
      const holder = await removeStale(path);
      if (holder === null) continue;
      if (Date.now() > deadline)
        throw new TwinError(
          exitCodes.tryLater,
          `Another ${what} (process ${holder}) works in this folder. Stop it, or use another folder. If there is none, remove ${path}.`,
        );
      await sleep(50);
    }
  } finally {
    await rm(draft, { force: true });
  }
  return {
    async release() {
      if ((await readFile(path, 'utf8').catch(() => '')) === own) await rm(path, { force: true });
    },
  };
}

/** Returns the process that holds it, where that is alive; null: it may be tried again. */
async function removeStale(path: string): Promise<string | null> {
  const found = await readFile(path, 'utf8').catch(() => null);
  if (found === null) return null;
  const [pid = '', began = ''] = found.trim().split(' ');
  if (await isAlive(Number(pid), began)) return pid;
  // Moved aside before it is removed: if another starter has put its own lock there meanwhile, this
  // is seen and given back.
  const aside = `${path}.${randomUUID()}`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return null;
  if ((await readFile(aside, 'utf8')) !== found) await link(aside, path).catch(() => undefined);
  await rm(aside, { force: true });
  return null;
}

async function isAlive(pid: number, began: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
  const now = await beganAt(pid);
  return now === null || now === began;
}

/**
 * Start time of a process in the system's own unit; null where it is not shown (outside Linux).
 * 'zombie' where it is dead.
 */
async function beganAt(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // The name in parentheses may hold spaces and parentheses of its own.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (fields === undefined) return null;
  return fields[0] === 'Z' || fields[0] === 'X' ? 'zombie' : (fields[19] ?? null);
}
