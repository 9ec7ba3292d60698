/**
 * createPipeline: the library's door. Bring a `postgres` client (or let `connect` make one),
 * adapters, a logger; start it inside your own service. Any number of pipelines may share one
 * database; none of them is special.
 *
 * A pipeline lives once: new, started, stopped. Each step is one promise that all callers share; a
 * start that fails, or that a stop comes upon, takes back what it had begun.
 */
import { requireKnown } from './common/invalid-options.ts';
import type { SyncReport } from './machine/sync.ts';
import { applyEvents } from './machine/track.ts';
import { readyWork, waitingWork, type Waiting } from './machine/waiting.ts';
import type { PrinterEvent, WebhookRequest } from './ports/index.ts';
import { once, untilIdle, type OnceOptions } from './scheduling/once.ts';
import { Running, type Stopped } from './scheduling/running.ts';
import { makeContext, type PipelineContext } from './runtime/context.ts';
import type { PipelineCounts } from './runtime/meter.ts';
import type { PipelineOptions } from './runtime/options.ts';
import { within } from './runtime/waiting.ts';
import { enrichCampaign, workEnrich } from './stages/enrich/enrich.ts';
import { reconcileSince, type AskedSince } from './stages/house/restore.ts';
import { reconcile } from './stages/mail/reconcile.ts';
import { syncCampaign, type SyncOptions } from './stages/sync/sync.ts';
import { WebhookIntake, type Reception } from './stages/track/receive-webhook.ts';

/** How long what a failed start had begun may take to end. */
const UNDO_MS = 5000;
/** How long the database may take, at the end, to keep what providers were asked. */
const KEEP_CALLS_MS = 5000;

type Life =
  | { readonly is: 'new' }
  | { readonly is: 'started'; readonly started: Promise<void> }
  | { readonly is: 'stopped'; readonly stopped: Promise<Stopped> };

/** Its life is over: a stopped pipeline does nothing more. */
export class PipelineStoppedError extends Error {
  override readonly name = 'PipelineStoppedError';
}

export class Pipeline {
  readonly #context: PipelineContext;
  readonly #running: Running;
  readonly #webhooks: WebhookIntake;
  readonly #stop = new AbortController();
  /** What the program has asked for and still waits for. */
  readonly #asked = new Set<Promise<unknown>>();
  #life: Life = { is: 'new' };

