/**
 * Posts events to the runner, signed, at least once.
 *
 * Events are taken in the order in which they were written down, in windows of up to four requests;
 * a window is left behind only when all of it was answered with 2xx, and then in the ledger. So a
 * crash sends at most one window again. The id of a request is made from its events: a receiver
 * that remembers ids can never mistake other events for ones it has seen.
 *
 * Each receiver has an address and a pace of its own: one that does not answer keeps nobody else
 * waiting, and events without an address wait for one.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { crashPoint } from './crash-points.ts';
import { messageOf } from './errors.ts';

const WINDOW = 4;
/** Lets events that happen together travel together. */
const GATHER_MS = 20;
/** So long a twin that stops waits for answers to what it has sent. */
const ANSWER_MS = 500;

/** What there is to tell, and whom. */
export interface WebhookFeed<Event> {
  receivers(): Iterable<string>;
  /** Where a receiver is told; null: nowhere yet. */
  addressOf(receiver: string): string | null;
  /** So many of all events have been gone through for this receiver. */
  delivered(receiver: string): number;
  /** The next events of a receiver that are on the disk, `limit` at most; and where to go on. */
  eventsAfter(
    receiver: string,
    from: number,
    limit: number,
  ): { readonly events: readonly Event[]; readonly next: number };
  /** Writes down that all before `count` were gone through. */
  record(receiver: string, count: number): Promise<void>;
  /** The request that tells of these. The same events have the same id. */
  request(events: readonly Event[]): { readonly id: string; readonly body: string };
}

export interface SignedWebhook {
  readonly id: string;
  /** Since 1970. */
  readonly seconds: number;
  readonly body: string;
}

export interface WebhookOptions {
  /** Headers that prove who sends it; null: nothing is sent unsigned. */
  readonly sign: ((webhook: SignedWebhook) => Readonly<Record<string, string>>) | null;
  /** Most events in one request. */
  readonly batch: number;
  /** Pauses between attempts: doubled from the first to the longest. */
  readonly ladder: { readonly firstPauseMs: number; readonly longestPauseMs: number };
  /** Of one request. */
  readonly timeoutMs: number;
  /** Percent of requests that are sent twice. */
  readonly duplicates: number;
  readonly shuffle: boolean;
}

interface WebhookAddress {
  /** Null: it is told nothing. */
  readonly url: string | null;
  /** Aborted where it is told somewhere else from now on. */
  readonly changed: AbortController;
}

export class Webhooks<Event> {
  readonly #feed: WebhookFeed<Event>;
  readonly #options: WebhookOptions;
  readonly #log: (line: string) => void;
  #wake = Promise.withResolvers<void>();
  /** By receiver: where it is told, and what gives up the requests to it. */
  readonly #addresses = new Map<
    string,
    { readonly url: string | null; readonly changed: AbortController }
  >();
  readonly #stop = new AbortController();
  /** Null: not started yet. */
  #onError: ((error: unknown) => void) | null = null;
  readonly #running = new Map<string, Promise<void>>();
  /**
   * By receiver: the address that failed last, and since when (ISO 8601) no delivery has
   * worked.
   */
  readonly #unreachable = new Map<string, { readonly url: string; readonly since: string }>();

