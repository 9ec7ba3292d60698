/** A twin of Lob for tests, and requests to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { lobTwinClient, startLob, type LobOptions, type LobTwinClient } from '../index.ts';

export const TEST = 'test_ours';
export const LIVE = 'live_ours';
export const SECRET = 'a secret of the tests';

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

/** What answers hold, as far as tests look. */
export interface Body {
  readonly id: string;
  readonly error: { readonly code: string; readonly message: string; readonly status_code: number };
  readonly data: readonly Body[];
  readonly count: number;
  readonly total_count?: number;
  readonly next_url: string | null;
  readonly previous_url: string | null;
  readonly deleted?: boolean;
  readonly status: string;
  readonly send_date: string;
  readonly date_created: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly to: Readonly<Record<string, unknown>>;
  readonly tracking_events: readonly { readonly name: string; readonly time: string }[];
  readonly thumbnails?: readonly object[];
  readonly deliverability?: string;
  readonly addresses: readonly Body[];
}

export interface Asked {
  readonly key?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

export interface Lob {
  readonly url: string;
  readonly twin: LobTwinClient;
  ask(method: string, path: string, asked?: Asked): Promise<Answered>;
  /** A live postcard unless told. */
  create(changes?: object, asked?: Asked & { readonly idempotencyKey?: string }): Promise<Answered>;
}

export function quiet(): void {
  return undefined;
}

export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'lob-twin-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A twin in this process, stopped after the test. */
export async function lobHere(
  t: TestContext,
  options: Partial<LobOptions> = {},
): Promise<Lob & { readonly stop: () => Promise<void> }> {
  const twin = await startLob({
    folder: options.folder ?? (await temporaryFolder(t)),
    keys: [TEST, LIVE],
    webhookSecret: SECRET,
    daysPerSecond: 0,
    log: quiet,
    ...options,
  });
  t.after(() => twin.stop());
  return { ...lobAt(twin.url), stop: () => twin.stop() };
}

export function lobAt(url: string): Lob {
  const ask: Lob['ask'] = async (method, path, { key = LIVE, headers = {}, body, signal } = {}) => {
    const raw = body === undefined || typeof body === 'string' || body instanceof FormData;
    const response = await fetch(`${url}/v1${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}`,
        ...(raw ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: JSON.parse(await response.text()) as Body,
    };
  };
  return {
    url,
    twin: lobTwinClient(url, TEST),
    ask,
    create: (changes = {}, { idempotencyKey, headers = {}, ...asked } = {}) =>
      ask('POST', '/postcards', {
        ...asked,
        headers: {
          ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
          ...headers,
        },
        body: { ...postcard, ...changes },
      }),
  };
}

export const harry = {
  name: 'Harry Zhang',
  address_line1: '210 King St',
  address_line2: '# 6100',
  address_city: 'San Francisco',
  address_state: 'CA',
  address_zip: '94107',
};

export const postcard = {
  to: harry,
  front: '<html>front</html>',
  back: 'https://cdn.example.com/back.pdf',
  size: '6x9',
  use_type: 'marketing',
  metadata: { mailpiece: 'm-1' },
};

/** Asks until it is so. */
export async function eventually<Value>(
  what: string,
  ask: () => Value | Promise<Value>,
): Promise<NonNullable<Value>> {
  const deadline = Date.now() + 60_000;
  for (;;) {
    const value = await ask();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
