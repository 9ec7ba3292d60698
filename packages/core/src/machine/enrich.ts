/** Typed calls of enrichment. */
import { storable } from '../common/text.ts';
import type { Address, EnrichRequest } from '../ports/index.ts';
import type { Sql } from './calls.ts';
import type { ConnectionKey } from './connections.ts';
import { withMachineErrors } from './errors.ts';
import * as calls from './generated/index.generated.ts';

/**
 * Organizations with people to look up.
 * @param onlyDue only those with batches that are out and due.
 */
export async function organizationsToEnrich(
  sql: Sql,
  { onlyDue }: { readonly onlyDue: boolean },
): Promise<readonly string[]> {
  const rows = await withMachineErrors(
    sql<{ id: string }[]>`
      select distinct organization_id as id
      from postrider.campaigns_to_enrich(p_only_due => ${onlyDue})`,
  );
  return rows.map(({ id }) => id);
}

/** Campaigns of an organization with people to look up. */
export async function campaignsToEnrich(
  sql: Sql,
  organizationId: string,
): Promise<readonly string[]> {
  const rows = await withMachineErrors(
    sql<{ id: string }[]>`
      select campaign_id as id
      from postrider.campaigns_to_enrich(p_only_due => false)
      where organization_id = ${organizationId}`,
  );
  return rows.map(({ id }) => id);
}

/** Whether an enricher of the organization is reached by this connection. */
export async function isOfEnricher(
  sql: Sql,
  { organizationId, connectionId }: ConnectionKey,
): Promise<boolean> {
  const rows = await withMachineErrors(
    sql`
      select
      from postrider.campaign
      where organization_id = ${organizationId}
        and integrations #>> '{enricher,connection}' = ${connectionId}
      limit 1`,
  );
  return rows.length > 0;
}

/** Skips people without an address of a campaign without an enricher. Returns how many. */
export async function skipWithoutEnricher(
  sql: Sql,
  organizationId: string,
  campaignId: string,
): Promise<number> {
  return await calls.skipWithoutEnricher(sql, { organizationId, campaignId });
}

/** Gives back people whose batch is gone. Returns how many. */
export async function giveBackOrphans(sql: Sql, organizationId: string): Promise<number> {
  return await calls.giveBackOrphans(sql, { organizationId });
}

export interface ClaimedBatch {
  readonly batchId: string;
  /** Those who are to be looked up. */
  readonly people: readonly EnrichRequest[];
  /** How many were answered from the cache, for nothing. */
  readonly cached: number;
}

/** The campaign whose people an enricher is to look up. */
export interface BatchOf {
  readonly organizationId: string;
  readonly campaignId: string;
  /** By its name. */
  readonly enricher: string;
}

export interface BatchLimits {
  /** People at most. */
  readonly limit: number;
  /** When the enricher is asked a last time, in milliseconds from now. */
  readonly deadlineMs: number;
  /** For how long nobody but the caller looks after the batch, in milliseconds. */
  readonly restMs: number;
}

/** Takes people of a campaign into a batch. Null where nobody is to be looked up. */
export async function claimBatch(
  sql: Sql,
  of: BatchOf,
  limits: BatchLimits,
): Promise<ClaimedBatch | null> {
  return await calls.claimBatch(sql, { ...of, ...limits });
}

export interface BatchKey {
  readonly organizationId: string;
  readonly batchId: string;
}

/** Notes that the enricher has a batch. Returns its id there: the first one told stands. */
export async function noteBatchSubmitted(
  sql: Sql,
  submitted: BatchKey & { readonly providerBatchId: string },
): Promise<string> {
  const noted = await calls.noteBatchSubmitted<string | null>(sql, submitted);
  return noted ?? submitted.providerBatchId;
}

export interface DueBatch {
  readonly batchId: string;
  readonly campaignId: string;
  /** Which enricher took it, by name; null for one of before names were kept. */
  readonly enricher: string | null;
  readonly providerBatchId: string | null;
  readonly overdue: boolean;
}

/** Batches that are out and due. */
export async function dueBatches(sql: Sql, organizationId: string): Promise<readonly DueBatch[]> {
  return (await calls.dueBatches<DueBatch[] | null>(sql, { organizationId })) ?? [];
}

export interface BatchResults extends BatchKey {
  /** By its name. */
  readonly enricher: string;
  readonly results: readonly { recipientId: string; address: Address | null }[];
  /** People of the batch who are left were not found. */
  readonly last: boolean;
}

/** Writes what an enricher found. Returns how many people it moved. */
export async function settleBatch(sql: Sql, found: BatchResults): Promise<number> {
  return await calls.settleBatch(sql, found);
}

export interface LostBatch extends BatchKey {
  readonly why: string;
  /** For how long its people are not looked up again, in milliseconds. */
  readonly afterMs: number;
}

/** Gives back the people of a batch that is lost, for `afterMs` at least. Returns how many. */
export async function giveBackBatch(sql: Sql, lost: LostBatch): Promise<number> {
  return await calls.giveBackBatch(sql, { ...lost, why: storable(lost.why) });
}
