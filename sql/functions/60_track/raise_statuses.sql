-- Raises the statuses of mailpieces by their events, and moves their people after them.

-- Raises mailpieces to the highest status of their events, and moves their people after them.
-- Returns how many people came to an end. It claims track as its actor, whichever function calls
-- it.
create function postrider.follow_mailpieces(p_organization_id uuid, p_pieces uuid[]) returns int
language plpgsql as $$
declare
  v_before text := postrider.act_as('track');
  v_moved int := postrider.move_after_mailpieces(p_organization_id, p_pieces);
begin
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Does what follow_mailpieces() promises, and returns the same. The caller has claimed track.
create function postrider.move_after_mailpieces(p_organization_id uuid, p_pieces uuid[]) returns int
language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_moved int := 0;
  v_any_not_sent boolean;
  v_received boolean;
  v_unprinted boolean;
  v_ended boolean;
  v_closed boolean;
  v_rerouted boolean;
  v_returned uuid[];
begin
  select
    bool_or(s.state not in ('sent', 'received', 'returned', 'holdout')),
    bool_or(s.state = 'received'),
    bool_or(s.available_at = 'infinity')
  into v_any_not_sent, v_received, v_unprinted
  from (
    select state, available_at
    from postrider.recipient_state
    where organization_id = p_organization_id
      and recipient_id = any (array(
        select m.recipient_id
        from postrider.mailpiece m
        where m.organization_id = p_organization_id and m.id = any (p_pieces)))
    order by recipient_id
    for no key update) s;

  v_returned := postrider.raise_statuses(p_organization_id, p_pieces, v_now);
  -- Infinity: the printer tells of the press, and has not told of this card.
  if v_unprinted then
    perform postrider.start_delivery_window(p_organization_id, p_pieces, v_now);
  end if;
  if v_any_not_sent then
    -- A scan shows that the card exists, whatever was thought of its recipient.
    perform postrider.bring_to_sent(
      p_organization_id,
      array(
        select m.id
        from postrider.mailpiece m
        where m.organization_id = p_organization_id
          and m.id = any (p_pieces)
          and m.status in ('in_transit', 'in_local_area', 'processed_for_delivery', 'delivered',
            'returned')),
      'late_evidence',
      true);
  end if;

  -- One look for everything that is rare: an UPDATE that finds nobody still pays for the trigger,
  -- and most scans end nothing.
  select
    bool_or(m.status in ('delivered', 'returned', 'failed', 'cancelled')),
    bool_or(postrider.piece_is_closed(m.status)),
    bool_or(not m.rerouted and exists (
      select from postrider.mailpiece_event e
      where e.organization_id = p_organization_id
        and e.mailpiece_id = m.id
        and e.status = 'rerouted'))
  into v_ended, v_closed, v_rerouted
  from postrider.mailpiece m
  where m.organization_id = p_organization_id and m.id = any (p_pieces);
  if v_rerouted then
    perform postrider.mark_rerouted(p_organization_id, p_pieces);
  end if;
  if v_ended then
    v_moved := postrider.move_to_terminal(p_organization_id, p_pieces, v_now);
  end if;
  if v_ended and v_received then
    perform postrider.confirm_deliveries(p_organization_id, p_pieces);
  end if;
  if v_closed and v_received then
    perform postrider.alarm_failed_after_received(p_organization_id, p_pieces, v_now);
  end if;
  if v_closed then
    perform postrider.alarm_scanned_though_closed(p_organization_id, p_pieces, v_now);
  end if;
  if v_returned is not null then
    perform postrider.suppress_returned(p_organization_id, v_returned, v_now);
  end if;
  return v_moved;
end $$;

-- Raises mailpieces to the highest status of their events, and writes what event sinks are to hear:
-- each status that was told once, in whichever order it came. A card that comes back after it was
-- delivered is one more event. Returns the people whose card came back by it; null where there are
-- none.
create function postrider.raise_statuses(
  p_organization_id uuid,
  p_pieces uuid[],
  p_now timestamptz
) returns uuid[] language plpgsql as $$
declare
  v_returned uuid[];
  v_ended uuid[];
