/** What operators do, typed: one function of SQL each. All throw `MachineError` with what to do. */
import type postgres from 'postgres';
import { mapped } from './errors.ts';
import type { Reason } from './states.generated.ts';

/**
 * A client, or a transaction of one: what is done in it stands or falls with the caller's own
 * changes.
 */
type Sql = postgres.Sql | postgres.TransactionSql;
export type Holdable = 'organization' | 'campaign' | 'printer' | 'recipient';

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
  readonly printer_name: string;
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
  readonly assumed_after: string;
  readonly effects: readonly ('usage_meter' | 'event_sink')[];
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
 * A whole definition from what differs. `integrations` is for whoever finds adapters by it, as the
 * runner does; with adapters handed over in code (`integrationsOf`) it only names the kind of the
 * printer for people.
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

export interface AppliedCampaign {
  readonly organizationId: string;
  readonly campaignId: string;
  readonly created: boolean;
  readonly changed: readonly string[];
}

async function value<T>(query: PromiseLike<readonly { result: T }[]>): Promise<T> {
  const [row] = await mapped(query);
  if (row === undefined) throw new Error('the database answered no row');
  return row.result;
}

/** Finds or makes an organization by its name. */
export async function organizationNamed(
  sql: Sql,
  name: string,
  timeZone: string | null = null,
): Promise<string> {
  return await value(
    sql<{ result: string }[]>`select postrider.organization_named(${name}, ${timeZone}) as result`,
  );
}

export async function applyCampaign(
  sql: Sql,
  organizationId: string,
  definition: CampaignDefinition,
): Promise<AppliedCampaign> {
  return await value(
    sql<
      { result: AppliedCampaign }[]
    >`select postrider.apply_campaign(${organizationId}, ${JSON.stringify(definition)}::text::jsonb) as result`,
  );
}

/** `arm`: with a live launch its printer is armed too; where the launch is refused, it is not. */
export async function launch(
  sql: Sql,
  organizationId: string,
  campaignId: string,
  mode: 'test' | 'live',
  why: string | null = null,
  arm = false,
): Promise<string> {
  return await value(
    sql<
      { result: string }[]
    >`select postrider.launch(${organizationId}, ${campaignId}, ${mode}, ${why}, ${arm}) as result`,
  );
}

export async function armPrinter(
  sql: Sql,
  organizationId: string,
  printerName: string,
): Promise<Date> {
  return new Date(
    await value(
      sql<
        { result: string }[]
      >`select pg_catalog.to_json(postrider.arm_printer(${organizationId}, ${printerName})) as result`,
    ),
  );
}

export interface Held {
  readonly held: Holdable;
  readonly id: string;
  readonly atPrinter: number;
  readonly unknown: number;
}

/** When it returns, nothing new begins. `atPrinter`: cards that are at the printer's API and still go out; `unknown`: of so many of
 * these nobody knows whether the printer has them. */
export async function hold(
  sql: Sql,
  organizationId: string,
  kind: Holdable,
  id: string,
  why: string | null = null,
): Promise<Held> {
  return await value(
    sql<
      { result: Held }[]
    >`select postrider.hold(${organizationId}, ${kind}, ${id}, ${why}) as result`,
  );
}

export async function release(
  sql: Sql,
  organizationId: string,
  kind: Holdable,
  id: string,
  why: string | null = null,
): Promise<string> {
  return await value(
    sql<
      { result: string }[]
    >`select postrider.release(${organizationId}, ${kind}, ${id}, ${why}) as result`,
  );
}

/** Returns the state that follows. */
export async function retry(sql: Sql, recipientId: string): Promise<string> {
  return await value(sql<{ result: string }[]>`select postrider.retry(${recipientId}) as result`);
}

export interface RetriedAll {
  /** How many, by the state that follows. */
  readonly tried: Readonly<Record<string, number>>;
  /** Not tried: a card of theirs may exist. */
  readonly refused: number;
  /** Still to be tried: call again. */
  readonly left: number;
}

/** Everybody of a campaign who is in error for this reason, 10,000 at a time. */
export async function retryAll(
  sql: Sql,
  organizationId: string,
  campaignId: string,
  reason: Reason,
): Promise<RetriedAll> {
  return await value(
    sql<
      { result: RetriedAll }[]
    >`select postrider.retry_all(${organizationId}, ${campaignId}, ${reason}) as result`,
  );
}

