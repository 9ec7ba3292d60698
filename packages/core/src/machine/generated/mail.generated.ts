// Generated from the catalog by `npm run generate:calls`. Do not edit.
import { done, interval, json, scalar, uuid, type Sql } from '../calls.ts';

export async function beginMail<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly cohortId: string;
    readonly runnerId: string;
    readonly leaseMs: number;
    readonly remembered?: unknown | null | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.begin_mail(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_cohort_id => ${uuid(given.cohortId, 'cohortId')},
      p_runner_id => ${uuid(given.runnerId, 'runnerId')},
      p_lease => ${interval(given.leaseMs)}::interval,
      p_remembered => ${json(given.remembered ?? null)}::text::jsonb
    ) as result`);
}

export async function claimCallBacks<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly limit: number;
    readonly printerName?: string | null | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.claim_call_backs(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_limit => ${given.limit},
      p_printer_name => ${given.printerName ?? null}
    ) as result`);
}

export async function claimUnknownMailpieces<Result>(
  sql: Sql,
  given: { readonly organizationId: string; readonly limit: number; readonly leaseMs: number },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.claim_unknown_mailpieces(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_limit => ${given.limit},
      p_lease => ${interval(given.leaseMs)}::interval
    ) as result`);
}

export async function printersToCallBack<Result extends readonly string[] | null = readonly string[]>(
  sql: Sql,
  given: { readonly organizationId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.printers_to_call_back(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')}
    ) as result`);
}

export async function setQuietTime(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly printerName: string;
    readonly quietMs: number;
  },
): Promise<void> {
  await done(sql`select postrider.set_quiet_time(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_printer_name => ${given.printerName},
      p_quiet => ${interval(given.quietMs)}::interval
    )`);
}

export async function settleCallBacks<Result extends number | null = number>(
  sql: Sql,
  given: { readonly organizationId: string; readonly results: unknown },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.settle_call_backs(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_results => ${json(given.results)}::text::json
    ) as result`);
}

export async function settleMail<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly cohortId: string;
    readonly results: unknown;
    readonly last: boolean;
    readonly quietMs: number;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.settle_mail(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_cohort_id => ${uuid(given.cohortId, 'cohortId')},
      p_results => ${json(given.results)}::text::json,
      p_last => ${given.last},
      p_quiet => ${interval(given.quietMs)}::interval
    ) as result`);
}

export async function settleReconciled<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly verdicts: unknown;
    readonly attempts?: number | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.settle_reconciled(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_verdicts => ${json(given.verdicts)}::text::json
      ${given.attempts === undefined ? sql`` : sql`,
      p_attempts => ${given.attempts}`}
    ) as result`);
}
