/** What `createPipeline` is given. */
import type postgres from 'postgres';
import type { Logger } from '../ports/index.ts';
import type { Integrations } from './integrations.ts';
import type { RestoreWatermarkStore } from './restore-watermark-store.ts';
import type { PipelineSettings } from './settings.ts';

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
  | 'effects.settled'
  | 'images.claimed'
  | 'images.removed';

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
  /**
   * Folders below which cards may lie that an image host keeps as files, for printers that want a
   * file a card. Default: none; what is at `https:` or `http:` is fetched all the same.
   */
  readonly artworkFolders?: readonly string[];
  /** Default: says nothing. */
  readonly logger?: Logger;
  /** What is left out is set as in `defaultSettings`. */
  readonly settings?: Partial<PipelineSettings>;
  /** The time that adapters see. Default: now. */
  readonly now?: () => Date;
  /** For tests: called at named points between the steps of the protocol, and awaited. */
  readonly onPoint?: (point: Point) => void | Promise<void>;
}
