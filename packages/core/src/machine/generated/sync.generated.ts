// Generated from the catalog by `npm run generate:calls`. Do not edit.
import { done, interval, json, rows, scalar, uuid, type Sql } from '../calls.ts';

export async function applySyncPage(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly token: string;
    readonly runId: string;
    readonly members: unknown;
    readonly rejects: unknown;
    readonly waitedMs?: number | undefined;
  },
): Promise<void> {
  await done(sql`select postrider.apply_sync_page(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_token => ${uuid(given.token, 'token')},
      p_run_id => ${uuid(given.runId, 'runId')},
      p_members => ${json(given.members)}::text::jsonb,
      p_rejects => ${json(given.rejects)}::text::jsonb
      ${given.waitedMs === undefined ? sql`` : sql`,
      p_waited_ms => ${given.waitedMs}`}
    )`);
}

export async function openSync<
  Row extends { readonly runId: string | null; readonly token: string | null },
>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly kind: string;
    readonly holder: string;
    readonly leaseMs?: number | undefined;
  },
): Promise<readonly Row[]> {
  return await rows<Row>(sql`
    select run_id as "runId", token
    from postrider.open_sync(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_kind => ${given.kind},
      p_holder => ${given.holder}
      ${given.leaseMs === undefined ? sql`` : sql`,
      p_lease => ${interval(given.leaseMs)}::interval`}
    )`);
}

export async function renewSync<Result extends boolean | null = boolean>(
  sql: Sql,
  given: {
    readonly organizationId: string;
    readonly campaignId: string;
    readonly token: string;
    readonly leaseMs?: number | undefined;
  },
): Promise<Result> {
  return await scalar<Result>(sql`select postrider.renew_sync(
      p_organization_id => ${uuid(given.organizationId, 'organizationId')},
      p_campaign_id => ${uuid(given.campaignId, 'campaignId')},
      p_token => ${uuid(given.token, 'token')}
      ${given.leaseMs === undefined ? sql`` : sql`,
      p_lease => ${interval(given.leaseMs)}::interval`}
    ) as result`);
}
