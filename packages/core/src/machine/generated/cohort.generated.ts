// Generated from the catalog by `npm run generate:calls`. Do not edit.
import { interval, scalar, uuid, uuids, type Sql } from '../calls.ts';

export async function campaignBrief<Result>(
  sql: Sql,
  given: { readonly organizationId: string; readonly campaignId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.campaign_brief(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')}
    ) as result`);
}

export async function printerBrief<Result>(
  sql: Sql,
  given: { readonly organizationId: string; readonly printerName: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.printer_brief(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName}
    ) as result`);
}

export async function renew<Result extends readonly string[] | null = readonly string[]>(
  sql: Sql,
  given: {
    readonly runnerId: string;
    readonly organizationIds: readonly string[];
    readonly cohortIds: readonly string[];
    readonly leaseMs: number;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.renew(
      p_runner_id => ${uuid(given.runnerId, 'runnerId')},
      p_organization_ids => ${uuids(given.organizationIds, 'organizationIds')}::uuid[],
      p_cohort_ids => ${uuids(given.cohortIds, 'cohortIds')}::uuid[],
      p_lease => ${interval(given.leaseMs)}::interval
    ) as result`);
}
