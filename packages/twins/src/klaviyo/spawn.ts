/** Starts the twin of Klaviyo as a child process, which can be killed like a real provider. */
import { join } from 'node:path';
import { spawnTwin, type ChildOptions, type SpawnedTwin } from '../kit/spawn.ts';
import type { KlaviyoOptions } from './options.ts';
import { toArguments } from './settings.ts';

export interface SpawnKlaviyoOptions extends KlaviyoOptions, ChildOptions {}

const entry = new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url);

/**
 * Resolves when the twin is ready. Rejects with `TwinError`, whose message is what the twin said,
 * where it ends before.
 */
export async function spawnKlaviyo(options: SpawnKlaviyoOptions): Promise<SpawnedTwin> {
  const { keys, outlive, folder } = options;
  return await spawnTwin({
    what: 'klaviyo twin',
    entry,
    argv: toArguments(options),
    env: {
      ...(keys === undefined ? {} : { KLAVIYO_TWIN_KEYS: keys.join(',') }),
      ...options.env,
    },
    logFile: outlive === true ? join(folder, 'twin.log') : null,
    log: options.log,
  });
}
