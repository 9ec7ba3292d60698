/** The twin of Klaviyo, for those who start it: tests, and the command line. */
import type { ListeningTwin } from '../kit/open.ts';
import type { KlaviyoOptions } from './options.ts';

export { klaviyoTwinClient, type KlaviyoTwinClient } from './client.ts';
export { klaviyoCommand } from './command.ts';
export type { LedgerLine as KlaviyoLedgerLine } from './control.ts';
export type { KlaviyoOptions } from './options.ts';
export type { ListeningTwin } from '../kit/open.ts';
export { spawnKlaviyo, type SpawnKlaviyoOptions } from './spawn.ts';

/** In this process. Throws `TwinError`, whose `exitCode` says what kind of trouble it is. */
export async function startKlaviyo(options: KlaviyoOptions): Promise<ListeningTwin> {
  // The check of requests takes a while to load, and most who import this start nothing.
  const { openKlaviyo } = await import('./twin.ts');
  return await openKlaviyo(options);
}
