-- The story of a person, by what it is made of.

-- Says a price in major units, for people: 0.5175 USD, tax 0.0400 of it.
create function postrider.price_text(p_piece postrider.mailpiece) returns text
language sql immutable
return round(
    p_piece.price_amount / 10::numeric ^ p_piece.price_scale, p_piece.price_scale)
  || ' ' || p_piece.price_currency
  || coalesce(
    ', tax ' || round(p_piece.price_tax / 10::numeric ^ p_piece.price_scale, p_piece.price_scale),
    '');

-- Says where people see a mailpiece at its printer, as status, proof, thumbnail; null where nothing
-- is known. A link may hold a signature by which anybody sees the card: only operators, runners and
-- the owner are told, of their organizations.
create function postrider.printer_links(
  p_organization_id uuid,
  p_mailpiece_id uuid
) returns text language sql stable security definer
return (
  select nullif(
    concat_ws(', ', 'status ' || l.status, 'proof ' || l.proof, 'thumbnail ' || l.thumbnail), '')
  from postrider.mailpiece_link l
  where l.organization_id = p_organization_id
    and l.mailpiece_id = p_mailpiece_id
    and postrider.may_read_suppressed()
    and p_organization_id = any (postrider.my_organizations()));

-- Says of a move that it tells of a test card; null of any other. The card that a move tells of is
-- the last that was opened before it.
create function postrider.trace_test(
  p_move postrider.recipient_event
) returns text language sql stable
return case
  when p_move.to_state in ('sending', 'sent', 'received', 'returned') and (
      select m.mode
      from postrider.mailpiece m
      where m.organization_id = p_move.organization_id
        and m.recipient_id = p_move.recipient_id
        and m.opened_at <= p_move.at
      order by m.opened_at desc, m.id desc
      limit 1) = 'test'
    then 'test: nothing was printed'
end;

-- Tells the moves of a recipient.
create function postrider.trace_moves(
  p_organization_id uuid,
  p_recipient_id uuid
) returns table (
  at timestamptz,
  move_no int,
  what text,
  detail text,
  actor text,
  by_role text
) language sql stable
begin atomic
  select e.at, e.move_no,
    coalesce(e.from_state || ' → ', '') || e.to_state,
    concat_ws(' · ',
      coalesce(s.sentence, e.reason), e.detail, postrider.trace_test(e), 'cohort ' || e.cohort_id),
    e.actor, e.by_role
  from postrider.recipient_event e
  left join postrider.reason s
    on s.code = e.reason
  where e.organization_id = p_organization_id and e.recipient_id = p_recipient_id;
end;

-- Tells what became of a recipient's card: proof, mailpieces, what printers told of them, and what
-- follows from them.
create function postrider.trace_cards(
  p_organization_id uuid,
  p_recipient_id uuid
) returns table (
  at timestamptz,
  move_no int,
  what text,
  detail text,
  actor text,
  by_role text
) language sql stable
begin atomic
  with piece as materialized (
    select *
    from postrider.mailpiece m
    where m.organization_id = p_organization_id and m.recipient_id = p_recipient_id
  )
  select p.made_at, null::int, 'proof stored',
    format('%s page %s, %s page %s · content %s',
      p.front_url, p.front_page, p.back_url, p.back_page, left(p.content_hash, 12))
    || case when p.removed_at is not null then ' · its pictures were removed' else '' end,
    'proof', null
  from postrider.proof p
  where p.organization_id = p_organization_id and p.recipient_id = p_recipient_id
  union all
  select m.opened_at, null, 'mailpiece opened',
    format('%s at %s in %s mode, key %s', m.id, m.printer_name, m.mode, m.idempotency_key),
    'mail', null
  from piece m
  union all
  select m.accepted_at, null, 'mailpiece accepted',
    concat_ws(' · ',
      format('%s is %s at %s', m.id, m.provider_id, m.printer_name),
      'costs ' || postrider.price_text(m),
      'can be called back for nothing until ' || m.cancellable_until,
      postrider.printer_links(m.organization_id, m.id),
      case m.mode when 'test' then 'test: nothing was printed' end,
      case when m.outcome_detail like 'cannot be called back%' then m.outcome_detail end),
    'mail', null
  from postrider.mailpiece m
  where m.organization_id = p_organization_id
    and m.recipient_id = p_recipient_id
    and m.accepted_at is not null
  union all
  select m.available_at, null, 'mailpiece unknown',
    concat_ws(' · ',
      m.outcome_detail,
      format('the printer is asked next at this time, %s times so far', m.attempt)),
    'mail', null
  from piece m
  where m.status = 'unknown'
    and m.available_at is not null
  union all
  select e.received_at, null, 'mailpiece ' || coalesce(e.status, e.provider_status),
    concat_ws(' · ',
      format('%s, at %s by the clock of %s', e.confidence, e.occurred_at, e.printer_name),
      case m.mode when 'test' then 'test: nothing was printed' end),
    'track', null
  from piece m
  join postrider.mailpiece_event e
    on e.organization_id = m.organization_id and e.mailpiece_id = m.id
  union all
  select coalesce(f.done_at, f.available_at), null, 'effect ' || f.kind || ' ' || f.state,
    concat_ws(' · ',
      case f.kind when 'event_sink' then f.status end,
      f.attempt || ' attempts', f.error, case m.mode when 'test' then 'test' end),
    'effect', null
  from piece m
  join postrider.effect f
    on f.organization_id = m.organization_id and f.mailpiece_id = m.id;