begin
  with told as materialized (
    select e.mailpiece_id, e.status, r.rank, r.event, e.occurred_at
    -- Piece by piece, and no join: made while statistics are old, it compares each piece with all
    -- events that there are.
    from unnest(p_pieces) as p (id)
    cross join lateral (
      select x.mailpiece_id, x.status, x.occurred_at
      from postrider.mailpiece_event x
      where x.organization_id = p_organization_id and x.mailpiece_id = p.id
      offset 0) e
    join postrider.mailpiece_status r on r.name = e.status
  ), events as (
    insert into postrider.effect (
      organization_id, mailpiece_id, kind, status, campaign_id, recipient_id, available_at,
      occurred_at)
    select p_organization_id, m.id, 'event_sink', t.event, m.campaign_id, m.recipient_id, p_now,
      min(t.occurred_at)
    from told t
    join postrider.mailpiece m
      on m.organization_id = p_organization_id
      and m.id = t.mailpiece_id
      and m.accepted_at is not null
      -- Late news of a test card that was put aside.
      and m.status <> 'voided'
    join postrider.campaign c
      on c.organization_id = m.organization_id
      and c.id = m.campaign_id
      and 'event_sink' = any (c.effects)
      and t.event = any (c.event_statuses)
    -- Of an organization without a sink nothing of this is read.
    where (
      select exists (
        select from postrider.campaign x
        where x.organization_id = p_organization_id and 'event_sink' = any (x.effects)))
    group by m.id, t.event, m.campaign_id, m.recipient_id
    on conflict do nothing
  ), raised as (
    update postrider.mailpiece m
    set status = top.status
    from (
      select distinct on (t.mailpiece_id) t.mailpiece_id, t.status, t.rank
      from told t
      order by t.mailpiece_id, t.rank desc
    ) top
    join postrider.mailpiece_status t on t.name = top.status
    where m.organization_id = p_organization_id
      and m.id = top.mailpiece_id
      and m.accepted_at is not null
      and t.rank > (select rank from postrider.mailpiece_status where name = m.status)
      -- Nobody has two open pieces.
      and not (t.is_open and (
        postrider.has_other_open_piece(
          m.organization_id, m.recipient_id, m.id, m.mode, m.status)
        or postrider.piece_is_closed(m.status)
          and postrider.earlier_piece_opens(
            m.organization_id, m.recipient_id, m.id, m.mode, p_pieces)))
    returning m.recipient_id, m.status, m.mode
  )
  -- What a printer makes up in test mode was never at the address.
  select array_agg(recipient_id) filter (where status = 'returned' and mode = 'live'),
    array_agg(recipient_id) filter (where status in ('delivered', 'returned') and mode = 'live')
  into v_returned, v_ended
  from raised;
  if v_ended is not null then
    perform postrider.note_deliveries(p_organization_id, v_ended, p_now);
  end if;
  return v_returned;
end $$;

-- Says whether an earlier closed piece of the person is opened together with this one. Of several
-- closed pieces of one person the first is raised; the others are closed beside an open one then.
create function postrider.earlier_piece_opens(
  p_organization_id uuid,
  p_recipient_id uuid,
  p_mailpiece_id uuid,
  p_mode text,
  p_pieces uuid[]
) returns boolean language sql stable
return exists (
  select from postrider.mailpiece o
  join postrider.mailpiece_event e
    on e.organization_id = o.organization_id and e.mailpiece_id = o.id
  join postrider.mailpiece_status r on r.name = e.status and r.is_open
  where o.organization_id = p_organization_id
    and o.recipient_id = p_recipient_id
    and o.mode = p_mode
    and o.id < p_mailpiece_id
    and o.id = any (p_pieces)
    and o.accepted_at is not null
    and postrider.piece_is_closed(o.status)
    and r.rank > (select rank from postrider.mailpiece_status where name = o.status));

-- Marks mailpieces that were sent on to another address.
create function postrider.mark_rerouted(p_organization_id uuid, p_pieces uuid[]) returns void
language plpgsql as $$
begin
  update postrider.mailpiece m
  set rerouted = true
  from postrider.mailpiece_event e
  where m.organization_id = p_organization_id
    and m.id = any (p_pieces)
    and not m.rerouted
    and e.organization_id = m.organization_id
    and e.mailpiece_id = m.id
    and e.status = 'rerouted';
end $$;

-- Moves the people whose mailpiece came to its end, and returns how many.
create function postrider.move_to_terminal(
  p_organization_id uuid,
  p_pieces uuid[],
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_moved int;
begin
  update postrider.recipient_state s
  set state = n.state, since = p_now, move_no = s.move_no + 1, attempt = 0,
    reason = coalesce(n.reason, d.confidence, 'logical'), detail = null,
    cancel_requested_at = case when n.state <> 'skipped' then s.cancel_requested_at end
  from postrider.mailpiece m
  join (values
      ('delivered', null, 'received', null),
      ('returned', null, 'returned', 'returned'),
      ('failed', false, 'error', 'failed_at_printer'),
      -- A card that was to be called back is not to be made again.
      ('failed', true, 'skipped', 'cancelled'),
      ('cancelled', null, 'skipped', 'cancelled')) as n (status, marked, state, reason)
    on n.status = m.status
  left join lateral postrider.best_delivery_evidence(p_organization_id, m.id) d
    on m.status = 'delivered'
  where s.organization_id = p_organization_id
    and m.organization_id = p_organization_id
    and m.id = any (p_pieces)
    and m.recipient_id = s.recipient_id
    and (s.state = 'sent'
      or s.state = 'received' and n.state = 'returned'
      or s.state = 'error' and s.reason = 'failed_at_printer' and n.state = 'skipped')
    and (n.marked is null or n.marked = (s.cancel_requested_at is not null))
    -- Late news of a card that was given up is no news of the one that was made for it.
    and not postrider.has_other_open_piece(
      m.organization_id, m.recipient_id, m.id, m.mode, m.status);
  get diagnostics v_moved = row_count;
  return v_moved;
end $$;
