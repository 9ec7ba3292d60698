/**
 * A crowd, put there past the trigger by a superuser, because a test has no time to move a million
 * people: a campaign in the middle of its life, with its history, mailpieces and scans. And a look
 * at the plans of whatever is run, nested statements of functions included.
 */
import type postgres from 'postgres';
import { connect } from '@postrider/core';
import type { Place } from '../../support/machine.ts';

/**
 * Fills a campaign with `n` people: 40 % pending, 10 % proofed, 20 % sent, 25 % received, 5 %
 * turned away. Without statistics: run `analyze` for those.
 */
export async function fill(admin: postgres.Sql, at: Place, n: number): Promise<void> {
  await admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`set local synchronous_commit = off`;
    await tx`set local work_mem = '256MB'`;
    await tx`
      insert into postrider.recipient (
        organization_id, id, campaign_id, external_id, email, first_name, last_name, line1, city,
        region, postal_code, country, address_from, email_key, household_key, reference, source_row,
        created_at
      )
      select ${at.organizationId}, postrider.new_id(), ${at.campaignId}, 'crowd' || i,
        'crowd' || i || '@example.com', 'Ada', 'Byron ' || i, i || ' Crowd Street', 'Oakland', 'CA',
        '94607', 'US', 'source', 'crowd' || i || '@example.com', 
        '2|US|94607|' || i || '|CROWD|ST||||',
        'C' || lpad(i::text, 7, '0'), i, now() - interval '1 day'
      from generate_series(1, ${n}) i
      on conflict do nothing`;
    await tx`
      insert into postrider.recipient_other_email (organization_id, recipient_id, email_key)
      select organization_id, id, 'other.' || email_key
      from postrider.recipient
      where campaign_id = ${at.campaignId} and external_id like 'crowd%' and source_row % 10 = 0
      on conflict do nothing`;
    await tx`
      insert into postrider.recipient_state (
        organization_id, recipient_id, campaign_id, state, since, move_no, available_at, reason
      )
      select organization_id, id, campaign_id,
        case
          when source_row % 20 < 8 then 'pending'
          when source_row % 20 < 10 then 'proofed'
          when source_row % 20 < 14 then 'sent'
          when source_row % 20 < 19 then 'received'
          else 'skipped'
        end,
        now() - interval '1 hour', case when source_row % 20 < 8 then 1 else 2 end,
        case
          when source_row % 20 between 10 and 13 then now() + interval '20 days'
          else now() - interval '1 hour'
        end,
        case when source_row % 20 = 19 then 'duplicate' else 'new' end
      from postrider.recipient
      where campaign_id = ${at.campaignId} and external_id like 'crowd%'
      on conflict do nothing`;
    await tx`
      insert into postrider.recipient_event (
        organization_id, recipient_id, move_no, at, campaign_id, from_state, to_state, actor,
        reason, by_role
      )
      select s.organization_id, s.recipient_id, k, now() - interval '1 hour', s.campaign_id,
        case k when 2 then 'pending' end, case k when s.move_no then s.state else 'pending' end,
        'sync', 'new', 'crowd'
      from postrider.recipient_state s
      cross join lateral generate_series(1, s.move_no) k
      where s.campaign_id = ${at.campaignId}
        and s.since < now() - interval '30 minutes'
        and not exists (
          select from postrider.recipient_event e
          where e.organization_id = s.organization_id and e.recipient_id = s.recipient_id
        )`;
    await tx`
      insert into postrider.proof (
        organization_id, recipient_id, content_hash, front_url, front_page, back_url, back_page,
        made_at
      )
      select organization_id, recipient_id, 'h', 'file:///f.pdf', 1, 'file:///f.pdf', 2, now()
      from postrider.recipient_state
      where campaign_id = ${at.campaignId}
        and state in ('proofed', 'sent', 'received')
        and since < now() - interval '30 minutes'
      on conflict do nothing`;
    await tx`
      insert into postrider.mailpiece (
        organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key,
        request, status, provider_id, opened_at, accepted_at
      )
      select organization_id, postrider.new_id(), recipient_id, campaign_id, 'press', 'live',
        gen_random_uuid(), '{"format": "4x6"}',
        case state when 'sent' then 'in_transit' else 'delivered' end, 'crowd ' || recipient_id,
        now() - interval '1 hour', now() - interval '1 hour'
      from postrider.recipient_state
      where campaign_id = ${at.campaignId}
        and state in ('sent', 'received')
        and since < now() - interval '30 minutes'`;
    await tx`
      insert into postrider.mailpiece_event (
        organization_id, printer_name, event_id, mailpiece_id, provider_id, status, provider_status,
        confidence, occurred_at, received_at
      )
      select organization_id, 'press', m.id || k.status, m.id, provider_id, k.status, k.status,
        'scan', now(), now()
      from postrider.mailpiece m
      cross join (values ('in_transit'), ('delivered')) k (status)
      where m.campaign_id = ${at.campaignId}
        and m.provider_id like 'crowd%'
        and (k.status = 'in_transit' or m.status = 'delivered')`;
    await tx`
      insert into postrider.effect (
        organization_id, mailpiece_id, kind, campaign_id, recipient_id, state, attempt,
        available_at, occurred_at, done_at
      )
      select organization_id, id, 'usage_meter', campaign_id, recipient_id, 'done', 1, now(), now(),
        now()
      from postrider.mailpiece
      where campaign_id = ${at.campaignId} and provider_id like 'crowd%'`;
    await tx`
      insert into postrider.tally (organization_id, campaign_id, to_state, people)
      select organization_id, campaign_id, state, count(*)
      from postrider.recipient_state
      where campaign_id = ${at.campaignId} and since < now() - interval '30 minutes'
      group by 1, 2, 3`;
  });
}

