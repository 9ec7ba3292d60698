/** An order for any printer. */
import { randomUUID } from 'node:crypto';
import type { PieceRequest } from '@postrider/core/ports';

export const openGuard = { assertMaySend: () => undefined };

export function piece(): PieceRequest {
  return {
    reference: {
      organizationId: randomUUID(),
      campaignId: randomUUID(),
      recipientId: randomUUID(),
      mailpieceId: randomUUID(),
    },
    idempotencyKey: randomUUID(),
    mode: 'live',
    format: '4x6',
    mailClass: 'first_class',
    to: {
      name: 'Ann Lee',
      address: {
        line1: '12 Main Street',
        line2: null,
        city: 'Springfield',
        region: 'IL',
        postalCode: '62701',
        country: 'US',
      },
    },
    from: null,
    artwork: { front: { url: 'noop:', page: 1 }, back: { url: 'noop:', page: 2 } },
  };
}
