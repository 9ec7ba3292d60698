/** Requests to one account at Klaviyo: its key, its revision, its limits. */
import type { CallContext, Connection, LimitNotice, RouteLimit } from '@postrider/core/ports';
import { callProvider } from '../kit/call.ts';
import type { HttpOutcome } from '../kit/http.ts';
import { limitIn } from '../kit/limit-headers.ts';
import { parseOptions } from '../kit/options.ts';
import { klaviyoAccountOptions } from './options.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const mediaType = 'application/vnd.api+json';

/** Klaviyo counts by account and endpoint, in a window of a second and one of a minute. */
function limitOf(route: string, aSecond: number, aMinute: number): RouteLimit {
  return {
    route,
    windows: [
      { requests: aSecond, ms: SECOND },
      { requests: aMinute, ms: MINUTE },
    ],
  };
}

export const routes = {
  accounts: limitOf('GET /api/accounts', 1, 15),
  event: limitOf('POST /api/events', 350, 3500),
  bulk: limitOf('POST /api/event-bulk-create-jobs', 10, 150),
} as const;

export interface KlaviyoRequest {
  readonly limit: RouteLimit;
  readonly query?: URLSearchParams;
  readonly body?: object;
  /** Mailpieces that it is about. */
  readonly about: readonly string[];
  readonly timeoutMs: number;
  /** So long the limit is waited for; then nothing is sent. */
  readonly waitMs?: number;
}

export async function askKlaviyo(
  connection: Connection,
  { limit, query, body, about, timeoutMs, waitMs }: KlaviyoRequest,
  context: CallContext,
): Promise<HttpOutcome> {
  // Read at each call: what was rotated counts at once.
  const { url, revision } = parseOptions('connection', klaviyoAccountOptions, connection.options);
  const secrets = connection.secrets('api_key');
  const [key] = secrets;
  if (key === undefined)
    return {
      kind: 'not_sent',
      message: withoutKey(connection),
      hungUp: true,
    };
  const [method, path] = limit.route.split(' ') as ['GET' | 'POST', string];
  const asked = query === undefined ? '' : `?${query.toString()}`;
  return await callProvider(
    {
      method,
      url: `${url.replace(/\/+$/, '')}${path}${asked}`,
      headers: {
        authorization: `Klaviyo-API-Key ${key}`,
        revision,
        accept: mediaType,
        ...(body === undefined ? {} : { 'content-type': mediaType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs,
      limit,
      about,
      secrets,
      readLimit,
    },
    waitMs === undefined ? context : impatient(context, waitMs),
  );
}

export function withoutKey({ name }: Connection): string {
  return `Not sent: connection ${name} has no API key.`;
}

/** The limit is waited for so long, and the answer as ever. */
function impatient(context: CallContext, waitMs: number): CallContext {
  const { limiter } = context;
  return {
    ...context,
    limiter: {
      take: async (limit, cost, signal) =>
        await limiter.take(
          limit,
          cost,
          AbortSignal.any([signal, AbortSignal.timeout(Math.ceil(waitMs))]),
        ),
      told: (limit, notice) => limiter.told(limit, notice),
    },
  };
}

/**
 * The headers tell of the window of a minute, and the reset in seconds from now. How they are
 * written is UNCONFIRMED: as a number, or as a list of windows, `350, 350;w=1, 3500;w=60`.
 */
export function readLimit(headers: Headers, now: Date): LimitNotice | null {
  return limitIn(
    (name) => numberIn(headers.get(`ratelimit-${name}`)),
    (seconds) => new Date(now.getTime() + seconds * SECOND),
  );
}

function numberIn(value: string | null): number | null {
  const ofMinute = /(?:^|,)\s*(\d{1,9})\s*;\s*w=60\b/.exec(value ?? '')?.[1];
  if (ofMinute !== undefined) return Number(ofMinute);
  return value === null || !/^\d{1,9}$/.test(value.trim()) ? null : Number(value);
}
