/** What every stage has in hand. Made once by `createPipeline`. */
import type { PgBoss } from 'pg-boss';
import type postgres from 'postgres';
import type { CampaignBrief } from '../machine/cohorts.ts';
import type {
  AddressEnricher,
  AudienceSource,
  CallContext,
  EventSink,
  ImageHost,
  Logger,
  Printer,
  Renderer,
  UsageMeter,
} from '../ports/index.ts';
import type { Leases } from './leases.ts';

/** How a printer is reached, as the database has it. */
export interface PrinterBrief {
  readonly organizationId: string;
  readonly name: string;
  readonly kind: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly baseDirectory: string | null;
  /** In milliseconds: the longest rest of an unknown outcome that a runner has noted for it; null before the first card. */
  readonly quietMs: number | null;
}

/**
 * Finds the adapters of a campaign. The runner's registry reads them from the campaign file; a library's user may hand over their own.
 * Each may throw: the stage then reports the error and its people wait.
 */
export interface Integrations {
  audience(campaign: CampaignBrief): Promise<AudienceSource>;
  /** Null: the campaign has no enricher. */
  enricher(campaign: CampaignBrief): Promise<{ readonly name: string; readonly port: AddressEnricher } | null>;
  renderer(campaign: CampaignBrief): Promise<Renderer>;
  imageHost(campaign: CampaignBrief): Promise<ImageHost>;
  printer(printer: PrinterBrief): Promise<Printer>;
  usageMeter(campaign: CampaignBrief): Promise<UsageMeter | null>;
  eventSink(campaign: CampaignBrief): Promise<EventSink | null>;
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
  /** How long a cohort is ours without a renewal, in milliseconds. A printer whose timeout is not shorter is sent nothing. */
  readonly leaseMs: number;
  /** How long the renderer and the image host may take for a cohort each, a source for a page, an enricher for a call, a meter or a sink for a batch, and
   * any adapter to be made, in milliseconds. Whoever is silent for longer is given up: the people of a cohort go back and then travel alone. A printer is given up by its own timeout. */
  readonly adapterTimeoutMs: number;
  /** How long a job may be away, beyond the lease, before its cohort is given up, in milliseconds: longer than any printer's timeout. */
  readonly graceMs: number;
  /** How long an unknown outcome rests before the printer is asked, in milliseconds, at least: a printer whose timeout and read lag are longer gets a
   * second more than both. */
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

/** Named points between every two steps of the protocol, where tests stop, kill or delay a runner. */
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

export interface PipelineContext {
  readonly sql: postgres.Sql;
  readonly boss: PgBoss;
  readonly integrations: Integrations;
  readonly settings: PipelineSettings;
  readonly logger: Logger;
  readonly leases: Leases;
  readonly runnerId: string;
  /** Aborts when the pipeline stops. */
  readonly stopping: AbortSignal;
  /** What an adapter is handed with each call. */
  callContext(signal: AbortSignal): CallContext;
  /** Passes a named point; costs nothing where nobody listens. */
  reach(point: Point): Promise<void>;
  /** Says that there may be work for a stager or the tracker. Cheap, and safe to say too often. */
  wake(what: Wake): void;
}

export type Wake = 'proof' | 'mail' | 'track' | 'effects' | 'reconcile' | 'poll';
