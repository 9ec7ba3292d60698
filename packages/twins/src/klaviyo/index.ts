/** The twin of Klaviyo, for those who start it: tests, and the command line. */
import type { KlaviyoOptions } from './options.ts';
import type { RunningKlaviyo } from './twin.ts';

export { klaviyoTwinClient, type KlaviyoTwinClient } from './client.ts';
export { klaviyoCommand } from './command.ts';
export type { LedgerLine as KlaviyoLedgerLine } from './control.ts';
export type { KlaviyoOptions } from './options.ts';
export { spawnKlaviyo, type SpawnKlaviyoOptions } from './spawn.ts';
export type { RunningKlaviyo } from './twin.ts';

/** In this process. Throws `TwinError`, whose `exitCode` says what kind of trouble it is. */
export async function startKlaviyo(options: KlaviyoOptions): Promise<RunningKlaviyo> {
  // The check of requests takes a while to load, and most who import this start nothing.
  const { openKlaviyo } = await import('./twin.ts');
  return await openKlaviyo(options);
}
