/** Where pipelines keep what they remember of their database (restore-watermark.ts). */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A place outside of the database that outlives the process. Runners may share it: each writes what
 * it knows, and reads what all have written.
 */
export interface RestoreWatermarkStore {
  /** What each runner wrote last, also those that have ended. Asked every few seconds. */
  read(): Promise<readonly string[]>;
  /**
   * Takes the place of what this runner wrote before. Resolves when a process that is killed then
   * would find it. Some hundred bytes, several times a second while cards are sent. The first text
   * of a runner holds all that it has read: what ended runners wrote may be removed after it.
   */
  write(runnerId: string, text: string): Promise<void>;
}

/** Who has not written for an hour has ended, or sends nothing. */
const LEFT_MS = 3_600_000;

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** A folder with a file for each runner. A draft takes its place, so that it is never half written. */
export function restoreWatermarkFolder(path: string): RestoreWatermarkStore {
  let found: ReadonlyMap<string, string> = new Map();
  const begun = new Set<string>();

  const names = async (): Promise<readonly string[]> =>
    await readdir(path).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });

  /** Null: a file went away meanwhile, and what it said may be in another one that was passed by. */
  const readAll = async (): Promise<ReadonlyMap<string, string> | null> => {
    const texts = new Map<string, string>();
    try {
      for (const name of await names()) if (name.endsWith('.json')) texts.set(name, await readFile(join(path, name), 'utf8'));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
    return texts;
  };

  /** A file that its runner writes anew in this very moment is not lost: it has another name then. */
  const removeWhatEndedRunnersLeft = async (): Promise<void> => {
    for (const name of await names())
      try {
        if (Date.now() - (await stat(join(path, name))).mtimeMs < LEFT_MS) continue;
        const taken = join(path, `${randomUUID()}.json`);
        await rename(join(path, name), taken);
        if (name.endsWith('.draft') || (await readFile(taken, 'utf8')) === found.get(name)) await rm(taken);
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
  };

  return {
    read: async () => {
      let texts = await readAll();
      while (texts === null) texts = await readAll();
      found = texts;
      return [...found.values()];
    },
    write: async (runnerId, text) => {
      const draft = join(path, `${runnerId}.draft`);
      const write = async (): Promise<void> => await writeFile(draft, text, { mode: 0o600 });
      await write().catch(async (error: unknown) => {
        if (!isMissing(error)) throw error;
        await mkdir(path, { recursive: true, mode: 0o700 });
        await write();
      });
      await rename(draft, join(path, `${runnerId}.json`));
      if (begun.has(runnerId)) return;
      begun.add(runnerId);
      await removeWhatEndedRunnersLeft();
    },
  };
}
