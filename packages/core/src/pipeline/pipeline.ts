/**
 * createPipeline: the library's door. Bring a `postgres` client (or let `connect` make one), adapters, a logger; start it inside your own service.
 * Any number of pipelines may share one database; none of them is special.
 */
import { randomUUID } from 'node:crypto';
import { PgBoss } from 'pg-boss';
import type postgres from 'postgres';
import { renew, tick } from '../machine/cohorts.ts';
import { applyEvents } from '../machine/mailpieces.ts';
import type { SyncReport } from '../machine/sync.ts';
import type { CallContext, Logger, PrinterEvent } from '../ports/index.ts';
import { onPool } from '../queues/database.ts';
import { IDLE_POLL_SECONDS, POLL_SECONDS, QUEUE_SCHEMA, type QueueName } from '../queues/queues.ts';
import { beatEffects } from '../stages/effects.ts';
import { beatEnrich, enrichCampaign, workEnrich } from '../stages/enrich.ts';
import { stages, type JobData } from '../stages/index.ts';
import { beatReconcile, reconcile } from '../stages/reconcile.ts';
import { reconcileSince, type AskedSince } from '../stages/restore.ts';
import { syncCampaign, workSync, type SyncOptions } from '../stages/sync.ts';
import { pollPrinters, receiveWebhook, type Reception } from '../stages/track.ts';
import { declareSchedules, onBeat, startTicking, type BeatJob } from './beats.ts';
import type { Integrations, PipelineContext, PipelineSettings, Point, Wake } from './context.ts';
import { Leases } from './leases.ts';
import { Waker } from './waker.ts';

export const VERSION = '0.1.0';

export interface PipelineOptions {
  readonly sql: postgres.Sql;
  /**
   * A client for pg-boss's own traffic; default: `sql`. Made with `connect(url, { synchronousCommit: 'off' })` it spares workers four waits for the
   * disk per cohort: a fetch or completion that a crash of the server undoes is only done again, and a cohort is begun once all the same. Yours to end.
   */
  readonly queueSql?: postgres.Sql;
  readonly integrations: Integrations;
  readonly logger?: Logger;
  readonly settings?: Partial<PipelineSettings>;
  /** The time that adapters see. Default: now. */
  readonly now?: () => Date;
  /** For tests: called at named points between the steps of the protocol, and awaited. */
  readonly onPoint?: (point: Point) => void | Promise<void>;
}

export const defaultSettings: PipelineSettings = {
  runnerName: `runner-${process.pid}`,
  proofSlots: 2,
  mailSlots: 4,
  cohortSize: 50,
  window: null,
  leaseMs: 60_000,
  graceMs: 15_000,
  quietMs: 11_000,
  reapMs: 5000,
  pageSize: 500,
  batchSize: 10_000,
  batchDeadlineMs: 24 * 3_600_000,
  beats: true,
};

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

/** What waits, for what, and until when. */
export interface Waiting {
  readonly campaign: string;
  readonly state: string;
  readonly people: number;
  readonly why: string;
  readonly until: Date | null;
}

export class Pipeline {
  readonly #context: PipelineContext;
  readonly #stop = new AbortController();
  readonly #wakers = new Map<Wake, Waker>();
  readonly #closers: (() => void | Promise<void>)[] = [];
  #started = false;
  #reaping = false;

