/**
 * What a cohort goes through, whether it is proofed or mailed: made with its job, begun once, under
 * a lease, settled as results arrive.
 */
import type postgres from 'postgres';
import {
  stageCampaigns,
  type CohortBegin,
  type CohortKey,
  type CohortStage,
  type StagingFailure,
} from '../machine/cohorts.ts';
import type { CampaignBrief } from '../machine/briefs.ts';
import type { PartFailure } from '../machine/house.ts';
import type { PipelineContext, Wake } from './context.ts';
import type { Lease } from './leases.ts';
import type { CohortOutcome } from './meter.ts';
import { ResultWriter } from './result-writer.ts';

/** Makes cohorts until the window is full or nobody is ready. Returns what could not be staged. */
export async function stageCohorts(
  context: PipelineContext,
  stage: CohortStage,
): Promise<readonly PartFailure[]> {
  const { sql, settings, stopping } = context;
  const failed: StagingFailure[] = [];
  for (;;) {
    const { cohorts, again, failures, untried } = await stageCampaigns(sql, stage, {
      window: settings.window,
      size: settings.cohortSize,
    });
    failed.push(...failures);
    if (cohorts > 0) await context.reach(`${stage}.staged`);
    if (!again || stopping.aborted) return stagingFailure(failed, untried);
  }
}

function stagingFailure(
  failures: readonly StagingFailure[],
  untried: boolean,
): readonly PartFailure[] {
  const [first] = failures;
  if (first === undefined)
    return untried
      ? [{ part: 'staging', organizations: [], code: null, message: null, hint: null }]
      : [];
  const organizations = [...new Set(failures.map(({ organization }) => organization))];
  return [{ part: 'staging', organizations, code: first.code, message: first.message, hint: null }];
}

/** A cohort that is this runner's: for how long, and where its results go. */
export interface LeasedCohort<Result> {
  readonly lease: Lease;
  readonly settler: ResultWriter<Result>;
}

interface CohortWork<Begun, Result> {
  readonly stage: CohortStage;
  readonly begin: (sql: postgres.Sql, begin: CohortBegin) => Promise<Begun | null>;
  /** Writes results; `last` says that no more will come. */
  readonly settle: (results: readonly Result[], last: boolean) => Promise<unknown>;
  /** Results are worth recording for so long after the lease, in milliseconds. */
  readonly patienceMs: number;
  readonly wakes: readonly Wake[];
  /** Asks the adapters. Does not throw for what they do. */
  readonly work: (begun: Begun, leased: LeasedCohort<Result>) => Promise<void>;
}

export async function workCohort<
  Begun extends { readonly campaign: CampaignBrief },
  Result extends { readonly outcome: CohortOutcome },
>(
  context: PipelineContext,
  cohort: CohortKey,
  { stage, begin, settle, patienceMs, wakes, work }: CohortWork<Begun, Result>,
): Promise<void> {
  const { sql, settings, leases, logger, meter, runnerId } = context;
  const lease = leases.prepare(cohort);
  const begun = await begin(sql, { ...cohort, runnerId, leaseMs: settings.leaseMs });
  if (begun === null) return;
  leases.hold(lease);
  try {
    await context.reach(`${stage}.begun`);
    const settler = new ResultWriter<Result>({
      write: async (results, last) => {
        await settle(results, last);
        meter.results(begun.campaign, results);
      },
      patienceMs: () => Math.max(lease.leftMs, patienceMs),
      logger,
    });
    await work(begun, { lease, settler });
    // Without a lease the people who are left belong to the reaper, which knows more. With it,
    // people who were not answered for are tried again, or their outcome is unknown.
    if (lease.leftMs > 0) await settler.end();
    else await settler.flush();
    // Beside the settle, and not waited for.
    void context.callLog.flush();
    await context.reach(`${stage}.settled`);
  } finally {
    leases.release(lease);
    for (const what of wakes) context.wake(what);
  }
}
