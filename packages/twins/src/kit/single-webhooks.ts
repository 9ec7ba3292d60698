/**
 * Webhooks of a provider that sends each event by itself and tries again by a ladder of its own:
 * so long after the first attempt, and so long after that, by the twin's clock. One that fails
 * keeps no other waiting, and one that has failed at every rung is given up.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TwinClock } from './clock.ts';
import { crashPoint } from './crash-points.ts';
import { messageOf } from './errors.ts';
import { DueHeap } from './heap.ts';

const TICK_MS = 50;
/** So long a twin that stops waits for answers to what it has sent. */
const ANSWER_MS = 500;
const AT_ONCE = 32;

export interface OutgoingWebhook {
  readonly id: string;
  readonly url: string;
  readonly body: string;
  headers(): Readonly<Record<string, string>>;
}

export interface SingleWebhookFeed<Event> {
  /** The request that tells of it; null: nobody is told any more. */
  request(event: Event): OutgoingWebhook | null;
  /** What bad luck was ordered for it. */
  fate(event: Event): 'duplicate' | 'reorder' | 'lose' | null;
  /** Writes down what became of it. */
  settle(event: Event, outcome: 'told' | 'given_up', attempts: number): Promise<void>;
}

export interface SingleWebhookOptions {
  /** Pauses before the second attempt, the third and so on, in milliseconds of the calendar. */
  readonly ladder: readonly number[];
  /** Of one request. */
  readonly timeoutMs: number;
  /** Most a second; 0: as fast as it goes. */
  readonly perSecond: number;
}

interface Waiting<Event> {
  readonly event: Event;
  readonly attempts: number;
}

export class SingleWebhooks<Event> {
  readonly #feed: SingleWebhookFeed<Event>;
  readonly #clock: TwinClock;
  readonly #options: SingleWebhookOptions;
  readonly #log: (line: string) => void;
  readonly #ready: Waiting<Event>[] = [];
  #readyFrom = 0;
  readonly #later = new DueHeap<Waiting<Event>>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #held: Waiting<Event> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #sentInSecond = { second: 0, count: 0 };
  #lastFault: string | null = null;

  constructor(
    feed: SingleWebhookFeed<Event>,
    clock: TwinClock,
    { options, log }: { options: SingleWebhookOptions; log: (line: string) => void },
  ) {
    this.#feed = feed;
    this.#clock = clock;
    this.#options = options;
    this.#log = log;
  }

  start(): void {
    this.#timer = setInterval(() => this.pump(), TICK_MS);
    this.#timer.unref();
    this.pump();
  }

  get waiting(): number {
    const held = this.#held === null ? 0 : 1;
    return this.#ready.length - this.#readyFrom + this.#later.size + this.#running.size + held;
  }

  add(event: Event): void {
    this.#ready.push({ event, attempts: 0 });
  }

  /** Sends what is due. */
  pump(): void {
    const { at } = this.#clock.now();
    while (this.#later.nextDue <= at) {
      const due = this.#later.pop();
      if (due !== undefined) this.#ready.push(due);
    }
    while (!this.#stop.signal.aborted && this.#running.size < AT_ONCE && this.#mayGo()) {
      const next = this.#next();
      if (next === null) break;
      const sent = this.#send(next).catch((error: unknown) => this.#log(messageOf(error)));
      this.#running.add(sent);
      void sent.then(() => {
        this.#running.delete(sent);
        this.pump();
      });
    }
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#stop.abort();
    await Promise.race([Promise.allSettled(this.#running), sleep(ANSWER_MS)]);
  }

  #mayGo(): boolean {
    const { perSecond } = this.#options;
    if (perSecond === 0) return true;
    const second = Math.floor(Date.now() / 1000);
    if (second !== this.#sentInSecond.second) this.#sentInSecond = { second, count: 0 };
    return this.#sentInSecond.count < perSecond;
  }

  #next(): Waiting<Event> | null {
    const next = this.#ready[this.#readyFrom];
    if (next === undefined) {
      this.#ready.length = 0;
      this.#readyFrom = 0;
      return null;
    }
    this.#readyFrom += 1;
    if (this.#readyFrom > 10_000) {
      this.#ready.splice(0, this.#readyFrom);
      this.#readyFrom = 0;
    }
    return next;
  }

  async #send(waiting: Waiting<Event>): Promise<void> {
    const { event, attempts } = waiting;
    const fate = attempts === 0 ? this.#feed.fate(event) : null;
    if (fate === 'lose') return await this.#feed.settle(event, 'given_up', 0);
    if (fate === 'reorder' && this.#held === null) {
      // Its turn comes behind the next one that was sent.
      this.#held = { event, attempts };
      return;
    }
    await this.#attempt(waiting);
    if (fate === 'duplicate') await this.#post(event);
    const held = this.#held;
    this.#held = null;
    if (held !== null) await this.#attempt(held);
  }

  async #attempt({ event, attempts }: Waiting<Event>): Promise<void> {
    this.#sentInSecond.count += 1;
    const taken = await this.#post(event);
    crashPoint('after-webhook');
    // A restart begins again with the first rung.
    if (taken === 'stopped') return;
    if (taken === 'taken') return await this.#feed.settle(event, 'told', attempts + 1);
    const pause = this.#options.ladder[attempts];
    if (taken === 'nobody' || pause === undefined)
      return await this.#feed.settle(event, 'given_up', attempts + 1);
    this.#later.push(this.#clock.now().at + pause, { event, attempts: attempts + 1 });
  }

  async #post(event: Event): Promise<'taken' | 'failed' | 'nobody' | 'stopped'> {
    const webhook = this.#feed.request(event);
    if (webhook === null) return 'nobody';
    const { url, body } = webhook;
    try {
      const response = await fetch(url, {
        method: 'POST',
        // A redirect counts as a failure: the signature was made for this receiver.
        redirect: 'manual',
        signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(this.#options.timeoutMs)]),
        headers: { 'content-type': 'application/json', ...webhook.headers() },
        body,
      });
      await response.body?.cancel();
      return response.ok ? this.#well() : this.#failed(`it answered ${response.status}`);
    } catch (error) {
      if (this.#stop.signal.aborted) return 'stopped';
      const { cause } = error as { cause?: unknown };
      return this.#failed(messageOf(cause instanceof Error ? cause : error));
    }
  }

  #well(): 'taken' {
    if (this.#lastFault !== null) this.#log('webhooks are delivered again');
    this.#lastFault = null;
    return 'taken';
  }

  /** Says so once and not at each attempt. */
  #failed(why: string): 'failed' {
    if (this.#lastFault === null)
      this.#log(`webhooks are not delivered: ${why}. Events are kept and sent again`);
    this.#lastFault = why;
    return 'failed';
  }
}
