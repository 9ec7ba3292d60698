-- Cards that are sent and are to be called back.

-- How long after the time that a printer told for it a card may still be asked for: clocks differ.
create function postrider.call_back_margin() returns interval language sql immutable
return interval '1 hour';

-- Tells whether it is too late to ask for a card: the time that the printer told is over, or the
-- carrier has it. Null where there is no card.
create function postrider.is_late_to_call_back(p_piece postrider.mailpiece) returns boolean
language sql stable
return p_piece.cancellable_until + postrider.call_back_margin() < postrider.now()
  or p_piece.status in (
    'in_transit', 'in_local_area', 'processed_for_delivery', 'delivered', 'returned');

-- Tells whether a card that turns out to exist is to be called back: its recipient was stopped, and
-- it is not too late. A stopped recipient is to get no card, for whatever reason: their own wish,
-- an operator, or the end of a campaign or an offer. A stop a moment later, while the card may
-- exist, does the same (stop_or_ask.sql). A recipient without an address that can be mailed was not
-- stopped: they only waited for one, and a card that was made had one.
create function postrider.is_to_call_back(
  p_state postrider.recipient_state,
  p_piece postrider.mailpiece
) returns boolean language sql stable
return (p_state.state = 'blacklisted'
    or p_state.state = 'skipped' and p_state.reason not in ('no_address', 'bad_address'))
  and not coalesce(postrider.is_late_to_call_back(p_piece), false);

-- Lists the printers that have cards to call back, so that each is asked by itself.
create function postrider.printers_to_call_back(p_organization_id uuid) returns text[]
language sql stable security definer
begin atomic
  select coalesce(array_agg(distinct m.printer_name), '{}')
  from postrider.recipient_state s
  join postrider.mailpiece m
    on m.organization_id = s.organization_id
    and m.recipient_id = s.recipient_id
    and m.provider_id is not null
    and not postrider.piece_is_closed(m.status)
  where s.organization_id = p_organization_id
    and s.cancel_requested_at is not null
    and s.state = 'sent';
end;

-- Gives a runner the cards that are to be called back: [{recipientId, mailpieceId, providerId,
-- campaignId, printerName}], or null. Each is asked for once a minute until the printer has
-- answered. The piece carries when it may be asked for next, so that those of which a printer
-- cannot tell do not keep it from being asked about the others.
-- A card whose time is over by the printer's own word is likely printed: it comes after those that
-- can still be saved, of which the one that is printed soonest is first. Those are asked for also
-- while the breaker of their printer is open: a call-back makes nothing, and later is too late.
-- p_printer_name: null: at any printer.
create function postrider.claim_call_backs(
  p_organization_id uuid,
  p_limit int,
  p_printer_name text default null
) returns json language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_pieces json;
begin
  perform postrider.require_within('the limit', p_limit, 0, 1000000);
  perform postrider.end_late_call_backs(p_organization_id);
  with asked as (
    update postrider.mailpiece m
    set available_at = v_now + interval '1 minute'
    where m.organization_id = p_organization_id
      and m.id = any (array(
        select p.id
        from postrider.recipient_state s
        join postrider.mailpiece p
          on p.organization_id = s.organization_id
          and p.recipient_id = s.recipient_id
          and p.provider_id is not null
          and not postrider.piece_is_closed(p.status)
          and (p.available_at is null or p.available_at <= v_now)
        where (
            coalesce(p.cancellable_until > v_now, true)
            or not postrider.printer_is_broken(p.organization_id, p.printer_name))
          and s.organization_id = p_organization_id
          and s.cancel_requested_at is not null
          and s.state = 'sent'
          and (p_printer_name is null or p.printer_name = p_printer_name)
        order by
          coalesce(p.cancellable_until <= v_now, false),
          p.available_at nulls first,
          p.cancellable_until,
          p.id
        limit p_limit
        for no key update of p skip locked))
    returning m.id, m.recipient_id, m.provider_id, m.campaign_id, m.printer_name
  )
  select json_agg(json_build_object(
      'recipientId', recipient_id,
      'mailpieceId', id,
      'providerId', provider_id,
      'campaignId', campaign_id,
      'printerName', printer_name) order by printer_name, id)
  into v_pieces
  from asked;
  return v_pieces;
end $$;