/** `why`: what came of it; stays in the person's trace. */
export async function clearAlarm(sql: Sql, alarmId: string, why: string): Promise<Date> {
  return new Date(
    await value(
      sql<
        { result: string }[]
      >`select pg_catalog.to_json(postrider.clear_alarm(${alarmId}, ${why})) as result`,
    ),
  );
}

/** Webhooks that could not be read are read again; null: of all printers. Returns how many. */
export async function retryWebhooks(
  sql: Sql,
  organizationId: string,
  printerName: string | null = null,
): Promise<number> {
  return await value(
    sql<
      { result: number }[]
    >`select postrider.retry_webhooks(${organizationId}, ${printerName}) as result`,
  );
}

/**
 * Effects that failed for good are tried again, with the keys they had; null: of every kind.
 * Returns how many.
 */
export async function retryEffects(
  sql: Sql,
  organizationId: string,
  kind: 'usage_meter' | 'event_sink' | null = null,
): Promise<number> {
  return await value(
    sql<{ result: number }[]>`select postrider.retry_effects(${organizationId}, ${kind}) as result`,
  );
}

export async function cancel(
  sql: Sql,
  recipientId: string,
  why: string | null = null,
): Promise<string> {
  return await value(
    sql<{ result: string }[]>`select postrider.cancel(${recipientId}, ${why}) as result`,
  );
}

export async function erase(sql: Sql, recipientId: string): Promise<string> {
  return await value(sql<{ result: string }[]>`select postrider.erase(${recipientId}) as result`);
}

/**
 * The only way out of outcome_unknown. `evidence`: for printed the printer's id, for not_printed
 * who said so and when.
 */
export async function resolve(
  sql: Sql,
  mailpieceId: string,
  verdict: 'printed' | 'not_printed',
  evidence: string,
): Promise<string> {
  return await value(
    sql<
      { result: string }[]
    >`select postrider.resolve(${mailpieceId}, ${verdict}, ${evidence}) as result`,
  );
}

export interface SuppressionEntry {
  readonly email?: string | null;
  readonly externalId?: string | null;
  readonly line1?: string | null;
  readonly line2?: string | null;
  readonly postalCode?: string | null;
  readonly country?: string | null;
  readonly reason?: string | null;
}

/** Returns how many people it stopped. */
export async function suppress(
  sql: Sql,
  organizationId: string,
  entry: SuppressionEntry,
  source: string,
): Promise<number> {
  return await value(
    sql<
      { result: number }[]
    >`select postrider.suppress(${organizationId}, p_email => ${entry.email ?? null}, p_external_id => ${entry.externalId ?? null},
      p_line1 => ${entry.line1 ?? null}, p_line2 => ${entry.line2 ?? null}, p_postal_code => ${entry.postalCode ?? null},
      p_country => ${entry.country ?? 'US'}, p_reason => ${entry.reason ?? 'opted out'}, p_source => ${source}) as result`,
  );
}

export async function endCampaign(
  sql: Sql,
  organizationId: string,
  campaignId: string,
  status: 'completed' | 'archived',
  why: string | null = null,
): Promise<number> {
  return await value(
    sql<
      { result: number }[]
    >`select postrider.end_campaign(${organizationId}, ${campaignId}, ${status}, ${why}) as result`,
  );
}

/**
 * The organization and id of a campaign by its name (or `organization/name`, or id). Null where
 * there is none; throws where the name is not unique.
 */
export async function findCampaign(
  sql: Sql,
  name: string,
): Promise<{ organizationId: string; campaignId: string; name: string } | null> {
  const rows = await mapped(
    sql<{ organization_id: string; id: string; name: string; organization: string }[]>`
      select organization_id, id, name, organization from postrider.campaigns
      where name = ${name} or organization || '/' || name = ${name} or id::text = ${name} order by created_at`,
  );
  if (rows.length > 1)
    throw new Error(
      `${rows.length} campaigns are named ${name}: say ${rows.map((row) => `${row.organization}/${row.name}`).join(' or ')}`,
    );
  const [row] = rows;
  return row === undefined
    ? null
    : { organizationId: row.organization_id, campaignId: row.id, name: row.name };
}
