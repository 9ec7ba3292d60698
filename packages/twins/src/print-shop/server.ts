/** The HTTP face of the shop. Routes translate; what they ask for is decided elsewhere. */
import type { IncomingMessage } from 'node:http';
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { TwinClock } from '../kit/clock.ts';
import { messageOf, TwinError } from '../kit/errors.ts';
import { type Faults } from '../kit/faults.ts';
import { hasToken, refuse, type Env } from '../kit/requests.ts';
import type { Books } from './books.ts';
import type { Commit } from './entries.ts';
import type { Intake } from './intake.ts';
import { type Settings } from './options.ts';
import type { Press } from './press.ts';
import { pieceRoutes } from './piece-routes.ts';
import { shopRoutes } from './shop-routes.ts';
import { LEDGER_HEADER, type WebhookState } from './wire.ts';

/** What the routes ask of the shop. */
export interface Shop {
  readonly settings: Settings;
  readonly books: Books;
  readonly clock: TwinClock;
  readonly faults: Faults;
  readonly intake: Intake;
  readonly press: Press;
  readonly commit: Commit;
  readonly settled: () => Promise<void>;
  /** Events that are on the disk, and may be shown. */
  readonly durableEvents: number;
  readonly broken: TwinError | null;
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
    if (error instanceof TwinError)
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
    if (!hasToken(c, shop.settings.token)) {
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

  pieceRoutes(app, shop);
  shopRoutes(app, shop);
  return app;
}
