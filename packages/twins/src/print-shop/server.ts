/** The HTTP face of the shop. Routes translate; what they ask for is decided elsewhere. */
import { Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { messageOf, TwinError } from '../kit/errors.ts';
import { hasToken, refuse, type Env } from '../kit/requests.ts';
import { pieceRoutes } from './piece-routes.ts';
import type { Shop } from './shop-interface.ts';
import { shopRoutes } from './shop-routes.ts';
import { LEDGER_HEADER } from './wire.ts';

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
