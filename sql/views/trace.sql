-- Finds people by whatever one has in hand: id, e-mail, external id, reference from the card,
-- mailpiece, the printer's id.
-- What the source calls somebody is somebody else's name in another organization: p_organization_id
-- looks into one.
create function postrider.find_recipients(p_who text, p_organization_id uuid default null)
returns table (organization_id uuid, recipient_id uuid)
language plpgsql stable as $$
#variable_conflict use_column
declare
  v_who text := postrider.trimmed(p_who);
  v_id uuid;
  -- As an array, and in every condition: each key starts with the organization, and so do the
  -- indexes.
  v_mine uuid[] := postrider.my_organizations();
begin
  if p_organization_id is not null then
    v_mine := case
      when p_organization_id = any (v_mine) then array[p_organization_id]
      else '{}' end;
  end if;
  if v_who ~* '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then
    v_id := v_who::uuid;
  end if;
  -- An id of ours is nobody's e-mail, and there is no need to look for it as one.
  if v_id is not null then
    return query
    select r.organization_id, r.id
    from postrider.recipient r
    where r.organization_id = any (v_mine) and r.id = v_id
    union
    select m.organization_id, m.recipient_id
    from postrider.mailpiece m
    where m.organization_id = any (v_mine) and m.id = v_id;
    if found then
      return;
    end if;
  end if;
  if v_who like '%@%' then
    return query
    select r.organization_id, r.id
    from postrider.recipient r
    where r.organization_id = any (v_mine) and r.email_key = postrider.email_key(v_who)
    union
    select r.organization_id, r.id
    from postrider.recipient r
    where r.organization_id = any (v_mine) and r.external_id = v_who;
    return;
  end if;
  return query
  select r.organization_id, r.id
  from postrider.recipient r
  where r.organization_id = any (v_mine) and r.external_id = v_who
  union
  select r.organization_id, r.id
  from postrider.recipient r
  where r.organization_id = any (v_mine) and r.reference = upper(v_who)
  union
  select m.organization_id, m.recipient_id
  from postrider.mailpiece m
  join postrider.printer p
    on p.organization_id = m.organization_id and p.name = m.printer_name
  where m.organization_id = any (v_mine) and m.provider_id = v_who;
end $$;

-- Tells the whole story of a person: one row for everything that ever happened, in the order in
-- which we learned of it. A printer's clock is its own, and news come late: its time stands beside
-- what it told.
create function postrider.trace(p_who text, p_organization_id uuid default null)
returns table (
  at timestamptz,
  campaign text,
  recipient_id uuid,
  move_no int,
  what text,
  detail text,
  actor text,
  by_role text,
  organization text)
