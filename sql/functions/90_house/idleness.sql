-- Whether anything can still move, now or within a time.

-- Lists the campaigns and states in which people may move. What keeps people back: a hold, a
-- status, an unarmed printer, a connection that does not work or is of the other mode.
create function postrider.unblocked_states() returns table (
  organization_id uuid,
  campaign_id uuid,
  state text
) language sql stable security definer
begin atomic
  select c.organization_id, c.id, v.state
  from postrider.campaign c
  join postrider.organization o
    on o.id = c.organization_id
    and o.held_at is null
  join postrider.printer p
    on p.organization_id = c.organization_id
    and p.name = c.printer_name
  left join postrider.connection x
    on x.organization_id = p.organization_id
    and x.id = p.connection_id
  left join postrider.connection_breaker b
    on b.organization_id = p.organization_id
    and b.connection_id = p.connection_id
  cross join (values ('pending'), ('proofed')) as v (state)
  where (c.status = 'active' or c.status = 'pending' and v.state = 'pending')
    and (v.state = 'pending' or postrider.takes_cards(p, x, b, c.mode));
end;

-- Counts everything that can still move without an outside event or a later time: {cohorts, ready,
-- webhooks, unknown, effects, batches, jobs}. All are zero: nothing can.
create function postrider.ready_work() returns jsonb
language sql stable security definer as $$
  select jsonb_build_object(
    'cohorts', (
      select count(*)
      from postrider.cohort
      where closed_at is null),
    'ready', (
      select count(*)
      from postrider.unblocked_states() d
      where exists (
        select from postrider.recipient_state s
        where s.organization_id = d.organization_id
          and s.campaign_id = d.campaign_id
          and s.waiting_state = d.state
          and s.available_at <= postrider.now()
          and s.held_at is null)),
    'webhooks', (
      select count(*)
      from postrider.waiting_webhook),
    'unknown', (
      select count(*)
      from postrider.mailpiece m
      where m.status = 'unknown'
        and m.available_at <= postrider.now()
        and (
          not postrider.printer_is_broken(m.organization_id, m.printer_name)
          or exists (
            select from postrider.recipient_state s
            where s.organization_id = m.organization_id
              and s.recipient_id = m.recipient_id
              and s.cancel_requested_at is not null))),
    'effects', (
      select count(*)
      from (
        select from postrider.effect e
        where e.state = 'waiting'
          and e.available_at <= postrider.now()
          and not postrider.is_switched_off(e.organization_id, e.campaign_id, e.kind)
        limit 1
      ) e),
    -- A batch that is out and not to be asked about yet waits for the enricher.
    'batches', (
      select count(*)
      from postrider.enrichment_batch b
      join postrider.campaign c
        on c.organization_id = b.organization_id and c.id = b.campaign_id
      where b.closed_at is null
        and b.next_poll_at <= postrider.now()
        and (postrider.broken_adapter(c, 'enricher') is null or b.deadline < postrider.now())),
    'jobs', (
      select count(*)
      from postrider_queue.job
      where name in ('sync', 'enrich', 'reconcile', 'call_back', 'effects')
        and state in ('created', 'active')
        and start_after <= clock_timestamp()))
$$;

-- Counts what moves by itself within p_within: people who come back after a failure in passing,
-- effects, and unknown outcomes; and says when the first does. steps_left falls whenever anything
-- moves forward, never with a failure, and rises with newcomers and news: a caller that waits long
-- asks it whether that is worth while.
create function postrider.upcoming_work(p_within interval) returns table (
  people bigint,
  effects bigint,
  unknown bigint,
  first_in interval,
  steps_left bigint
) language sql stable security definer as $$
  select postrider.require_within(
    'the time to come', p_within, interval '0', interval '100 years');
  with clock as (
    select postrider.now() as now, postrider.now() + p_within as horizon
  ), coming as (
    select 'people' as kind, n.many, n.first
    from clock
    cross join postrider.unblocked_states() d
    cross join lateral (
      select count(*) as many, min(s.available_at) as first
      from postrider.recipient_state s
      where s.organization_id = d.organization_id
        and s.campaign_id = d.campaign_id
        and s.waiting_state = d.state
        and s.available_at > clock.now
        and s.available_at <= clock.horizon
        and s.held_at is null
    ) n
    union all
    select 'effects', count(*), min(e.available_at)
    from clock
    join postrider.effect e
      on e.state = 'waiting'
      and e.available_at > clock.now
      and e.available_at <= clock.horizon
      and not postrider.is_switched_off(e.organization_id, e.campaign_id, e.kind)
    union all
    select 'unknown', count(*), min(m.available_at)
    from clock
    join postrider.mailpiece m
      on m.status = 'unknown'
      and m.available_at > clock.now
      and m.available_at <= clock.horizon
  )
  select
    coalesce(sum(c.many) filter (where c.kind = 'people'), 0)::bigint,
    coalesce(sum(c.many) filter (where c.kind = 'effects'), 0)::bigint,
    coalesce(sum(c.many) filter (where c.kind = 'unknown'), 0)::bigint,
    min(c.first) - min(clock.now),
    -- A card that is sent may have two effects: it counts for more than these.
    (
      select coalesce(sum(w.weight * t.people), 0)
      from postrider.headcount() t
      join (values
        ('address_enrichable', 5),
        ('address_enriching', 5),
        ('pending', 4),
        ('proofing_staged', 4),
        ('proofing', 4),
        ('proofed', 3),
        ('sending_staged', 3),
        ('sending', 3)
      ) as w (state, weight) using (state)
    )::bigint
    + (
      select count(*)
      from postrider.effect e
      where e.state = 'waiting'
    )
    + (
      select count(*)
      from postrider.waiting_webhook
    )
  from coming c
  cross join clock
$$;
