/** Lob's API: who asks, for what, how often; and then what comes of it. */
import { json, type Answer, type Outcome, type TwinRequest } from '../kit/exchange.ts';
import { withMisfortune, type MisfortuneQueue } from '../kit/misfortunes.ts';
import type { LoggedRequest } from '../kit/request-log.ts';
import type { TwinServer } from '../kit/server.ts';
import { FixedWindows, TrafficWatch, type Traffic, type WindowState } from '../kit/windows.ts';
import { loggedFields, readBody, type ReadBody } from './bodies.ts';
import { checkBySpec } from './checks.ts';
import type { Mode } from './entries.ts';
import { listPostcards, type ListParts } from './list.ts';
import type { Settings } from './settings.ts';
import { Postcards, type PostcardParts } from './postcards.ts';
import { lobManners, refusal, Refused } from './refusals.ts';
import { verification, type AskedAddress } from './verify-address.ts';

export const endpoints = ['create', 'get', 'list', 'cancel', 'verify', 'verify_bulk'] as const;
export type Endpoint = (typeof endpoints)[number];

export interface ApiParts extends PostcardParts, ListParts {
  readonly server: TwinServer;
  readonly faults: MisfortuneQueue;
  readonly settings: Settings;
}

interface Route {
  readonly endpoint: Endpoint;
  /** Of one postcard. */
  readonly id: string | null;
}

/** What a publishable key may ask for. */
const published: ReadonlySet<Endpoint> = new Set(['verify', 'verify_bulk']);
/** The versions that are neither sunset nor to come. */
const versions: ReadonlySet<string> = new Set(['2019-06-01', '2020-02-11']);

export class LobApi {
  readonly #parts: ApiParts;
  readonly #postcards: Postcards;
  readonly #windows: FixedWindows;
  readonly #watches = new Map<string, { watch: TrafficWatch; limit: number }>();
  #verified = 0;

  constructor(parts: ApiParts) {
    this.#parts = parts;
    this.#postcards = new Postcards(parts);
    this.#windows = new FixedWindows(parts.settings.limitWindowMs);
  }

