-- Alarms for closed mailpieces that a printer still tells something of.

-- Raises an alarm of this kind for each of these pieces that has none yet.
-- p_details: what the alarm tells, by the id of the piece; null for none.
create function postrider.alarm_pieces(
  p_organization_id uuid,
  p_kind text,
  p_details jsonb,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  insert into postrider.alarm (
    organization_id, id, kind, campaign_id, recipient_id, mailpiece_id, detail, raised_at)
  select
    p_organization_id, postrider.new_id(), p_kind, m.campaign_id, m.recipient_id, m.id, d.value,
    p_now
  from jsonb_each(p_details) d
  join postrider.mailpiece m
    on m.organization_id = p_organization_id
    and m.id = d.key::uuid
  where not exists (
    select from postrider.alarm a
    where a.organization_id = p_organization_id
      and a.mailpiece_id = m.id
      and a.recipient_id = m.recipient_id
      and a.kind = p_kind);
end $$;

-- Raises an alarm for cards that failed although their people are received. Nobody is taken out of
-- received for it: that the card was there was assumed, or another printer's scan says so.
create function postrider.alarm_failed_after_received(
  p_organization_id uuid,
  p_pieces uuid[],
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_details jsonb;
begin
  select jsonb_object_agg(m.id, jsonb_build_object('status', m.status, 'reason', s.reason))
  into v_details
  from postrider.mailpiece m
  join postrider.recipient_state s
    on s.organization_id = m.organization_id
    and s.recipient_id = m.recipient_id
  where m.organization_id = p_organization_id
    and m.id = any (p_pieces)
    and m.status in ('failed', 'cancelled')
    and s.state = 'received'
    and not postrider.has_other_open_piece(
      m.organization_id, m.recipient_id, m.id, m.mode, m.status);
  perform postrider.alarm_pieces(
    p_organization_id, 'failed_after_received', v_details, p_now);
end $$;

-- Raises an alarm for closed pieces that were scanned beside an open one: two cards are on their
-- way.
create function postrider.alarm_scanned_though_closed(
  p_organization_id uuid,
  p_pieces uuid[],
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_details jsonb;
begin
  select jsonb_object_agg(
    m.id,
    jsonb_build_object('recorded', m.provider_id, 'told', e.status, 'status', m.status))
  into v_details
  from postrider.mailpiece m
  cross join lateral (
    select x.status
    from postrider.mailpiece_event x
    join postrider.mailpiece_status r on r.name = x.status
    where x.organization_id = p_organization_id
      and x.mailpiece_id = m.id
      and r.is_open
      and r.rank >= 30
    order by r.rank
    limit 1
  ) e
  where m.organization_id = p_organization_id
    and m.id = any (p_pieces)
    and postrider.piece_is_closed(m.status)
    and postrider.has_other_open_piece(m.organization_id, m.recipient_id, m.id, m.mode, m.status);
  perform postrider.alarm_pieces(
    p_organization_id, 'evidence_for_closed_piece', v_details, p_now);
end $$;
