/** Typed calls of sync. */
import { storable } from '../common/text.ts';
import type { Address, Member, Reject } from '../ports/index.ts';
import { onlyRow, rowOf, uuid, type Sql } from './calls.ts';
import { withMachineErrors } from './errors.ts';
import * as calls from './generated/index.generated.ts';

/** Of a one-off that was launched: `amend`, and `amend_preview`, which changes nobody. */
export type SyncKind = 'automatic' | 'manual' | 'forced' | 'amend' | 'amend_preview';

/**
 * The report of one run of sync; the counts add up: fetched = created + changed + unchanged +
 * repeated + conflicting + invalid + notAdded + tooLate (+ erased people).
 */
export interface SyncReport {
  readonly runId: string;
  readonly campaign: string;
  readonly complete: boolean;
  readonly fetched: number;
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly repeated: number;
  /** Rows with an id that an earlier row gave to another person: told as rejects, not taken. */
  readonly conflicting: number;
  readonly invalid: number;
  /** Of a run that amends: rows of people who are not in the campaign. */
  readonly notAdded: number;
  /** Of a run that amends: rows of people who can no longer be amended. Told as notes. */
  readonly tooLate: number;
  readonly leftSegment: number;
  readonly pages: number;
  readonly waitedMs: number;
  readonly createdByState: Readonly<Record<string, number>>;
  readonly turnedAway: Readonly<Record<string, number>>;
  /**
   * Rows whose people were taken and of which something was changed or left out, by reason. The
   * view `sync_notes` has them by row.
   */
  readonly noted: Readonly<Record<string, number>>;
  /** The same by reason, and within it by the column of the list, where a note has one. */
  readonly notedColumns: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly durationMs: number;
  readonly error: string | null;
}

/** Organizations with a campaign that syncs by the clock. */
export async function organizationsToSync(sql: Sql): Promise<readonly string[]> {
  const rows = await withMachineErrors(
    sql<{ id: string }[]>`
      select distinct organization_id as id
      from postrider.campaigns_to_sync()`,
  );
  return rows.map(({ id }) => id);
}

/** Campaigns of an organization that sync by the clock. */
export async function campaignsToSync(
  sql: Sql,
  organizationId: string,
): Promise<readonly { campaignId: string; name: string }[]> {
  return await withMachineErrors(
    sql<{ campaignId: string; name: string }[]>`
      select campaign_id as "campaignId", name
      from postrider.campaigns_to_sync()
      where organization_id = ${organizationId}`,
  );
}

/** The segment of a campaign at its source; null: it names none, or there is no such campaign. */
export async function segmentOf(
  sql: Sql,
  organizationId: string,
  campaignId: string,
): Promise<string | null> {
  const [row] = await withMachineErrors(
    sql<{ segment: string | null }[]>`
      select provider_segment_id as segment
      from postrider.campaign
      where organization_id = ${uuid(organizationId, 'organizationId')}
        and id = ${uuid(campaignId, 'campaignId')}`,
  );
  return row?.segment ?? null;
}

/**
 * What keeps each address from being mailed (the field, its value and why; null: nothing), and the
 * key of its household, as a sync would have them. Changes nothing.
 * @param longestLine in letters, of what the campaign prints; null: any.
 */
export async function judgeAddresses(
  sql: Sql,
  addresses: readonly (Address | null)[],
  longestLine: number | null,
): Promise<readonly { readonly fault: string | null; readonly householdKey: string | null }[]> {
  return await withMachineErrors(
    sql<{ fault: string | null; householdKey: string | null }[]>`
      select fault, household_key as "householdKey"
      from postrider.judge_addresses(
        p_addresses => ${JSON.stringify(addresses)}::text::jsonb,
        p_longest_line => ${longestLine}::int)`,
  );
}

/** A run of sync that holds the lock on its campaign. */
export interface SyncRun {
  readonly organizationId: string;
  readonly campaignId: string;
  readonly token: string;
  readonly runId: string;
}

