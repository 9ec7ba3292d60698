/**
 * Counts what this pipeline has done since it was made, in the memory of its process: a count costs
 * an addition, and only grows. What the database counts, for all runners, is `move_counts`.
 */
import type { MailSettlement } from '../machine/mail.ts';
import type { ProofSettlement } from '../machine/proof.ts';
import { SilentAdapterError } from './asking.ts';

export const workKinds = [
  'synced',
  'enriched',
  'proofed',
  'mailed',
  'retried',
  'failed',
  'unknown',
] as const;
/**
 * What was recorded of people. synced: rows of a list that were taken or told; enriched: look-ups
 * that were answered, found or not; mailed: cards that a printer accepted; retried: to be tried
 * again; failed: for good; unknown: nobody knows whether the card was printed.
 */
export type WorkKind = (typeof workKinds)[number];

export interface CountedCampaign {
  readonly organizationId: string;
  readonly campaignId: string;
  readonly name: string;
}

export interface CampaignWork {
  readonly campaign: CountedCampaign;
  readonly people: Readonly<Record<WorkKind, number>>;
}

export type AdapterPort =
  | 'audience'
  | 'enricher'
  | 'renderer'
  | 'image_host'
  | 'printer'
  | 'usage_meter'
  | 'event_sink';

/** silent: it was given up. */
export type CallOutcome = 'answered' | 'failed' | 'silent';

export interface CountedCalls {
  readonly port: AdapterPort;
  readonly outcome: CallOutcome;
  readonly calls: number;
  readonly seconds: number;
}

export interface CountedJobs {
  readonly queue: string;
  readonly outcome: 'done' | 'failed';
  readonly jobs: number;
  readonly seconds: number;
}

/** What a pipeline has done since it was made. All but `atWork` only grow. */
export interface PipelineCounts {
  readonly campaigns: readonly CampaignWork[];
  /** Webhooks that were applied. */
  readonly webhooks: number;
  /** Cards of an unknown outcome that a printer was found to have. */
  readonly found: number;
  readonly calls: readonly CountedCalls[];
  /** Requests to providers whose record was kept, and those whose record could not be. */
  readonly providerCalls: { readonly recorded: number; readonly dropped: number };
  readonly jobs: readonly CountedJobs[];
  /** Jobs that are at work now, but for beats. */
  readonly atWork: number;
}

interface Timed<Labels> {
  readonly labels: Labels;
  times: number;
  seconds: number;
}

type CallLabels = Pick<CountedCalls, 'port' | 'outcome'>;
type JobLabels = Pick<CountedJobs, 'queue' | 'outcome'>;

/** How one person of a proof or mail cohort ends it. */
export type CohortOutcome = ProofSettlement['outcome'] | MailSettlement['outcome'];

/** What a proof or mail cohort tells of a person, by what it counts as. */
const ofOutcome: Readonly<Record<CohortOutcome, WorkKind>> = {
  rendered: 'proofed',
  accepted: 'mailed',
  retry: 'retried',
  held: 'retried',
  refused: 'retried',
  broken: 'retried',
  failed: 'failed',
  rejected: 'failed',
  unknown: 'unknown',
  mismatched: 'unknown',
};

export class Meter {
  readonly #campaigns = new Map<string, { campaign: CountedCampaign; people: PeopleCounts }>();
  readonly #calls = new Map<string, Timed<CallLabels>>();
  readonly #jobs = new Map<string, Timed<JobLabels>>();
  #webhooks = 0;
  #found = 0;
  #atWork = 0;
  #recorded = 0;
  #dropped = 0;

  people(campaign: CountedCampaign, kind: WorkKind, many: number): void {
    const key = `${campaign.organizationId}/${campaign.campaignId}`;
    const before = this.#campaigns.get(key)?.people ?? nobody();
    before[kind] += many;
    const { organizationId, campaignId, name } = campaign;
    this.#campaigns.set(key, { campaign: { organizationId, campaignId, name }, people: before });
  }

  /**
   * Results of a cohort that the database has taken; each counts once, however often it is sent.
   */
  results(
    campaign: CountedCampaign,
    results: readonly { readonly outcome: CohortOutcome }[],
  ): void {
    for (const { outcome } of results) this.people(campaign, ofOutcome[outcome], 1);
  }

  webhooks(many: number): void {
    this.#webhooks += many;
  }

  found(many: number): void {
    this.#found += many;
  }

  /** Records of requests to providers that were kept, or could not be. */
  providerCalls({ recorded = 0, dropped = 0 }): void {
    this.#recorded += recorded;
    this.#dropped += dropped;
  }

  /** Counts a call of an adapter, and how long it took. */
  async call<Answer>(port: AdapterPort, ask: () => Promise<Answer>): Promise<Answer> {
    const began = performance.now();
    try {
      const answer = await ask();
      add(this.#calls, { port, outcome: 'answered' }, began);
      return answer;
    } catch (error) {
      const outcome = error instanceof SilentAdapterError ? 'silent' : 'failed';
      add(this.#calls, { port, outcome }, began);
      throw error;
    }
  }

  /** Counts a job, and how long it took. */
  async job<Answer>(queue: string, work: () => Promise<Answer>): Promise<Answer> {
    const began = performance.now();
    const isBeat = queue === 'beat';
    if (!isBeat) this.#atWork += 1;
    try {
      const answer = await work();
      add(this.#jobs, { queue, outcome: 'done' }, began);
      return answer;
    } catch (error) {
      add(this.#jobs, { queue, outcome: 'failed' }, began);
      throw error;
    } finally {
      if (!isBeat) this.#atWork -= 1;
    }
  }

  get counts(): PipelineCounts {
    return {
      campaigns: [...this.#campaigns.values()].map(({ campaign, people }) => ({
        campaign,
        people: { ...people },
      })),
      webhooks: this.#webhooks,
      found: this.#found,
      calls: [...this.#calls.values()].map(({ labels, times: calls, seconds }) => ({
        ...labels,
        calls,
        seconds,
      })),
      providerCalls: { recorded: this.#recorded, dropped: this.#dropped },
      jobs: [...this.#jobs.values()].map(({ labels, times: jobs, seconds }) => ({
        ...labels,
        jobs,
        seconds,
      })),
      atWork: this.#atWork,
    };
  }
}

type PeopleCounts = Record<WorkKind, number>;

function nobody(): PeopleCounts {
  return { synced: 0, enriched: 0, proofed: 0, mailed: 0, retried: 0, failed: 0, unknown: 0 };
}

function add<Labels extends object>(
  to: Map<string, Timed<Labels>>,
  labels: Labels,
  began: number,
): void {
  const key = Object.values(labels).join(' ');
  const before = to.get(key) ?? { labels, times: 0, seconds: 0 };
  before.times += 1;
  before.seconds += (performance.now() - began) / 1000;
  to.set(key, before);
}
