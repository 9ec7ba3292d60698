/** pg-boss as it is run here. */
import { PgBoss } from 'pg-boss';
import type postgres from 'postgres';
import type { Logger } from '../ports/index.ts';
import { onPool } from './database.ts';
import { QUEUE_SCHEMA } from './queues.ts';

/** `onError` is told of every error of pg-boss's own loops. */
export function makeBoss(
  sql: postgres.Sql,
  beats: boolean,
  logger: Logger,
  onError: (error: unknown) => void,
): PgBoss {
  const boss = new PgBoss({
    db: onPool(sql),
    schema: QUEUE_SCHEMA,
    migrate: false,
    useListenNotify: true,
    schedule: beats,
    registerInstance: false,
    // Sub-second fetches die on bloat and on finished jobs: swept every few minutes, not once a
    // day.
    maintenanceIntervalSeconds: 300,
    flowIntervalSeconds: 3600,
    // Nothing of ours waits for these: beats of minutes may be some seconds late.
    cronWorkerIntervalSeconds: 30,
    monitorIntervalSeconds: 120,
  });
  // pg-boss raises errors of its own loops here; without a listener they would end the process. A
  // Postgres restart is survived by trying again.
  boss.on('error', (error: object) => {
    logger.warn(
      { error: 'message' in error ? error.message : 'unknown' },
      'pg-boss reports an error and tries again',
    );
    onError(error);
  });
  boss.on('warning', (warning: unknown) => logger.debug({ warning }, 'pg-boss warns'));
  return boss;
}
