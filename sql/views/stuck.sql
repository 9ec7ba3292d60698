-- People who do not move although they should: why, since when, and what helps. People on their way
-- and in error stand here one by one; waiting people by campaign, with the one who waits longest: a
-- backlog of a million is one row here. Somebody who is held waits on purpose and explains nothing
-- about the others: they are in the view recipients, by held_at. Times in words are the
-- organization's, wherever the question comes from.
create view postrider.stuck with (security_invoker = true) as
with alive as (
  select count(*) as runners
  from postrider.runner
  where seen_at > clock_timestamp() - interval '45 seconds'
)
-- On their way, in a cohort.
select s.organization_id, c.name as campaign, s.recipient_id, 1::bigint as people, s.state, s.since,
  s.reason,
  case
    when m.status = 'unknown' then 'nobody knows yet whether the printer has the card'
    when k.id is null then 'the cohort is gone'
    when k.closed_at is not null then 'the cohort was closed: ' || k.closed_why
    when k.begun_at is null then 'the cohort waits for a worker'
    else 'at work at ' || coalesce(r.name, 'a runner that is gone')
  end as why,
  case
    when m.status = 'unknown' then 'reconcile asks the printer'
      || coalesce(' at ' || to_char(m.available_at at time zone o.time_zone, 'HH24:MI:SS'), '')
    when (k.id is null or k.closed_at is not null or k.lease_until < postrider.now())
      and alive.runners > 0
      then 'reap gives them back within minutes'
    when k.id is null or k.closed_at is not null or k.lease_until < postrider.now()
      then 'no runner is alive to give them back: start one, or: select postrider.reap()'
    when alive.runners = 0 then 'no runner is alive: start one with `postrider run`'
    else 'nothing to do'
  end as what_helps,
  s.cohort_id, j.state as job, m.id as mailpiece_id
from postrider.people_in_cohorts(null) s
cross join alive
join postrider.organization o
  on o.id = s.organization_id
join postrider.campaign c
  on c.organization_id = s.organization_id and c.id = s.campaign_id
left join postrider.cohort k
  on k.organization_id = s.organization_id and k.id = s.cohort_id
left join postrider.runner r
  on r.id = k.runner_id
left join postrider.queue_job j
  on j.name = k.stage and j.id = k.id
left join postrider.mailpiece m
  on m.organization_id = s.organization_id
  and m.recipient_id = s.recipient_id
  and m.status in ('submitting', 'unknown')
where s.state <> 'address_enriching'
  and (s.since < postrider.now() - interval '2 minutes'
    or m.status = 'unknown'
    or k.id is null
    or k.closed_at is not null)
union all
-- In error.
select s.organization_id, c.name, s.recipient_id, 1, s.state, s.since, s.reason,
  coalesce(w.sentence, s.reason) || coalesce(' [' || s.detail || ']', ''),
  case s.reason
    when 'outcome_unknown' then format('look at the printer''s console, then: '
      'select postrider.resolve(%L, ''printed'' or ''not_printed'', ''evidence'')', m.id)
    else format('mend the cause, then: select postrider.retry(%L)', s.recipient_id)
  end,
  null, null, m.id
from postrider.recipient_state s
join postrider.campaign c
  on c.organization_id = s.organization_id and c.id = s.campaign_id
left join postrider.reason w
  on w.code = s.reason
left join postrider.mailpiece m
  on m.organization_id = s.organization_id
  and m.recipient_id = s.recipient_id
  and m.status in ('submitting', 'unknown')
where s.state = 'error'
union all
-- In a batch of the enricher that is past its deadline.
select b.organization_id, c.name, null, b.people, 'address_enriching', b.claimed_at, 'batch',
  case
    when b.provider_batch_id is null
      then 'the batch was taken but not handed to the enricher'
    else 'the enricher has not answered'
  end,
  'the next enrichment looks after it at '
    || to_char(b.next_poll_at at time zone o.time_zone, 'HH24:MI:SS'),
  b.id, null, null
from postrider.enrichment_batch b
join postrider.organization o
  on o.id = b.organization_id
join postrider.campaign c
  on c.organization_id = b.organization_id and c.id = b.campaign_id
