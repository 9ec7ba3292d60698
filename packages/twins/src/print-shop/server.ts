/** The HTTP face of the shop. Routes translate; what they ask for is decided elsewhere. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Books, Piece } from './books.ts';
import type { ShopClock } from './clock.ts';
import { crashPoint } from './crash.ts';
import type { Commit } from './entries.ts';
import { messageOf, ShopError } from './errors.ts';
import { faultsRequest, type Endpoint, type Fault, type Faults } from './faults.ts';
import type { Intake } from './intake.ts';
import { webhookFault, type Settings } from './options.ts';
import type { Press } from './press.ts';
import { body, noSuchPiece, refuse, type Ctx, type Env } from './requests.ts';
import { ledgerLine, ledgerLines, view } from './views.ts';
import { eventOf } from './webhooks.ts';
import {
  BATCH_LIMIT,
  clockRequest,
  LEDGER_HEADER,
  piecesRequest,
  webhookRequest,
  type WebhookState,
} from './wire.ts';

const MOST_EVENTS = 1_000;

/** What the routes ask of the shop. */
export interface Shop {
  readonly settings: Settings;
  readonly books: Books;
  readonly clock: ShopClock;
  readonly faults: Faults;
  readonly intake: Intake;
  readonly press: Press;
  readonly commit: Commit;
  readonly settled: () => Promise<void>;
  /** Events that are on the disk, and may be shown. */
  readonly durableEvents: number;
  readonly broken: ShopError | null;
  readonly closing: boolean;
  readonly webhooks: WebhookState;
  turnClock(days: number): Promise<void>;
  redirectWebhooks(
    url: string | null,
    organizations: Readonly<Record<string, string>>,
  ): Promise<void>;
  /** Waits for the request, and lets a stop wait for it too, as long as its body has come. */
  attend(request: Promise<void>, incoming: IncomingMessage): Promise<void>;
  /** Resolves after `ms`, or when the shop closes. */
  pause(ms: number): Promise<void>;
}

