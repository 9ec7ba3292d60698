/** Requests to one account at Lob: its key, its address, its limits. */
import { AdapterConfigError } from '@postrider/core/ports';
import type {
  AdapterWiring,
  CallContext,
  Connection,
  LeaseGuard,
  LimitNotice,
  RouteLimit,
} from '@postrider/core/ports';
import { callProvider } from '../kit/call.ts';
import type { HttpOutcome } from '../kit/http.ts';
import type { HttpBody } from '../kit/http-body.ts';
import { parseOptions } from '../kit/options.ts';
import { lobAccountOptions } from './options.ts';

export interface LobClient {
  readonly connection: Connection;
  ask(request: LobRequest, context: CallContext, lease?: LeaseGuard): Promise<HttpOutcome>;
}

export interface LobRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the address of the API, for example `/postcards`. */
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: HttpBody;
  /** Mailpieces that it is about. */
  readonly about: readonly string[];
  readonly timeoutMs: number;
}

/** Lob counts by key and endpoint; a method is an endpoint of its own. */
function limitOf(method: string, path: string): RouteLimit {
  const route = `${method} /${path.split('/')[1]}`;
  return { route, windows: [{ requests: 150, ms: 5000 }] };
}

/** Throws `AdapterConfigError` where there is no connection, or its options cannot be used. */
export function createLobClient({ connection }: AdapterWiring): LobClient {
  if (connection === undefined)
    throw new AdapterConfigError(
      'printer.kind',
      'Lob needs an account: name a connection in its place, as in printer: { connection: lob-main } (see postrider connect lob)',
    );
  return lobClientOf(connection);
}

export function lobClientOf(connection: Connection): LobClient {
  return {
    connection,
    async ask({ method, path, query, headers, body, about, timeoutMs }, context, lease) {
      // Read at each call: what was rotated counts at once.
      const { url, apiVersion } = parseOptions('connection', lobAccountOptions, connection.options);
      const [key] = connection.secrets('api_key');
      if (key === undefined)
        return {
          kind: 'not_sent',
          message: `Not sent: connection ${connection.name} has no API key.`,
          hungUp: true,
        };
      const asked = query === undefined || query.size === 0 ? '' : `?${query.toString()}`;
      return await callProvider(
        {
          method,
          url: `${url.replace(/\/+$/, '')}${path}${asked}`,
          headers: {
            authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
            accept: 'application/json',
            ...(apiVersion === undefined ? {} : { 'lob-version': apiVersion }),
            ...headers,
          },
          ...(body === undefined ? {} : { body }),
          timeoutMs,
          limit: limitOf(method, path),
          about,
          secrets: connection.secrets('api_key'),
          readLimit,
        },
        context,
        lease,
      );
    },
  };
}

/** Lob's text and its spec spell the headers in two ways; the reset is in seconds since 1970. */
export function readLimit(headers: Headers): LimitNotice | null {
  const told = (name: string): number | null => {
    const value = headers.get(`ratelimit-${name}`) ?? headers.get(`x-rate-limit-${name}`);
    return value === null || !/^\d{1,12}$/.test(value.trim()) ? null : Number(value);
  };
  const [limit, remaining, reset] = [told('limit'), told('remaining'), told('reset')];
  if (limit === null && remaining === null && reset === null) return null;
  return {
    kind: 'headers',
    limit,
    remaining,
    resetAt: reset === null ? null : new Date(reset * 1000),
  };
}

/** What a key is for, by its form. */
export function modeOfKey(key: string): 'test' | 'live' | null {
  if (key.startsWith('test_')) return 'test';
  return key.startsWith('live_') ? 'live' : null;
}
