/** Makes folders as people name them. */
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it that are not there. Returns whether it was made. One by one:
 * Node's own `recursive` asks without end where a file system, as /proc, tells that a folder is not
 * there and makes none. Rejects with the error of the system.
 */
export async function makeFolder(path: string, mode?: number): Promise<boolean> {
  const missing: string[] = [];
  for (let at = resolve(path); ; at = dirname(at)) {
    const there = await stat(at).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return null;
    });
    if (there !== null) break;
    missing.unshift(at);
  }
  for (const folder of missing)
    await mkdir(folder, mode === undefined ? {} : { mode }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error;
      },
    );
  // One that is there and no folder.
  await mkdir(path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST' || !(await stat(path)).isDirectory()) throw error;
  });
  return missing.length > 0;
}
