/**
 * Posts tracking events to the runner, signed by Standard Webhooks, at least once.
 *
 * Events are taken in the order in which they were written down, in windows of up to four requests;
 * a window is left behind only when all of it was answered with 2xx, and then in the ledger. So a
 * crash sends at most one window again. The id of a request is made from its events: a receiver
 * that remembers ids can never mistake other events for ones it has seen.
 *
 * Each organization has an address and a pace of its own: a receiver that does not answer keeps
 * nobody else waiting, and events without an address wait for one.
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
/** So long a shop that stops waits for answers to what it has sent. */
const ANSWER_MS = 500;

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

/**
 * Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, with the key behind `whsec_`. `seconds`
 * since 1970.
 */
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
  /** By organization: where it is told, and what gives up the requests to it. */
  readonly #addresses = new Map<
    string,
    { readonly url: string | null; readonly changed: AbortController }
  >();
  readonly #stop = new AbortController();
  /** Null: not started yet. */
  #onError: ((error: unknown) => void) | null = null;
  readonly #running = new Map<string, Promise<void>>();
  /**
   * By organization: the address that failed last, and since when (ISO 8601) no delivery has
   * worked.
   */
  readonly #unreachable = new Map<string, { readonly url: string; readonly since: string }>();

  constructor(
    books: Books,
    commit: Commit,
    durableEvents: () => number,
    options: WebhookOptions,
    log: (line: string) => void,
  ) {
    this.#books = books;
    this.#commit = commit;
    this.#durableEvents = durableEvents;
    this.#options = options;
    this.#log = log;
  }

  start(onError: (error: unknown) => void): void {
    this.#onError = onError;
    this.wake();
  }

  /** Call when there are new events. */
  wake(): void {
    const onError = this.#onError;
    if (onError === null) return;
    for (const organization of this.#stop.signal.aborted ? [] : this.#books.organizations) {
      if (!this.#running.has(organization))
        this.#running.set(organization, this.#run(organization).catch(onError));
    }
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  /**
   * Since when (ISO 8601) nothing is taken at an organization's address; those that work, or were
   * not tried yet, are left out.
   */
  get failing(): Readonly<Record<string, string>> {
    const failing = [...this.#unreachable].filter(
      ([organization, { url }]) => url === this.#books.webhookOf(organization),
    );
    return Object.fromEntries(failing.map(([organization, { since }]) => [organization, since]));
  }

  /**
   * Call when addresses have changed: requests to an old one are given up, their events go to the
   * new one. Those to any other go on.
   */
  redirect(): void {
    for (const organization of this.#addresses.keys()) this.#address(organization);
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.wake();
    // A request under way may be answered yet: what was taken is not sent again by the next shop.
    const patience = setTimeout(() => {
      for (const { changed } of this.#addresses.values()) changed.abort();
    }, ANSWER_MS);
    await Promise.all(this.#running.values());
    clearTimeout(patience);
  }

  async #run(organization: string): Promise<void> {
    let from = this.#books.delivered(organization);
    while (!this.#stop.signal.aborted) {
      // An address of an earlier run, and a shop that was started without a secret: nothing is sent
      // unsigned.
      const nowhere = this.#books.webhookOf(organization) === null || this.#options.secret === null;
      const { events: happened, next } = nowhere
        ? { events: [], next: from }
        : this.#books.eventsOf(organization, from, this.#durableEvents(), WINDOW * BATCH_LIMIT);
      if (happened.length === 0) {
        from = next;
        await this.#wake.promise;
        await sleep(GATHER_MS);
        continue;
      }
      const events = happened.map(eventOf);
      if (this.#options.shuffle) shuffle(events);
      const batches: TrackingEvent[][] = [];
      for (let start = 0; start < events.length; start += BATCH_LIMIT)
        batches.push(events.slice(start, start + BATCH_LIMIT));
      const done = await Promise.all(batches.map((batch) => this.#deliver(organization, batch)));
      crashPoint('after-webhook');
      if (!done.every(Boolean)) continue;
      await this.#commit({ kind: 'delivered', organization, count: next });
      from = next;
    }
  }

  /** Sends until it is taken. False where the shop stops first. */
  async #deliver(organization: string, events: readonly TrackingEvent[]): Promise<boolean> {
    const body = JSON.stringify({
      type: 'piece.events',
      timestamp: new Date().toISOString(),
      data: { events },
    } satisfies WebhookBody);
    const id = `wh_${createHash('sha256')
      .update(events.map(({ eventId }) => eventId).join())
      .digest('hex')
      .slice(0, 32)}`;
    for (
      let pause = FIRST_PAUSE_MS;
      !this.#stop.signal.aborted;
      pause = Math.min(2 * pause, LONGEST_PAUSE_MS)
    ) {
      const { url, changed } = this.#address(organization);
      const { signal } = changed;
      if (await this.#post(organization, url, id, body, signal)) {
        // A repeat under the same id is what a sender does whose answer was lost; under another id,
        // what one does that lost its memory.
        const lot = Math.random() * 100;
        if (lot < this.#options.duplicates)
          await this.#post(
            organization,
            url,
            lot < this.#options.duplicates / 2 ? id : `${id}_again`,
            body,
            signal,
          );
        return true;
      }
      // Ends early where the address changes; the events then go to the new one at once.
      await sleep(pause, undefined, { signal: AbortSignal.any([signal, this.#stop.signal]) }).catch(
        () => {
          pause = FIRST_PAUSE_MS / 2;
        },
      );
    }
    return false;
  }

  /** Where it is told now; what was on its way to another address is given up. */
  #address(organization: string): {
    readonly url: string | null;
    readonly changed: AbortController;
  } {
    const url = this.#books.webhookOf(organization);
    const known = this.#addresses.get(organization);
    if (known !== undefined && known.url === url) return known;
    known?.changed.abort();
    const address = { url, changed: new AbortController() };
    this.#addresses.set(organization, address);
    return address;
  }

  async #post(
    organization: string,
    url: string | null,
    id: string,
    body: string,
    changed: AbortSignal,
  ): Promise<boolean> {
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
      if (!response.ok) return this.#failed(organization, url, `it answered ${response.status}`);
    } catch (error) {
      if (changed.aborted) return false;
      return this.#failed(organization, url, networkFault(error));
    }
    if (this.#unreachable.delete(organization))
      this.#log(`webhooks of ${organization} are delivered again`);
    return true;
  }

  /** Says so once and not at each attempt. */
  #failed(organization: string, url: string, why: string): false {
    const before = this.#unreachable.get(organization);
    if (before === undefined)
      this.#log(
        `webhooks of ${organization} are not delivered: ${why}. Events are kept and sent again`,
      );
    if (before?.url !== url)
      this.#unreachable.set(organization, { url, since: new Date().toISOString() });
    return false;
  }
}

/**
 * fetch hides the reason in the cause, and where a name has several addresses in a list without a
 * message.
 */
function networkFault(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && 'code' in cause && typeof cause.code === 'string')
    return cause.code;
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
