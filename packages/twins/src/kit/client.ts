/** What a test asks of any running twin: its requests, its clock, its faults, its traffic. */
import type { MisfortuneInput } from './misfortunes.ts';
import type { LoggedRequest } from './request-log.ts';
import type { Traffic } from './windows.ts';

export interface TwinClient {
  requests(endpoint?: string): Promise<readonly LoggedRequest[]>;
  advance(by: { readonly days?: number; readonly seconds?: number }): Promise<void>;
  fault(...faults: readonly MisfortuneInput[]): Promise<void>;
  clearFaults(): Promise<void>;
  traffic(): Promise<Readonly<Record<string, Traffic & { readonly limit: number }>>>;
}

/** Asks the routes of control. */
export interface TwinRoutes {
  ask(method: string, path: string, body?: unknown): Promise<string>;
  get<Answer>(path: string): Promise<Answer>;
  /** NDJSON. */
  lines<Line>(path: string): Promise<readonly Line[]>;
}

export function twinRoutes(url: string, authorization: string): TwinRoutes {
  const ask: TwinRoutes['ask'] = async (method, path, body) => {
    const response = await fetch(`${url}/twin/${path}`, {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`The twin answered ${response.status} to ${path}: ${text}`);
    return text;
  };
  return {
    ask,
    get: async <Answer>(path: string) => JSON.parse(await ask('GET', path)) as Answer,
    lines: async <Line>(path: string) =>
      (await ask('GET', path))
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Line),
  };
}

export function twinClient({ ask, get }: TwinRoutes): TwinClient {
  return {
    async requests(endpoint) {
      const query = endpoint === undefined ? '' : `?endpoint=${endpoint}`;
      const found = await get<{ requests: readonly LoggedRequest[] }>(`requests${query}`);
      return found.requests;
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
    traffic: async () => await get('traffic'),
  };
}
