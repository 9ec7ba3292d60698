/**
 * A campaign in the middle of its life, for `bench queries`: people who wait for everything that
 * one can wait for, with their history, cards and what follows from them. Put there past the
 * triggers, which the tables' owner may switch off: moving a million people takes minutes.
 */
import type postgres from 'postgres';
import type { Place } from './scratch.ts';

const CHUNK = 100_000;

/** The rows of one chunk of a campaign: $1, $2 name it, $3 and $4 are its ends. */
const IN_CHUNK = `
   where r.organization_id = $1
     and r.campaign_id = $2
     and r.source_row > $3
     and r.source_row <= $4`;

const RECIPIENTS = `
  insert into postrider.recipient (
    organization_id, id, campaign_id, external_id, email, first_name, last_name,
    line1, city, region, postal_code, country, address_from, merge,
    email_key, household_key, reference, source_row, created_at)
  select
    $1::uuid, postrider.new_id(), $2::uuid, 'm' || i, 'm' || i || '@example.com',
    'Ada', 'Byron ' || i,
    i || ' Main Street', 'Oakland', 'CA', '94607', 'US', 'source', '{}',
    'm' || i || '@example.com', '2|US|94607|' || i || '|MAIN|ST||||', postrider.new_reference(), i,
    clock_timestamp() - interval '2 hours'
  from generate_series($3::bigint + 1, $4::bigint) as i`;

/**
 * Of 1,000 people 100 wait for an address and 50 for the enricher's answer; 350 for a proof and 150
 * for the printer, of whom each third is tried again later, for one of seven causes; 200 are sent,
 * one is in error, for a cause of their own, the others are received. One in 500 of those who wait
 * is held, and one in 20 of the cards that are sent is not metered yet, after a failure.
 */
const STATES = `
  insert into postrider.recipient_state (
    organization_id, recipient_id, campaign_id, state, since, move_no, available_at,
    reason, detail, held_at, cohort_id, attempt)
  select
    p.organization_id, p.id, p.campaign_id, p.state, clock_timestamp() - interval '1 hour', p.moves,
    clock_timestamp() + case
      when p.state = 'sent' then interval '20 days' + p.nth * interval '1 second'
      when p.later then interval '1 hour' + p.nth % 3600 * interval '1 second'
      else interval '-1 hour'
    end,
    case
      when p.state = 'error'
        then (array['rejected', 'render_failed', 'failed_at_printer'])[p.nth % 3 + 1]
      when p.later then 'retry'
      else 'new'
    end,
    case
      when p.state = 'error' then 'cause ' || p.nth
      when p.later then 'HTTP 50' || p.nth % 7
    end,
    case
      when p.state in ('address_enrichable', 'pending', 'proofed') and p.nth % 500 = 0
        then clock_timestamp()
    end,
    case when p.state = 'address_enriching' then md5('batch' || p.nth / 20000)::uuid end,
    case when p.later then 1 else 0 end
  from (
    select
      r.organization_id, r.id, r.campaign_id, s.state, s.moves, r.source_row / 100 as nth,
      s.state in ('pending', 'proofed') and r.source_row % 3 = 0 as later
    from postrider.recipient r
    join (
      values
        (0, 'address_enrichable', 1),
        (10, 'address_enriching', 2),
        (15, 'pending', 1),
        (50, 'proofed', 4),
        (65, 'sent', 7),
        (85, 'error', 3),
        (86, 'received', 8)
    ) as s (first, state, moves)
      on s.first = case
        when r.source_row % 100 < 10 then 0
        when r.source_row % 100 < 15 then 10
        when r.source_row % 100 < 50 then 15
        when r.source_row % 100 < 65 then 50
        when r.source_row % 100 < 85 then 65
        when r.source_row % 1000 = 85 then 85
        else 86
      end
    ${IN_CHUNK}
  ) p`;

