-- What there is to do, for the beats, and for a caller that wants to know when nothing can move any
-- more.

-- Campaigns whose segment is to be synced now: automated ones while they are pending, active or
-- paused, one-offs while they are pending. While the breaker of their source is open they wait.
create function postrider.campaigns_to_sync() returns table (
  organization_id uuid,
  campaign_id uuid,
  name text
) language sql stable security definer
begin atomic
  select c.organization_id, c.id, c.name
  from postrider.campaign c
  where c.status in ('pending', 'active', 'paused')
    and (
      c.campaign_mode = 'automated'
      or c.status = 'pending' and c.provider_segment_id is not null)
    and postrider.broken_adapter(c, 'audience') is null
  order by c.organization_id, c.created_at, c.id;
end;

-- Campaigns with people who wait for an address, or with batches that are out. p_only_due: only
-- those with a batch to poll or to give back. While the breaker of their enricher is open they
-- wait; past its deadline a batch is given back all the same.
create function postrider.campaigns_to_enrich(p_only_due boolean) returns table (
  organization_id uuid,
  campaign_id uuid
) language sql stable security definer
begin atomic
  select c.organization_id, c.id
  from postrider.campaign c
  where not p_only_due
    and c.status in ('pending', 'active')
    and postrider.broken_adapter(c, 'enricher') is null
    and exists (
      select from postrider.recipient_state s
      where s.organization_id = c.organization_id
        and s.campaign_id = c.id
        and s.waiting_state = 'address_enrichable')
  union
  select b.organization_id, b.campaign_id
  from postrider.enrichment_batch b
  join postrider.campaign c
    on c.organization_id = b.organization_id and c.id = b.campaign_id
  where b.closed_at is null
    and b.next_poll_at <= postrider.now()
    and (postrider.broken_adapter(c, 'enricher') is null or b.deadline < postrider.now())
  union
  -- People in a batch that somebody deleted.
  select s.organization_id, s.campaign_id
  from postrider.recipient_state s
  where s.state = 'address_enriching'
    and s.cohort_id is not null
    and not exists (
      select from postrider.enrichment_batch b
      where b.organization_id = s.organization_id
        and b.id = s.cohort_id
        and b.closed_at is null);
end;

-- Answers at once what a beat of seconds would otherwise ask one by one: organizations with pieces
-- to ask printers about, with cards to call back, with effects that are due, with events that found
-- no piece; and whether webhooks wait. An idle runner asks this, and no more.
create function postrider.due() returns table (
  reconcile uuid[],
  call_back uuid[],
  effects uuid[],
  unmatched uuid[],
  webhooks boolean
) language sql stable security definer
begin atomic
  select
    array(
      select distinct m.organization_id
      from postrider.mailpiece m
      where m.status = 'unknown'
        and m.available_at <= (select postrider.now())),
    array(
      select distinct s.organization_id
      from postrider.recipient_state s
      where s.cancel_requested_at is not null
        and s.state in ('sending', 'sent')
        and s.state = 'sent'),
    -- From one organization with effects that wait to the next, by index: neither all organizations
    -- are looked at nor all their effects.
    array(
      with recursive waiting (organization_id) as (
        (
          select e.organization_id
          from postrider.effect e
          where e.state = 'waiting'
          order by e.organization_id
          limit 1
        )
        union all
        select n.organization_id
        from waiting w
        cross join lateral (
          select e.organization_id
          from postrider.effect e
          where e.state = 'waiting'
            and e.organization_id > w.organization_id
          order by e.organization_id
          limit 1
        ) n
      )
      select w.organization_id
      from waiting w
      where exists (
        select from postrider.kinds_with_due_effects(
          w.organization_id, (select postrider.now())))
      union
      select d.organization_id
      from postrider.stored_document d
      where d.state = 'waiting'
        and d.available_at <= (select postrider.now())),
    array(
      select distinct e.organization_id
      from postrider.mailpiece_event e
      where e.mailpiece_id is null
        and e.received_at > (select postrider.now()) - interval '7 days'),
    -- By index: what was applied is still in the table until it is vacuumed.
    coalesce(
      (select min(w.available_at) from postrider.waiting_webhook w) <= (select postrider.now()),
      false);
end;
