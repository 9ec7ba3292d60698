/** Typed calls of what follows from what happened to cards. */
import type { Confidence, EventStatus } from '../ports/index.ts';
import type { Sql } from './calls.ts';
import { withMachineErrors } from './errors.ts';
import * as calls from './generated/index.generated.ts';

export type EffectKind = 'usage_meter' | 'event_sink';

/** What is done after cards, by whose provider does it. */
export type FollowUp = EffectKind | 'image_cleanup';

export interface ClaimedEffect {
  readonly key: string;
  readonly mailpieceId: string;
  readonly kind: EffectKind;
  /** A charge follows from `sent`. */
  readonly status: EventStatus;
  readonly campaignId: string;
  readonly recipientId: string;
  readonly attempt: number;
  readonly occurredAt: string;
  readonly isBackfill: boolean;
  /** Null: the person was erased. */
  readonly externalId: string | null;
  readonly organization: string;
  readonly campaign: string;
  readonly format: string;
  readonly mailClass: string;
  readonly mode: 'test' | 'live';
  readonly printer: string;
  readonly providerId: string | null;
  readonly acceptedAt: string | null;
  readonly expectedDelivery: string | null;
  readonly rerouted: boolean;
  readonly confidence: Confidence | null;
}

export interface EffectSettlement {
  readonly mailpieceId: string;
  readonly kind: EffectKind;
  readonly status: EventStatus;
  readonly outcome: 'done' | 'retry' | 'failed' | 'refused';
  readonly message?: string;
  /** Null: the machine backs off by itself. */
  readonly afterMs?: number | null;
  /** The provider was not asked: it costs no attempt. */
  readonly untried?: boolean | undefined;
}

export interface EffectClaim {
  readonly organizationId: string;
  readonly kind: EffectKind;
  readonly campaignId: string;
  /** At most so many. */
  readonly limit: number;
  readonly leaseMs: number;
}

/** Effects of one kind and campaign. */
export interface EffectGroup {
  readonly kind: EffectKind;
  readonly campaignId: string;
}

/** What is due of a campaign. */
export interface DueGroup {
  readonly kind: FollowUp;
  readonly campaignId: string;
}

/** The campaigns and kinds of which effects are due. */
export async function dueEffects(sql: Sql, organizationId: string): Promise<readonly DueGroup[]> {
  return await calls.dueEffects<DueGroup>(sql, { organizationId });
}

/** Takes effects that are due, for `leaseMs`; the longest due come first. */
export async function claimEffects(
  sql: Sql,
  claim: EffectClaim,
): Promise<readonly ClaimedEffect[]> {
  return (await calls.claimEffects<ClaimedEffect[] | null>(sql, claim)) ?? [];
}

/**
 * Writes what became of effects. Returns how many were settled.
 * @param offAfterMs of the sink, see `EventSink`; null: it is tried for ever.
 */
export async function settleEffects(
  sql: Sql,
  organizationId: string,
  results: readonly EffectSettlement[],
  offAfterMs: number | null = null,
): Promise<number> {
  return await calls.settleEffects(sql, { organizationId, results, offAfterMs });
}

/** Effects of one kind and campaign that failed for good: nobody tries them again by itself. */
export interface FailedEffects {
  readonly organizationId: string;
  readonly organization: string;
  readonly campaign: string;
  readonly kind: FollowUp;
  readonly effects: number;
  /** What one of them was answered. */
  readonly error: string | null;
}

export interface EffectsWanted {
  /** Null: of every kind. */
  readonly kind: FollowUp | null;
  /** Null: of every organization that this role sees. */
  readonly organizationId: string | null;
}

/** What failed for good. */
export async function failedEffects(
  sql: Sql,
  { kind, organizationId }: EffectsWanted,
): Promise<readonly FailedEffects[]> {
  return await withMachineErrors(
    sql<FailedEffects[]>`
      select
        c.organization_id as "organizationId", c.organization, c.name as campaign, e.kind,
        count(*)::int as effects, max(e.error) as error
      from (
        select organization_id, campaign_id, kind, state, error from postrider.effect
        union all
        select organization_id, campaign_id, 'image_cleanup', state, error
        from postrider.stored_document) e
      join postrider.campaigns c on c.organization_id = e.organization_id and c.id = e.campaign_id
      where e.state = 'failed'
        and (${kind}::text is null or e.kind = ${kind})
        and (${organizationId}::uuid is null or e.organization_id = ${organizationId})
      group by 1, 2, 3, 4
      order by 2, 3, 4`,
  );
}