end;

-- Tells the alarms about a recipient, when they were raised and when they were cleared.
create function postrider.trace_alarms(
  p_organization_id uuid,
  p_recipient_id uuid
) returns table (
  at timestamptz,
  move_no int,
  what text,
  detail text,
  actor text,
  by_role text
) language sql stable
begin atomic
  select a.raised_at, null::int, 'alarm ' || a.kind, (a.detail - 'cleared')::text, null, null
  from postrider.alarm a
  where a.organization_id = p_organization_id and a.recipient_id = p_recipient_id
  union all
  select a.cleared_at, null, 'alarm cleared', a.detail ->> 'cleared', 'op', a.cleared_by
  from postrider.alarm a
  where a.organization_id = p_organization_id and a.recipient_id = p_recipient_id
    and a.cleared_at is not null;
end;

-- Tells what people did to a recipient, and meanwhile to its campaign, printer, connection and
-- organization.
-- p_printer_name: the printer of its campaign.
create function postrider.trace_interventions(
  p_recipient postrider.recipient,
  p_printer_name text
) returns table (
  at timestamptz,
  move_no int,
  what text,
  detail text,
  actor text,
  by_role text
) language sql stable
begin atomic
  select i.at, null::int, i.action, concat_ws(' · ', i.why, i.application), 'op', i.by_role
  from postrider.intervention i
  where i.organization_id = p_recipient.organization_id and i.recipient_id = p_recipient.id
  union all
  -- Held before interventions were recorded.
  select s.held_at, null, 'held', null, 'op', null
  from postrider.recipient_state s
  where s.organization_id = p_recipient.organization_id and s.recipient_id = p_recipient.id
    and s.held_at is not null
    and not exists (
      select from postrider.intervention i
      where i.organization_id = p_recipient.organization_id
        and i.recipient_id = p_recipient.id
        and i.action = 'hold')
  union all
  -- What happened meanwhile to all of them.
  select i.at, null,
    concat_ws(' ', i.action, case
      when i.campaign_id is not null then 'campaign'
      when i.printer_name is not null then 'printer ' || i.printer_name
      when i.connection_id is not null then 'connection ' || x.name
      else 'organization' end),
    concat_ws(' · ', i.why, i.application), 'op', i.by_role
  from postrider.intervention i
  left join postrider.connection x
    on x.organization_id = i.organization_id
    and x.id = i.connection_id
  where i.organization_id = p_recipient.organization_id
    and i.recipient_id is null
    and i.at >= p_recipient.created_at
    and i.action in ('hold', 'release', 'launch', 'end', 'arm', 'disarm')
    and (i.campaign_id = p_recipient.campaign_id
      or i.printer_name = p_printer_name
      or i.connection_id = (
        select p.connection_id
        from postrider.printer p
        where p.organization_id = p_recipient.organization_id
          and p.name = p_printer_name)
      or i.campaign_id is null and i.printer_name is null and i.connection_id is null);
end;

-- Tells what was asked for in a recipient's own row: a cancel, and that it be forgotten.
create function postrider.trace_requests(
  p_organization_id uuid,
  p_recipient_id uuid
) returns table (
  at timestamptz,
  move_no int,
  what text,
  detail text,
  actor text,
  by_role text
) language sql stable
begin atomic
  select s.cancel_requested_at, null::int, 'cancel requested',
    case
      when s.state = 'sending' then 'obeyed as soon as the printer has answered'
      when s.state = 'sent' then 'the printer is asked to call the card back'
      when s.state in ('received', 'returned')
        then 'came too late: the card was not called back'
      when s.state = 'error' then 'obeyed when the error is resolved, or tried again'
    end,
    'op', null
  from postrider.recipient_state s
  where s.organization_id = p_organization_id and s.recipient_id = p_recipient_id
    and s.cancel_requested_at is not null
  union all
  select r.erased_at, null, 'erased', null, 'op', null
  from postrider.recipient r
  where r.organization_id = p_organization_id
    and r.id = p_recipient_id
    and r.erased_at is not null;
end;
