/** What every stage works with. Made once by `createPipeline`. */
import { randomUUID } from 'node:crypto';
import type { PgBoss } from 'pg-boss';
import type postgres from 'postgres';
import { renew } from '../machine/cohorts.ts';
import { requireMigrated } from '../machine/migration-plan.ts';
import { recordCalls, type CallAccount } from '../machine/provider-calls.ts';
import { silentLogger, type ArtworkCutter, type CallContext, type Logger } from '../ports/index.ts';
import { makeBoss } from '../queues/boss.ts';
import { createArtworkCutter } from './artwork/cutter.ts';
import { savedStateOf } from './accounts.ts';
import { CallLog } from './call-log.ts';
import { enrichAgain } from './enrich-again.ts';
import type { Integrations } from './integrations.ts';
import { Flood } from './flood.ts';
import { Leases } from './leases.ts';
import { Health } from './health.ts';
import { limiterOf, Limits } from './limits.ts';
import { checkOptions } from './check-options.ts';
import { Meter } from './meter.ts';
import type { PipelineOptions, Point } from './options.ts';
import { RestoreWatermark } from './restore-watermark.ts';
import type { PipelineSettings } from './settings.ts';

export type Wake = 'proof' | 'mail' | 'track' | 'effects' | 'reconcile' | 'callBack' | 'poll';

export interface PipelineContext {
  readonly sql: postgres.Sql;
  /** pg-boss's own; often the same. */
  readonly queueSql: postgres.Sql;
  readonly boss: PgBoss;
  readonly integrations: Integrations;
  readonly settings: PipelineSettings;
  readonly logger: Logger;
  readonly leases: Leases;
  /** How often providers may be asked; see `limiterOf`. */
  readonly limits: Limits;
  /** Whether providers can be worked with; see `healthOf`. */
  readonly health: Health;
  /** Takes single pages out of documents, for printers that want a file a card. */
  readonly artwork: ArtworkCutter;
  readonly watermark: RestoreWatermark;
  /** Counts what is done. */
  readonly meter: Meter;
  /** Of webhooks that this process takes. */
  readonly flood: Flood;
  readonly runnerId: string;
  /**
   * Printers that take no cards at the moment. Each is reported once, and again when it takes none
   * after it took some.
   */
  readonly refusing: Set<string>;
  /** Aborts when the pipeline stops. */
  readonly stopping: AbortSignal;
  /**
   * Throws `MigrationError` where the database is not on this version. Once it is, asks no more.
   */
  requireMigrated(): Promise<void>;
  /** What providers were asked. */
  readonly callLog: CallLog;
  /** The machine's time. Tests may turn it. */
  now(): Date;
  /**
   * What an adapter is handed with each call.
   * @param account on whose behalf; null: of an adapter without one, that nothing is kept of.
   * @param alive a sign of life, also while a limit is waited for; default: nobody listens.
   */
  callContext(signal: AbortSignal, account: CallAccount | null, alive?: () => void): CallContext;
  /** Passes a named point; costs nothing where nobody listens. */
  reach(point: Point): Promise<void>;
  /** Says that there may be work for a stager or in the inbox. Cheap, and safe to say too often. */
  wake(what: Wake): void;
}

interface ContextHooks {
  readonly stopping: AbortSignal;
  readonly wake: (what: Wake) => void;
  /** Told of every error of pg-boss's own loops. */
  readonly onBossError: (error: unknown) => void;
}

// One is enough: nothing here holds a connection while it asks for another. With none a query would
// wait for ever.
function requireConnections(name: string, client: postgres.Sql): void {
  const { max } = client.options;
  if (!(max >= 1))
    throw new RangeError(
      `a pipeline needs at least one connection, and its client ${name} has a max of ${max}`,
    );
}

// The one sign by which the driver that is carried here is told from others.
function warnOfDriver(clients: readonly postgres.Sql[], logger: Logger): void {
  if (clients.every((client) => 'endsWithSession' in client)) return;
  const what =
    'the driver of this client may run what is left of a transaction whose connection was ' +
    'lost in the session of somebody else';
  logger.warn({}, `${what}; apply the patch of decision 0012 to your postgres`);
}

export function makeContext(options: PipelineOptions, hooks: ContextHooks): PipelineContext {
  const settings = checkOptions(options);
  const {
    sql,
    queueSql = sql,
    integrations,
    logger = silentLogger,
    now = () => new Date(),
  } = options;
  requireConnections('sql', sql);
  requireConnections('queueSql', queueSql);
  warnOfDriver([sql, queueSql], logger);
  const runnerId = randomUUID();
  let migrated: Promise<void> | null = null;
  const meter = new Meter();
  const limits = new Limits(sql, logger, now);
  const boss = makeBoss(queueSql, settings.beats, logger, hooks.onBossError);
  const health = new Health(sql, {
    logger,
    wake: hooks.wake,
    onClosed: (connection) => void enrichAgain({ sql, boss, logger }, connection),
  });
  const callLog = new CallLog({
    write: async (calls) => await recordCalls(sql, calls),
    logger,
    meter,
    onCall: (account, call) => health.observe(account, call),
  });
  const leases = new Leases(
    settings.leaseMs,
    async (cohorts) => await renew(sql, runnerId, cohorts, settings.leaseMs),
    logger,
  );
  return {
    sql,
    queueSql,
    boss,
    integrations,
    settings,
    logger,
    meter,
    flood: new Flood(),
    runnerId,
    refusing: new Set(),
    leases,
    artwork: createArtworkCutter({
      folders: options.artworkFolders ?? [],
      signal: hooks.stopping,
    }),
    limits,
    health,
    watermark: new RestoreWatermark({
      runnerId,
      store: options.restoreWatermark,
      logger,
      // A caller that asks the printers what they made must not be overtaken by a card that was
      // begun before.
      onRestore: () => leases.loseAll(),
    }),
    stopping: hooks.stopping,
    requireMigrated: async () => {
      migrated ??= requireMigrated(sql).catch((error: unknown) => {
        migrated = null;
        throw error;
      });
      await migrated;
    },
    callLog,
    now,
    callContext: (signal, account, alive = () => undefined): CallContext => ({
      signal,
      logger,
      now,
      alive,
      limiter: limiterOf({ limits, stopping: hooks.stopping }, account, { alive }),
      calls: callLog.recorderOf(account),
      saved: savedStateOf(sql, account),
    }),
    reach: async (point) => {
      if (options.onPoint !== undefined) await options.onPoint(point);
    },
    wake: hooks.wake,
  };
}
