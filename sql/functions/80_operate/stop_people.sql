-- Stops people for an operator: those before the printer move to skipped or blacklisted, those at
-- the printer get a cancel mark. Returns the ids that it moved or marked. For people who seem to be
-- before the printer, and whose card may exist, the printer is asked first (stop_or_ask.sql). A
-- recipient who seems to be before the printer and has a card there all the same is sent first, and
-- is then called back. The caller has claimed op.
create function postrider.stop_people(
  p_organization_id uuid,
  p_people uuid[],
  p_state text,
  p_reason text,
  p_detail text
) returns uuid[] language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_stopped uuid[];
  v_marked uuid[];
begin
  if cardinality(p_people) = 0 then
    return '{}';
  end if;
  v_stopped := postrider.stop_before_printer(
    p_organization_id, p_people, p_state, p_reason, p_detail);
  with marked as (
    update postrider.recipient_state
    set cancel_requested_at = v_now
    where organization_id = p_organization_id
      and recipient_id = any (p_people)
      and state in ('sending', 'sent')
      and cancel_requested_at is null
    returning recipient_id
  )
  select coalesce(array_agg(recipient_id), '{}')
  into v_marked
  from marked;
  if cardinality(v_marked) > 0 then
    perform pg_notify('postrider_moved', 'cancel');
  end if;
  return v_stopped || v_marked;
end $$;

-- Moves people who are before the printer to skipped or blacklisted, or asks for their card, and
-- returns which. The others stay as they are; only where the printer turns out to have the card,
-- its recipient is moved to sent.
create function postrider.stop_before_printer(
  p_organization_id uuid,
  p_people uuid[],
  p_state text,
  p_reason text,
  p_detail text
) returns uuid[] language plpgsql as $$
begin
  perform from postrider.recipient_state
  where organization_id = p_organization_id
    and recipient_id = any (p_people)
  order by recipient_id
  for no key update;
  perform postrider.bring_printed_to_sent(p_organization_id, p_people);
  return postrider.stop_or_ask(p_organization_id, p_people, p_state, p_reason, p_detail);
end $$;

-- Moves people to sent who seem to be before the printer and have a card there all the same.
-- Evidence is mail's to bring, so it claims mail meanwhile.
create function postrider.bring_printed_to_sent(
  p_organization_id uuid,
  p_people uuid[]
) returns void language plpgsql as $$
declare
  v_before text;
  v_cards uuid[] := array(
    select m.id
    from postrider.recipient_state s
    join postrider.mailpiece m
      on m.organization_id = s.organization_id
      and m.recipient_id = s.recipient_id
      and m.accepted_at is not null
      and not postrider.piece_is_closed(m.status)
    where s.organization_id = p_organization_id
      and s.recipient_id = any (p_people)
      and postrider.is_before_printer(s.state));
begin
  if cardinality(v_cards) > 0 then
    v_before := postrider.act_as('mail');
    perform postrider.bring_to_sent(p_organization_id, v_cards, 'late_evidence', false);
    perform postrider.follow_mailpieces(p_organization_id, v_cards);
    perform postrider.act_as(v_before);
  end if;
end $$;
