// Generated from the catalog by `npm run generate:calls`. Do not edit.
import { interval, json, scalar, uuid, type Sql } from '../calls.ts';

export async function claimBatch<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly enricher: string;
    readonly limit: number;
    readonly deadlineMs: number;
    readonly restMs: number;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.claim_batch(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_enricher => ${given.enricher},
      p_limit => ${given.limit},
      p_deadline => ${interval(given.deadlineMs)}::interval,
      p_rest => ${interval(given.restMs)}::interval
    ) as result`);
}

export async function dueBatches<Result>(
  sql: Sql,
  given: { readonly organizationId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.due_batches(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')}
    ) as result`);
}

export async function giveBackBatch<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly batchId: string;
    readonly why: string;
    readonly afterMs?: number | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.give_back_batch(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_batch_id => ${uuid(given.batchId, 'batchId')},
      p_why => ${given.why}
      ${given.afterMs === undefined ? sql`` : sql`,
      p_after => ${interval(given.afterMs)}::interval`}
    ) as result`);
}

export async function giveBackOrphans<Result extends number | null = number>(
  sql: Sql,
  given: { readonly organizationId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.give_back_orphans(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')}
    ) as result`);
}

export async function noteBatchSubmitted<Result extends string | null = string>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly batchId: string;
    readonly providerBatchId: string;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.note_batch_submitted(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_batch_id => ${uuid(given.batchId, 'batchId')},
      p_provider_batch_id => ${given.providerBatchId}
    ) as result`);
}

export async function settleBatch<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly batchId: string;
    readonly enricher: string;
    readonly results: unknown;
    readonly last: boolean;
    readonly hitLifeMs?: number | undefined;
    readonly missLifeMs?: number | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.settle_batch(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_batch_id => ${uuid(given.batchId, 'batchId')},
      p_enricher => ${given.enricher},
      p_results => ${json(given.results)}::text::jsonb,
      p_last => ${given.last}
      ${given.hitLifeMs === undefined ? sql`` : sql`,
      p_hit_life => ${interval(given.hitLifeMs)}::interval`}
      ${given.missLifeMs === undefined ? sql`` : sql`,
      p_miss_life => ${interval(given.missLifeMs)}::interval`}
    ) as result`);
}

export async function skipWithoutEnricher<Result extends number | null = number>(
  sql: Sql,
  given: { readonly organizationId: string; readonly campaignId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.skip_without_enricher(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')}
    ) as result`);
}
