/** What a test asks of a running twin: its ledger, its requests, its clock, its faults. */
import type { MisfortuneInput } from '../kit/misfortunes.ts';
import type { LoggedRequest } from '../kit/request-log.ts';
import type { Traffic } from '../kit/windows.ts';
import type { EventLine, LedgerLine } from './ledger-lines.ts';
import { type AccountState } from './options.ts';
import { DEFAULT_KEYS } from './settings.ts';

export interface LobTwinClient {
  /** Every piece that was ever made. */
  ledger(): Promise<readonly LedgerLine[]>;
  events(): Promise<readonly EventLine[]>;
  requests(endpoint?: string): Promise<readonly LoggedRequest[]>;
  advance(by: { readonly days?: number; readonly seconds?: number }): Promise<void>;
  fault(...faults: readonly MisfortuneInput[]): Promise<void>;
  clearFaults(): Promise<void>;
  webhook(url: string | null, mode?: 'test' | 'live'): Promise<void>;
  /** How many webhooks are still to be sent. */
  waitingWebhooks(): Promise<number>;
  account(state: AccountState): Promise<void>;
  /** By mode and endpoint: `live create`. */
  traffic(): Promise<Readonly<Record<string, Traffic & { readonly limit: number }>>>;
}

/** @param key any of the twin's. */
export function lobTwinClient(url: string, key: string = DEFAULT_KEYS[0]): LobTwinClient {
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`;
  const ask = async (method: string, path: string, body?: unknown): Promise<string> => {
    const response = await fetch(`${url}/twin/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The twin answered ${response.status} to ${path}: ${text}`);
    return text;
  };
  const lines = async <Line>(path: string): Promise<readonly Line[]> => {
    const text = await ask('GET', path);
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  };
  return {
    ledger: () => lines('ledger'),
    events: () => lines('events'),
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
    async webhook(to, mode) {
      await ask('POST', 'webhook', { url: to, ...(mode === undefined ? {} : { mode }) });
    },
    async waitingWebhooks() {
      return (JSON.parse(await ask('GET', 'webhook')) as { waiting: number }).waiting;
    },
    async account(state) {
      await ask('POST', 'account', { state });
    },
    async traffic() {
      return JSON.parse(await ask('GET', 'traffic')) as Awaited<
        ReturnType<LobTwinClient['traffic']>
      >;
    },
  };
}
