/** Typed calls of the clean-up of image hosts. */
import type { CampaignKey } from './campaigns.ts';
import type { Sql } from './calls.ts';
import * as calls from './generated/index.generated.ts';

/** A document whose cards are through. */
export interface ClaimedDocument {
  readonly cohortId: string;
  readonly urlKey: string;
  readonly url: string;
  readonly attempt: number;
}

export interface DocumentSettlement {
  readonly cohortId: string;
  readonly urlKey: string;
  readonly outcome: 'removed' | 'retry' | 'failed';
  readonly message?: string;
  /** Null: the machine backs off by itself. */
  readonly afterMs?: number | null;
}

export interface DocumentClaim extends CampaignKey {
  readonly limit: number;
  readonly leaseMs: number;
  /** Whether the image host removes anything; where it does not, nothing is marked as gone. */
  readonly removable: boolean;
}

/** Looks at the documents of a campaign, and takes those that are to be removed, for `leaseMs`. */
export async function claimImageCleanups(
  sql: Sql,
  claim: DocumentClaim,
): Promise<readonly ClaimedDocument[]> {
  return (await calls.claimImageCleanups<ClaimedDocument[] | null>(sql, claim)) ?? [];
}

/** Writes what became of documents. Returns how many were settled. */
export async function settleImageCleanups(
  sql: Sql,
  { organizationId, campaignId }: CampaignKey,
  results: readonly DocumentSettlement[],
): Promise<number> {
  return await calls.settleImageCleanups(sql, { organizationId, campaignId, results });
}
