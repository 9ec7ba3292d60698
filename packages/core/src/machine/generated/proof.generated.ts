// Generated from the catalog by `npm run generate:calls`. Do not edit.
import { interval, json, scalar, uuid, type Sql } from '../calls.ts';

export async function beginProof<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly cohortId: string;
    readonly runnerId: string;
    readonly leaseMs: number;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.begin_proof(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_cohort_id => ${uuid(given.cohortId, 'cohortId')},
      p_runner_id => ${uuid(given.runnerId, 'runnerId')},
      p_lease => ${interval(given.leaseMs)}::interval
    ) as result`);
}

export async function settleProof<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly cohortId: string;
    readonly results: unknown;
    readonly last: boolean;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.settle_proof(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_cohort_id => ${uuid(given.cohortId, 'cohortId')},
      p_results => ${json(given.results)}::text::json,
      p_last => ${given.last}
    ) as result`);
}
