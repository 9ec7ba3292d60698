/**
 * Orders for postcards: a request each, and what Lob answers.
 *
 * The key of a piece is in the header and nowhere else. After 24 hours the same key makes a second
 * card; core therefore asks for the piece by its metadata before it sends an old key again. What
 * Lob does with a known key and another body is UNCONFIRMED: most likely it answers the old piece.
 * So the metadata of an answer is compared with ours, and a difference is never `accepted`.
 */
import type { Account } from '../kit/account.ts';
import { readJson } from '../kit/json.ts';
import type { MadePiece, OrderDesk } from '../kit/orders.ts';
import { pairIn } from '../kit/references.ts';
import { unsuitable } from './misfits.ts';
import type { LobOptions } from './options.ts';
import { postcardForm } from './order.ts';
import { lobFaults } from './refusals.ts';
import { postcard } from './wire.ts';

export function lobDesk(account: Account, options: LobOptions): OrderDesk {
  return {
    account,
    faults: lobFaults,
    atOnce: options.atOnce,
    unsuitable,
    order: async (piece, artwork) => ({
      method: 'POST',
      path: '/postcards',
      headers: { 'idempotency-key': piece.idempotencyKey },
      body: await postcardForm(piece, options, artwork),
      about: [piece.reference.mailpieceId],
    }),
    made: (body, _piece, now) => madeOf(body, now),
  };
}

function madeOf(body: string, now: Date): MadePiece | null {
  const made = readJson(postcard, body);
  if (made === null) return null;
  const [side] = made.thumbnails ?? [];
  return {
    providerId: made.id,
    mailpieceId: pairIn(made.metadata, 'mailpiece'),
    replayed: isOlder(made.date_created, now),
    expectedDelivery: made.expected_delivery_date ?? null,
    // Lob tells no price: not in any answer.
    price: null,
    cancellableUntil: made.send_date ?? null,
    links: { proof: made.url ?? null, thumbnail: side?.medium ?? null },
  };
}

/** Lob does not say whether the key was known; a piece of a minute ago was not made now. */
function isOlder(created: string | null | undefined, now: Date): boolean {
  const at = Date.parse(created ?? '');
  return !Number.isNaN(at) && now.getTime() - at > 60_000;
}
