/** What a test asks of a running twin: its ledger, its requests, its clock, its faults. */
import type { MisfortuneInput } from '../kit/misfortunes.ts';
import type { LoggedRequest } from '../kit/request-log.ts';
import type { Traffic } from '../kit/windows.ts';
import type { LedgerLine } from './control.ts';
import { DEFAULT_KEYS } from './settings.ts';

export interface KlaviyoTwinClient {
  /** Every event that counts. */
  ledger(): Promise<readonly LedgerLine[]>;
  requests(endpoint?: string): Promise<readonly LoggedRequest[]>;
  advance(by: { readonly days?: number; readonly seconds?: number }): Promise<void>;
  fault(...faults: readonly MisfortuneInput[]): Promise<void>;
  clearFaults(): Promise<void>;
  /** These profiles are not there. */
  gone(...profiles: readonly string[]): Promise<void>;
  /** By endpoint and window: `event minute`. */
  traffic(): Promise<Readonly<Record<string, Traffic & { readonly limit: number }>>>;
}

/** @param key any of the twin's. */
export function klaviyoTwinClient(url: string, key: string = DEFAULT_KEYS[0]): KlaviyoTwinClient {
  const ask = async (method: string, path: string, body?: unknown): Promise<string> => {
    const response = await fetch(`${url}/twin/${path}`, {
      method,
      headers: {
        authorization: `Klaviyo-API-Key ${key}`,
        'content-type': 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The twin answered ${response.status} to ${path}: ${text}`);
    return text;
  };
  return {
    async ledger() {
      const text = await ask('GET', 'ledger');
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as LedgerLine);
    },
    async requests(endpoint) {
      const query = endpoint === undefined ? '' : `?endpoint=${endpoint}`;
      const { requests } = JSON.parse(await ask('GET', `requests${query}`)) as {
        requests: readonly LoggedRequest[];
      };
      return requests;
    },
    async advance({ days = 0, seconds = 0 }) {
      await ask('POST', 'clock', { advanceDays: days, advanceSeconds: seconds });
    },
    async fault(...faults) {
      await ask('POST', 'faults', { faults });
    },
    async clearFaults() {
      await ask('DELETE', 'faults');
    },
    async gone(...profiles) {
      await ask('POST', 'profiles', { gone: profiles });
    },
    async traffic() {
      return JSON.parse(await ask('GET', 'traffic')) as Awaited<
        ReturnType<KlaviyoTwinClient['traffic']>
      >;
    },
  };
}