  constructor(options: PipelineOptions) {
    this.#context = makeContext(options, {
      stopping: this.#stop.signal,
      wake: (what) => this.#running.wake(what),
      onBossError: (error) => this.#running.noteError(error),
    });
    this.#running = new Running(this.#context);
    this.#webhooks = new WebhookIntake(this.#context);
  }

  /** The id under which this pipeline's cohorts are leased. */
  get runnerId(): string {
    return this.#context.runnerId;
  }

  /** What this pipeline itself has done since it was made, and what is at work. Asks nothing. */
  get counts(): PipelineCounts {
    return this.#context.meter.counts;
  }

  /**
   * Starts workers, beats and wake-ups. Safe to call twice. Where it fails nothing is left running,
   * and it may be called again: it throws `MigrationError` where the database is not on this
   * version, and after a stop `PipelineStoppedError`.
   */
  async start(): Promise<void> {
    this.#refuseStopped('started again');
    if (this.#life.is === 'new') this.#life = { is: 'started', started: this.#begin() };
    if (this.#life.is === 'started') await this.#life.started;
  }

  /**
   * Stops, for good: nothing new begins; what is under way, syncs and look-ups of yours included,
   * is told to end and waited for, for `timeoutMs` at most. Says whether anybody is still at work.
   * Safe to call twice. The clients stay open: they are yours.
   */
  async stop(options: { timeoutMs?: number } = {}): Promise<Stopped> {
    requireKnown('stop', options, ['timeoutMs']);
    this.#stop.abort(new PipelineStoppedError('the pipeline stops'));
    const life = this.#life;
    if (life.is === 'stopped') return await life.stopped;
    const stopped = this.#end(life, options.timeoutMs ?? 30_000);
    this.#life = { is: 'stopped', stopped };
    return await stopped;
  }

  /** Syncs one campaign now; see `syncCampaign`. */
  async sync(
    organizationId: string,
    campaignId: string,
    options: SyncOptions = { kind: 'manual' },
  ): Promise<SyncReport> {
    requireKnown('sync', options, [
      'kind',
      'limit',
      'allowDepartures',
      'told',
      'onAmended',
      'onPage',
    ]);
    return await this.#ask(
      async () => await syncCampaign(this.#context, { organizationId, campaignId }, options),
    );
  }

  /** Looks up addresses of one campaign now. Returns how many people were taken. */
  async enrich(organizationId: string, campaignId: string): Promise<number> {
    return await this.#ask(async () => {
      // Batches that are out first: those of a runner that was killed would wait for a beat.
      await workEnrich(this.#context, organizationId, true);
      return await enrichCampaign(this.#context, organizationId, campaignId);
    });
  }

  /**
   * Asks printers about pieces of which nobody knows whether they were printed. Returns how many
   * people moved.
   */
  async reconcile(organizationId: string): Promise<number> {
    return await this.#ask(async () => await reconcile(this.#context, organizationId));
  }

  /**
   * After a restored backup: asks every printer for what it made since it was taken. Hold the
   * printers first, and go on only where all were `listed`.
   */
  async reconcileSince(organizationId: string, since: Date): Promise<readonly AskedSince[]> {
    return await this.#ask(async () => await reconcileSince(this.#context, organizationId, since));
  }

  /**
   * Checks and stores a webhook by the two parts of its address: the name of a connection and the
   * id of its endpoint; of a printer without a connection the id of its organization and its name.
   * Answer the printer at once; what it says is applied in the background. Needs no start.
   */
  async receiveWebhook(whose: string, which: string, request: WebhookRequest): Promise<Reception> {
    return await this.#webhooks.receive([whose, which], request);
  }

  /**
   * Applies events of a printer that were read elsewhere, for printers without webhooks. Returns
   * how many were new. Needs no start.
   */
  async applyEvents(
    organizationId: string,
    printerName: string,
    events: readonly PrinterEvent[],
  ): Promise<number> {
    return await applyEvents(this.#context.sql, { organizationId, printerName }, events);
  }

  /**
   * Starts, syncs and enriches once, then goes on until nothing can move without an outside event
   * or a later time. Returns what waits.
   */
  async once(options: OnceOptions = {}): Promise<Waiting[]> {
    requireKnown('once', options, ['sync', 'patienceMs', 'signal']);
    await this.start();
    return await this.#ask(async () => await once(this.#context, options));
  }

  /**
   * Resolves when nothing can move any more without an outside event or a later time, or when the
   * pipeline stops.
   */
  async untilIdle(signal?: AbortSignal): Promise<void> {
    await this.#ask(async () => await untilIdle(this.#context, signal));
  }

  /** Counts of what can still move, by kind; all zero: nothing. */
  async readyWork(): Promise<Record<string, number>> {
    return await readyWork(this.#context.sql);
  }

  /** What waits for an outside event or a later time. */
  async waiting(): Promise<Waiting[]> {
    return await waitingWork(this.#context.sql);
  }

  async #begin(): Promise<void> {
    try {
      await this.#running.begin();
    } catch (error) {
      await this.#running.end(UNDO_MS);
      // Unless a stop has come meanwhile.
      if (this.#life.is === 'started') this.#life = { is: 'new' };
      throw error;
    }
  }

  async #end(before: Life, timeoutMs: number): Promise<Stopped> {
    const deadline = performance.now() + timeoutMs;
    const left = (): number => Math.max(0, deadline - performance.now());
    if (before.is === 'started') await within(left(), before.started);
    // At the same time: nothing new is to begin while an old sync is waited for.
    const [stopped] = await Promise.all([
      this.#running.end(left()),
      within(left(), Promise.allSettled(this.#asked)),
    ]);
    // What was asked last is known now.
    await within(KEEP_CALLS_MS, this.#context.callLog.end());
    return stopped;
  }

  #refuseStopped(what: string): void {
    if (this.#life.is === 'stopped')
      throw new PipelineStoppedError(`a stopped pipeline is not ${what}; make a new one`);
  }

  async #ask<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    this.#refuseStopped('asked for anything');
    const answer = this.#context.requireMigrated().then(work);
    this.#asked.add(answer);
    try {
      return await answer;
    } finally {
      this.#asked.delete(answer);
    }
  }
}

/**
 * Throws `InvalidOptionsError` with all that is wrong with the options, and `RangeError` where a
 * client has no connection to give.
 */
export function createPipeline(options: PipelineOptions): Pipeline {
  return new Pipeline(options);
}
