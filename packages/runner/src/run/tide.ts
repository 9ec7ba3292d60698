/**
 * Tells a restored database by itself. The database counts whatever begins at a printer; the runner keeps the count in the project's folder, outside of the
 * database. A database that counts lower than the folder remembers is an older state of itself: cards were printed since that it does not know.
 */
import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rise, type Logger, type Tide } from '@postrider/core';
import type { Sql } from '../cli/database.ts';
import type { Project } from '../config/project.ts';

const EVERY_MS = 20_000;
/** Mailing that is younger than this may go unremembered, where a runner is killed. */
const FRESH_MS = 1000;

export interface TideWatch {
  /** Remembers how far the database has come, where that is not fresh. Before cards are sent. */
  mark(): Promise<void>;
  /** Remembers once more, and ends. */
  stop(): Promise<void>;
}

/** By installation: a project may know several databases. */
type Marks = Readonly<Record<string, number>>;

async function remembered(path: string): Promise<Marks> {
  try {
    const marks = JSON.parse(await readFile(path, 'utf8')) as unknown;
    if (typeof marks !== 'object' || marks === null) return {};
    return Object.fromEntries(Object.entries(marks).filter((entry): entry is [string, number] => Number.isSafeInteger(entry[1])));
  } catch {
    return {};
  }
}

/** Compares now and from time to time. Never throws: where the folder cannot be written, that is said, and a restore is not noticed. */
export async function watchTide(project: Project, sql: Sql, logger: Logger): Promise<TideWatch> {
  const path = join(project.dataDirectory, 'tide.json');
  let marks = await remembered(path);
  let installation: string | null = null;
  let markedAt = -Infinity;
  let complained = false;

  const keep = async (tide: Tide): Promise<void> => {
    // Somebody else may run in this folder: what is higher stands.
    const others = await remembered(path);
    marks = { ...marks, ...others, [tide.installation]: Math.max(tide.tide, others[tide.installation] ?? 0) };
    const draft = `${path}.${randomUUID()}`;
    await writeFile(draft, `${JSON.stringify(marks)}\n`, { mode: 0o600 });
    await rename(draft, path);
  };
  const look = async (): Promise<void> => {
    try {
      const [row] = installation === null ? await sql<{ id: string | null }[]>`select id from postrider.installation` : [];
      installation ??= row?.id ?? null;
      const told = installation === null ? null : await rise(sql, { installation, tide: marks[installation] ?? 0 });
      if (told === null) return;
      if (told.restored) {
        const since = 'Ask them for what they made since: postrider reconcile --since <time of the backup>';
        logger.error({}, `this database was restored from a backup: the printers are held. ${since}`);
      }
      await keep(told);
      markedAt = performance.now();
    } catch (error) {
      const fields = { file: path, error: error instanceof Error ? error.message : String(error) };
      if (complained) logger.debug(fields, 'the count was not kept');
      else logger.warn(fields, 'how far the database has come cannot be kept: a restore from a backup would not be noticed');
      complained = true;
    }
  };
  let looking: Promise<void> | null = null;
  // One at a time; who comes meanwhile waits for it.
  const once = async (): Promise<void> => {
    await (looking ??= look().finally(() => (looking = null)));
  };

  await once();
  const timer = setInterval(() => void once(), EVERY_MS);
  return {
    mark: async () => {
      if (performance.now() - markedAt > FRESH_MS) await once();
    },
    stop: async () => {
      clearInterval(timer);
      await once();
    },
  };
}
