/** Starts the twin of Lob as a child process, which can be killed like a real provider. */
import { join } from 'node:path';
import { spawnTwin, type ChildOptions, type SpawnedTwin } from '../kit/spawn.ts';
import { type LobOptions } from './options.ts';
import { toArguments } from './settings.ts';

export interface SpawnLobOptions extends LobOptions, ChildOptions {}

const entry = new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url);

/**
 * Resolves when the twin is ready. Rejects with `TwinError`, whose message is what the twin said,
 * where it ends before.
 */
export async function spawnLob(options: SpawnLobOptions): Promise<SpawnedTwin> {
  const { keys, webhookSecret, outlive, folder } = options;
  return await spawnTwin({
    what: 'lob twin',
    entry,
    argv: toArguments(options),
    env: {
      ...(keys === undefined ? {} : { LOB_TWIN_KEYS: keys.join(',') }),
      ...(webhookSecret === undefined ? {} : { LOB_TWIN_WEBHOOK_SECRET: webhookSecret }),
      ...options.env,
    },
    logFile: outlive === true ? join(folder, 'twin.log') : null,
    log: options.log,
  });
}
