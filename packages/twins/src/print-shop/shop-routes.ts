/** Beside orders: events, the press, the clock, webhooks, faults. */
import type { Hono } from 'hono';
import { messageOf } from '../kit/errors.ts';
import { withFaults } from '../kit/faults.ts';
import { body, refuse, type Env } from '../kit/requests.ts';
import { fromWaiting, faultsRequest, toWaiting } from './faults.ts';
import { webhookFault } from '../kit/webhook-address.ts';
import { MOST_AT_ONCE } from './wire.ts';
import type { Shop } from './shop-interface.ts';
import { eventOf } from './webhooks.ts';
import { BATCH_LIMIT, clockRequest, describeIssue, webhookRequest } from './wire.ts';

export function shopRoutes(app: Hono<Env>, shop: Shop): void {
  app.get('/v1/events', (c) => {
    const cursor = readCursor(c.req.query('after') ?? '0');
    const limit = Number(c.req.query('limit') ?? BATCH_LIMIT);
    if (cursor === null || !Number.isInteger(limit) || limit < 1 || limit > MOST_AT_ONCE) {
      return refuse(c, 400, {
        code: 'bad_request',
        message: `after must be a cursor that this shop gave, and limit 1 to ${MOST_AT_ONCE}.`,
      });
    }
    return withFaults(c, shop, { endpoint: 'events', subjects: [] }, async () => {
      const { books, durableEvents } = shop;
      // A cursor may be of another ledger, or beyond the end of an old copy of this one: then
      // everything is told again, rather than anything left out.
      const after =
        cursor.ledger === books.ledger && cursor.count <= durableEvents ? cursor.count : 0;
      const end = Math.min(after + limit, durableEvents);
      const events = books.events.slice(after, end).map(eventOf);
      return c.json({ events, cursor: `${books.ledger}.${end}`, more: end < durableEvents });
    });
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
    const { advanceDays } = await body(c, clockRequest, describeIssue);
    await shop.turnClock(advanceDays);
    return c.json({ now: new Date(shop.clock.now().at).toISOString() });
  });

  app.get('/v1/webhook', (c) => c.json(shop.webhooks));

  app.post('/v1/webhook', async (c) => {
    const { url, organizations } = await body(c, webhookRequest, describeIssue);
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
    app.get('/v1/faults', (c) => c.json({ faults: shop.faults.list().map(fromWaiting) }));
    app.post('/v1/faults', async (c) => {
      const { faults } = await body(c, faultsRequest, describeIssue);
      shop.faults.add(faults.map(toWaiting));
      return c.json({ faults: shop.faults.list().map(fromWaiting) });
    });
    app.delete('/v1/faults', (c) => {
      shop.faults.clear();
      return c.json({ faults: [] });
    });
  }
}

/** `<ledger>.<number of events>`; a bare number belongs to no ledger. */
function readCursor(text: string): { readonly ledger: string; readonly count: number } | null {
  const [, ledger = '', count] = /^(?:([\w-]+)\.)?(\d{1,15})$/.exec(text) ?? [];
  return count === undefined ? null : { ledger, count: Number(count) };
}
