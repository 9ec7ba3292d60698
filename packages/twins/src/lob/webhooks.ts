/** Events as webhooks: each by itself, signed as Lob signs, sent again by a ladder. */
import { createHmac } from 'node:crypto';
import type { TwinClock } from '../kit/clock.ts';
import type { MisfortuneQueue } from '../kit/misfortunes.ts';
import { SingleWebhooks } from '../kit/single-webhooks.ts';
import type { Books, PieceEvent } from './books.ts';
import type { Commit } from './entries.ts';
import type { Settings } from './settings.ts';
import { eventView } from './views.ts';

/**
 * Hex HMAC-SHA256 over `timestamp.body`, with the secret as text. The time is the real one, however
 * the twin's clock was turned: receivers refuse what is old by theirs.
 */
export function lobSignature(
  secret: string,
  { timestamp, body }: { readonly timestamp: string; readonly body: string },
): Record<string, string> {
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex');
  return { 'lob-signature': signature, 'lob-signature-timestamp': timestamp };
}

export function createWebhooks(
  parts: {
    readonly books: Books;
    readonly clock: TwinClock;
    readonly commit: Commit;
    readonly faults: MisfortuneQueue;
  },
  settings: Settings,
): SingleWebhooks<PieceEvent> {
  const { books, clock, commit, faults } = parts;
  const { webhookSecret: secret, webhookTimestamp: unit, normalizeAddresses } = settings;
  const draw = (percent: number): boolean => Math.random() * 100 < percent;
  /** Of events that were not taken yet, where retries are sent as they were first. */
  const first = new Map<string, { body: string; signed: Record<string, string> }>();
  const feed = {
    request(event: PieceEvent) {
      const url = books.webhook[event.piece.mode];
      if (url === null || secret === null) return null;
      const before = first.get(event.id);
      const body =
        before?.body ?? JSON.stringify(eventView(event, clock.now().at, normalizeAddresses));
      const headers = (): Record<string, string> => {
        const now = Date.now();
        const timestamp = String(unit === 'ms' ? now : Math.floor(now / 1000));
        const signed = before?.signed ?? lobSignature(secret, { timestamp, body });
        if (settings.webhookRetrySignature === 'first') first.set(event.id, { body, signed });
        return signed;
      };
      return { id: event.id, url, body, headers };
    },
    fate(event: PieceEvent) {
      const { piece, type, id } = event;
      const ordered = faults.take('webhook', [
        id,
        piece.id,
        type,
        ...Object.values(piece.metadata),
      ]);
      const kind = ordered?.kind;
      if (kind === 'duplicate' || kind === 'reorder' || kind === 'lose') return kind;
      if (draw(settings.webhookDuplicates)) return 'duplicate';
      return draw(settings.webhookShuffle) ? 'reorder' : null;
    },
    settle(event: PieceEvent, outcome: 'told' | 'given_up', attempts: number) {
      first.delete(event.id);
      return commit({ kind: 'told', event: event.id, taken: outcome === 'told', attempts });
    },
  };
  const options = {
    ladder: settings.retryLadderMs,
    timeoutMs: settings.webhookTimeoutMs,
    perSecond: settings.webhookPerSecond,
  };
  return new SingleWebhooks(feed, clock, { options, log: settings.log });
}
