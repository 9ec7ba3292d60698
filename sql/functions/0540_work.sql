-- What there is to do: for the beats, and for whoever wants to know when nothing can move any more.

-- Campaigns whose segment is to be synced now: automated ones while pending, active or paused, one-offs while pending.
create function postrider.sync_candidates() returns table (organization_id uuid, campaign_id uuid, name text)
language sql stable security definer
begin atomic
  select c.organization_id, c.id, c.name from postrider.campaign c
  where c.status in ('pending', 'active', 'paused') and (c.campaign_mode = 'automated' or c.status = 'pending' and c.provider_segment_id is not null)
  order by c.organization_id, c.created_at, c.id;
end;

-- Campaigns with people who wait for an address, or with batches that are out.
create function postrider.enrich_candidates(p_only_due boolean) returns table (organization_id uuid, campaign_id uuid)
language sql stable security definer
begin atomic
  select c.organization_id, c.id from postrider.campaign c
  where not p_only_due and c.status in ('pending', 'active') and exists (
    select from postrider.recipient_state s
    where s.organization_id = c.organization_id and s.campaign_id = c.id and s.state = 'address_enrichable'
      and s.state in ('address_enrichable', 'pending', 'proofed', 'sent'))
  union
  select b.organization_id, b.campaign_id from postrider.enrichment_batch b where b.closed_at is null and b.next_poll_at <= postrider.now()
  union
  -- In a batch that somebody deleted.
  select s.organization_id, s.campaign_id from postrider.recipient_state s
  where s.state = 'address_enriching' and s.cohort_id is not null and not exists (
    select from postrider.enrichment_batch b where b.organization_id = s.organization_id and b.id = s.cohort_id and b.closed_at is null);
end;

-- Batches that are gone or closed with people still in them: those go back.
create function postrider.enrich_orphans(p_organization_id uuid) returns int
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_batch uuid;
  v_back int := 0;
begin
  for v_batch in
    select distinct s.cohort_id from postrider.recipient_state s
    where s.organization_id = p_organization_id and s.cohort_id is not null and s.state = 'address_enriching' and not exists (
      select from postrider.enrichment_batch b where b.organization_id = s.organization_id and b.id = s.cohort_id and b.closed_at is null)
  loop
    v_back := v_back + postrider.enrich_lost(p_organization_id, v_batch, 'the batch is gone');
  end loop;
  return v_back;
end $$;

-- What a beat of seconds would otherwise ask one by one: organizations with pieces to ask printers about or cards to call back, with effects that
-- are due, with events that found no piece; and whether webhooks wait. An idle runner asks this, and no more.
create function postrider.due() returns table (reconcile uuid[], effects uuid[], unmatched uuid[], webhooks boolean)
language sql stable security definer set enable_seqscan = off set enable_bitmapscan = off
begin atomic
  select
    array(
      select m.organization_id from postrider.mailpiece m where m.status = 'unknown' and m.available_at <= (select postrider.now())
      union
      select s.organization_id from postrider.recipient_state s
      where s.cancel_requested_at is not null and s.state in ('sending', 'sent') and s.state = 'sent'),
    -- From one organization with effects that wait to the next, by index: neither all organizations are looked at nor all their effects.
    array(
      with recursive waiting (organization_id) as (
        (select e.organization_id from postrider.effect e where e.state = 'waiting' order by e.organization_id limit 1)
        union all
        select n.organization_id from waiting w cross join lateral (
          select e.organization_id from postrider.effect e where e.state = 'waiting' and e.organization_id > w.organization_id
          order by e.organization_id limit 1) n
      )
      select w.organization_id from waiting w
      cross join (values ('usage_meter'), ('event_sink')) as k (kind)
      cross join lateral (
        select from postrider.effect e
        where e.organization_id = w.organization_id and e.kind = k.kind and e.state = 'waiting' and e.available_at <= (select postrider.now()) limit 1) e
      group by 1),
    array(
      select distinct e.organization_id from postrider.mailpiece_event e
      where e.mailpiece_id is null and e.received_at > (select postrider.now()) - interval '7 days'),
    exists (select from postrider.provider_event e where e.applied_at is null and e.error is null);
end;

-- Notes that these beats were done, and says what is due, and whether anything of them failed before: one statement, because an idle runner sends
-- little else.
create function postrider.beat(p_names text[], p_every interval[])
returns table (reconcile uuid[], effects uuid[], unmatched uuid[], webhooks boolean, failing boolean)
language sql volatile security definer
begin atomic
  select postrider.require_given('the name and interval of a beat', variadic array_agg(b.name) || array_agg(b.every::text))
  from unnest(p_names, p_every) as b (name, every);
  insert into postrider.beat (name, every, last_at)
  select distinct on (b.name) b.name, b.every, clock_timestamp() from unnest(p_names, p_every) as b (name, every)
  on conflict (name) do update set every = excluded.every, last_at = excluded.last_at;
  select d.reconcile, d.effects, d.unmatched, d.webhooks,
    exists (select from postrider.beat_failure f where f.beat = any (p_names) and f.over_at is null)
  from postrider.due() d;
end;

