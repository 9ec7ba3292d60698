/** Where the people of one campaign are, and what a mailing still waits for. */
import { states, terminalStates } from '@postrider/core';
import type { Sql } from '@postrider/runner/database';
import { sum, type Counts } from './progress.ts';

export interface Place {
  readonly organizationId: string;
  readonly campaignId: string;
}

const underWay = states.filter((state) => !terminalStates.has(state));

export interface Funnel {
  readonly recipients: number;
  readonly counts: Counts;
  /** How many have not come to their end. */
  readonly inFlight: number;
  readonly status: string;
}

export async function readFunnel(sql: Sql, { organizationId, campaignId }: Place): Promise<Funnel> {
  const [row] = await sql`
    select *
    from postrider.funnel
    where organization_id = ${organizationId}
      and campaign_id = ${campaignId}`;
  const counts = Object.fromEntries(states.map((state) => [state, Number(row?.[state] ?? 0)]));
  return {
    recipients: Number(row?.['recipients'] ?? 0),
    counts,
    inFlight: sum(counts, underWay),
    status: String(row?.['status'] ?? ''),
  };
}

/** Whether some run has come to the end of the list. */
export async function isListRead(
  sql: Sql,
  { organizationId, campaignId }: Place,
): Promise<boolean> {
  const [run] = await sql`
    select
    from postrider.sync_runs
    where organization_id = ${organizationId}
      and campaign_id = ${campaignId}
      and complete
    limit 1`;
  return run !== undefined;
}

/** States with their reasons, for the summary. */
export async function readReasons(
  sql: Sql,
  { organizationId, campaignId }: Place,
): Promise<{ state: string; reason: string; people: number }[]> {
  const rows = await sql<{ state: string; reason: string; people: number }[]>`
    select state, coalesce(reason, '') as reason, count(*)::int as people
    from postrider.recipients
    where organization_id = ${organizationId}
      and campaign_id = ${campaignId}
    group by 1, 2
    order by people desc, reason`;
  return [...rows];
}

/**
 * Somebody whose story is worth reading, and somebody who got no card although they are in the
 * list.
 */
export async function readExamples(
  sql: Sql,
  { organizationId, campaignId }: Place,
): Promise<{ story: string | null; turnedAway: string | null }> {
  const [story] = await sql<{ who: string }[]>`
    select coalesce(email, external_id) as who
    from postrider.recipients
    where organization_id = ${organizationId}
      and campaign_id = ${campaignId}
      and state in ('received', 'sent')
    order by move_no desc, created_at, id
    limit 1`;
  const [turnedAway] = await sql<{ who: string }[]>`
    select external_id as who
    from postrider.recipients
    where organization_id = ${organizationId}
      and campaign_id = ${campaignId}
      and state = 'skipped'
    order by (reason = 'duplicate') desc, created_at, id
    limit 1`;
  return { story: story?.who ?? null, turnedAway: turnedAway?.who ?? null };
}
