/** What `createPipeline` is given, and how a pipeline can be set. */
import type postgres from 'postgres';
import type { Logger } from '../ports/index.ts';
import type { Integrations } from './integrations.ts';
import type { RestoreWatermarkStore } from './restore-watermark-store.ts';

/**
 * Named points between every two steps of the protocol, where tests stop, kill or delay a runner.
 */
export type Point =
  | 'sync.opened'
  | 'sync.page-applied'
  | 'sync.closed'
  | 'enrich.claimed'
  | 'enrich.submitted'
  | 'enrich.collected'
  | 'proof.staged'
  | 'proof.begun'
  | 'proof.rendered'
  | 'proof.settled'
  | 'mail.staged'
  | 'mail.begun'
  | 'mail.before-post'
  | 'mail.after-post'
  | 'mail.settled'
  | 'reconcile.claimed'
  | 'reconcile.asked'
  | 'reconcile.settled'
  | 'track.claimed'
  | 'track.applied'
  | 'effects.claimed'
  | 'effects.performed'
  | 'effects.settled';

export interface PipelineOptions {
  /**
   * One connection is enough to work; one for every slot and a few for the rest is what it takes to
   * be fast. LISTEN has one more of its own.
   */
  readonly sql: postgres.Sql;
  /**
   * A client for pg-boss's own traffic; default: `sql`. Made with `connect(url, {
   * synchronousCommit: 'off' })` it spares workers four waits for the disk per cohort: a fetch or
   * completion that a crash of the server undoes is only done again, and a cohort is begun once all
   * the same. Yours to end.
   */
  readonly queueSql?: postgres.Sql;
  readonly integrations: Integrations;
  /**
   * Where this program keeps, outside of the database, what tells a restored database from the one
   * that it knew: `restoreWatermarkFolder(path)`, or a place of yours that outlives the process.
   * Where it cannot be read or written nothing is posted. `not kept`: a database that is restored
   * from a backup while no pipeline runs is told by its server's timeline only, and a copy on the
   * same timeline (a dump, a snapshot of the disk) is not told at all.
   */
  readonly restoreWatermark: RestoreWatermarkStore | 'not kept';
  /** Default: says nothing. */
  readonly logger?: Logger;
  readonly settings?: Partial<PipelineSettings>;
  /** The time that adapters see. Default: now. */
  readonly now?: () => Date;
  /** For tests: called at named points between the steps of the protocol, and awaited. */
  readonly onPoint?: (point: Point) => void | Promise<void>;
}

export interface PipelineSettings {
  /** Shown to people: host and process, for example. */
  readonly runnerName: string;
  /** Cohorts that this runner renders, and submits, at the same time. */
  readonly proofSlots: number;
  readonly mailSlots: number;
  /** People in a cohort at most. */
  readonly cohortSize: number;
  /** Open cohorts of a stage at most; null: four for every slot of all live runners. */
  readonly window: number | null;
  /**
   * How long a cohort is ours without a renewal, in milliseconds. A printer whose timeout is not
   * shorter is sent nothing.
   */
  readonly leaseMs: number;
  /**
   * How long the renderer and the image host may take for a cohort each, a source for a page, an
   * enricher for a call, a meter or a sink for a batch, and any adapter to be made, in
   * milliseconds. An adapter that is silent for longer is given up: the people of a cohort go back
   * and then travel alone. A printer is given up by its own timeout.
   */
  readonly adapterTimeoutMs: number;
  /**
   * How long a job may be away, beyond the lease, before its cohort is given up, in milliseconds:
   * longer than any printer's timeout.
   */
  readonly graceMs: number;
  /**
   * How long an unknown outcome rests before the printer is asked, in milliseconds, at least: a
   * printer whose timeout and read lag are longer gets a second more than both. It begins when the
   * old worker cannot post any more: after a deletion by hand that is a lease later, and need not
   * be added here.
   */
  readonly quietMs: number;
  /** How often lost work is looked for, in milliseconds. */
  readonly reapMs: number;
  /** Members in a page of a sync. */
  readonly pageSize: number;
  /** People in an enrichment batch at most, and how long the enricher may take. */
  readonly batchSize: number;
  readonly batchDeadlineMs: number;
  /** Whether this runner sends the beats. */
  readonly beats: boolean;
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
