/** The twin of Lob, for those who start it: tests, and the command line. */
import type { ListeningTwin } from '../kit/open.ts';
import type { LobOptions } from './options.ts';

export { lobTwinClient, type LobTwinClient } from './client.ts';
export { lobCommand } from './command.ts';
export type { EventLine, LedgerLine as LobLedgerLine } from './ledger-lines.ts';
export type { LobOptions } from './options.ts';
export type { ListeningTwin } from '../kit/open.ts';
export { spawnLob, type SpawnLobOptions } from './spawn.ts';

/** In this process. Throws `TwinError`, whose `exitCode` says what kind of trouble it is. */
export async function startLob(options: LobOptions): Promise<ListeningTwin> {
  // The check of requests takes a while to load, and most who import this start nothing.
  const { openLob } = await import('./twin.ts');
  return await openLob(options);
}
