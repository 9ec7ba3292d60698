/** Starts the print shop as a child process. */
import { join } from 'node:path';
import { spawnTwin, type ChildOptions, type SpawnedTwin } from '../kit/spawn.ts';
import { toArguments, type PrintShopOptions } from './options.ts';

export interface SpawnPrintShopOptions extends PrintShopOptions, ChildOptions {}

export type SpawnedPrintShop = SpawnedTwin;

const entry = new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.js', import.meta.url);

/**
 * Resolves when the shop is ready. Rejects with `TwinError`, whose message is what the shop said,
 * where it ends before.
 */
export async function spawnPrintShop(options: SpawnPrintShopOptions): Promise<SpawnedPrintShop> {
  return await spawnTwin({
    what: 'print shop',
    entry,
    argv: toArguments(options),
    env: {
      PRINT_SHOP_TOKEN: options.token,
      ...(options.webhookSecret === undefined
        ? {}
        : { PRINT_SHOP_WEBHOOK_SECRET: options.webhookSecret }),
      ...options.env,
    },
    logFile: options.outlive === true ? join(options.folder, 'shop', 'shop.log') : null,
    log: options.log,
  });
}