/**
 * Beside them, of `n` each: entries of the do-not-mail list, rows that a sync rejected, and cohorts
 * that are over, of which a few mailed in the last day.
 */
export async function fillLists(admin: postgres.Sql, at: Place, n: number): Promise<void> {
  await admin.begin(async (tx) => {
    await tx`set local session_replication_role = replica`;
    await tx`
      insert into postrider.suppression (
        organization_id, id, kind, digest, value, neighbourhood, reason, source, added_by,
        created_at
      )
      select ${at.organizationId}, postrider.new_id(), 'household',
        sha256(convert_to('crowd' || i, 'UTF8')), '2|US|94608|' || i || '|CROWD|ST||||',
        sha256(convert_to('near ' || i, 'UTF8')), 'opted out', 'crowd', 'crowd', now()
      from generate_series(1, ${n}::int) i`;
    await tx`
      with run as (
        insert into postrider.sync_run (
          organization_id, id, campaign_id, kind, started_at, ended_at, complete
        )
        values (
          ${at.organizationId}, postrider.new_id(), ${at.campaignId}, 'manual',
          now() - interval '1 hour', now() - interval '50 minutes', true
        )
        returning organization_id, id
      )
      insert into postrider.sync_reject (
        organization_id, run_id, ordinal, source_row, external_id, reason, message
      )
      select run.organization_id, run.id, i, i, 'rejected' || i, 'bad_postal_code', 'm'
      from run
      cross join generate_series(1, ${n}::int) i`;
    await tx`
      insert into postrider.cohort (
        organization_id, id, campaign_id, stage, people, accepted, made_at, begun_at, lease_until,
        closed_at, closed_why
      )
      select ${at.organizationId}, postrider.new_id(), ${at.campaignId}, 'mail', 50, 50, k.at, k.at,
        k.at, k.at, 'done'
      from generate_series(1, ${n}::int) i
      cross join lateral (select now() - i * interval '5 minutes' as at) k`;
  });
}

export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly 'Shared Hit Blocks'?: number;
  readonly 'Shared Read Blocks'?: number;
  readonly Plans?: readonly PlanNode[];
}

export interface Seen {
  readonly sql: string;
  readonly plan: PlanNode;
}

const BIG =
  /^(recipient|recipient_state|recipient_event.*|mailpiece|mailpiece_event|proof|effect)$/;

/** With what `fillLists` fills. */
export const BIG_LISTS = new RegExp(`${BIG.source}|^(suppression|sync_reject|cohort)$`);

/** What of a plan reads a big table from end to end, or looks at more of its rows than `most`. */
export function greedy(seen: Seen, most: number, big = BIG): string[] {
  const found: string[] = [];
  const statement = seen.sql.replaceAll(/\s+/g, ' ').slice(0, 200);
  const visit = (node: PlanNode): void => {
    const relation = node['Relation Name'];
    const loops = node['Actual Loops'] ?? 0;
    const rows =
      ((node['Actual Rows'] ?? 0) +
        (node['Rows Removed by Filter'] ?? 0) +
        (node['Rows Removed by Index Recheck'] ?? 0)) *
      loops;
    if (relation !== undefined && big.test(relation) && loops > 0) {
      const partition = relation.startsWith('recipient_event_');
      if (node['Node Type'] === 'Seq Scan' && !(partition && rows === 0))
        found.push(`scans ${relation}: ${statement}`);
      else if (rows > most && node['Node Type'] !== 'ModifyTable')
        found.push(
          `looks at ${Math.round(rows)} rows of ${relation} ` +
            `by ${node['Index Name'] ?? node['Node Type']}: ${statement}`,
        );
    }
    for (const child of node.Plans ?? []) visit(child);
  };
  visit(seen.plan);
  return found;
}

/**
 * How many blocks of 8 kB were read for the largest of these statements, in memory or from disk: an
 * answer's cost, whatever machine gives it. A statement counts what the functions in it read.
 */
export function blocksRead(plans: readonly Seen[]): number {
  return Math.max(
    ...plans.map(
      ({ plan }) => (plan['Shared Hit Blocks'] ?? 0) + (plan['Shared Read Blocks'] ?? 0),
    ),
  );
}

export interface Watched extends AsyncDisposable {
  readonly sql: postgres.Sql;
  /** Runs it and returns the plans of every statement that ran in it. */
  plansOf(work: () => PromiseLike<unknown>): Promise<Seen[]>;
}

/** One superuser's session whose plans, with what they really did, come as notices. */
export async function watched(adminUrl: string): Promise<Watched> {
  let heard: Seen[] = [];
  const sql = connect(adminUrl, {
    max: 1,
    onNotice: (message) => {
      const json = /plan:\n([^]*)$/.exec(message)?.[1];
      if (json === undefined) return;
      const { 'Query Text': text, Plan: plan } = JSON.parse(json) as {
        'Query Text': string;
        Plan: PlanNode;
      };
      heard.push({ sql: text, plan });
    },
  });
  await sql`load 'auto_explain'`;
  await sql.unsafe(`
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_analyze = on;
    set auto_explain.log_timing = off;
    set auto_explain.log_buffers = on;
    set auto_explain.log_format = json;
    set auto_explain.log_level = notice;
    set client_min_messages = notice`);
  return {
    sql,
    plansOf: async (work) => {
      heard = [];
      await work();
      return heard;
    },
    [Symbol.asyncDispose]: async () => await sql.end({ timeout: 2 }),
  };
}
