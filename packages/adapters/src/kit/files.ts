/** Files that are there whole or not at all, and what an error of the file system means. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Writes a file so that it is there whole or not at all, and is still there after a power cut:
 * temporary name, fsync, rename, fsync of the folder. Folders are made. On an error nothing is left
 * behind.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true });
  const temporary = join(folder, `.${basename(path).slice(0, 60)}.${randomUUID()}.tmp`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Makes a rename in a folder durable; a no-op where folders cannot be opened (Windows). */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The code of a system error, for example ENOSPC; empty where there is none. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** True where the same call may work later without anybody changing the set-up. */
export function isPassing(error: unknown): boolean {
  return [
    'ENOSPC',
    'EDQUOT',
    'EMFILE',
    'ENFILE',
    'EAGAIN',
    'EBUSY',
    'EIO',
    'ESTALE',
    'ETIMEDOUT',
  ].includes(errorCode(error));
}
