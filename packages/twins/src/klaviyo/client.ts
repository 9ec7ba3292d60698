/** What a test asks of a running twin of Klaviyo. */
import { twinClient, twinRoutes, type TwinClient } from '../kit/client.ts';
import type { LedgerLine } from './control.ts';
import { DEFAULT_KEYS } from './settings.ts';

/** Its traffic is by endpoint and window: `event minute`. */
export interface KlaviyoTwinClient extends TwinClient {
  /** Every event that counts. */
  ledger(): Promise<readonly LedgerLine[]>;
  /** These profiles are not there. */
  gone(...profiles: readonly string[]): Promise<void>;
}

/** @param key any of the twin's. */
export function klaviyoTwinClient(url: string, key: string = DEFAULT_KEYS[0]): KlaviyoTwinClient {
  const routes = twinRoutes(url, `Klaviyo-API-Key ${key}`);
  return {
    ...twinClient(routes),
    ledger: async () => await routes.lines('ledger'),
    async gone(...profiles) {
      await routes.ask('POST', 'profiles', { gone: profiles });
    },
  };
}
