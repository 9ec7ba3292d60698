/** A twin of Klaviyo for tests, and requests to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  klaviyoTwinClient,
  startKlaviyo,
  type KlaviyoOptions,
  type KlaviyoTwinClient,
} from '../index.ts';

export const KEY = 'pk_ours';
export const ADA = '01GDDKASAP8TKDDA2GRZDSVP4H';

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The first of its errors. */
  readonly error: {
    readonly code: string;
    readonly status: number;
    readonly detail: string;
    readonly source: { readonly pointer: string };
  } | null;
}

export interface Asked {
  readonly key?: string | null;
  /** Null takes one away. */
  readonly headers?: Readonly<Record<string, string | null>>;
  readonly body?: unknown;
}

export interface Klaviyo {
  readonly url: string;
  readonly twin: KlaviyoTwinClient;
  ask(method: string, path: string, asked?: Asked): Promise<Answered>;
  event(changes?: object, asked?: Asked): Promise<Answered>;
  bulk(events: readonly object[], asked?: Asked): Promise<Answered>;
}

export function quiet(): void {
  return undefined;
}

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'klaviyo-twin-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A twin in this process, stopped after the test. */
export async function klaviyoHere(
  t: TestContext,
  options: Partial<KlaviyoOptions> = {},
): Promise<Klaviyo> {
  const twin = await startKlaviyo({
    folder: options.folder ?? (await temporaryFolder(t)),
    keys: [KEY],
    log: quiet,
    ...options,
  });
  t.after(() => twin.stop());
  return klaviyoAt(twin.url);
}

export function klaviyoAt(url: string): Klaviyo {
  const ask: Klaviyo['ask'] = async (method, path, { key = KEY, headers = {}, body } = {}) => {
    const all: Record<string, string | null> = {
      authorization: key === null ? null : `Klaviyo-API-Key ${key}`,
      revision: '2026-07-15',
      'content-type': body === undefined ? null : 'application/vnd.api+json',
      ...headers,
    };
    const sent = Object.entries(all).filter((one): one is [string, string] => one[1] !== null);
    const response = await fetch(`${url}/api${path}`, {
      method,
      headers: sent,
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const told = text === '' ? {} : (JSON.parse(text) as { errors?: Answered['error'][] });
    return {
      status: response.status,
      headers: response.headers,
      text,
      error: told.errors?.[0] ?? null,
    };
  };
  return {
    url,
    twin: klaviyoTwinClient(url, KEY),
    ask,
    event: async (changes = {}, asked = {}) =>
      await ask('POST', '/events', { body: eventBody(changes), ...asked }),
    bulk: async (events, asked = {}) =>
      await ask('POST', '/event-bulk-create-jobs', { body: bulkBody(events), ...asked }),
  };
}

function attributes(changes: object): Record<string, unknown> {
  return {
    properties: { campaign: 'spring' },
    time: '2026-11-24T10:00:00.500Z',
    unique_id: 'm-1:sent',
    metric: { data: { type: 'metric', attributes: { name: 'Direct Mail Sent' } } },
    ...changes,
  };
}

export function eventBody(changes: object = {}): object {
  return {
    data: {
      type: 'event',
      attributes: {
        profile: { data: { type: 'profile', id: ADA, attributes: {} } },
        ...attributes(changes),
      },
    },
  };
}

/** Each of a profile of its own unless `profile` is told. */
export function bulkBody(events: readonly object[]): object {
  const one = (changes: object, index: number): object => {
    const { profile = `01GDDKASAP8TKDDA2GRZDSVP${10 + index}`, ...event } = changes as {
      profile?: string;
    };
    return {
      type: 'event-bulk-create',
      attributes: {
        profile: { data: { type: 'profile', id: profile, attributes: {} } },
        events: { data: [{ type: 'event', attributes: attributes(event) }] },
      },
    };
  };
  return {
    data: {
      type: 'event-bulk-create-job',
      attributes: { 'events-bulk-create': { data: events.map(one) } },
    },
  };
}

/** Asks until it is so. */
export async function eventually(what: string, ask: () => boolean): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!ask()) {
    if (Date.now() > deadline) throw new Error(`Never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
