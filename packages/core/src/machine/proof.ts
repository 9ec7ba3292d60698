/** Typed calls of proofing. */
import type { Address } from '../ports/index.ts';
import type { CampaignBrief } from './briefs.ts';
import type { Sql } from './calls.ts';
import * as calls from './generated/index.generated.ts';

export interface BegunCard extends Address {
  readonly recipientId: string;
  readonly attempt: number;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly merge: Readonly<Record<string, string>>;
  readonly reference: string;
}

export interface BegunProof {
  readonly campaign: CampaignBrief;
  readonly cards: BegunCard[];
}

export type ProofSettlement =
  | {
      readonly recipientId: string;
      readonly outcome: 'rendered';
      readonly contentHash: string;
      readonly frontUrl: string;
      readonly frontPage: number;
      readonly backUrl: string;
      readonly backPage: number;
    }
  /** `held` with its campaign: no attempt is counted. */
  | { readonly recipientId: string; readonly outcome: 'failed' | 'held'; readonly message: string }
  | {
      readonly recipientId: string;
      readonly outcome: 'retry';
      readonly message: string;
      /** Null: the machine backs off by itself. */
      readonly afterMs: number | null;
    };

/** Gives a cohort to one runner, at most once. Null: it was begun before, or is held. */
export async function beginProof(
  sql: Sql,
  organizationId: string,
  cohortId: string,
  runnerId: string,
  leaseMs: number,
): Promise<BegunProof | null> {
  return await calls.beginProof(sql, { organizationId, cohortId, runnerId, leaseMs });
}

/**
 * Writes results of a cohort. A replay changes nothing. Returns how many people it moved.
 * @param last no more results will come: people who were not answered for are tried again.
 */
export async function settleProof(
  sql: Sql,
  organizationId: string,
  cohortId: string,
  results: readonly ProofSettlement[],
  last: boolean,
): Promise<number> {
  return await calls.settleProof(sql, { organizationId, cohortId, results, last });
}

/**
 * held: by this. waits: it is held already, or was applied, launched or released since the cohort
 * began. stands: only of cards that failed alike.
 */
export type Refusal = 'held' | 'waits' | 'stands';

/**
 * Holds a campaign whose cards the renderer refuses one and all.
 * @param alike all fail in the same words, which may be the people's own fault.
 */
export async function holdRefused(
  sql: Sql,
  { organizationId, campaignId }: CampaignBrief,
  cohortId: string,
  why: string,
  alike: boolean,
): Promise<Refusal> {
  return await calls.holdRefused<Refusal>(sql, {
    organizationId,
    campaignId,
    cohortId,
    why,
    alike,
  });
}
