-- What follows from what happened to a card: a charge, and events.

-- Whether the account that a campaign has for this kind of effect is held, or of the other mode.
-- Then its effects wait.
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
  where c.organization_id = p_organization_id
    and c.id = p_campaign_id
    and (x.held_at is not null or x.mode <> c.mode));

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
    and not postrider.is_account_out_of_use(p_organization_id, w.campaign_id, w.kind);
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

-- Takes what became of effects, and returns how many it settled.
-- p_results: [{mailpieceId, kind, status, outcome: done|retry|failed, message, afterMs}]
create function postrider.settle_effects(p_organization_id uuid, p_results json) returns int
language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_settled int;
begin
  perform postrider.require_list('the results', json_typeof(p_results));
  with settled as (
    update postrider.effect e
    set state = case r.outcome when 'done' then 'done' when 'failed' then 'failed' else e.state end,
      done_at = case r.outcome when 'done' then v_now end,
      error = left(r.message, 500),
      available_at = v_now
        + coalesce(r."afterMs" * interval '1 millisecond', postrider.back_off(e.attempt))
    from json_to_recordset(p_results)
      as r ("mailpieceId" uuid, kind text, status text, outcome text, message text, "afterMs" int)
    where e.organization_id = p_organization_id
      and e.mailpiece_id = r."mailpieceId"
      and e.kind = r.kind
      and e.status = coalesce(r.status, 'sent')
      and e.state = 'waiting'
    returning e.campaign_id, e.kind, e.state, e.error
  ), failed as (
    -- A charge that was not made is a matter for a person: one alarm for all of them until somebody
    -- has looked.
    insert into postrider.alarm (organization_id, id, kind, campaign_id, detail, raised_at)
    select distinct on (s.campaign_id, s.kind) p_organization_id, postrider.new_id(),
      'effect_failed', s.campaign_id,
      jsonb_build_object('effect', s.kind, 'error', s.error), v_now
    from settled s
    where s.state = 'failed'
      and not exists (
        select from postrider.alarm a
        where a.organization_id = p_organization_id
          and a.cleared_at is null
          and a.kind = 'effect_failed'
          and a.campaign_id = s.campaign_id
          and a.detail ->> 'effect' = s.kind)
  )
  select count(*) into v_settled from settled;
  return v_settled;
end $$;

-- Lets effects that failed for good be tried again, when the cause is mended, and returns how many.
-- They keep their keys, so that nothing is charged twice.
create function postrider.retry_effects(
  p_organization_id uuid,
  p_kind text default null
) returns int language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_again int;
begin
  perform postrider.require_organization(p_organization_id);
  if p_kind not in ('usage_meter', 'event_sink') then
    perform postrider.fail(
      'PR020',
      format('an effect is usage_meter or event_sink, not %L', p_kind),
      'null tries those of both kinds; nothing was changed');
  end if;
  update postrider.effect
  set state = 'waiting', attempt = 0, available_at = v_now
  where organization_id = p_organization_id
    and state = 'failed'
    and (p_kind is null or kind = p_kind);
  get diagnostics v_again = row_count;
  update postrider.alarm
  set cleared_at = v_now, cleared_by = session_user,
    detail = detail || '{"cleared": "tried again"}'
  where organization_id = p_organization_id
    and cleared_at is null
    and kind = 'effect_failed'
    and (p_kind is null or detail ->> 'effect' = p_kind);
  if v_again > 0 then
    perform postrider.note_intervention(p_organization_id, 'retry',
      concat('effects that had failed for good: ', v_again, ' of ' || p_kind));
  end if;
  return v_again;
end $$;
