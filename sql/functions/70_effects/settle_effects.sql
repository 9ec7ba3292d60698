-- What became of effects, and of the meters and sinks that were asked.

-- Takes what became of effects, and returns how many it settled.
-- p_results: [{mailpieceId, kind, status, outcome: done|retry|failed|refused, message, afterMs,
-- untried}].
-- refused: the provider takes nothing of this campaign any more. It is switched off at once, and no
-- attempt is counted. untried: the provider was not asked for this one; neither is one counted.
-- p_off_after: a sink of which nothing worked for so long is switched off; null: it is not.
create function postrider.settle_effects(
  p_organization_id uuid,
  p_results json,
  p_off_after interval default null
) returns int language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_settled int;
  v_rounds jsonb;
begin
  perform postrider.require_list('the results', json_typeof(p_results));
  with settled as (
    update postrider.effect e
    set state = case r.outcome when 'done' then 'done' when 'failed' then 'failed' else e.state end,
      attempt = case when r.outcome = 'refused' or r.untried then e.attempt - 1 else e.attempt end,
      done_at = case r.outcome when 'done' then v_now end,
      error = left(r.message, 500),
      available_at = v_now
        + case r.outcome when 'refused' then interval '0'
          else coalesce(r."afterMs" * interval '1 millisecond', postrider.back_off(e.attempt)) end
    from json_to_recordset(p_results) as r (
      "mailpieceId" uuid, kind text, status text, outcome text, message text, "afterMs" int,
      untried boolean)
    where e.organization_id = p_organization_id
      and e.mailpiece_id = r."mailpieceId"
      and e.kind = r.kind
      and e.status = coalesce(r.status, 'sent')
      and e.state = 'waiting'
    returning e.campaign_id, e.kind, e.state, e.error, r.outcome
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
  select coalesce(sum(g.many), 0), jsonb_agg(to_jsonb(g))
  into v_settled, v_rounds
  from (
    select
      s.campaign_id, s.kind, count(*) as many,
      bool_or(s.outcome in ('done', 'failed')) as works,
      coalesce(max(s.error) filter (where s.outcome = 'refused'), max(s.error), '') as error,
      bool_or(s.outcome = 'refused') as refused
    from settled s
    group by s.campaign_id, s.kind) g;
  if v_settled > 0 then
    perform postrider.judge_rounds(p_organization_id, v_rounds, p_off_after, v_now);
  end if;
  return v_settled;
end $$;

-- Remembers of meters and sinks whether anything of a round worked. What had waited for one that
-- works again is due at once: its next try may be a day away. One of which nothing worked for
-- p_off_after, or that refuses, is switched off, with an alarm.
-- p_rounds: [{campaign_id, kind, works, error, refused}].
create function postrider.judge_rounds(
  p_organization_id uuid,
  p_rounds jsonb,
  p_off_after interval,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  with over as (
    delete from postrider.effect_failure f
    using jsonb_to_recordset(p_rounds) as r (campaign_id uuid, kind text, works boolean,
      refused boolean)
    where f.organization_id = p_organization_id
      and f.campaign_id = r.campaign_id
      and f.kind = r.kind
      and r.works
      and not r.refused
      and f.off_at is null
    returning f.campaign_id, f.kind
  )
  update postrider.effect e
  set available_at = p_now
  from over o
  where e.organization_id = p_organization_id
    and e.campaign_id = o.campaign_id
    and e.kind = o.kind
    and e.state = 'waiting'
    and e.error is not null
    and e.available_at > p_now;

  insert into postrider.effect_failure as f (
    organization_id, campaign_id, kind, since, last_at, error)
  select p_organization_id, r.campaign_id, r.kind, p_now, p_now, r.error
  from jsonb_to_recordset(p_rounds) as r (campaign_id uuid, kind text, works boolean, error text,
    refused boolean)
  where not r.works or r.refused
  on conflict (organization_id, campaign_id, kind) do update
  -- What failed is tried again once a day at least. Where nothing was tried for longer, since no
  -- runner was there, the days in which nothing worked begin anew.
  set since = case
      when f.last_at > p_now - interval '36 hours' then f.since
      else excluded.since
    end,
    last_at = excluded.last_at,
    error = excluded.error;

  with off as (
    update postrider.effect_failure f
    set off_at = p_now
    from jsonb_to_recordset(p_rounds) as r (campaign_id uuid, kind text, refused boolean)
    where f.organization_id = p_organization_id
      and f.campaign_id = r.campaign_id
      and f.kind = r.kind
      and f.off_at is null
      and (r.refused or f.since <= p_now - p_off_after)
    returning f.campaign_id, f.kind, f.since, f.error
  )
  insert into postrider.alarm (organization_id, id, kind, campaign_id, detail, raised_at)
  select p_organization_id, postrider.new_id(), 'effects_off', o.campaign_id,
    jsonb_build_object('effect', o.kind, 'since', o.since, 'error', o.error), p_now
  from off o;
end $$;
