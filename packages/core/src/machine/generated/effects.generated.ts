// Generated from the catalog by `npm run generate:calls`. Do not edit.
import { interval, json, rows, scalar, time, uuid, type Sql } from '../calls.ts';

export async function claimEffects<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly kind: string;
    readonly campaignId: string;
    readonly limit: number;
    readonly leaseMs: number;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.claim_effects(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_kind => ${given.kind},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_limit => ${given.limit},
      p_lease => ${interval(given.leaseMs)}::interval
    ) as result`);
}

export async function claimImageCleanups<Result>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly limit: number;
    readonly leaseMs: number;
    readonly removable: boolean;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.claim_image_cleanups(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_limit => ${given.limit},
      p_lease => ${interval(given.leaseMs)}::interval,
      p_removable => ${given.removable}
    ) as result`);
}

export async function dueEffects<
  Row extends { readonly kind: string | null; readonly campaignId: string | null },
>(
  sql: Sql,
  given: { readonly organizationId: string },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select kind, campaign_id as "campaignId"
    from postrider.due_effects(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')}
    )`);
}

export async function replayEvents<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly since?: string | Date | null | undefined;
    readonly mailpieceId?: string | null | undefined;
    readonly failed?: boolean | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.replay_events(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_since => ${time(given.since ?? null)}::text::timestamptz,
      p_mailpiece_id => ${uuid(given.mailpieceId ?? null, 'mailpieceId')}
      ${given.failed === undefined ? sql`` : sql`,
      p_failed => ${given.failed}`}
    ) as result`);
}

export async function retryEffects<Result extends number | null = number>(
  sql: Sql,
  given: { readonly organizationId: string; readonly kind?: string | null | undefined },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.retry_effects(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_kind => ${given.kind ?? null}
    ) as result`);
}

export async function settleEffects<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly results: unknown;
    readonly offAfterMs?: number | null | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.settle_effects(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_results => ${json(given.results)}::text::json,
      p_off_after => ${interval(given.offAfterMs ?? null)}::interval
    ) as result`);
}

export async function settleImageCleanups<Result extends number | null = number>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly results: unknown;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.settle_image_cleanups(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_results => ${json(given.results)}::text::json
    ) as result`);
}

export async function switchOnSink<Result extends number | null = number>(
  sql: Sql,
  given: { readonly organizationId: string; readonly campaignId: string },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.switch_on_sink(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')}
    ) as result`);
}