-- Printers with cards on their way that have told nothing for p_silence: to be polled. Each is taken for that long.
create function postrider.poll_claim(p_silence interval) returns table (organization_id uuid, printer_name text, cursor text)
language sql volatile security definer set search_path = postrider, pg_temp
as $$
  select postrider.require_within('the silence', p_silence, interval '0', interval '1 year');
  insert into postrider.printer_feed as f (organization_id, printer_name, polled_at)
  select p.organization_id, p.name, postrider.now() from postrider.printer p
  left join postrider.printer_feed n on n.organization_id = p.organization_id and n.printer_name = p.name
  where (n.told_at is null or n.told_at < postrider.now() - p_silence) and (n.polled_at is null or n.polled_at < postrider.now() - p_silence)
    and exists (
      select from postrider.campaign c
      join postrider.recipient_state s on s.organization_id = c.organization_id and s.campaign_id = c.id and s.state = 'sent'
        and s.state in ('address_enrichable', 'pending', 'proofed', 'sent')
      where c.organization_id = p.organization_id and c.printer_name = p.name)
  on conflict (organization_id, printer_name) do update set polled_at = excluded.polled_at
  returning f.organization_id, f.printer_name, f.poll_cursor
$$;

create function postrider.poll_done(p_organization_id uuid, p_printer_name text, p_cursor text) returns void
language sql volatile security definer
begin atomic
  update postrider.printer_feed set poll_cursor = p_cursor where organization_id = p_organization_id and printer_name = p_printer_name;
end;

-- Campaigns and states in which nothing holds those who are there.
create function postrider.open_doors() returns table (organization_id uuid, campaign_id uuid, state text)
language sql stable security definer
begin atomic
  select c.organization_id, c.id, v.state from postrider.campaign c
  join postrider.organization o on o.id = c.organization_id and o.held_at is null
  join postrider.printer p on p.organization_id = c.organization_id and p.name = c.printer_name
  cross join (values ('pending'), ('proofed')) as v (state)
  where (c.status = 'active' or c.status = 'pending' and v.state = 'pending')
    and (v.state = 'pending' or p.held_at is null and (c.mode = 'test' or p.armed_at is not null));
end;

-- Counts whatever can still move without an outside event or a later time. All zero: nothing can.
create function postrider.what_moves() returns jsonb
language sql stable security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
  select jsonb_build_object(
    'cohorts', (select count(*) from postrider.cohort where closed_at is null),
    'ready', (
      select count(*) from postrider.open_doors() d
      where exists (
        select from postrider.recipient_state s
        where s.organization_id = d.organization_id and s.campaign_id = d.campaign_id and s.state = d.state and s.available_at <= postrider.now()
          and s.state in ('address_enrichable', 'pending', 'proofed', 'sent') and s.held_at is null)),
    'webhooks', (select count(*) from postrider.provider_event where applied_at is null and error is null),
    'unknown', (select count(*) from postrider.mailpiece where status = 'unknown' and available_at <= postrider.now()),
    'effects', (select count(*) from (
      select from postrider.effect e join postrider.organization o on o.id = e.organization_id
      where e.state = 'waiting' and e.available_at <= postrider.now() limit 1) e),
    -- One that is out and not to be asked about yet waits for the enricher.
    'batches', (select count(*) from postrider.enrichment_batch where closed_at is null and next_poll_at <= postrider.now()),
    'jobs', (select count(*) from postrider_queue.job where name in ('sync', 'enrich', 'reconcile', 'effects') and state in ('created', 'active')
      and start_after <= clock_timestamp())
  )
$$;

-- What moves by itself within p_within: who comes back after a failure in passing, and when the first does. steps_left falls whenever anything moves
-- forward, never with a failure, and rises with newcomers and news: who waits long asks it whether that is worth while.
create function postrider.what_comes(p_within interval) returns table (people bigint, effects bigint, unknown bigint, first_in interval, steps_left bigint)
language sql stable security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
  select postrider.require_within('the time to come', p_within, interval '0', interval '100 years');
  with clock as (
    select postrider.now() as now, postrider.now() + p_within as horizon
  ), coming as (
    select 'people' as kind, n.many, n.first from clock cross join postrider.open_doors() d cross join lateral (
      select count(*) as many, min(s.available_at) as first from postrider.recipient_state s
      where s.organization_id = d.organization_id and s.campaign_id = d.campaign_id and s.state = d.state
        and s.available_at > clock.now and s.available_at <= clock.horizon
        and s.state in ('address_enrichable', 'pending', 'proofed', 'sent') and s.held_at is null) n
    union all
    select 'effects', count(*), min(e.available_at) from clock
    join postrider.effect e on e.state = 'waiting' and e.available_at > clock.now and e.available_at <= clock.horizon
    union all
    select 'unknown', count(*), min(m.available_at) from clock
    join postrider.mailpiece m on m.status = 'unknown' and m.available_at > clock.now and m.available_at <= clock.horizon
  )
  select coalesce(sum(c.many) filter (where c.kind = 'people'), 0)::bigint, coalesce(sum(c.many) filter (where c.kind = 'effects'), 0)::bigint,
    coalesce(sum(c.many) filter (where c.kind = 'unknown'), 0)::bigint, min(c.first) - min(clock.now),
    -- A card that is sent may have two effects: it counts for more than these.
    (select coalesce(sum(w.weight * t.people), 0) from postrider.headcount() t
      join (values ('address_enrichable', 5), ('address_enriching', 5), ('pending', 4), ('proofing_staged', 4), ('proofing', 4), ('proofed', 3), ('sending_staged', 3), ('sending', 3)) as w (state, weight)
        using (state))::bigint
      + (select count(*) from postrider.effect e where e.state = 'waiting')
      + (select count(*) from postrider.provider_event e where e.applied_at is null and e.error is null)
  from coming c cross join clock
$$;