where b.closed_at is null and b.deadline < postrider.now()
union all
-- Waiting for a proof, or for the printer.
select c.organization_id, c.name, oldest.recipient_id, coalesce(n.people, 0)::bigint, v.state,
  oldest.available_at, oldest.reason,
  case
    when o.held_at is not null
      then 'the organization is held' || coalesce(': ' || rtrim(o.held_why, '. '), '') || held.by
    when c.status in ('completed', 'archived') then 'the campaign is ' || c.status
    when c.status = 'paused'
      then 'the campaign is held' || coalesce(': ' || rtrim(c.held_why, '. '), '') || held.by
    when c.status = 'pending' and v.state = 'proofed' then 'the campaign is not launched'
    when v.state = 'proofed' and p.held_at is not null
      then 'the printer is held' || coalesce(': ' || rtrim(p.held_why, '. '), '') || held.by
    when v.state = 'proofed' and c.mode = 'live' and p.armed_at is null
      then 'the printer is not armed'
    when alive.runners = 0 then 'no runner is alive'
    else 'waits for its turn'
  end,
  case
    when o.held_at is not null
      then format('select postrider.release(%L, ''organization'', %L)', o.id, o.id)
    when c.status in ('completed', 'archived')
      then format('to skip them: select postrider.end_campaign(%L, %L, %L)', o.id, c.id, c.status)
    when c.status = 'paused'
      then case when refused.is_so then 'mend what the reason names, then: ' else '' end
        || format('select postrider.release(%L, ''campaign'', %L)', o.id, c.id)
    when c.status = 'pending' and v.state = 'proofed'
      then format('select postrider.launch(%L, %L)', o.id, c.id)
    when v.state = 'proofed' and p.held_at is not null
      then format('select postrider.release(%L, ''printer'', %L)', o.id, p.name)
    when v.state = 'proofed' and c.mode = 'live' and p.armed_at is null
      then format('select postrider.arm_printer(%L, %L)', o.id, p.name)
    when alive.runners = 0 then 'start one with `postrider run`'
    else 'look at the view queue and at doctor()'
  end,
  null, null, null
from postrider.campaign c
cross join alive
join postrider.organization o
  on o.id = c.organization_id
join postrider.printer p
  on p.organization_id = c.organization_id and p.name = c.printer_name
cross join (values ('pending'), ('proofed')) as v (state)
cross join lateral (
  select s.recipient_id, s.available_at, s.reason
  from postrider.recipient_state s
  where s.organization_id = c.organization_id
    and s.campaign_id = c.id
    and s.waiting_state = v.state
    and s.held_at is null
  order by s.available_at, s.recipient_id
  limit 1
) oldest
left join lateral (
  select sum(t.people) as people
  from postrider.tallied() t
  where t.organization_id = c.organization_id
    and t.campaign_id = c.id
    and t.state = v.state
) n on true
cross join lateral (
  select coalesce((
    select ' (' || nullif(concat_ws(', ',
        'by ' || h.by_role,
        h.application,
        'since ' || to_char(h.since at time zone o.time_zone, 'YYYY-MM-DD HH24:MI:SS')), '')
      || ')'
    from postrider.holds h
    where h.organization_id = c.organization_id
      and (h.kind = 'organization' or h.campaign_id = c.id or h.printer = c.printer_name)
    order by h.kind = 'organization' desc, h.kind = 'campaign' desc
    limit 1), '') as by
) held
cross join lateral (
  select exists (
    select from postrider.alarm a
    where a.organization_id = c.organization_id
      and a.campaign_id = c.id
      and a.kind = 'campaign_refused'
      and a.cleared_at is null) as is_so
) refused
-- A hold by the machine itself is told at once: nobody knows of it.
where oldest.available_at < postrider.now() - interval '2 minutes'
  or c.status = 'paused' and refused.is_so
union all
-- At a printer that has taken their card and not printed it, beyond the usual time: assume_received
-- has put them at the end of the index.
select c.organization_id, c.name, m.recipient_id, n.people, 'sent', m.accepted_at, 'accepted',
  format('the printer %s took it %s and has not printed it', m.printer_name,
    case extract(day from postrider.now() - m.accepted_at)
      when 1 then '1 day ago'
      else extract(day from postrider.now() - m.accepted_at) || ' days ago'
    end),
  format('ask the printer; the folder print shop prints what it collects after '
    '`postrider print-shop close`. To call it back: select postrider.cancel(%L)',
    m.recipient_id),
  null, null, m.id
from postrider.campaign c
cross join lateral (
  select count(*) as people
  from postrider.recipient_state s
  where s.organization_id = c.organization_id
    and s.campaign_id = c.id
    and s.waiting_state = 'sent'
    and s.available_at = 'infinity'
) n
cross join lateral (
  select m.*
  from (
    select s.recipient_id
    from postrider.recipient_state s
    where s.organization_id = c.organization_id
      and s.campaign_id = c.id
      and s.waiting_state = 'sent'
      and s.available_at = 'infinity'
    order by s.recipient_id
    limit 1) s
  join postrider.mailpiece m
    on m.organization_id = c.organization_id
    and m.recipient_id = s.recipient_id
    and m.status = 'accepted'
) m;
