-- Effects of a card that was sent.

-- Gives a runner the effects of a kind that are due: [{key, mailpieceId, kind, campaignId,
-- recipientId, attempt, occurredAt, format, mailClass, mode}], or null. They are claimed by pushing
-- available_at a lease ahead. The key at the provider is (mailpiece, kind), so a repeat after a
-- crash is harmless there.
create function postrider.claim_effects(
  p_organization_id uuid,
  p_kind text,
  p_limit int,
  p_lease interval
) returns json language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_effects json;
  -- Campaigns whose account for this is held, does not work, or is of the other mode.
  v_held uuid[] := array(
    select c.id
    from postrider.campaign c
    join postrider.connection x
      on x.organization_id = c.organization_id
      and x.id::text = c.integrations #>> array[p_kind, 'connection']
    left join postrider.connection_breaker b
      on b.organization_id = x.organization_id
      and b.connection_id = x.id
    where c.organization_id = p_organization_id
      and (x.held_at is not null or x.mode <> c.mode or b.state <> 'closed'));
begin
  perform postrider.require_within('the limit', p_limit, 0, 1000000);
  perform postrider.require_lease(p_lease);
  with claimed as (
    update postrider.effect e
    set available_at = v_now + p_lease, attempt = e.attempt + 1
    where e.organization_id = p_organization_id
      and e.kind = p_kind
      and e.mailpiece_id = any (array(
        select d.mailpiece_id
        from postrider.effect d
        where d.organization_id = p_organization_id
          and d.kind = p_kind
          and d.state = 'waiting'
          and d.available_at <= v_now
          and not d.campaign_id = any (v_held)
        order by d.available_at, d.mailpiece_id
        limit p_limit
        for no key update skip locked))
    returning e.*
  )
  select json_agg(json_build_object(
      'key', c.mailpiece_id || ':' || c.kind,
      'mailpieceId', c.mailpiece_id,
      'kind', c.kind,
      'campaignId', c.campaign_id,
      'recipientId', c.recipient_id,
      'attempt', c.attempt,
      'occurredAt', c.occurred_at,
      'format', m.request ->> 'format',
      'mailClass', m.request ->> 'mailClass',
      'mode', m.mode) order by c.mailpiece_id)
  into v_effects
  from claimed c
  join postrider.mailpiece m
    on m.organization_id = c.organization_id and m.id = c.mailpiece_id;
  return v_effects;
end $$;

-- Takes what became of effects, and returns how many it settled.
-- p_results: [{mailpieceId, kind, outcome: done|retry|failed, message, afterMs}]
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
      as r ("mailpieceId" uuid, kind text, outcome text, message text, "afterMs" int)
    where e.organization_id = p_organization_id
      and e.mailpiece_id = r."mailpieceId"
      and e.kind = r.kind
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
