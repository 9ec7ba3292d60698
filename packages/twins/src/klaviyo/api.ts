/** Klaviyo's API: who asks, for what, how often; and then what comes of it. */
import type { Answer, Outcome, TwinRequest } from '../kit/exchange.ts';
import { withMisfortune, type MisfortuneQueue } from '../kit/misfortunes.ts';
import type { LoggedRequest } from '../kit/request-log.ts';
import type { TwinServer } from '../kit/server.ts';
import type { Traffic } from '../kit/windows.ts';
import { checkBySpec } from './checks.ts';
import { createEvent, createEvents, type EventParts } from './events.ts';
import { Limits, type Endpoint } from './limits.ts';
import { klaviyoManners, MEDIA_TYPE, refusal, Refused, throttled } from './refusals.ts';

export interface ApiParts extends EventParts {
  readonly server: TwinServer;
  readonly faults: MisfortuneQueue;
}

const routes: Readonly<Record<string, Endpoint>> = {
  'POST /api/events': 'event',
  'POST /api/event-bulk-create-jobs': 'bulk',
  'GET /api/accounts': 'account',
};

export class KlaviyoApi {
  readonly #parts: ApiParts;
  readonly #limits: Limits;

  constructor(parts: ApiParts) {
    this.#parts = parts;
    this.#limits = new Limits(parts.settings);
  }

  traffic(): Record<string, Traffic & { readonly limit: number }> {
    return this.#limits.traffic();
  }

  async serve(request: TwinRequest, noted: LoggedRequest): Promise<Outcome> {
    const { settings, server, faults } = this.#parts;
    const key = keyIn(request);
    if (key === null) return this.#wrongKey('not_authenticated');
    if (!settings.keys.includes(key)) return this.#wrongKey('authentication_failed');
    // The official client writes a slash at the end of some paths.
    const path = request.path.replace(/\/$/, '');
    const endpoint = routes[`${request.method} ${path}`];
    if (endpoint === undefined)
      return Object.keys(routes).some((route) => route.endsWith(` ${path}`))
        ? refusal('method_not_allowed')
        : refusal('not_found', { detail: `There is no ${path}.` });
    noted.endpoint = endpoint;
    const scope = endpoint === 'account' ? 'accounts' : 'events';
    if (settings.scopes !== 'all' && settings.scopes !== scope) return refusal('permission_denied');
    const { refusedFor, headers } = this.#limits.count(endpoint, Date.now());
    const toldSeconds = (seconds: number): number | null =>
      settings.retryAfter === 'none' ? null : seconds;
    if (refusedFor !== null) return throttled(toldSeconds(refusedFor));
    const fault = faults.take(endpoint, subjectsIn(request));
    noted.fault = fault?.kind ?? null;
    const manners = klaviyoManners(
      () => this.#wrongKey('authentication_failed'),
      toldSeconds(Math.ceil((fault?.ms ?? 1000) / 1000)),
    );
    return await withMisfortune(fault, manners, async (longer = 0) => {
      const ms = settings.latencyMs + longer;
      if (ms > 0) await server.pause(ms);
      const answer = await this.#answer(endpoint, { ...request, path });
      return { ...answer, headers: { ...answer.headers, ...headers } };
    });
  }

  async #answer(endpoint: Endpoint, request: TwinRequest): Promise<Answer> {
    try {
      switch (endpoint) {
        case 'event':
          return await createEvent(this.#parts, request);
        case 'bulk':
          return await createEvents(this.#parts, request);
        case 'account':
          checkBySpec(this.#parts.spec, request, 'get_accounts');
          return this.#account();
      }
    } catch (error) {
      if (error instanceof Refused) return refusal(error.code, error.where);
      throw error;
    }
  }

  #account(): Answer {
    const account = {
      type: 'account',
      id: 'TwinAc',
      attributes: {
        test_account: this.#parts.settings.testAccount,
        contact_information: { organization_name: 'The twin of Klaviyo' },
      },
      links: { self: 'https://a.klaviyo.com/api/accounts/TwinAc/' },
    };
    return {
      status: 200,
      headers: { 'content-type': MEDIA_TYPE },
      body: JSON.stringify({
        data: [account],
        links: { self: 'https://a.klaviyo.com/api/accounts' },
      }),
    };
  }

  #wrongKey(code: 'authentication_failed' | 'not_authenticated'): Answer {
    const status = this.#parts.settings.wrongKey === 'invalid_400' ? 400 : 401;
    return refusal(code, { status });
  }
}

export function keyIn({ headers }: TwinRequest): string | null {
  return /^Klaviyo-API-Key (\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? null;
}

/** What a fault can be meant for: the ids of events, and of profiles. */
function subjectsIn({ body }: TwinRequest): readonly string[] {
  const found = body.toString().matchAll(/"(?:unique_id|id)"\s*:\s*"([^"\\]{1,200})"/g);
  return Array.from(found, ([, id = '']) => id);
}
