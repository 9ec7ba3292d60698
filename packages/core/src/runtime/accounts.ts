/**
 * On whose behalf adapters are asked: what their calls are recorded under, and what they
 * remember.
 */
import type postgres from 'postgres';
import type { CampaignBrief, PrinterBrief } from '../machine/briefs.ts';
import {
  readConnectionState,
  writeConnectionState,
  type CallAccount,
} from '../machine/provider-calls.ts';
import type { SavedState } from '../ports/index.ts';
import type { AdapterPort } from './meter.ts';

/** Also without a connection: one argues with a printer by its calls, which are kept either way. */
export function printerAccount({ organizationId, name, connectionId }: PrinterBrief): CallAccount {
  return { organizationId, connectionId, who: name };
}

/** Of the campaign's adapter at this port, with a connection or without. */
export function campaignAccount(
  { organizationId, connectionIds }: CampaignBrief,
  port: AdapterPort,
): CallAccount {
  return { organizationId, connectionId: connectionIds[port] ?? null, who: port };
}

/** Nobody to remember anything for. */
const nothingSaved: SavedState = {
  read: async () => await Promise.resolve(null),
  write: async () => await Promise.resolve(),
};

/** What an adapter remembers of its connection; without one nothing is kept. */
export function savedStateOf(sql: postgres.Sql, account: CallAccount | null): SavedState {
  if (account === null || account.connectionId === null) return nothingSaved;
  const { organizationId, connectionId } = account;
  return {
    read: async (key) => await readConnectionState(sql, { organizationId, connectionId, key }),
    write: async (key, value) =>
      await writeConnectionState(sql, { organizationId, connectionId, key }, value),
  };
}