  /** By mode and endpoint. */
  traffic(): Record<string, Traffic & { readonly limit: number }> {
    return Object.fromEntries(
      Array.from(this.#watches, ([name, { watch, limit }]) => [name, { ...watch.traffic, limit }]),
    );
  }

  async serve(request: TwinRequest, noted: LoggedRequest): Promise<Outcome> {
    const route = routeOf(request);
    const key = keyIn(request);
    if (key === null || !this.#parts.settings.keys.includes(secretOf(key)))
      return refusal(key === null ? 'unauthorized' : 'invalid_api_key');
    if (route === null) return refusal('unrecognized_endpoint');
    const { endpoint } = route;
    const mode = key.startsWith('live_') ? 'live' : 'test';
    noted.endpoint = endpoint;
    noted.mode = mode;
    if (/^\w+_pub_/.test(key) && !published.has(endpoint))
      return refusal('publishable_key_not_allowed');
    const window = this.#count(mode, endpoint, key);
    const headers = this.#limitHeaders(window);
    const manners = lobManners(() => ({ ...headers, ...this.#retryAfter(window) }));
    if (window?.refused === true) return manners.rateLimited();
    const read = readSafely(request, endpoint);
    if (!(read instanceof Refused) && read !== null) noted.fields = loggedFields(read);
    const fault = this.#parts.faults.take(endpoint, subjectsOf(route, read, noted));
    noted.fault = fault?.kind ?? null;
    const { server, settings } = this.#parts;
    return await withMisfortune(fault, manners, async (longer = 0) => {
      const ms = settings.latencyMs + longer;
      const think = async (): Promise<void> => (ms > 0 ? await server.pause(ms) : undefined);
      if (endpoint !== 'create') await think();
      const answer = await this.#answer(route, mode, { request, read, think });
      return { ...answer, headers: { ...answer.headers, ...headers } };
    });
  }

  async #answer(
    { endpoint, id }: Route,
    mode: Mode,
    asked: {
      readonly request: TwinRequest;
      readonly read: ReadBody | Refused | null;
      think(): Promise<void>;
    },
  ): Promise<Answer> {
    const { request, read } = asked;
    try {
      const version = request.headers['lob-version'];
      if (version !== undefined && !versions.has(String(version)))
        throw new Refused('unsupported_lob_version');
      if (read instanceof Refused) throw read;
      switch (endpoint) {
        case 'get':
          return await this.#postcards.get(mode, id ?? '');
        case 'cancel':
          return await this.#postcards.cancel(mode, id ?? '');
        case 'list':
          await this.#parts.settled();
          return listPostcards(this.#parts, mode, request);
        case 'create':
          if (read === null) throw new Refused('bad_request');
          return await this.#postcards.create(mode, { ...asked, read });
        case 'verify':
        case 'verify_bulk':
          if (read === null) throw new Refused('bad_request');
          return this.#verify(endpoint, mode, { request, read });
      }
    } catch (error) {
      if (error instanceof Refused) return refusal(error.code, error.message);
      throw error;
    }
  }

  #verify(
    endpoint: 'verify' | 'verify_bulk',
    mode: Mode,
    { request, read }: { readonly request: TwinRequest; readonly read: ReadBody },
  ): Answer {
    const operation = endpoint === 'verify' ? 'us_verification' : 'bulk_us_verifications';
    const body = checkBySpec(this.#parts, request, { operation, read });
    const proper = new URLSearchParams(request.query).get('case') === 'proper';
    const asked = endpoint === 'verify' ? [body] : (body['addresses'] as AskedAddress[]);
    const { verifyQuota } = this.#parts.settings;
    if (mode === 'live') {
      if (verifyQuota > 0 && this.#verified + asked.length > verifyQuota)
        throw new Refused('feature_limit_reached');
      this.#verified += asked.length;
    }
    const answers = asked.map((one) => verification(one, mode, proper));
    return json(200, endpoint === 'verify' ? answers[0] : { addresses: answers, errors: false });
  }

  #count(mode: Mode, endpoint: Endpoint, key: string): WindowState | null {
    const { limit, verifyLimit, limitWindowMs } = this.#parts.settings;
    const most = endpoint === 'verify' ? verifyLimit : limit;
    const now = Date.now();
    const window = this.#windows.take(`${key} ${endpoint}`, most, now);
    const name = `${mode} ${endpoint}`;
    let watched = this.#watches.get(name);
    if (watched === undefined) {
      watched = { watch: new TrafficWatch(limitWindowMs), limit: most };
      this.#watches.set(name, watched);
    }
    watched.watch.see(now, window?.refused === true);
    return window;
  }

  #limitHeaders(window: WindowState | null): Record<string, string> {
    const { limitHeaders } = this.#parts.settings;
    if (window === null || limitHeaders === 'none') return {};
    const { limit, remaining, resetAt } = window;
    const values = { limit, remaining, reset: Math.ceil(resetAt / 1000) };
    const spelled = (before: string): Record<string, string> =>
      Object.fromEntries(
        Object.entries(values).map(([name, value]) => [`${before}-${name}`, String(value)]),
      );
    return {
      ...(limitHeaders === 'x-rate-limit' ? {} : spelled('ratelimit')),
      ...(limitHeaders === 'ratelimit' ? {} : spelled('x-rate-limit')),
    };
  }

  #retryAfter(window: WindowState | null): Record<string, string> {
    const { retryAfter, limitWindowMs } = this.#parts.settings;
    if (!retryAfter) return {};
    const end = window?.resetAt ?? Date.now() + limitWindowMs;
    return { 'retry-after': String(Math.max(1, Math.ceil((end - Date.now()) / 1000))) };
  }
}

function routeOf({ method, path }: TwinRequest): Route | null {
  const whole: Readonly<Record<string, Endpoint>> = {
    'POST /v1/postcards': 'create',
    'GET /v1/postcards': 'list',
    'POST /v1/us_verifications': 'verify',
    'POST /v1/bulk/us_verifications': 'verify_bulk',
  };
  const endpoint = whole[`${method} ${path}`];
  if (endpoint !== undefined) return { endpoint, id: null };
  const id = /^\/v1\/postcards\/([^/]+)$/.exec(path)?.[1];
  if (id === undefined) return null;
  if (method === 'GET') return { endpoint: 'get', id };
  return method === 'DELETE' ? { endpoint: 'cancel', id } : null;
}

/** Basic authentication: the key is the user's name, and there is no password. */
export function keyIn({ headers }: TwinRequest): string | null {
  const [, encoded] = /^Basic ([\w+/=-]+)$/i.exec(headers.authorization ?? '') ?? [];
  if (encoded === undefined) return null;
  return Buffer.from(encoded, 'base64').toString().split(':')[0] ?? null;
}

/** `live_pub_x` is the publishable key beside `live_x`. */
function secretOf(key: string): string {
  return key.replace(/^(test|live)_pub_/, '$1_');
}

function readSafely(request: TwinRequest, endpoint: Endpoint): ReadBody | Refused | null {
  if (endpoint === 'get' || endpoint === 'list' || endpoint === 'cancel') return null;
  try {
    return readBody(request);
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
}

/** What a fault can be meant for: a postcard, its key, and what its metadata say. */
function subjectsOf(
  { id }: Route,
  read: ReadBody | Refused | null,
  { headers, query }: LoggedRequest,
): readonly string[] {
  const metadata = read === null || read instanceof Refused ? {} : read.fields['metadata'];
  const key = headers['idempotency-key'];
  const asked = Array.from(new URLSearchParams(query).values());
  return [
    ...(id === null ? [] : [id]),
    ...(key === undefined ? [] : [key]),
    ...asked,
    ...(typeof metadata === 'object' && metadata !== null ? Object.values(metadata) : []).map(
      String,
    ),
  ];
}
