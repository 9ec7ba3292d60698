/** Where pipelines keep what they remember of their database (restore-watermark.ts). */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InvalidOptionsError } from '../common/invalid-options.ts';
import { messageOf } from '../common/message-of.ts';

/**
 * A place outside of the database that outlives the process. Runners may share it: each writes what
 * it knows, and reads what all have written.
 */
export interface RestoreWatermarkStore {
  /** What each runner wrote last, also those that have ended. This one asks every few seconds. */
  read(runnerId: string): Promise<readonly string[]>;
  /**
   * Takes the place of what this runner wrote before. Resolves when a process that is killed then
   * would find it. Some hundred bytes, several times a second while cards are sent. The first text
   * of a runner holds all that it has read itself: what ended runners wrote may be removed after
   * it.
   */
  write(runnerId: string, text: string): Promise<void>;
}

/** A runner that has not written for an hour has ended, or sends nothing. */
const ENDED_AFTER_MS = 3_600_000;

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

type Texts = ReadonlyMap<string, string>;

/**
 * A folder with a file for each runner. A draft takes its place, so that it is never half written.
 * Throws `InvalidOptionsError` where the path is blank: the working directory may be another one at
 * the next start, and a new place is trusted.
 */
export function restoreWatermarkFolder(path: string): RestoreWatermarkStore {
  if (typeof path !== 'string' || path.trim() === '')
    throw new InvalidOptionsError('restoreWatermarkFolder', [
      {
        option: 'path',
        message:
          'is blank: give a folder that outlives the process, outside of the database; ' +
          'perhaps a variable is not set',
      },
    ]);
  /** By each runner that has not written yet. */
  const found = new Map<string, Texts>();
  const begun = new Set<string>();

  return {
    read: async (runnerId) => {
      const texts = await readAll(path);
      if (!begun.has(runnerId)) found.set(runnerId, texts);
      return [...texts.values()];
    },
    write: async (runnerId, text) => {
      await replaceFile(path, runnerId, text);
      if (begun.has(runnerId)) return;
      begun.add(runnerId);
      const read = found.get(runnerId);
      found.delete(runnerId);
      await removeFilesOfEndedRunners(path, read);
    },
  };
}

async function replaceFile(folder: string, runnerId: string, text: string): Promise<void> {
  const draft = join(folder, `${runnerId}.draft`);
  const write = async (): Promise<void> => await writeFile(draft, text, { mode: 0o600 });
  await write().catch(async (error: unknown) => {
    if (!isMissing(error)) throw error;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await write();
  });
  await rename(draft, join(folder, `${runnerId}.json`));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
}

/** The error names the file, for the person who mends it. */
async function textOf(file: string): Promise<string> {
  try {
    const text = await readFile(file, 'utf8');
    JSON.parse(text);
    return text;
  } catch (error) {
    if (isMissing(error)) throw error;
    throw new Error(`${file}: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Where a file went away meanwhile what it said may be in another one that was passed by: all are
 * read again.
 */
async function readAll(folder: string): Promise<Texts> {
  let gone: string | null = null;
  for (;;) {
    const texts = new Map<string, string>();
    let name = '';
    try {
      for (name of await namesIn(folder))
        if (name.endsWith('.json')) texts.set(name, await textOf(join(folder, name)));
      return texts;
    } catch (error) {
      // The folder lists it, and it cannot be found: a link to nowhere.
      if (!isMissing(error) || name === gone) throw error;
      gone = name;
    }
  }
}

/**
 * A file that its runner writes anew in this very moment is not lost: it has another name then. A
 * draft never gets the name of what is read, and what no runner has written is left alone.
 */
async function removeFilesOfEndedRunners(folder: string, read: Texts | undefined): Promise<void> {
  for (const name of await namesIn(folder))
    try {
      const file = join(folder, name);
      if (
        !/\.(?:json|draft)$/.test(name) ||
        Date.now() - (await stat(file)).mtimeMs < ENDED_AFTER_MS
      )
        continue;
      if (name.endsWith('.draft')) await rm(file);
      else {
        const taken = join(folder, `${randomUUID()}.json`);
        await rename(file, taken);
        if ((await readFile(taken, 'utf8')) === read?.get(name)) await rm(taken);
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
}