  constructor(options: PipelineOptions) {
    const settings = { ...defaultSettings, ...options.settings };
    const logger = options.logger ?? silent;
    const runnerId = randomUUID();
    const { sql } = options;
    const boss = new PgBoss({
      db: onPool(options.queueSql ?? sql),
      schema: QUEUE_SCHEMA,
      migrate: false,
      useListenNotify: true,
      schedule: settings.beats,
      registerInstance: false,
      // Sub-second fetches die on bloat and on finished jobs: swept every few minutes, not once a day.
      maintenanceIntervalSeconds: 300,
      flowIntervalSeconds: 3600,
      // Nothing of ours waits for these: beats of minutes may be some seconds late.
      cronWorkerIntervalSeconds: 30,
      monitorIntervalSeconds: 120,
    });
    // pg-boss raises errors of its own loops here; without a listener they would end the process. A Postgres restart is survived by trying again.
    boss.on('error', (error: object) =>
      logger.warn({ error: 'message' in error ? error.message : 'unknown' }, 'pg-boss reports an error and tries again'),
    );
    boss.on('warning', (warning: unknown) => logger.debug({ warning }, 'pg-boss warns'));
    const now = options.now ?? (() => new Date());
    this.#context = {
      sql,
      boss,
      integrations: options.integrations,
      settings,
      logger,
      runnerId,
      leases: new Leases(settings.leaseMs, async (cohorts) => await renew(sql, runnerId, cohorts, settings.leaseMs), logger),
      stopping: this.#stop.signal,
      callContext: (signal): CallContext => ({
        signal,
        logger,
        now,
        limiter: { take: async () => await Promise.resolve(0) },
        saved: { read: async () => await Promise.resolve(null), write: async () => await Promise.resolve() },
      }),
      reach: async (point) => {
        if (options.onPoint !== undefined) await options.onPoint(point);
      },
      wake: (what) => this.#wakers.get(what)?.wake(),
    };
    for (const stage of stages) {
      for (const [what, work] of Object.entries(stage.wakes) as [Wake, (context: PipelineContext) => Promise<void>][]) {
        this.#wakers.set(what, new Waker(`${stage.name}: ${what}`, async () => await work(this.#context), logger));
      }
    }
  }

  /** The id under which this pipeline's cohorts are leased. */
  get runnerId(): string {
    return this.#context.runnerId;
  }

  /** Starts workers, beats and wake-ups. The database must be migrated. */
  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    const { boss, sql, settings, logger } = this.#context;
    await this.#reap();
    await sql`select postrider.note_installation()`.catch((error: unknown) =>
      logger.debug(
        { error: error instanceof Error ? error.message : String(error) },
        'the identity of the server cannot be read with this role',
      ),
    );
    await boss.start();
    for (const stage of stages) {
      for (const worker of stage.workers) {
        await this.#work<JobData>(
          worker.queue,
          worker.slots(this.#context),
          async (id, data) => await worker.work(this.#context, id, data),
        );
      }
    }
    await this.#listen();
    const reaper = setInterval(() => void this.#reap(), settings.reapMs);
    this.#closers.push(() => clearInterval(reaper));
    if (!settings.beats) return;
    await this.#work<BeatJob>('beat', 1, async (_id, data) => await onBeat(this.#context, data));
    await declareSchedules(this.#context);
    this.#closers.push(startTicking(this.#context));
  }

  /** Stops: nothing new begins, what is under way is seen to its end, for `timeoutMs` at most. Safe to call twice. */
  async stop(options: { timeoutMs?: number } = {}): Promise<void> {
    // Also where nothing was started: a sync of its own is to end, and to free its lock.
    this.#stop.abort(new Error('the pipeline stops'));
    if (!this.#started) return;
    this.#started = false;
    for (const close of this.#closers.splice(0)) await close();
    await Promise.all([...this.#wakers.values()].map(async (waker) => await waker.stop()));
    await this.#context.boss.stop({ graceful: true, timeout: options.timeoutMs ?? 30_000 });
    this.#context.leases.end();
    await this.#context.sql`select postrider.goodbye(${this.#context.runnerId})`.catch(() => undefined);
  }

  /** Syncs one campaign now; see `syncCampaign`. */
  async sync(organizationId: string, campaignId: string, options: SyncOptions = { kind: 'manual' }): Promise<SyncReport> {
    return await syncCampaign(this.#context, organizationId, campaignId, options);
  }

  /** Looks up addresses of one campaign now. Returns how many people were taken. */
  async enrich(organizationId: string, campaignId: string): Promise<number> {
    // Batches that are out first: those of a runner that was killed would wait for a beat.
    await workEnrich(this.#context, organizationId, true);
    return await enrichCampaign(this.#context, organizationId, campaignId);
  }

  /** Asks printers about pieces of which nobody knows whether they were printed. Returns how many people moved. */
  async reconcile(organizationId: string): Promise<number> {
    return await reconcile(this.#context, organizationId);
  }

  /** After a restored backup: asks every printer for what it made since it was taken. Hold the printers first, and go on only where all were `listed`. */
  async reconcileSince(organizationId: string, since: Date): Promise<readonly AskedSince[]> {
    return await reconcileSince(this.#context, organizationId, since);
  }

  /** Checks and stores a printer's webhook. Answer the printer at once; what it says is applied in the background. */
  async receiveWebhook(
    organizationId: string,
    printerName: string,
    headers: Readonly<Record<string, string>>,
    body: Uint8Array,
  ): Promise<Reception> {
    return await receiveWebhook(this.#context, organizationId, printerName, headers, body);
  }

  /** Applies events of a printer that were read elsewhere, for printers without webhooks. Returns how many were new. */
  async applyEvents(organizationId: string, printerName: string, events: readonly PrinterEvent[]): Promise<number> {
    return await applyEvents(this.#context.sql, organizationId, printerName, events, null, null);
  }

  /**
   * Syncs and enriches once, then goes on until nothing can move without an outside event or a later time. Returns what waits.
   * @param options.sync false: nothing is synced first, for whoever has just done it.
   */
  async once(options: { sync?: boolean; signal?: AbortSignal } = {}): Promise<Waiting[]> {
    await this.start();
    if (options.sync !== false) {
      const organizations = await this.#context.sql<
        { id: string }[]
      >`select distinct organization_id as id from postrider.sync_candidates()`;
      for (const { id } of organizations) await workSync(this.#context, id);
      const waiting = await this.#context.sql<
        { id: string }[]
      >`select distinct organization_id as id from postrider.enrich_candidates(false)`;
      for (const { id } of waiting) await workEnrich(this.#context, id, false);
    }
    // Nobody may be listening for webhooks: what printers have to tell is asked for.
    await pollPrinters(this.#context, '0 seconds');
    await this.untilIdle(options.signal);
    return await this.waiting();
  }

  /** Resolves when nothing can move any more without an outside event or a later time. */
  async untilIdle(signal?: AbortSignal): Promise<void> {
    for (let quiet = 0; quiet < 2 && signal?.aborted !== true;) {
      const moves = await this.whatMoves();
      const busy = Object.values(moves).some((count) => count > 0);
      quiet = busy ? 0 : quiet + 1;
      if (!busy) continue;
      this.#wakers.get('proof')?.wake();
      this.#wakers.get('mail')?.wake();
      this.#wakers.get('track')?.wake();
      if ((moves['unknown'] ?? 0) > 0) await beatReconcile(this.#context);
      if ((moves['effects'] ?? 0) > 0) await beatEffects(this.#context);
      if ((moves['batches'] ?? 0) > 0) await beatEnrich(this.#context, true);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  /** Counts of what can still move, by kind; all zero: nothing. */
  async whatMoves(): Promise<Record<string, number>> {
    const [row] = await this.#context.sql<{ moves: Record<string, number> }[]>`select postrider.what_moves() as moves`;
    return row?.moves ?? {};
  }

  async waiting(): Promise<Waiting[]> {
    const rows = await this.#context.sql`select campaign, state, people::int as people, why, until from postrider.what_waits()`;
    return rows.map((row) => ({
      campaign: String(row['campaign']),
      state: String(row['state']),
      people: Number(row['people']),
      why: String(row['why']),
      until: row['until'] instanceof Date ? row['until'] : null,
    }));
  }

  /**
   * Slots: each does one job at a time and, when it had one, fetches again at once; pg-boss itself would do so only for batches of more than one
   * (`burstWhenBatchFull`), and a backlog would then move at the polling floor. All slots wake by notification; without one, the first slot of a queue
   * polls, and wakes the others when it finds something.
   */
  async #work<Data extends object>(queue: QueueName, slots: number, handle: (id: string, data: Data) => Promise<void>): Promise<void> {
    const { boss } = this.#context;
    const workers: string[] = [];
    for (let slot = 0; slot < slots; slot += 1) {
      const seconds = slot === 0 && (queue === 'proof' || queue === 'mail') ? POLL_SECONDS : IDLE_POLL_SECONDS;
      const options = { batchSize: 1, pollingIntervalSeconds: seconds, notifyPollingIntervalSeconds: seconds } as const;
      const id: string = await boss.work<Data>(queue, options, async ([job]) => {
        if (slot === 0) for (const worker of workers) boss.notifyWorker(worker);
        else boss.notifyWorker(id);
        if (job !== undefined) await handle(job.id, job.data);
      });
      workers.push(id);
    }
  }

  async #listen(): Promise<void> {
    const { sql } = this.#context;
    const woken: Readonly<Record<string, Wake>> = { pending: 'proof', proofed: 'mail', track: 'track', cancel: 'reconcile' };
    const wakeAll = (): void => {
      for (const waker of this.#wakers.values()) waker.wake();
    };
    const listening = await sql.listen(
      'postrider_moved',
      (payload) => {
        for (const word of payload.split(',')) {
          const what = woken[word];
          if (what !== undefined) this.#wakers.get(what)?.wake();
        }
      },
      // After a reconnect nobody knows what was missed.
      wakeAll,
    );
    this.#closers.push(async () => await listening.unlisten().catch(() => undefined));
  }

  async #reap(): Promise<void> {
    if (this.#reaping) return;
    this.#reaping = true;
    const { sql, settings, runnerId, logger } = this.#context;
    try {
      const back = await tick(
        sql,
        { id: runnerId, name: settings.runnerName, proofSlots: settings.proofSlots, mailSlots: settings.mailSlots, version: VERSION },
        settings.leaseMs + settings.graceMs,
        settings.quietMs,
      );
      if (back > 0) logger.warn({ people: back }, 'lost work was found; its people are back');
    } catch (error) {
      logger.warn({ error: error instanceof Error ? error.message : String(error) }, 'the database cannot be reached; trying again');
    } finally {
      this.#reaping = false;
    }
  }
}

export const createPipeline = (options: PipelineOptions): Pipeline => new Pipeline(options);