const HISTORY = `
  insert into postrider.recipient_event (
    organization_id, recipient_id, move_no, at, campaign_id,
    from_state, to_state, actor, reason, by_role)
  select
    s.organization_id, s.recipient_id, k, s.since, s.campaign_id,
    case when k > 1 then 'pending' end,
    case k when s.move_no then s.state else 'pending' end,
    'sync', 'new', 'bench'
  from postrider.recipient r
  join postrider.recipient_state s
    on s.organization_id = r.organization_id and s.recipient_id = r.id
  cross join lateral generate_series(1, s.move_no) k
  ${IN_CHUNK}`;

const MAILPIECES = `
  insert into postrider.mailpiece (
    organization_id, id, recipient_id, campaign_id, printer_name, mode, idempotency_key,
    request, status, provider_id, opened_at, accepted_at)
  select
    s.organization_id, postrider.new_id(), s.recipient_id, s.campaign_id, c.printer_name, 'live',
    gen_random_uuid(), '{}', case s.state when 'sent' then 'in_transit' else 'delivered' end,
    'card ' || s.recipient_id, s.since, s.since
  from postrider.recipient r
  join postrider.recipient_state s
    on s.organization_id = r.organization_id
    and s.recipient_id = r.id
    and s.state in ('sent', 'received')
  join postrider.campaign c on c.organization_id = s.organization_id and c.id = s.campaign_id
  ${IN_CHUNK}`;

const EFFECTS = `
  insert into postrider.effect (
    organization_id, mailpiece_id, kind, campaign_id, recipient_id,
    state, attempt, available_at, occurred_at, done_at, error)
  select
    m.organization_id, m.id, 'usage_meter', m.campaign_id, m.recipient_id,
    case when fails then 'waiting' else 'done' end, 1,
    clock_timestamp() + interval '10 minutes', m.accepted_at,
    case when not fails then m.accepted_at end,
    case when fails then 'HTTP 503' end
  from postrider.recipient r
  join postrider.mailpiece m on m.organization_id = r.organization_id and m.recipient_id = r.id
  cross join lateral (select r.source_row % 100 = 70 as fails) f
  ${IN_CHUNK}`;

const STATEMENTS = [RECIPIENTS, STATES, HISTORY, MAILPIECES, EFFECTS];

/** What holds for the campaign as a whole. */
const ONCE = [
  `insert into postrider.enrichment_batch (
     organization_id, id, campaign_id, people, claimed_at,
     provider_batch_id, deadline, next_poll_at, enricher)
   select
     s.organization_id, s.cohort_id, s.campaign_id, count(*), clock_timestamp(),
     s.cohort_id::text, clock_timestamp() + interval '1 day',
     clock_timestamp() + interval '1 hour', 'lookup'
   from postrider.recipient_state s
   where s.organization_id = $1
     and s.campaign_id = $2
     and s.state = 'address_enriching'
   group by 1, 2, 3`,
  `insert into postrider.tally (organization_id, campaign_id, to_state, people)
   select organization_id, campaign_id, state, count(*)
   from postrider.recipient_state
   where organization_id = $1
     and campaign_id = $2
   group by 1, 2, 3`,
];

/** Fills an empty campaign. The caller must own the tables. */
export async function crowd(sql: postgres.Sql, at: Place, people: number): Promise<void> {
  const place = [at.organizationId, at.campaignId];
  await sql.begin(async (tx) => {
    // Nothing is known yet of what is being made: a nested loop would compare each with each.
    await tx`set local enable_nestloop = off`;
    await tx`set local synchronous_commit = off`;
    await tx`alter table postrider.recipient_state disable trigger user`;
    for (let made = 0; made < people; made += CHUNK)
      for (const statement of STATEMENTS)
        await tx.unsafe(statement, [...place, made, Math.min(made + CHUNK, people)]);
    for (const statement of ONCE) await tx.unsafe(statement, place);
    await tx`alter table postrider.recipient_state enable trigger user`;
  });
  await sql`select postrider.fold_tally()`;
}
