/** What the tests share: shops, a client, orders. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import {
  spawnPrintShop,
  startPrintShop,
  type LedgerLine,
  type PieceOrder,
  type PieceResult,
  type PrintShopOptions,
  type SpawnedPrintShop,
  type SpawnPrintShopOptions,
} from '../index.ts';
import type { ListeningTwin } from '../../kit/open.ts';

export const TOKEN = 'a token of the tests';
export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
export function quiet(): void {
  return undefined;
}

/** A directory that is gone after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'print-shop-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A shop in this process, stopped after the test. */
export async function shopHere(
  t: TestContext,
  options: Partial<PrintShopOptions> = {},
): Promise<Client & { shop: ListeningTwin; folder: string }> {
  const folder = options.folder ?? (await temporaryFolder(t));
  const shop = await startPrintShop({
    folder,
    token: TOKEN,
    log: quiet,
    acceptNoopArtwork: true,
    printAfterMs: 3_600_000,
    ...options,
  });
  t.after(() => shop.stop());
  return { ...client(shop.url), shop, folder };
}

/** A shop that may read artwork from a directory of its own; `at` gives a path there. */
export async function shopWithArtwork(t: TestContext, options: Partial<PrintShopOptions> = {}) {
  const art = await temporaryFolder(t);
  return {
    ...(await shopHere(t, { artwork: [art], ...options })),
    at: (name: string): string => join(art, name),
  };
}

/** A shop in a process of its own, killed after the test. */
export async function shopProcess(
  t: TestContext,
  options: Partial<SpawnPrintShopOptions> & { folder: string },
): Promise<Client & { shop: SpawnedPrintShop }> {
  const shop = await spawnPrintShop({
    token: TOKEN,
    log: quiet,
    acceptNoopArtwork: true,
    printAfterMs: 3_600_000,
    ...options,
  });
  t.after(() => shop.kill());
  return { ...client(shop.url), shop };
}

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface Client {
  post<Body = Record<string, unknown>>(path: string, body: unknown): Promise<Answer<Body>>;
  get<Body = Record<string, unknown>>(path: string): Promise<Answer<Body>>;
  order(pieces: readonly PieceOrder[]): Promise<readonly PieceResult[]>;
  ledger(): Promise<readonly LedgerLine[]>;
}

export function client(url: string): Client {
  const request = async <Body>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<Answer<Body>> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Body,
    };
  };
  return {
    post: (path, body) => request('POST', path, body),
    get: (path) => request('GET', path),
    async order(pieces) {
      const { status, body } = await request<{ results: readonly PieceResult[] }>(
        'POST',
        '/v1/pieces',
        { pieces },
      );
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
      return body.results;
    },
    async ledger() {
      const response = await fetch(`${url}/v1/ledger`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      const lines = (await response.text()).split('\n');
      return lines.slice(0, -1).map((line) => JSON.parse(line) as LedgerLine);
    },
  };
}

type Changes = Partial<Omit<PieceOrder, 'to'>> & {
  name?: string;
  address?: Partial<PieceOrder['to']['address']>;
};

/** An order for a card without artwork, unless `changes` has some. */
export function anOrder({
  name = 'Ada Miller',
  address = {},
  ...changes
}: Changes = {}): PieceOrder {
  return {
    reference: {
      organizationId: 'org-1',
      campaignId: 'camp-1',
      recipientId: randomUUID(),
      mailpieceId: randomUUID(),
    },
    idempotencyKey: randomUUID(),
    mode: 'live',
    format: '4x6',
    mailClass: 'first_class',
    to: {
      name,
      address: {
        line1: '12 Main Street',
        line2: null,
        city: 'Springfield',
        region: 'IL',
        postalCode: '62701',
        country: 'US',
        ...address,
      },
    },
    from: null,
    artwork: { front: { url: 'noop:', page: 1 }, back: { url: 'noop:', page: 1 } },
    ...changes,
  };
}

/**
 * Asks until it is so; the patience is long because the machine may be busy, and only a failure
 * uses it up.
 */
export async function eventually<Value>(
  what: string,
  ask: () => Value | Promise<Value>,
  patienceMs = 240_000,
): Promise<NonNullable<Value>> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const value = await ask();
    if (value !== null && value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`Never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