-- Takes the cancel marks of cards away that no printer is asked for any more: the time that it told
-- is over, with a margin for clocks that differ. Whom somebody holds is left to the next time: the
-- others are to be called back now.
create function postrider.end_late_call_backs(p_organization_id uuid) returns void
language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_late json;
begin
  select json_agg(json_build_object(
    'recipientId', l.recipient_id,
    'mailpieceId', l.id,
    'outcome', 'too_late',
    'message', format('the printer told that it could be called back until %s',
      to_char(l.cancellable_until at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS UTC'))))
  into v_late
  from (
    select s.recipient_id, m.id, m.cancellable_until
    from postrider.recipient_state s
    join postrider.mailpiece m
      on m.organization_id = s.organization_id
      and m.recipient_id = s.recipient_id
      and m.provider_id is not null
      and not postrider.piece_is_closed(m.status)
      and m.cancellable_until + postrider.call_back_margin() < v_now
    where s.organization_id = p_organization_id
      and s.cancel_requested_at is not null
      and s.state = 'sent'
    for no key update skip locked) l;
  if v_late is not null then
    perform postrider.note_not_called_back(p_organization_id, v_late);
  end if;
end $$;

-- Takes what a printer answered to a call-back, and returns how many people were skipped. Whom
-- somebody holds for long is left out: the printer is asked for that card again, and costs no other
-- its answer.
-- p_results: [{recipientId, mailpieceId, outcome: cancelled|too_late|unknown, message}]
create function postrider.settle_call_backs(p_organization_id uuid, p_results json) returns int
language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('mail');
  v_results json;
  v_moved int;
begin
  perform postrider.require_list('the results', json_typeof(p_results));
  v_results := postrider.lock_for_call_backs(p_organization_id, p_results);
  v_moved := postrider.skip_called_back(p_organization_id, v_results);
  perform postrider.note_not_called_back(p_organization_id, v_results);
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Locks the people whom results are about, and returns the results of those whom nobody else holds:
-- the others are asked about again.
create function postrider.lock_for_call_backs(p_organization_id uuid, p_results json) returns json
language plpgsql as $$
declare
  v_people uuid[] := postrider.lock_people_or_leave(p_organization_id, array(
    select r."recipientId" from json_to_recordset(p_results) as r ("recipientId" uuid)));
begin
  return coalesce(
    (select json_agg(r.told)
      from json_array_elements(p_results) as r (told)
      where (r.told ->> 'recipientId')::uuid = any (v_people)),
    '[]');
end $$;

-- Closes the pieces that were called back, and returns how many people were skipped. The caller has
-- claimed mail and locked the people.
create function postrider.skip_called_back(p_organization_id uuid, p_results json) returns int
language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_moved int;
begin
  with called_back as (
    update postrider.mailpiece m
    set status = 'cancelled', outcome_detail = 'cancelled at the printer'
    from json_to_recordset(p_results) as r ("mailpieceId" uuid, outcome text)
    where m.organization_id = p_organization_id
      and m.id = r."mailpieceId"
      and r.outcome = 'cancelled'
      and (select rank from postrider.mailpiece_status where name = m.status) < 30
    returning m.id, m.campaign_id, m.recipient_id
  )
  insert into postrider.effect (
    organization_id, mailpiece_id, kind, status, campaign_id, recipient_id, available_at,
    occurred_at)
  select p_organization_id, b.id, 'event_sink', 'cancelled', b.campaign_id, b.recipient_id, v_now,
    v_now
  from called_back b
  join postrider.campaign c
    on c.organization_id = p_organization_id
    and c.id = b.campaign_id
    and 'event_sink' = any (c.effects)
    and 'cancelled' = any (c.event_statuses)
  on conflict do nothing;

  update postrider.recipient_state s
  set state = 'skipped', since = v_now, move_no = s.move_no + 1, reason = 'cancelled',
    detail = 'at the printer', cancel_requested_at = null
  from json_to_recordset(p_results) as r ("recipientId" uuid, "mailpieceId" uuid, outcome text)
  join postrider.mailpiece m
    on m.organization_id = p_organization_id
    and m.id = r."mailpieceId"
    and m.status = 'cancelled'
  where s.organization_id = p_organization_id
    and s.recipient_id = r."recipientId"
    and s.state = 'sent'
    and r.outcome = 'cancelled';
  get diagnostics v_moved = row_count;
  return v_moved;
end $$;

-- Notes whose card cannot be called back any more, and takes their cancel mark away.
create function postrider.note_not_called_back(
  p_organization_id uuid,
  p_results json
) returns void language plpgsql as $$
begin
  -- On the piece as well: the recipient's detail goes with the next move, and what became of the
  -- cancel is asked afterwards.
  update postrider.mailpiece m
  set outcome_detail = left(concat_ws(': ', 'cannot be called back',
    postrider.unless_erased(m.organization_id, m.recipient_id, r.message)), 500)
  from json_to_recordset(p_results) as r ("mailpieceId" uuid, outcome text, message text)
  where m.organization_id = p_organization_id
    and m.id = r."mailpieceId"
    and r.outcome in ('too_late', 'cancelled')
    and m.status not in ('cancelled', 'voided');

  update postrider.recipient_state s
  set cancel_requested_at = null,
    detail = left(concat_ws(': ', 'cannot be called back',
      postrider.unless_erased(s.organization_id, s.recipient_id, r.message)), 500)
  from json_to_recordset(p_results)
    as r ("recipientId" uuid, "mailpieceId" uuid, outcome text, message text)
  where s.organization_id = p_organization_id
    and s.recipient_id = r."recipientId"
    and s.state = 'sent'
    -- A recipient who is still sent although the card was called back: it was scanned on its way.
    and r.outcome in ('too_late', 'cancelled')
    -- A late answer of a test card says nothing of the live one.
    and not exists (
      select from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.id = r."mailpieceId"
        and m.status = 'voided');
end $$;