export function createApp(shop: Shop): Hono<Env> {
  const app = new Hono<Env>();

  app.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    // The ledger says so itself, once.
    if (error instanceof ShopError)
      return refuse(c, 503, { code: 'broken', message: error.message });
    shop.settings.log(`a request failed: ${messageOf(error)}`);
    return refuse(c, 500, { code: 'internal_error', message: messageOf(error) });
  });
  app.notFound((c) =>
    refuse(c, 404, { code: 'not_found', message: `There is no ${c.req.method} ${c.req.path}.` }),
  );

  app.get('/v1/health', (c) =>
    c.json({ status: shop.broken === null ? 'ok' : 'broken' }, shop.broken === null ? 200 : 503),
  );

  app.use(async (c, next) => {
    if (!isToken(c.req.header('authorization') ?? '', shop.settings.token)) {
      c.header('www-authenticate', 'Bearer');
      return refuse(c, 401, {
        code: 'unauthorized',
        message: 'Send the shop’s token as "Authorization: Bearer <token>".',
      });
    }
    const { ledger } = shop.books;
    c.header(LEDGER_HEADER, ledger);
    if ((c.req.header(LEDGER_HEADER) ?? ledger) !== ledger) {
      return refuse(c, 412, {
        code: 'another_ledger',
        message: `This shop keeps the ledger ${ledger}; nothing of this request was done.`,
      });
    }
    if (shop.broken !== null)
      return refuse(c, 503, { code: 'broken', message: shop.broken.message });
    if (shop.closing)
      return refuse(c, 503, {
        code: 'closing',
        message: 'The shop is closing; nothing of this request was done.',
      });
    return shop.attend(next(), c.env.incoming);
  });

  app.post('/v1/pieces', async (c) => {
    const { pieces } = await body(c, piecesRequest);
    const mailpieces = pieces.map((piece) => piece.reference.mailpieceId);
    return withFaults(c, shop, 'submit', mailpieces, async (fault) => {
      const results = await shop.intake.take(pieces, fault?.kind === 'reject' ? fault : null);
      crashPoint('after-accept');
      shop.press.piecesArrived();
      return c.json({ results });
    });
  });

  app.get('/v1/pieces', (c) => {
    if (c.req.query('since') !== undefined) return list(c, shop);
    const mailpieces = c.req.queries('mailpiece') ?? [];
    if (mailpieces.length === 0 || mailpieces.length > BATCH_LIMIT) {
      return refuse(c, 400, {
        code: 'bad_request',
        message: `Ask for 1 to ${BATCH_LIMIT} pieces: /v1/pieces?mailpiece=…&mailpiece=…`,
      });
    }
    return withFaults(c, shop, 'find', mailpieces, async () => {
      // What is shown must survive a crash: "found" ends somebody's search.
      await shop.settled();
      const listed = isListed(shop);
      const found = [...new Set(mailpieces)].flatMap((mailpiece) =>
        shop.books.ofMailpiece(mailpiece).filter(listed),
      );
      return c.json({ pieces: found.map(view) });
    });
  });

  app.get('/v1/pieces/:id', (c) => {
    const piece = shop.books.piece(c.req.param('id'));
    return withFaults(
      c,
      shop,
      'find',
      piece === undefined ? [] : [piece.reference.mailpieceId],
      async () => {
        await shop.settled();
        return piece === undefined ? noSuchPiece(c) : c.json(view(piece));
      },
    );
  });

  app.post('/v1/pieces/:id/cancel', (c) => {
    const piece = shop.books.piece(c.req.param('id'));
    return withFaults(
      c,
      shop,
      'cancel',
      piece === undefined ? [] : [piece.reference.mailpieceId],
      async () => {
        if (piece === undefined) return noSuchPiece(c);
        if (piece.place === 'waiting') await shop.commit({ kind: 'cancelled', piece: piece.id });
        else await shop.settled();
        if (piece.place === 'cancelled') return c.json({ id: piece.id, status: 'cancelled' });
        const why =
          piece.place === 'failed' ? 'failed, and was never printed' : 'is printed or on the press';
        return refuse(c, 409, { code: 'too_late', message: `The piece ${piece.id} ${why}.` });
      },
    );
  });

  app.get('/v1/events', (c) => {
    const cursor = readCursor(c.req.query('after') ?? '0');
    const limit = Number(c.req.query('limit') ?? BATCH_LIMIT);
    if (cursor === null || !Number.isInteger(limit) || limit < 1 || limit > MOST_EVENTS) {
      return refuse(c, 400, {
        code: 'bad_request',
        message: `after must be a cursor that this shop gave, and limit 1 to ${MOST_EVENTS}.`,
      });
    }
    return withFaults(c, shop, 'events', [], async () => {
      const { books, durableEvents } = shop;
      // Of another ledger, or beyond the end of an old copy of this one: everything is told again,
      // rather than anything left out.
      const after =
        cursor.ledger === books.ledger && cursor.count <= durableEvents ? cursor.count : 0;
      const end = Math.min(after + limit, durableEvents);
      const events = books.events.slice(after, end).map(eventOf);
      return c.json({ events, cursor: `${books.ledger}.${end}`, more: end < durableEvents });
    });
  });

  app.get('/v1/ledger', async (c) => {
    await shop.settled();
    return c.body(ledgerLines(shop.books), 200, { 'content-type': 'application/x-ndjson' });
  });

  app.get('/v1/print', (c) => {
    const { waitingSheets, waitingOthers } = shop.books;
    const { collect, daysPerSecond } = shop.settings;
    return c.json({ waiting: waitingSheets.size + waitingOthers.size, collect, daysPerSecond });
  });

  app.post('/v1/print', async (c) => {
    try {
      return c.json(await shop.press.printNow());
    } catch (error) {
      return refuse(c, 503, {
        code: 'print_failed',
        message: `${messageOf(error)}. The pieces are kept, and it is tried again.`,
      });
    }
  });

  app.post('/v1/clock', async (c) => {
    const { advanceDays } = await body(c, clockRequest);
    await shop.turnClock(advanceDays);
    return c.json({ now: new Date(shop.clock.now().at).toISOString() });
  });

  app.get('/v1/webhook', (c) => c.json(shop.webhooks));

  app.post('/v1/webhook', async (c) => {
    const { url, organizations } = await body(c, webhookRequest);
    const urls = [...(url === null ? [] : [url]), ...Object.values(organizations)];
    const wrong = urls.map(webhookFault).find((fault) => fault !== null);
    if (wrong !== undefined) return refuse(c, 400, { code: 'bad_request', message: wrong });
    if (urls.length > 0 && shop.settings.webhookSecret === null) {
      return refuse(c, 409, {
        code: 'no_webhook_secret',
        message: 'Start the shop with PRINT_SHOP_WEBHOOK_SECRET: webhooks are signed.',
      });
    }
    await shop.redirectWebhooks(url, organizations);
    return c.json({ url, organizations });
  });

  if (shop.settings.allowFaults) {
    app.get('/v1/faults', (c) => c.json({ faults: shop.faults.list() }));
    app.post('/v1/faults', async (c) => {
      const { faults } = await body(c, faultsRequest);
      shop.faults.add(faults);
      return c.json({ faults: shop.faults.list() });
    });
    app.delete('/v1/faults', (c) => {
      shop.faults.clear();
      return c.json({ faults: [] });
    });
  }
  return app;
}

