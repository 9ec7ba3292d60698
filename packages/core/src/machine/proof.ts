/** Typed calls of proofing. */
import type { Address } from '../ports/index.ts';
import type { CampaignBrief } from './briefs.ts';
import type { Sql } from './calls.ts';
import type { CohortBegin, CohortResults } from './cohorts.ts';
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
      /** SHA-256 of its document, in hex; absent where nobody knows. */
      readonly frontHash?: string;
      readonly backUrl: string;
      readonly backPage: number;
      readonly backHash?: string;
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
export async function beginProof(sql: Sql, begin: CohortBegin): Promise<BegunProof | null> {
  return await calls.beginProof(sql, begin);
}

/**
 * Writes results of a cohort. A replay changes nothing. Returns how many people it moved. With the
 * last of them, people who were not answered for are tried again.
 */
export async function settleProof(
  sql: Sql,
  settled: CohortResults<ProofSettlement>,
): Promise<number> {
  return await calls.settleProof(sql, settled);
}

/**
 * held: by this. waits: it is held already, or was applied, launched or released since the cohort
 * began. stands: only of cards that failed alike.
 */
export type Refusal = 'held' | 'waits' | 'stands';

export interface RefusedCards {
  readonly cohortId: string;
  readonly why: string;
  /** All fail in the same words, which may be the people's own fault. */
  readonly alike: boolean;
}

/** Holds a campaign whose cards the renderer refuses one and all. */
export async function holdForTemplate(
  sql: Sql,
  { organizationId, campaignId }: CampaignBrief,
  refused: RefusedCards,
): Promise<Refusal> {
  return await calls.holdForTemplate<Refusal>(sql, { organizationId, campaignId, ...refused });
}