export interface SyncOpening {
  readonly organizationId: string;
  readonly campaignId: string;
  readonly kind: SyncKind;
  /** Who it is, for people. */
  readonly holder: string;
}

/**
 * Takes the lock on a campaign, for 30 seconds, and begins a run. Throws `MachineError` of kind
 * `campaign_busy` or `campaign_gate`.
 */
export async function openSync(
  sql: Sql,
  opened: SyncOpening,
): Promise<{ runId: string; token: string }> {
  return onlyRow(await calls.openSync<{ runId: string; token: string }>(sql, opened));
}

/** Keeps the lock for 30 seconds more. False: it is lost. */
export async function renewSync(
  sql: Sql,
  { organizationId, campaignId, token }: Omit<SyncRun, 'runId'>,
): Promise<boolean> {
  return await calls.renewSync(sql, { organizationId, campaignId, token });
}

export interface SyncPage {
  readonly members: readonly Member[];
  readonly rejects: readonly Reject[];
  /** How long the source waited for its rate limit; whole milliseconds. */
  readonly waitedMs: number;
}

/**
 * Takes a page of members and rejects into the campaign. Throws `MachineError` of kind `lock_lost`.
 */
export async function applySyncPage(
  sql: Sql,
  run: SyncRun,
  { members, rejects, waitedMs }: SyncPage,
): Promise<void> {
  const page = { ...run, members: flatMembers(members), rejects, waitedMs };
  await calls.applySyncPage(sql, page);
}

/** Members as the machine takes them. */
export function flatMembers(members: readonly Member[]): readonly object[] {
  return members.map(({ address, otherEmails = [], notes = [], ...member }) => ({
    ...address,
    ...member,
    ...(otherEmails.length > 0 && { otherEmails }),
    ...(notes.length > 0 && { notes }),
  }));
}

export interface SyncEnd {
  /** The whole segment was told: members who were not in it have left. */
  readonly complete: boolean;
  /** Why it was not; for people. */
  readonly error: string | null;
  /** More than half of those who wait may have left. */
  readonly allowDepartures?: boolean | undefined;
}

/** Ends a run and gives the lock back. */
export async function closeSync(
  sql: Sql,
  { organizationId, campaignId, token, runId }: SyncRun,
  { complete, error, allowDepartures = false }: SyncEnd,
): Promise<SyncReport> {
  const row = await rowOf(sql`
    select r.*, c.name as campaign,
      round(extract(epoch from r.ended_at - r.started_at) * 1000)::int as duration_ms
    from postrider.close_sync(
      p_organization_id => ${organizationId},
      p_campaign_id => ${campaignId},
      p_token => ${token},
      p_run_id => ${runId},
      p_complete => ${complete},
      p_error => ${error === null ? null : storable(error)},
      p_allow_departures => ${allowDepartures}
    ) r
    join postrider.campaign c on c.organization_id = r.organization_id and c.id = r.campaign_id`);
  return {
    runId: String(row['id']),
    campaign: String(row['campaign']),
    complete: Boolean(row['complete']),
    fetched: Number(row['fetched']),
    created: Number(row['created']),
    changed: Number(row['changed']),
    unchanged: Number(row['unchanged']),
    repeated: Number(row['repeated']),
    conflicting: Number(row['conflicting']),
    invalid: Number(row['invalid']),
    notAdded: Number(row['not_added']),
    tooLate: Number(row['too_late']),
    leftSegment: Number(row['left_segment']),
    pages: Number(row['pages']),
    waitedMs: Number(row['waited_ms']),
    createdByState: row['created_by_state'] as Record<string, number>,
    turnedAway: row['turned_away'] as Record<string, number>,
    noted: row['noted'] as Record<string, number>,
    notedColumns: row['noted_columns'] as Record<string, Record<string, number>>,
    durationMs: Number(row['duration_ms']),
    error: row['error'] === null ? null : String(row['error']),
  };
}
