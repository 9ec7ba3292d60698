/** The twin of Lob, for those who start it: tests, and the command line. */
import type { LobOptions } from './options.ts';
import type { RunningLob } from './twin.ts';

export { lobTwinClient, type LobTwinClient } from './client.ts';
export { lobCommand } from './command.ts';
export type { EventLine, LedgerLine as LobLedgerLine } from './ledger-lines.ts';
export type { LobOptions } from './options.ts';
export { spawnLob, type SpawnLobOptions } from './spawn.ts';
export type { RunningLob } from './twin.ts';

/** In this process. Throws `TwinError`, whose `exitCode` says what kind of trouble it is. */
export async function startLob(options: LobOptions): Promise<RunningLob> {
  // The check of requests takes a while to load, and most who import this start nothing.
  const { openLob } = await import('./twin.ts');
  return await openLob(options);
}
