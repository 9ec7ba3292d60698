/** Starts the twin of Klaviyo as a child process, which can be killed like a real provider. */
import { join } from 'node:path';
import { spawnTwin, type SpawnedTwin } from '../kit/spawn.ts';
import type { KlaviyoOptions } from './options.ts';
import { toArguments } from './settings.ts';

export interface SpawnKlaviyoOptions extends KlaviyoOptions {
  /**
   * True: it goes on when this process ends, and logs to `twin.log` in its folder. Default false:
   * it ends with it, however that ends.
   */
  readonly outlive?: boolean | undefined;
  /** Added to the child's environment. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

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
