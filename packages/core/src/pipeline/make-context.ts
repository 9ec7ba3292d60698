/** Puts together what every stage has in hand: settings, leases, and pg-boss as it is run here. */
import { randomUUID } from 'node:crypto';
import { PgBoss } from 'pg-boss';
import type postgres from 'postgres';
import { renew } from '../machine/cohorts.ts';
import type { CallContext, Logger } from '../ports/index.ts';
import { onPool } from '../queues/database.ts';
import { QUEUE_SCHEMA } from '../queues/queues.ts';
import type { PipelineContext, Wake } from './context.ts';
import { Leases } from './leases.ts';
import { defaultSettings, type PipelineOptions } from './options.ts';

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

export interface ContextHooks {
  readonly stopping: AbortSignal;
  readonly wake: (what: Wake) => void;
  /** Told of every error of pg-boss's own loops. */
  readonly onBossError: (error: unknown) => void;
}

const makeBoss = (sql: postgres.Sql, beats: boolean, logger: Logger, onError: (error: unknown) => void): PgBoss => {
  const boss = new PgBoss({
    db: onPool(sql),
    schema: QUEUE_SCHEMA,
    migrate: false,
    useListenNotify: true,
    schedule: beats,
    registerInstance: false,
    // Sub-second fetches die on bloat and on finished jobs: swept every few minutes, not once a day.
    maintenanceIntervalSeconds: 300,
    flowIntervalSeconds: 3600,
    // Nothing of ours waits for these: beats of minutes may be some seconds late.
    cronWorkerIntervalSeconds: 30,
    monitorIntervalSeconds: 120,
  });
  // pg-boss raises errors of its own loops here; without a listener they would end the process. A Postgres restart is survived by trying again.
  boss.on('error', (error: object) => {
    logger.warn({ error: 'message' in error ? error.message : 'unknown' }, 'pg-boss reports an error and tries again');
    onError(error);
  });
  boss.on('warning', (warning: unknown) => logger.debug({ warning }, 'pg-boss warns'));
  return boss;
};

// One is enough: nothing here holds a connection while it asks for another. With none a query would wait for ever.
const requireConnections = (name: string, client: postgres.Sql): void => {
  const { max } = client.options;
  if (!(max >= 1)) throw new RangeError(`a pipeline needs at least one connection, and its client ${name} has a max of ${max}`);
};

export const makeContext = (options: PipelineOptions, hooks: ContextHooks): PipelineContext => {
  const { sql, integrations, logger = silent, now = () => new Date() } = options;
  requireConnections('sql', sql);
  if (options.queueSql !== undefined) requireConnections('queueSql', options.queueSql);
  const settings = { ...defaultSettings, ...options.settings };
  const runnerId = randomUUID();
  return {
    sql,
    boss: makeBoss(options.queueSql ?? sql, settings.beats, logger, hooks.onBossError),
    integrations,
    settings,
    logger,
    runnerId,
    leases: new Leases(settings.leaseMs, async (cohorts) => await renew(sql, runnerId, cohorts, settings.leaseMs), logger),
    stopping: hooks.stopping,
    callContext: (signal): CallContext => ({
      signal,
      logger,
      now,
      // Places for what later adapters need (docs/adr/0010): no limit, and nothing kept.
      limiter: { take: async () => await Promise.resolve(0) },
      saved: { read: async () => await Promise.resolve(null), write: async () => await Promise.resolve() },
    }),
    reach: async (point) => {
      if (options.onPoint !== undefined) await options.onPoint(point);
    },
    wake: hooks.wake,
  };
};
