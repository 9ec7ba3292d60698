/** Typed calls of sync and enrichment. */
import type postgres from 'postgres';
import type { Address, EnrichRequest, Member, Reject } from '../ports/index.ts';
import { mapped } from './errors.ts';

/**
 * A sentence as the database takes it: what adapters say may hold a NUL or half a surrogate pair.
 */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

export type SyncKind = 'automatic' | 'manual' | 'forced';

/**
 * The report of one run of sync; the counts add up: fetched = created + changed + unchanged +
 * repeated + invalid (+ erased people).
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
  readonly invalid: number;
  readonly leftSegment: number;
  readonly pages: number;
  readonly waitedMs: number;
  readonly createdByState: Readonly<Record<string, number>>;
  readonly turnedAway: Readonly<Record<string, number>>;
  readonly durationMs: number;
  readonly error: string | null;
}

export async function openSync(
  sql: postgres.Sql,
  organizationId: string,
  campaignId: string,
  kind: SyncKind,
  holder: string,
): Promise<{ runId: string; token: string }> {
  const [row] = await mapped(
    sql<
      { run_id: string; token: string }[]
    >`select run_id, token from postrider.sync_open(${organizationId}, ${campaignId}, ${kind}, ${holder})`,
  );
  if (row === undefined) throw new Error('sync_open answered no row');
  return { runId: row.run_id, token: row.token };
}

/** False: the lock is lost. */
export async function renewSync(
  sql: postgres.Sql,
  organizationId: string,
  campaignId: string,
  token: string,
): Promise<boolean> {
  const [row] = await mapped(
    sql<
      { held: boolean }[]
    >`select postrider.sync_renew(${organizationId}, ${campaignId}, ${token}) as held`,
  );
  return row?.held ?? false;
}

export async function applyPage(
  sql: postgres.Sql,
  run: { organizationId: string; campaignId: string; token: string; runId: string },
  members: readonly Member[],
  rejects: readonly Reject[],
  waitedMs: number,
): Promise<void> {
  const flat = members.map(({ address, ...member }) => ({ ...address, ...member }));
  await mapped(
    sql`select postrider.sync_page(${run.organizationId}, ${run.campaignId}, ${run.token}, ${run.runId}, ${JSON.stringify(flat)}::text::jsonb,
      ${JSON.stringify(rejects)}::text::jsonb, ${waitedMs})`,
  );
}

export async function closeSync(
  sql: postgres.Sql,
  run: { organizationId: string; campaignId: string; token: string; runId: string },
  complete: boolean,
  error: string | null,
  allowDepartures = false,
): Promise<SyncReport> {
  const [row] = await mapped(sql`
    select r.*, round(extract(epoch from r.ended_at - r.started_at) * 1000)::int as duration_ms, c.name as campaign
    from postrider.sync_close(${run.organizationId}, ${run.campaignId}, ${run.token}, ${run.runId}, ${complete},
      ${error === null ? null : storable(error)}, ${allowDepartures}) r
    join postrider.campaign c on c.organization_id = r.organization_id and c.id = r.campaign_id`);
  if (row === undefined) throw new Error('sync_close answered no row');
  return {
    runId: String(row['id']),
    campaign: String(row['campaign']),
    complete: Boolean(row['complete']),
    fetched: Number(row['fetched']),
    created: Number(row['created']),
    changed: Number(row['changed']),
    unchanged: Number(row['unchanged']),
    repeated: Number(row['repeated']),
    invalid: Number(row['invalid']),
    leftSegment: Number(row['left_segment']),
    pages: Number(row['pages']),
    waitedMs: Number(row['waited_ms']),
    createdByState: row['created_by_state'] as Record<string, number>,
    turnedAway: row['turned_away'] as Record<string, number>,
    durationMs: Number(row['duration_ms']),
    error: row['error'] === null ? null : String(row['error']),
  };
}

export interface ClaimedBatch {
  readonly batchId: string;
  /** Who must be asked for. */
  readonly people: readonly EnrichRequest[];
  /** How many were answered from the cache, for nothing. */
  readonly cached: number;
}

/**
 * @param deadlineMs when the enricher is asked a last time, in milliseconds from now.
 * @param restMs for how long nobody but the caller looks after the batch.
 */
export async function claimBatch(
  sql: postgres.Sql,
  organizationId: string,
  campaignId: string,
  enricher: string,
  limit: number,
  deadlineMs: number,
  restMs: number,
): Promise<ClaimedBatch | null> {
  const [row] = await mapped(sql<{ batch: ClaimedBatch | null }[]>`
    select postrider.enrich_claim(${organizationId}, ${campaignId}, ${enricher}, ${limit}, ${`${deadlineMs} milliseconds`}::interval,
      ${`${restMs} milliseconds`}::interval) as batch`);
  return row?.batch ?? null;
}

/** Returns the enricher's id that stands: the first one told wins. */
export async function noteSubmitted(
  sql: postgres.Sql,
  organizationId: string,
  batchId: string,
  providerBatchId: string,
): Promise<string> {
  const [row] = await mapped(
    sql<
      { id: string }[]
    >`select postrider.enrich_submitted(${organizationId}, ${batchId}, ${providerBatchId}) as id`,
  );
  return row?.id ?? providerBatchId;
}

export interface DueBatch {
  readonly batchId: string;
  readonly campaignId: string;
  /** Who took it, by name; null for one of before names were kept. */
  readonly enricher: string | null;
  readonly providerBatchId: string | null;
  readonly overdue: boolean;
}

export async function dueBatches(
  sql: postgres.Sql,
  organizationId: string,
): Promise<readonly DueBatch[]> {
  const [row] = await mapped(
    sql<{ due: DueBatch[] | null }[]>`select postrider.enrich_due(${organizationId}) as due`,
  );
  return row?.due ?? [];
}

/** @param last whoever is left was not found. */
export async function settleBatch(
  sql: postgres.Sql,
  organizationId: string,
  batchId: string,
  enricher: string,
  results: readonly { recipientId: string; address: Address | null }[],
  last: boolean,
): Promise<number> {
  const [row] = await mapped(sql<{ moved: number }[]>`
    select postrider.enrich_settle(${organizationId}, ${batchId}, ${enricher}, ${JSON.stringify(results)}::text::jsonb, ${last}) as moved`);
  return row?.moved ?? 0;
}

export async function loseBatch(
  sql: postgres.Sql,
  organizationId: string,
  batchId: string,
  why: string,
  afterMs: number,
): Promise<number> {
  const [row] = await mapped(sql<{ moved: number }[]>`
    select postrider.enrich_lost(${organizationId}, ${batchId}, ${storable(why)}, ${`${afterMs} milliseconds`}::interval) as moved`);
  return row?.moved ?? 0;
}
