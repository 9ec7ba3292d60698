/**
 * What the tests share: artwork, orders, a client, a receiver of webhooks, a reader of manifests.
 */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { PDFiumLibrary } from '@hyzyla/pdfium';
import { PDFDocument, StandardFonts } from 'pdf-lib';
import {
  spawnPrintShop,
  startPrintShop,
  type LedgerLine,
  type PieceOrder,
  type PieceResult,
  type PrintShopOptions,
  type RunningPrintShop,
  type SpawnedPrintShop,
  type SpawnPrintShopOptions,
} from '../src/index.ts';

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
): Promise<Client & { shop: RunningPrintShop; folder: string }> {
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

/** Card `card` (from 0) of a document that `makeArtwork` made. */
export function cardOf(url: string, card: number): Pick<PieceOrder, 'artwork'> {
  return { artwork: { front: { url, page: 2 * card + 1 }, back: { url, page: 2 * card + 2 } } };
}

export interface ArtworkRecipe {
  readonly cards?: number;
  /** In points, with bleed. */
  readonly size?: readonly [number, number];
  /** In points; null: no TrimBox. */
  readonly trim?: readonly [number, number] | null;
  /** Text of the fronts, followed by the number of the card. */
  readonly text?: string;
  /** Bytes of incompressible "photograph" behind every front. */
  readonly photo?: Uint8Array;
}

/**
 * Writes a PDF of cards, front and back alternating, "<text> front 0", "<text> back 0", … Returns
 * its file: URL.
 */
export async function makeArtwork(path: string, recipe: ArtworkRecipe = {}): Promise<string> {
  const { cards = 1, size = [450, 306], trim = [432, 288], text = 'Card', photo } = recipe;
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  const image =
    photo === undefined
      ? null
      : document.context.register(
          document.context.stream(photo, { Type: 'XObject', Subtype: 'Form', BBox: [0, 0, 1, 1] }),
        );
  for (let side = 0; side < 2 * cards; side += 1) {
    const page = document.addPage([...size]);
    if (trim !== null) {
      page.setTrimBox((size[0] - trim[0]) / 2, (size[1] - trim[1]) / 2, trim[0], trim[1]);
      page.setBleedBox(0, 0, size[0], size[1]);
    }
    if (image !== null && side % 2 === 0) page.node.newXObject('Photo', image);
    page.drawText(`${text} ${side % 2 === 0 ? 'front' : 'back'} ${side >> 1}`, {
      x: 30,
      y: 150,
      size: 14,
      font,
    });
  }
  await writeFile(path, await document.save());
  return pathToFileURL(path).href;
}

/** The text of every page, by a reader that shares no code with the press. */
export async function pageTexts(path: string): Promise<readonly string[]> {
  // Made once: it takes longer than the reading.
  pdfium ??= PDFiumLibrary.init();
  const document = await (await pdfium).loadDocument(await readFile(path));
  try {
    return [...document.pages()].map((page) => page.getText());
  } finally {
    document.destroy();
  }
}

let pdfium: Promise<PDFiumLibrary> | undefined;

export async function pdfNames(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.pdf')).toSorted();
}

/** Rows of a CSV file by RFC 4180, written for the tests. */
export function parseCsv(text: string): readonly (readonly string[])[] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    let value = '';
    if (text[at] === '"') {
      at += 1;
      while (at < text.length && (text[at] !== '"' || text[at + 1] === '"')) {
        value += text[at];
        at += text[at] === '"' ? 2 : 1;
      }
      at += 1;
    } else {
      while (at < text.length && text[at] !== ',' && text[at] !== '\r') value += text[at++];
    }
    row.push(value);
    if (text[at] === ',') {
      at += 1;
    } else if (text.startsWith('\r\n', at)) {
      rows.push(row);
      row = [];
      at += 2;
    } else {
      throw new Error(`Not a record of RFC 4180, at byte ${at}.`);
    }
  }
  if (row.length > 0) throw new Error('The last record does not end.');
  return rows;
}

/** The manifest's rows by column name. */
export async function readManifest(
  folder: string,
): Promise<readonly Readonly<Record<string, string>>[]> {
  const [header = [], ...rows] = parseCsv(await readFile(join(folder, 'manifest.csv'), 'utf8'));
  return rows.map((row) =>
    Object.fromEntries(header.map((name, column) => [name, row[column] ?? ''])),
  );
}

export interface ReceivedWebhook {
  readonly headers: IncomingHttpHeaders;
  readonly raw: string;
}

/** An HTTP server that keeps every POST; `answer` gives the status, or undefined for silence. */
export async function webhookReceiver(
  t: TestContext,
  answer: (webhook: ReceivedWebhook) => number | undefined = () => 204,
  delayMs = 0,
): Promise<{ url: string; received: ReceivedWebhook[]; close(): Promise<void> }> {
  const received: ReceivedWebhook[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const webhook = { headers: request.headers, raw: Buffer.concat(chunks).toString() };
      received.push(webhook);
      const status = answer(webhook);
      if (status !== undefined) setTimeout(() => response.writeHead(status).end(), delayMs);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((closed) => server.close(closed));
  };
  t.after(close);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    close,
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
