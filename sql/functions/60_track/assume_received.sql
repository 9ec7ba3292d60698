-- Cards that nobody scans.

-- When a card that nobody scans is assumed to be there. Infinity: not before its printer tells that
-- it was printed.
create function postrider.assumed_at(p_piece postrider.mailpiece) returns timestamptz
language sql stable
return (
  select case
    when p_piece.status = 'accepted' and exists (
      select from postrider.printer_feed f
      where f.organization_id = p_piece.organization_id
        and f.printer_name = p_piece.printer_name
        and f.tells_production)
      then 'infinity'::timestamptz
    -- By our own clock: a printer's may be wrong.
    else c.assumed_after + greatest(p_piece.accepted_at, (
      select min(e.received_at)
      from postrider.mailpiece_event e
      where e.organization_id = p_piece.organization_id
        and e.mailpiece_id = p_piece.id
        and e.status = 'in_production'))
  end
  from postrider.campaign c
  where c.organization_id = p_piece.organization_id and c.id = p_piece.campaign_id);

-- Moves people to received whose card nobody scans, after the usual time of the mail class, and
-- returns how many. The time counts from when the printer took the card, and from the press on
-- where that was told. Where a printer tells when it prints, a card that is still only accepted was
-- not printed: its recipient waits until the printer tells more. It is looked at when the time is
-- over, so that a card on its usual way costs nothing.
create function postrider.assume_received(
  p_organization_id uuid,
  p_limit int default 5000
) returns int language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('track');
  v_now timestamptz := postrider.now();
  v_moved int;
begin
  select coalesce(sum(postrider.assume_received_of(p_organization_id, c.id, p_limit, v_now)), 0)
  into v_moved
  from postrider.campaign c
  where c.organization_id = p_organization_id;
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Does the same for one campaign. The caller has claimed track.
create function postrider.assume_received_of(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_limit int,
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_due uuid[];
  v_early uuid[];
  v_until timestamptz[];
  v_moved int;
begin
  v_due := array(
    select r.recipient_id
    from postrider.recipient_state r
    where r.organization_id = p_organization_id
      and r.campaign_id = p_campaign_id
      and r.waiting_state = 'sent'
      and r.available_at <= p_now
    order by r.available_at, r.recipient_id
    limit p_limit
    for no key update skip locked);
  if cardinality(v_due) = 0 then
    return 0;
  end if;
  select array_agg(w.recipient_id), array_agg(w.until)
  into v_early, v_until
  from (
    select m.recipient_id, max(postrider.assumed_at(m)) as until
    from postrider.mailpiece m
    where m.organization_id = p_organization_id
      and m.recipient_id = any (v_due)
      and not postrider.piece_is_closed(m.status)
    group by m.recipient_id) w
  where w.until > p_now;
  if v_early is not null then
    update postrider.recipient_state s
    set available_at = e.until
    from unnest(v_early, v_until) as e (id, until)
    where s.organization_id = p_organization_id and s.recipient_id = e.id;
    if cardinality(v_early) = cardinality(v_due) then
      return 0;
    end if;
  end if;
  update postrider.recipient_state s
  set state = 'received', since = p_now, move_no = s.move_no + 1, reason = 'assumed',
    detail = null
  where s.organization_id = p_organization_id
    and s.recipient_id = any (v_due)
    and s.recipient_id <> all (coalesce(v_early, '{}'));
  get diagnostics v_moved = row_count;
  if exists (
    select from postrider.campaign c
    where c.organization_id = p_organization_id
      and c.id = p_campaign_id
      and c.mode = 'live')
  then
    perform postrider.note_deliveries(
      p_organization_id,
      array(select unnest(v_due) except select unnest(v_early)),
      p_now);
  end if;
  return v_moved;
end $$;

-- Lets the usual time of the mail class begin for people who waited for the printer beyond it:
-- their card was printed now.
create function postrider.start_delivery_window(
  p_organization_id uuid,
  p_pieces uuid[],
  p_now timestamptz
) returns void language plpgsql as $$
begin
  update postrider.recipient_state s
  set available_at = p_now + c.assumed_after
  from postrider.mailpiece m, postrider.campaign c
  where s.organization_id = p_organization_id
    and s.available_at = 'infinity'
    and m.organization_id = s.organization_id
    and m.recipient_id = s.recipient_id
    and m.id = any (p_pieces)
    and m.status not in ('accepted', 'voided')
    and c.organization_id = s.organization_id
    and c.id = s.campaign_id;
end $$;
