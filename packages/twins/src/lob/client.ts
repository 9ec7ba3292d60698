/** What a test asks of a running twin of Lob. */
import { twinClient, twinRoutes, type TwinClient } from '../kit/client.ts';
import type { EventLine, LedgerLine } from './ledger-lines.ts';
import { type AccountState } from './options.ts';
import { DEFAULT_KEYS } from './settings.ts';

/** Its traffic is by mode and endpoint: `live create`. */
export interface LobTwinClient extends TwinClient {
  /** Every piece that was ever made. */
  ledger(): Promise<readonly LedgerLine[]>;
  events(): Promise<readonly EventLine[]>;
  webhook(url: string | null, mode?: 'test' | 'live'): Promise<void>;
  /** How many webhooks are still to be sent. */
  waitingWebhooks(): Promise<number>;
  account(state: AccountState): Promise<void>;
}

/** @param key any of the twin's. */
export function lobTwinClient(url: string, key: string = DEFAULT_KEYS[0]): LobTwinClient {
  const routes = twinRoutes(url, `Basic ${Buffer.from(`${key}:`).toString('base64')}`);
  return {
    ...twinClient(routes),
    ledger: async () => await routes.lines('ledger'),
    events: async () => await routes.lines('events'),
    async webhook(to, mode) {
      await routes.ask('POST', 'webhook', { url: to, ...(mode === undefined ? {} : { mode }) });
    },
    waitingWebhooks: async () => (await routes.get<{ waiting: number }>('webhook')).waiting,
    async account(state) {
      await routes.ask('POST', 'account', { state });
    },
  };
}
