/**
 * Writing files so that a reader, or a power cut, sees the old one or the new one and never half of
 * one.
 */
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { crash, crashesAt } from './crash-points.ts';

const UNFINISHED = '.unfinished-';

/** Writes the chunks one after the other; temporary name, fsync, rename, fsync of the folder. */
export async function writeAtomically(
  path: string,
  chunks: Iterable<Uint8Array | string> | AsyncIterable<Uint8Array | string>,
): Promise<void> {
  const unfinished = join(dirname(path), UNFINISHED + basename(path));
  const halfway = `mid-${extname(path).slice(1)}`;
  try {
    const file = await open(unfinished, 'w');
    try {
      for await (const chunk of chunks) {
        if (crashesAt(halfway)) {
          await file.writeFile(chunk.slice(0, chunk.length / 2));
          crash();
        }
        await file.writeFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Removes what a killed process left half written. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(UNFINISHED)) await rm(join(folder, name), { force: true });
  }
}