  constructor(feed: WebhookFeed<Event>, options: WebhookOptions, log: (line: string) => void) {
    this.#feed = feed;
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
    for (const receiver of this.#stop.signal.aborted ? [] : this.#feed.receivers()) {
      if (!this.#running.has(receiver))
        this.#running.set(receiver, this.#run(receiver).catch(onError));
    }
    this.#wake.resolve();
    this.#wake = Promise.withResolvers<void>();
  }

  /**
   * Since when (ISO 8601) nothing is taken at a receiver's address; those that work, or were
   * not tried yet, are left out.
   */
  get failing(): Readonly<Record<string, string>> {
    const failing = [...this.#unreachable].filter(
      ([receiver, { url }]) => url === this.#feed.addressOf(receiver),
    );
    return Object.fromEntries(failing.map(([receiver, { since }]) => [receiver, since]));
  }

  /**
   * Call when addresses have changed: requests to an old one are given up, their events go to the
   * new one. Those to any other go on.
   */
  redirect(): void {
    for (const receiver of this.#addresses.keys()) this.#address(receiver);
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

  async #run(receiver: string): Promise<void> {
    let from = this.#feed.delivered(receiver);
    while (!this.#stop.signal.aborted) {
      // An address of an earlier run, and a shop that was started without a secret: nothing is sent
      // unsigned.
      const nowhere = this.#feed.addressOf(receiver) === null || this.#options.sign === null;
      const { events: due, next } = nowhere
        ? { events: [], next: from }
        : this.#feed.eventsAfter(receiver, from, WINDOW * this.#options.batch);
      if (due.length === 0) {
        from = next;
        await this.#wake.promise;
        await sleep(GATHER_MS);
        continue;
      }
      const events = [...due];
      if (this.#options.shuffle) shuffle(events);
      const batches: Event[][] = [];
      for (let start = 0; start < events.length; start += this.#options.batch)
        batches.push(events.slice(start, start + this.#options.batch));
      const done = await Promise.all(batches.map((batch) => this.#deliver(receiver, batch)));
      crashPoint('after-webhook');
      if (!done.every(Boolean)) continue;
      await this.#feed.record(receiver, next);
      from = next;
    }
  }

  /** Sends until it is taken. False where the shop stops first. */
  async #deliver(receiver: string, events: readonly Event[]): Promise<boolean> {
    const { id, body } = this.#feed.request(events);
    const { firstPauseMs, longestPauseMs } = this.#options.ladder;
    for (
      let pause = firstPauseMs;
      !this.#stop.signal.aborted;
      pause = Math.min(2 * pause, longestPauseMs)
    ) {
      const address = this.#address(receiver);
      const { signal } = address.changed;
      if (await this.#post(receiver, address, { id, body })) {
        // A repeat under the same id is what a sender does whose answer was lost; under another id,
        // what one does that lost its memory.
        const lot = Math.random() * 100;
        if (lot < this.#options.duplicates)
          await this.#post(receiver, address, {
            id: lot < this.#options.duplicates / 2 ? id : `${id}_again`,
            body,
          });
        return true;
      }
      // Ends early where the address changes; the events then go to the new one at once.
      await sleep(pause, undefined, { signal: AbortSignal.any([signal, this.#stop.signal]) }).catch(
        () => {
          pause = firstPauseMs / 2;
        },
      );
    }
    return false;
  }

  /** Where it is told now; what was on its way to another address is given up. */
  #address(receiver: string): WebhookAddress {
    const url = this.#feed.addressOf(receiver);
    const known = this.#addresses.get(receiver);
    if (known !== undefined && known.url === url) return known;
    known?.changed.abort();
    const address = { url, changed: new AbortController() };
    this.#addresses.set(receiver, address);
    return address;
  }

  async #post(
    receiver: string,
    { url, changed: { signal: changed } }: WebhookAddress,
    { id, body }: { readonly id: string; readonly body: string },
  ): Promise<boolean> {
    const { sign, timeoutMs } = this.#options;
    if (url === null || sign === null) return false;
    const seconds = Math.floor(Date.now() / 1000);
    try {
      const response = await fetch(url, {
        method: 'POST',
        // A redirect counts as a failure: the signature was made for this receiver.
        redirect: 'manual',
        signal: AbortSignal.any([changed, AbortSignal.timeout(timeoutMs)]),
        headers: { 'content-type': 'application/json', ...sign({ id, seconds, body }) },
        body,
      });
      await response.body?.cancel();
      if (!response.ok) return this.#failed(receiver, url, `it answered ${response.status}`);
    } catch (error) {
      if (changed.aborted) return false;
      return this.#failed(receiver, url, networkFault(error));
    }
    if (this.#unreachable.delete(receiver))
      this.#log(`webhooks of ${receiver} are delivered again`);
    return true;
  }

  /** Says so once and not at each attempt. */
  #failed(receiver: string, url: string, why: string): false {
    const before = this.#unreachable.get(receiver);
    if (before === undefined)
      this.#log(
        `webhooks of ${receiver} are not delivered: ${why}. Events are kept and sent again`,
      );
    if (before?.url !== url)
      this.#unreachable.set(receiver, { url, since: new Date().toISOString() });
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

function shuffle(events: unknown[]): void {
  for (let last = events.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    const [a, b] = [events[last], events[other]];
    events[last] = b;
    events[other] = a;
  }
}
