/**
 * Tells a restored database by itself. The database counts up while a runner works; the runner keeps the count in the project's folder, outside of the
 * database. A database that counts lower than the folder remembers is an older state of the same one: cards were printed since that it does not know.
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@postrider/core';
import type { Sql } from '../cli/database.ts';
import type { Project } from '../config/project.ts';

const EVERY_MS = 20_000;
/** While the database has no identity yet: it gets one when the first pipeline starts. */
const SOON_MS = 1000;

interface Mark {
  readonly installation: string;
  readonly tide: number;
}

async function remembered(path: string): Promise<Mark | null> {
  try {
    const { installation, tide } = JSON.parse(await readFile(path, 'utf8')) as Partial<Mark>;
    return typeof installation === 'string' && Number.isSafeInteger(tide) ? { installation, tide: tide ?? 0 } : null;
  } catch {
    return null;
  }
}

/** Compares now and from time to time; returns how to stop. Never throws: where the folder cannot be written, a restore is not noticed. */
export async function watchTide(project: Project, sql: Sql, logger: Logger): Promise<() => void> {
  const path = join(project.dataDirectory, 'tide.json');
  let last = await remembered(path);
  let stopped = false;
  const rise = async (): Promise<void> => {
    try {
      const [row] = await sql<{ told: (Mark & { restored: boolean }) | null }[]>`
        select postrider.rise(${last?.installation ?? null}::uuid, ${last?.tide ?? null}::bigint) as told`;
      if (row === undefined || row.told === null) return;
      const { installation, tide, restored } = row.told;
      last = { installation, tide };
      if (restored)
        logger.error(
          {},
          'this database was restored from a backup: the printers are held. Ask them for what they made since: postrider reconcile --since <time of the backup>',
        );
      await writeFile(`${path}.new`, `${JSON.stringify(last)}\n`, { mode: 0o600 });
      await rename(`${path}.new`, path);
    } catch (error) {
      logger.debug(
        { error: error instanceof Error ? error.message : String(error) },
        'whether the database was restored could not be told',
      );
    }
  };
  await rise();
  let timer: NodeJS.Timeout | undefined;
  const again = (): void => {
    if (!stopped) timer = setTimeout(() => void rise().then(again), last === null ? SOON_MS : EVERY_MS);
  };
  again();
  return () => {
    clearTimeout(timer);
    stopped = true;
  };
}
