/**
 * Typed calls of what operators do with organizations, campaigns and printers. All throw
 * `MachineError` with what to do.
 */
import { requireKnown } from '../common/invalid-options.ts';
import type { EventStatus } from '../ports/index.ts';
import type { Sql } from './calls.ts';
import { withMachineErrors } from './errors.ts';
import * as calls from './generated/index.generated.ts';

/** A campaign file, checked, in the machine's words; see docs/reference/campaign-file.md. */
export interface CampaignDefinition {
  readonly name: string;
  readonly campaign_mode: 'automated' | 'one_off';
  readonly provider_segment_id: string | null;
  readonly integrations: Readonly<Record<string, unknown>>;
  readonly base_directory: string;
  readonly template: string;
  readonly format: string;
  readonly mail_class: string;
  /** Null: as its connection names it. */
  readonly printer_name: string | null;
  readonly return_address: unknown;
  readonly dedupe: 'person' | 'household';
  /** An interval, for example `30 days`. */
  readonly exclusion_window: string;
  readonly frequency_cap: string | null;
  readonly frequency_cap_mode: 'skip' | 'defer';
  readonly holdout_percent: number;
  readonly holdout_salt: string;
  readonly daily_cap: number | null;
  readonly total_cap: number | null;
  readonly budget_minor: number | null;
  readonly price_minor: number | null;
  readonly currency: string | null;
  readonly offer_ends_on: string | null;
  readonly transit_days: number;
  /**
   * So long after it could have gone a card goes to the printer. Left out: as it was; at first 0.
   */
  readonly hold_back_minutes?: number;
  readonly assumed_after: string;
  readonly effects: readonly ('usage_meter' | 'event_sink')[];
  /** What the event sink is told. Left out: as it was; of a new campaign the first four. */
  readonly event_statuses?: readonly EventStatus[];
  /**
   * How long images are kept after their cards are through: an interval; null: for ever. Left out:
   * as it was; of a new campaign seven days.
   */
  readonly remove_images_after?: string | null;
  /** Of cards whose printer tells nothing: an interval. Left out: as it was, or 90 days. */
  readonly keep_images_at_most?: string;
  /** In letters, as `longestAddressLine()` tells it of adapters; null: any. Left out: as it was. */
  readonly longest_address_line?: number | null;
  /** In letters, as `longestName` of its printer tells it; null: any. Left out: as it was. */
  readonly longest_name?: number | null;
}

/**
 * The fields that no campaign can do without; each of the others may be given, and has the default
 * of a campaign file.
 */
export type NewCampaign = Pick<
  CampaignDefinition,
  'name' | 'template' | 'format' | 'printer_name'
> &
  Partial<CampaignDefinition>;

/**
 * A whole definition from what differs. `integrations` is for a program that finds adapters by it,
 * as the runner does; with adapters handed over in code (`integrationsOf`) it only names the kind
 * of the printer for people.
 */
export function defineCampaign(given: NewCampaign): CampaignDefinition {
  return {
    campaign_mode: 'automated',
    provider_segment_id: null,
    integrations: { printer: { kind: 'own' } },
    base_directory: process.cwd(),
    mail_class: 'first_class',
    return_address: null,
    dedupe: 'household',
    exclusion_window: '30 days',
    frequency_cap: null,
    frequency_cap_mode: 'skip',
    holdout_percent: 0,
    holdout_salt: given.name,
    daily_cap: null,
    total_cap: null,
    budget_minor: null,
    price_minor: null,
    currency: null,
    offer_ends_on: null,
    transit_days: 5,
    assumed_after: '21 days',
    effects: [],
    ...given,
  };
}

export interface CampaignKey {
  readonly organizationId: string;
  readonly campaignId: string;
}

export interface AppliedCampaign extends CampaignKey {
  readonly created: boolean;
  readonly changed: readonly string[];
}

/** Finds or makes an organization by its name. Returns its id. */
export async function ensureOrganization(
  sql: Sql,
  name: string,
  timeZone: string | null = null,
): Promise<string> {
  return await calls.ensureOrganization(sql, { name, timeZone });
}

/** Makes a campaign, or brings it to this definition. */
export async function applyCampaign(
  sql: Sql,
  organizationId: string,
  definition: CampaignDefinition,
): Promise<AppliedCampaign> {
  return await calls.applyCampaign(sql, { organizationId, definition });
}

/** Allows live printing. Returns since when it is allowed. */
export async function armPrinter(
  sql: Sql,
  organizationId: string,
  printerName: string,
): Promise<Date> {
  return new Date(await calls.armPrinter(sql, { organizationId, printerName }));
}

export interface EndOptions {
  readonly status: 'completed' | 'archived';
  readonly why?: string | null;
}

/** Ends a campaign. Returns how many people it skipped. */
export async function endCampaign(
  sql: Sql,
  { organizationId, campaignId }: CampaignKey,
  options: EndOptions,
): Promise<number> {
  requireKnown('endCampaign', options, ['status', 'why']);
  const { status, why = null } = options;
  return await calls.endCampaign(sql, { organizationId, campaignId, status, why });
}

/**
 * The organization and id of a campaign by its name (or `organization/name`, or id). Null where
 * there is none; throws where the name is not unique.
 */
export async function findCampaign(
  sql: Sql,
  name: string,
): Promise<(CampaignKey & { readonly name: string }) | null> {
  const rows = await withMachineErrors(
    sql<{ organization_id: string; id: string; name: string; organization: string }[]>`
      select organization_id, id, name, organization
      from postrider.campaigns
      where name = ${name} or organization || '/' || name = ${name} or id::text = ${name}
      order by created_at`,
  );
  if (rows.length > 1)
    throw new Error(
      `${rows.length} campaigns are named ${name}: say ` +
        `${rows.map((row) => `${row.organization}/${row.name}`).join(' or ')}`,
    );
  const [row] = rows;
  return row === undefined
    ? null
    : { organizationId: row.organization_id, campaignId: row.id, name: row.name };
}