language sql stable as $$
  with who as materialized (
    select f.organization_id, f.recipient_id, r.campaign_id, c.name as campaign, c.printer_name,
      o.name as organization, r.created_at, r.source_row, r.external_id, r.erased_at
    from postrider.find_recipients(p_who, p_organization_id) f
    join postrider.recipient r
      on r.organization_id = f.organization_id and r.id = f.recipient_id
    join postrider.campaign c
      on c.organization_id = r.organization_id and c.id = r.campaign_id
    join postrider.organization o
      on o.id = r.organization_id
  ), piece as materialized (
    select w.campaign, m.*
    from who w
    join postrider.mailpiece m
      on m.organization_id = w.organization_id and m.recipient_id = w.recipient_id
  )
  select story.*, w.organization
  from (
    select e.at, w.campaign, w.recipient_id, e.move_no,
      coalesce(e.from_state || ' → ', '') || e.to_state,
      concat_ws(' · ', coalesce(s.sentence, e.reason), e.detail, 'cohort ' || e.cohort_id),
      e.actor, e.by_role
    from who w
    join postrider.recipient_event e
      on e.organization_id = w.organization_id and e.recipient_id = w.recipient_id
    left join postrider.reason s
      on s.code = e.reason
    union all
    select p.made_at, w.campaign, w.recipient_id, null, 'proof stored',
      format('%s page %s, %s page %s · content %s',
        p.front_url, p.front_page, p.back_url, p.back_page, left(p.content_hash, 12)),
      'proof', null
    from who w
    join postrider.proof p
      on p.organization_id = w.organization_id and p.recipient_id = w.recipient_id
    union all
    select m.opened_at, m.campaign, m.recipient_id, null, 'mailpiece opened',
      format('%s at %s in %s mode, key %s', m.id, m.printer_name, m.mode, m.idempotency_key),
      'mail', null
    from piece m
    union all
    select m.accepted_at, m.campaign, m.recipient_id, null, 'mailpiece accepted',
      concat_ws(' · ',
        format('%s is %s at %s', m.id, m.provider_id, m.printer_name),
        case when m.outcome_detail like 'cannot be called back%' then m.outcome_detail end),
      'mail', null
    from piece m
    where m.accepted_at is not null
    union all
    select m.available_at, m.campaign, m.recipient_id, null, 'mailpiece unknown',
      concat_ws(' · ',
        m.outcome_detail,
        format('the printer is asked next at this time, %s times so far', m.attempt)),
      'mail', null
    from piece m
    where m.status = 'unknown' and m.available_at is not null
    union all
    select e.received_at, m.campaign, m.recipient_id, null,
      'mailpiece ' || coalesce(e.status, e.provider_status),
      format('%s, at %s by the clock of %s', e.confidence, e.occurred_at, e.printer_name),
      'track', null
    from piece m
    join postrider.mailpiece_event e
      on e.organization_id = m.organization_id and e.mailpiece_id = m.id
    union all
    select coalesce(f.done_at, f.available_at), m.campaign, m.recipient_id, null,
      'effect ' || f.kind || ' ' || f.state,
      concat_ws(' · ', f.attempt || ' attempts', f.error),
      'effect', null
    from piece m
    join postrider.effect f
      on f.organization_id = m.organization_id and f.mailpiece_id = m.id
    union all
    select a.raised_at, w.campaign, w.recipient_id, null, 'alarm ' || a.kind,
      (a.detail - 'cleared')::text, null, null
    from who w
    join postrider.alarm a
      on a.organization_id = w.organization_id and a.recipient_id = w.recipient_id
    union all
    select a.cleared_at, w.campaign, w.recipient_id, null, 'alarm cleared',
      a.detail ->> 'cleared', 'op', a.cleared_by
    from who w
    join postrider.alarm a
      on a.organization_id = w.organization_id and a.recipient_id = w.recipient_id
    where a.cleared_at is not null
    union all
    select i.at, w.campaign, w.recipient_id, null, i.action,
      concat_ws(' · ', i.why, i.application), 'op', i.by_role
    from who w
    join postrider.intervention i
      on i.organization_id = w.organization_id and i.recipient_id = w.recipient_id
    union all
    -- Held before interventions were recorded.
    select s.held_at, w.campaign, w.recipient_id, null, 'held', null, 'op', null
    from who w
    join postrider.recipient_state s
      on s.organization_id = w.organization_id and s.recipient_id = w.recipient_id
    where s.held_at is not null
      and not exists (
        select from postrider.intervention i
        where i.organization_id = w.organization_id
          and i.recipient_id = w.recipient_id
          and i.action = 'hold')
    union all
    -- What happened meanwhile to all of them.
    select i.at, w.campaign, w.recipient_id, null,
      concat_ws(' ', i.action, case
        when i.campaign_id is not null then 'campaign'
        when i.printer_name is not null then 'printer ' || i.printer_name
        else 'organization' end),
      concat_ws(' · ', i.why, i.application), 'op', i.by_role
    from who w
    join postrider.intervention i
      on i.organization_id = w.organization_id
      and i.recipient_id is null
      and i.at >= w.created_at
      and i.action in ('hold', 'release', 'launch', 'end', 'arm', 'disarm')
      and (i.campaign_id = w.campaign_id
        or i.printer_name = w.printer_name
        or i.campaign_id is null and i.printer_name is null)
    union all
    select s.cancel_requested_at, w.campaign, w.recipient_id, null, 'cancel requested',
      case
        when s.state = 'sending' then 'obeyed as soon as the printer has answered'
        when s.state = 'sent' then 'the printer is asked to call the card back'
        when s.state in ('received', 'returned')
          then 'came too late: the card was not called back'
        when s.state = 'error' then 'obeyed when the error is resolved, or tried again'
      end,
      'op', null
    from who w
    join postrider.recipient_state s
      on s.organization_id = w.organization_id and s.recipient_id = w.recipient_id
    where s.cancel_requested_at is not null
    union all
    select w.erased_at, w.campaign, w.recipient_id, null, 'erased', null, 'op', null
    from who w
    where w.erased_at is not null
  ) story (at, campaign, recipient_id, move_no, what, detail, actor, by_role)
  join who w using (recipient_id)
  order by recipient_id, at, move_no nulls last
$$;
