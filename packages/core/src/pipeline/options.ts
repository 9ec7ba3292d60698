import type postgres from 'postgres';
import type { Logger } from '../ports/index.ts';
import type { Integrations, PipelineSettings, Point } from './context.ts';

/** What `createPipeline` is given. */
export interface PipelineOptions {
  /** One connection is enough to work; one for every slot and a few for the rest is what it takes to be fast. LISTEN has one more of its own. */
  readonly sql: postgres.Sql;
  /**
   * A client for pg-boss's own traffic; default: `sql`. Made with `connect(url, { synchronousCommit: 'off' })` it spares workers four waits for the
   * disk per cohort: a fetch or completion that a crash of the server undoes is only done again, and a cohort is begun once all the same. Yours to end.
   */
  readonly queueSql?: postgres.Sql;
  readonly integrations: Integrations;
  /** Default: says nothing. */
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
  adapterTimeoutMs: 300_000,
  graceMs: 15_000,
  quietMs: 11_000,
  reapMs: 5000,
  pageSize: 500,
  batchSize: 10_000,
  batchDeadlineMs: 24 * 3_600_000,
  beats: true,
};
