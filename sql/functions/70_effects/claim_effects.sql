-- What follows from what happened to a card: a charge, and events.

-- Whether the account that a campaign has for this kind of effect is held, does not work, or is of
-- the other mode. Then its effects wait.
create function postrider.is_account_out_of_use(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_kind text
) returns boolean language sql stable
return exists (
  select from postrider.campaign c
  join postrider.connection x
    on x.organization_id = c.organization_id
    and x.id::text = c.integrations #>> array[p_kind, 'connection']
  left join postrider.connection_breaker b
    on b.organization_id = x.organization_id
    and b.connection_id = x.id
  where c.organization_id = p_organization_id
    and c.id = p_campaign_id
    and (x.held_at is not null or x.mode <> c.mode or b.state <> 'closed'));

-- Tells whether a campaign's meter or sink is switched off.
create function postrider.is_switched_off(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_kind text
) returns boolean language sql stable
return exists (
  select from postrider.effect_failure f
  where f.organization_id = p_organization_id
    and f.campaign_id = p_campaign_id
    and f.kind = p_kind
    and f.off_at is not null);

-- Lists the campaigns and kinds of an organization of which effects are due. It goes from one to
-- the next by index: a million effects that wait for tomorrow are not looked at.
create function postrider.kinds_with_due_effects(
  p_organization_id uuid,
  p_now timestamptz
) returns table (
  kind text,
  campaign_id uuid
) language sql stable
begin atomic
  with recursive waiting (kind, campaign_id, available_at) as (
    (
      select e.kind, e.campaign_id, e.available_at
      from postrider.effect e
      where e.organization_id = p_organization_id
        and e.state = 'waiting'
      order by e.kind, e.campaign_id, e.available_at
      limit 1
    )
    union all
    select n.*
    from waiting w
    cross join lateral (
      select e.kind, e.campaign_id, e.available_at
      from postrider.effect e
      where e.organization_id = p_organization_id
        and e.state = 'waiting'
        and (e.kind, e.campaign_id) > (w.kind, w.campaign_id)
      order by e.kind, e.campaign_id, e.available_at
      limit 1
    ) n
  )
  select w.kind, w.campaign_id
  from waiting w
  where w.available_at <= p_now
    and not postrider.is_account_out_of_use(p_organization_id, w.campaign_id, w.kind)
    and not postrider.is_switched_off(p_organization_id, w.campaign_id, w.kind)
  union all
  select distinct 'image_cleanup', d.campaign_id
  from postrider.stored_document d
  where d.organization_id = p_organization_id
    and d.state = 'waiting'
    and d.available_at <= p_now;
end;

-- Lists the campaigns and kinds of which effects are due. A runner works them side by side: the
-- silent sink of one campaign keeps no other campaign waiting.
create function postrider.due_effects(p_organization_id uuid) returns table (
  kind text,
  campaign_id uuid
) language sql stable security definer
begin atomic
  select k.kind, k.campaign_id
  from postrider.kinds_with_due_effects(p_organization_id, (select postrider.now())) k
  order by k.kind, k.campaign_id;
end;

-- Gives a runner the effects of a kind and a campaign that are due: [{key, mailpieceId, kind,
-- status, campaignId, recipientId, attempt, occurredAt, isBackfill, externalId, organization,
-- campaign, format, mailClass, mode, printer, providerId, acceptedAt, expectedDelivery, rerouted,
-- confidence}], or null. They are claimed by pushing available_at a lease ahead. The key at the
-- provider is (mailpiece, kind), of an event (mailpiece, status), so a repeat after a crash is
-- harmless there. externalId is null of somebody who was erased.
create function postrider.claim_effects(
  p_organization_id uuid,
  p_kind text,
  p_campaign_id uuid,
  p_limit int,
  p_lease interval
) returns json language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_effects json;
begin
  perform postrider.require_within('the limit', p_limit, 0, 1000000);
  perform postrider.require_lease(p_lease);
  if postrider.is_switched_off(p_organization_id, p_campaign_id, p_kind) then
    return null;
  end if;
  with due as materialized (
    select d.mailpiece_id, d.status
    from postrider.effect d
    where d.organization_id = p_organization_id
      and d.kind = p_kind
      and d.campaign_id = p_campaign_id
      and d.state = 'waiting'
      and d.available_at <= v_now
      and not postrider.is_account_out_of_use(p_organization_id, p_campaign_id, p_kind)
    order by d.available_at, d.mailpiece_id, d.occurred_at
    limit p_limit
    for no key update skip locked
  ), claimed as (
    update postrider.effect e
    set available_at = v_now + p_lease, attempt = e.attempt + 1,
      first_claimed_at = coalesce(e.first_claimed_at, v_now)
    from due d
    where e.organization_id = p_organization_id
      and e.mailpiece_id = d.mailpiece_id
      and e.kind = p_kind
      and e.status = d.status
    returning e.*
  )
  select json_agg(json_build_object(
      'key', c.mailpiece_id || ':' || case c.kind when 'event_sink' then c.status else c.kind end,
      'mailpieceId', c.mailpiece_id,
      'kind', c.kind,
      'status', c.status,
      'campaignId', c.campaign_id,
      'recipientId', c.recipient_id,
      'attempt', c.attempt,
      'occurredAt', c.occurred_at,
      -- Older than a day when it is told first: it is history, and starts nothing at the sink.
      'isBackfill', c.occurred_at < c.first_claimed_at - interval '1 day',
      'externalId', case when r.erased_at is null then r.external_id end,
      'organization', o.name,
      'campaign', cp.name,
      'format', m.request ->> 'format',
      'mailClass', m.request ->> 'mailClass',
      'mode', m.mode,
      'printer', m.printer_name,
      'providerId', m.provider_id,
      'acceptedAt', m.accepted_at,
      'expectedDelivery', m.expected_delivery,
      'rerouted', m.rerouted,
      'confidence', case
        when c.status in ('in_transit', 'delivered', 'returned')
          then postrider.confidence_of(c.organization_id, c.mailpiece_id, c.status) end)
    order by c.mailpiece_id, c.occurred_at, c.status)
  into v_effects
  from claimed c
  join postrider.mailpiece m
    on m.organization_id = c.organization_id and m.id = c.mailpiece_id
  join postrider.recipient r
    on r.organization_id = c.organization_id and r.id = c.recipient_id
  join postrider.campaign cp
    on cp.organization_id = c.organization_id and cp.id = c.campaign_id
  join postrider.organization o
    on o.id = c.organization_id;
  return v_effects;
end $$;

-- The surest word for an event of a mailpiece; null where nobody told it.
create function postrider.confidence_of(
  p_organization_id uuid,
  p_mailpiece_id uuid,
  p_event text
) returns text language sql stable
return (
  select e.confidence
  from postrider.mailpiece_event e
  join postrider.mailpiece_status s
    on s.name = e.status
    and s.event = p_event
  where e.organization_id = p_organization_id
    and e.mailpiece_id = p_mailpiece_id
  order by array_position('{scan,assumed,logical,estimated}'::text[], e.confidence)
  limit 1);
