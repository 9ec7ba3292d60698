/** Orders, look-ups and cancellations. */
import type { Hono } from 'hono';
import { crashPoint } from '../kit/crash-points.ts';
import { withFaults } from '../kit/faults.ts';
import { body, refuse, type Ctx, type Env } from '../kit/requests.ts';
import { ledgerLine, ledgerLines, view } from './piece-views.ts';
import { MOST_AT_ONCE } from './wire.ts';
import type { Piece } from './pieces.ts';
import type { Shop } from './shop-interface.ts';
import { BATCH_LIMIT, describeIssue, piecesRequest } from './wire.ts';

export function pieceRoutes(app: Hono<Env>, shop: Shop): void {
  app.post('/v1/pieces', async (c) => {
    const { pieces } = await body(c, piecesRequest, describeIssue);
    const mailpieces = pieces.map((piece) => piece.reference.mailpieceId);
    return withFaults(c, shop, { endpoint: 'submit', subjects: mailpieces }, async (fault) => {
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
    return withFaults(c, shop, { endpoint: 'find', subjects: mailpieces }, async () => {
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
      { endpoint: 'find', subjects: piece === undefined ? [] : [piece.reference.mailpieceId] },
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
      { endpoint: 'cancel', subjects: piece === undefined ? [] : [piece.reference.mailpieceId] },
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

  app.get('/v1/ledger', async (c) => {
    await shop.settled();
    return c.body(ledgerLines(shop.books), 200, { 'content-type': 'application/x-ndjson' });
  });
}

/** Accepted so long ago that a look-up shows it. */
function isListed(shop: Shop): (piece: Piece) => boolean {
  const now = performance.now();
  return (piece) => piece.acceptedTick === 0 || now - piece.acceptedTick >= shop.settings.readLagMs;
}

/**
 * `?since=<ISO 8601>&after=<cursor>&limit=<n>`: every piece accepted since, of all clients, for
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
    limit > MOST_AT_ONCE
  ) {
    const message =
      'since must be a time, after a cursor that this shop gave, ' +
      `and limit 1 to ${MOST_AT_ONCE}.`;
    return refuse(c, 400, { code: 'bad_request', message });
  }
  return withFaults(c, shop, { endpoint: 'find', subjects: [] }, async () => {
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

function noSuchPiece(c: Ctx): Response {
  return refuse(c, 404, { code: 'not_found', message: 'There is no piece with this id.' });
}