/** Accepted so long ago that a look-up shows it. */
function isListed(shop: Shop): (piece: Piece) => boolean {
  const now = performance.now();
  return (piece) => piece.acceptedTick === 0 || now - piece.acceptedTick >= shop.settings.readLagMs;
}

/**
 * `?since=<ISO 8601>&after=<cursor>&limit=<n>`: every piece accepted since, whoever sent it, for
 * clients whose database was restored from a backup.
 */
async function list(c: Ctx, shop: Shop): Promise<Response> {
  const since = Date.parse(c.req.query('since') ?? '');
  const after = Number(c.req.query('after') ?? 0);
  const limit = Number(c.req.query('limit') ?? BATCH_LIMIT);
  if (
    Number.isNaN(since) ||
    !Number.isInteger(after) ||
    after < 0 ||
    !Number.isInteger(limit) ||
    limit < 1 ||
    limit > MOST_EVENTS
  ) {
    const message = `since must be a time, after a cursor that this shop gave, and limit 1 to ${MOST_EVENTS}.`;
    return refuse(c, 400, { code: 'bad_request', message });
  }
  return withFaults(c, shop, 'find', [], async () => {
    await shop.settled();
    const all = [...shop.books.all()];
    const end = Math.min(all.length, after + limit);
    const listed = isListed(shop);
    const pieces = all
      .slice(after, end)
      .filter((piece) => piece.accepted.at >= since && listed(piece));
    return c.json({
      pieces: pieces.map(ledgerLine),
      cursor: end < all.length ? String(end) : null,
    });
  });
}

/** `<ledger>.<number of events>`; a bare number belongs to no ledger. */
function readCursor(text: string): { readonly ledger: string; readonly count: number } | null {
  const [, ledger = '', count] = /^(?:([\w-]+)\.)?(\d{1,15})$/.exec(text) ?? [];
  return count === undefined ? null : { ledger, count: Number(count) };
}

/** Runs `effect`, with the bad luck that was ordered for it before and after. */
async function withFaults(
  c: Ctx,
  shop: Shop,
  endpoint: Endpoint,
  mailpieces: readonly string[],
  effect: (fault: Fault | null) => Promise<Response>,
): Promise<Response> {
  const fault = shop.faults.take(endpoint, mailpieces);
  switch (fault?.kind) {
    case 'http_429':
      c.header('retry-after', String(fault.retryAfterSeconds));
      return refuse(c, 429, {
        code: 'too_many_requests',
        message: 'Too many requests; nothing of this one was done.',
      });
    case 'http_503':
      return refuse(c, 503, { code: 'unavailable', message: 'The shop is not available.' });
    case 'http_500_before_effect':
      return brokenAnswer(c);
    case 'drop_before_effect':
      return hangUp(c);
    case 'stall':
      return silence(shop);
    case 'delay_ms':
      await shop.pause(fault.ms);
      return effect(null);
    case 'http_500_after_effect':
      await effect(null);
      return brokenAnswer(c);
    case 'drop_answer_after_effect':
      await effect(null);
      return hangUp(c);
    case 'stall_after_effect':
      await effect(null);
      return silence(shop);
    case 'reject':
    case undefined:
      return effect(fault);
  }
}

function brokenAnswer(c: Ctx): Response {
  return refuse(c, 500, { code: 'internal_error', message: 'Something went wrong.' });
}

function hangUp(c: Ctx): Response {
  c.env.incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

/** Ends when the shop does. */
async function silence(shop: Shop): Promise<Response> {
  await shop.pause(Infinity);
  return RESPONSE_ALREADY_SENT;
}

/** Hashed first, so that neither the time nor the length tells anything about the token. */
function isToken(header: string, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(header), digest(`Bearer ${token}`));
}
