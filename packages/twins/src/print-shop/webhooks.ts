/** Tracking events as webhooks: each organization is a receiver, with an address of its own. */
import { createHash } from 'node:crypto';
import { standardWebhook } from '../kit/standard-webhooks.ts';
import { Webhooks } from '../kit/webhooks.ts';
import type { Books } from './books.ts';
import type { StatusChange } from './pieces.ts';
import type { Commit } from './entries.ts';
import { confidenceOf } from './journey.ts';
import type { Settings } from './options.ts';
import { BATCH_LIMIT, type TrackingEvent, type WebhookBody } from './wire.ts';

/** The receiver may be restarting: a person watching a demonstration should not wait for longer. */
const LADDER = { firstPauseMs: 250, longestPauseMs: 5_000 };
const TIMEOUT_MS = 10_000;

/** @param durableEvents how many events are on the disk, and may be told. */
export function createWebhooks(
  books: Books,
  commit: Commit,
  durableEvents: () => number,
  settings: Settings,
): Webhooks<TrackingEvent> {
  const { webhookSecret: secret, log } = settings;
  const feed = {
    receivers: () => books.organizations,
    addressOf: (organization: string) => books.webhookOf(organization),
    delivered: (organization: string) => books.delivered(organization),
    eventsAfter: (organization: string, from: number, limit: number) => {
      const { events, next } = books.eventsOf(organization, {
        from,
        end: durableEvents(),
        limit,
      });
      return { events: events.map(eventOf), next };
    },
    record: (organization: string, count: number) =>
      commit({ kind: 'delivered', organization, count }),
    request,
  };
  const options = {
    sign: secret === null ? null : standardWebhook.bind(null, secret),
    batch: BATCH_LIMIT,
    ladder: LADDER,
    timeoutMs: TIMEOUT_MS,
    duplicates: settings.webhookDuplicates,
    shuffle: settings.webhookShuffle,
  };
  return new Webhooks(feed, options, log);
}

export function eventOf({ piece, status, at }: StatusChange): TrackingEvent {
  return {
    eventId: `fe_${piece.id.slice(3)}_${status}`,
    pieceId: piece.id,
    mailpieceId: piece.reference.mailpieceId,
    organizationId: piece.reference.organizationId,
    status,
    confidence: confidenceOf(status),
    occurredAt: new Date(at).toISOString(),
  };
}

function request(events: readonly TrackingEvent[]): { id: string; body: string } {
  const body = JSON.stringify({
    type: 'piece.events',
    timestamp: new Date().toISOString(),
    data: { events },
  } satisfies WebhookBody);
  const ids = createHash('sha256')
    .update(events.map(({ eventId }) => eventId).join())
    .digest('hex');
  return { id: `wh_${ids.slice(0, 32)}`, body };
}
