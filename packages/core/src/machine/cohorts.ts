/**
 * Typed calls of what proofing and mailing share: cohorts are staged, and leased once they are
 * begun. What gives lost cohorts back is a part of `tick` (house.ts).
 */
import { resultOf, rowOf, type Sql } from './calls.ts';
import { withMachineErrors } from './errors.ts';
import * as calls from './generated/index.generated.ts';

export type CohortStage = 'proof' | 'mail';

export interface CohortKey {
  readonly organizationId: string;
  readonly cohortId: string;
}

/** A cohort, and the runner that is to have it for so long. */
export interface CohortBegin extends CohortKey {
  readonly runnerId: string;
  readonly leaseMs: number;
}

/** What became of people of a cohort. */
export interface CohortResults<Result> extends CohortKey {
  readonly results: readonly Result[];
  /** No more results will come. */
  readonly last: boolean;
}

/** A campaign whose people could not be staged: they are where they were. */
export interface StagingFailure {
  readonly organization: string;
  /** The SQLSTATE. */
  readonly code: string;
  readonly message: string;
}

export interface StagingRound {
  /** How many cohorts were made; 0 where another stager is at it. */
  readonly cohorts: number;
  /** Places are left, and somebody may be ready for them. */
  readonly again: boolean;
  readonly failures: readonly StagingFailure[];
  /** What failed in an earlier beat may fail still: it had no place. */
  readonly untried: boolean;
}

export interface StagingLimits {
  /** Open cohorts of the stage at most; null: four for every slot of all live runners. */
  readonly window: number | null;
  /** People in a cohort at most. */
  readonly size: number;
}

/** Makes cohorts of people who are ready, and their jobs, up to the window. */
export async function stageCampaigns(
  sql: Sql,
  stage: CohortStage,
  { window, size }: StagingLimits,
): Promise<StagingRound> {
  return await rowOf(
    sql<StagingRound[]>`
      select cohorts, again, failures, untried
      from postrider.stage_campaigns(
        p_stage => ${stage},
        p_window => coalesce(${window}::int, postrider.window_of(p_stage => ${stage})),
        p_size => ${size}
      )`,
  );
}

/** Renews leases of a runner, for `leaseMs` from now. Returns the cohorts that are still its. */
export async function renew(
  sql: Sql,
  runnerId: string,
  cohorts: readonly CohortKey[],
  leaseMs: number,
): Promise<string[]> {
  return await calls.renew(sql, {
    runnerId,
    organizationIds: cohorts.map((cohort) => cohort.organizationId),
    cohortIds: cohorts.map((cohort) => cohort.cohortId),
    leaseMs,
  });
}

/** Open cohorts of a stage that one runner has. */
export interface CohortsAtWork {
  readonly stage: CohortStage;
  readonly cohorts: number;
  readonly people: number;
}

/** The open cohorts of a runner, a row a stage; none where it has none. */
export async function cohortsAtWork(sql: Sql, runnerId: string): Promise<readonly CohortsAtWork[]> {
  return await withMachineErrors(
    sql<CohortsAtWork[]>`
      select stage, count(*)::int as cohorts, sum(people)::int as people
      from postrider.cohort
      where runner_id = ${runnerId}
        and closed_at is null
      group by 1
      order by 1`,
  );
}

/**
 * How many people other runners have begun and not settled. Where such a runner is gone, they come
 * back when its lease has passed.
 */
export async function peopleAtOtherRunners(sql: Sql, runnerId: string): Promise<number> {
  return await resultOf(
    sql<{ result: number }[]>`
      select coalesce(sum(people), 0)::int as result
      from postrider.cohort
      where closed_at is null
        and begun_at is not null
        and runner_id <> ${runnerId}`,
  );
}
