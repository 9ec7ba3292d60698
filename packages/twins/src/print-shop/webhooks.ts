/**
 * Posts tracking events to the runner, signed by Standard Webhooks, at least once.
 *
 * Events are taken in the order in which they were written down, in windows of up to four requests; a window is left behind only when all of
 * it was answered with 2xx, and then in the ledger. So a crash sends at most one window again. The id of a request is made from its events:
 * a receiver that remembers ids can never mistake other events for ones it has seen.
 */
import { createHash, createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Books, Happening } from './books.ts';
import { crashPoint } from './crash.ts';
import type { Commit } from './entries.ts';
import { messageOf } from './errors.ts';
import { confidenceOf } from './journey.ts';
import { BATCH_LIMIT, type TrackingEvent, type WebhookBody } from './wire.ts';

const WINDOW = 4;
/** Lets events that happen together travel together. */
const GATHER_MS = 20;
const FIRST_PAUSE_MS = 250;
/** The receiver may be restarting: a person watching a demonstration should not wait for longer. */
const LONGEST_PAUSE_MS = 5_000;
const TIMEOUT_MS = 10_000;

export interface WebhookOptions {
  /** `whsec_` and base64; null where none was given. */
  readonly secret: string | null;
  /** Percent of requests that are sent twice. */
  readonly duplicates: number;
  readonly shuffle: boolean;
}

export function eventOf({ piece, status, at }: Happening): TrackingEvent {
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

/** Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, with the key behind `whsec_`. `seconds` since 1970. */
export function sign(secret: string, id: string, seconds: number, body: string): string {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

/** The specification asks for 24 to 64 bytes. */
export function isWebhookSecret(secret: string): boolean {
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(secret)) return false;
  const { length } = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return length >= 24 && length <= 64;
}

export class Webhooks {
  readonly #books: Books;
  readonly #commit: Commit;
  readonly #durableEvents: () => number;
  readonly #options: WebhookOptions;
  readonly #log: (line: string) => void;
  #wake = Promise.withResolvers<void>();
  #attempts = new AbortController();
  #stopped = false;
  #running: Promise<void> = Promise.resolve();
  #unreachable = false;

  constructor(books: Books, commit: Commit, durableEvents: () => number, options: WebhookOptions, log: (line: string) => void) {
    this.#books = books;
    this.#commit = commit;
    this.#durableEvents = durableEvents;
    this.#options = options;
    this.#log = log;
  }

  start(onError: (error: unknown) => void): void {
    this.#running = this.#run().catch(onError);
  }

  /** Call when there are new events. */
  wake(): void {
    this.#wake.resolve();
  }

  /** Call when the address has changed: requests to the old one are given up, their events go to the new one. */
  redirect(): void {
    this.#attempts.abort();
    this.#attempts = new AbortController();
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.redirect();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const { delivered, webhook } = this.#books;
      // An address of an earlier run, and a shop that was started without a secret: nothing is sent unsigned.
      const nowhere = webhook.url === null || this.#options.secret === null;
      if (nowhere || delivered >= this.#durableEvents()) {
        await this.#wake.promise;
        this.#wake = Promise.withResolvers<void>();
        await sleep(GATHER_MS);
        continue;
      }
      const end = Math.min(this.#durableEvents(), delivered + WINDOW * BATCH_LIMIT);
      const events = this.#books.events.slice(delivered, end).map(eventOf);
      if (this.#options.shuffle) shuffle(events);
      const batches: TrackingEvent[][] = [];
      for (let start = 0; start < events.length; start += BATCH_LIMIT) batches.push(events.slice(start, start + BATCH_LIMIT));
      const done = await Promise.all(batches.map((batch) => this.#deliver(batch)));
      crashPoint('after-webhook');
      if (done.every(Boolean)) await this.#commit({ kind: 'delivered', count: end });
    }
  }

  /** Sends until it is taken. False where the shop stops first. */
  async #deliver(events: readonly TrackingEvent[]): Promise<boolean> {
    const body = JSON.stringify({ type: 'piece.events', timestamp: new Date().toISOString(), data: { events } } satisfies WebhookBody);
    const id = `wh_${createHash('sha256')
      .update(events.map(({ eventId }) => eventId).join())
      .digest('hex')
      .slice(0, 32)}`;
    for (let pause = FIRST_PAUSE_MS; !this.#stopped; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      const { signal } = this.#attempts;
      if (await this.#post(id, body, signal)) {
        // A repeat under the same id is what a sender does whose answer was lost; under another id, what one does that lost its memory.
        const lot = Math.random() * 100;
        if (lot < this.#options.duplicates) await this.#post(lot < this.#options.duplicates / 2 ? id : `${id}_again`, body, signal);
        return true;
      }
      // Ends early where the address changes; the events then go to the new one at once.
      await sleep(pause, undefined, { signal }).catch(() => {
        pause = FIRST_PAUSE_MS / 2;
      });
    }
    return false;
  }

  async #post(id: string, body: string, changed: AbortSignal): Promise<boolean> {
    const { url } = this.#books.webhook;
    const { secret } = this.#options;
    if (url === null || secret === null) return false;
    const seconds = Math.floor(Date.now() / 1000);
    try {
      const response = await fetch(url, {
        method: 'POST',
        // A redirect counts as a failure: the signature was made for this receiver.
        redirect: 'manual',
        signal: AbortSignal.any([changed, AbortSignal.timeout(TIMEOUT_MS)]),
        headers: {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(seconds),
          'webhook-signature': sign(secret, id, seconds, body),
        },
        body,
      });
      await response.body?.cancel();
      if (!response.ok) return this.#failed(`it answered ${response.status}`);
    } catch (error) {
      if (changed.aborted) return false;
      return this.#failed(networkFault(error));
    }
    if (this.#unreachable) this.#log('webhooks are delivered again');
    this.#unreachable = false;
    return true;
  }

  /** Says so once and not at each attempt. */
  #failed(why: string): false {
    if (!this.#unreachable) this.#log(`webhooks are not delivered: ${why}. Events are kept and sent again`);
    this.#unreachable = true;
    return false;
  }
}

/** fetch hides the reason in the cause, and where a name has several addresses in a list without a message. */
function networkFault(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string') return cause.code;
  return messageOf(cause);
}

function shuffle(events: TrackingEvent[]): void {
  for (let last = events.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    const [a, b] = [events[last], events[other]];
    if (a === undefined || b === undefined) continue;
    events[last] = b;
    events[other] = a;
  }
}
