-- What mailpieces' events mean for their people.

-- The pieces take the highest status of their events, and their people follow. Claims track as its actor, whoever calls.
create function postrider.follow_mailpieces(p_organization_id uuid, p_pieces uuid[]) returns int
language plpgsql as $$
declare
  v_before text := postrider.act_as('track');
  v_now timestamptz := postrider.now();
  v_moved int := 0;
  v_late boolean;
  v_waited boolean;
  v_received boolean;
  v_over boolean;
  v_closed boolean;
  v_rerouted boolean;
  v_returned uuid[];
begin
  select bool_or(s.state not in ('sent', 'received', 'returned', 'holdout')), bool_or(s.state = 'received'), bool_or(s.available_at = 'infinity')
  into v_late, v_received, v_waited from (
    select state, available_at from postrider.recipient_state
    where organization_id = p_organization_id and recipient_id = any (array(
      select m.recipient_id from postrider.mailpiece m where m.organization_id = p_organization_id and m.id = any (p_pieces)))
    order by recipient_id for no key update) s;

  with risen as (
    update postrider.mailpiece m set status = top.status
    from (
      select distinct on (e.mailpiece_id) e.mailpiece_id, e.status, r.rank
      from postrider.mailpiece_event e join postrider.mailpiece_status r on r.name = e.status
      where e.organization_id = p_organization_id and e.mailpiece_id = any (p_pieces)
      order by e.mailpiece_id, r.rank desc
    ) top
    join postrider.mailpiece_status t on t.name = top.status
    where m.organization_id = p_organization_id and m.id = top.mailpiece_id and m.accepted_at is not null
      and t.rank > (select rank from postrider.mailpiece_status where name = m.status)
      and not (t.is_open and (postrider.has_other_open_piece(m.organization_id, m.recipient_id, m.id, m.mode, m.status)
        -- Of several closed pieces of one person the first rises; the others are closed beside an open one then.
        or m.status in ('rejected', 'cancelled', 'failed') and exists (
          select from postrider.mailpiece o
          join postrider.mailpiece_event e on e.organization_id = o.organization_id and e.mailpiece_id = o.id
          join postrider.mailpiece_status r on r.name = e.status and r.is_open
          where o.organization_id = p_organization_id and o.recipient_id = m.recipient_id and o.mode = m.mode and o.id < m.id
            and o.id = any (p_pieces) and o.accepted_at is not null and o.status in ('rejected', 'cancelled', 'failed')
            and r.rank > (select rank from postrider.mailpiece_status where name = o.status))))
    returning m.recipient_id, m.status, m.mode
  )
  -- What a printer makes up in test mode was never at the address.
  select array_agg(recipient_id) filter (where status = 'returned' and mode = 'live') into v_returned from risen;

  if v_waited then
    -- Who waited for the printer beyond the usual time waits no longer: that time begins now.
    update postrider.recipient_state s set available_at = v_now + c.assumed_after
    from postrider.mailpiece m, postrider.campaign c
    where s.organization_id = p_organization_id and s.available_at = 'infinity' and m.organization_id = s.organization_id
      and m.recipient_id = s.recipient_id and m.id = any (p_pieces) and m.status <> 'accepted'
      and c.organization_id = s.organization_id and c.id = s.campaign_id;
  end if;
  if v_late then
    -- A scan shows that the card exists, whatever was thought of its person.
    perform postrider.bring_to_sent(p_organization_id, array(
      select m.id from postrider.mailpiece m where m.organization_id = p_organization_id and m.id = any (p_pieces)
        and m.status in ('in_transit', 'in_local_area', 'processed_for_delivery', 'delivered', 'returned')), 'late_evidence', true);
  end if;
  -- Looked at once for everything that is rare: an UPDATE that finds nobody still pays for the trigger, and most scans end nothing.
  select bool_or(m.status in ('delivered', 'returned', 'failed', 'cancelled')), bool_or(m.status in ('rejected', 'failed', 'cancelled')),
    bool_or(not m.rerouted and exists (
      select from postrider.mailpiece_event e where e.organization_id = p_organization_id and e.mailpiece_id = m.id and e.status = 'rerouted'))
  into v_over, v_closed, v_rerouted
  from postrider.mailpiece m where m.organization_id = p_organization_id and m.id = any (p_pieces);
  if v_rerouted then
    update postrider.mailpiece m set rerouted = true
    from postrider.mailpiece_event e
    where m.organization_id = p_organization_id and m.id = any (p_pieces) and not m.rerouted
      and e.organization_id = m.organization_id and e.mailpiece_id = m.id and e.status = 'rerouted';
  end if;

  if v_over then
    update postrider.recipient_state s
    set state = n.state, since = v_now, move_no = s.move_no + 1, attempt = 0, reason = coalesce(n.reason, d.confidence, 'logical'), detail = null,
      cancel_requested_at = case when n.state <> 'skipped' then s.cancel_requested_at end
    from postrider.mailpiece m
    join (values ('delivered', null, 'received', null), ('returned', null, 'returned', 'returned'), ('failed', false, 'error', 'failed_at_printer'),
      -- Who was to be called back is not to be made again.
      ('failed', true, 'skipped', 'cancelled'), ('cancelled', null, 'skipped', 'cancelled')) as n (status, marked, state, reason) on n.status = m.status
    left join lateral (
      select e.confidence from postrider.mailpiece_event e
      where e.organization_id = p_organization_id and e.mailpiece_id = m.id and e.status = 'delivered'
      order by array_position('{scan,assumed,logical,estimated}'::text[], e.confidence) limit 1
    ) d on m.status = 'delivered'
    where s.organization_id = p_organization_id and m.organization_id = p_organization_id and m.id = any (p_pieces)
      and m.recipient_id = s.recipient_id and (s.state = 'sent' or s.state = 'received' and n.state = 'returned'
        or s.state = 'error' and s.reason = 'failed_at_printer' and n.state = 'skipped')
      and (n.marked is null or n.marked = (s.cancel_requested_at is not null))
      -- Late news of a card that was given up is no news of the one that was made for it.
      and not postrider.has_other_open_piece(m.organization_id, m.recipient_id, m.id, m.mode, m.status);
    get diagnostics v_moved = row_count;
  end if;
  if v_over and v_received then
    -- The surest word counts, whichever came first: a scan after an estimate, or after it was assumed.
    update postrider.recipient_state s set reason = d.confidence
    from postrider.mailpiece m cross join lateral (
      select e.confidence from postrider.mailpiece_event e
      where e.organization_id = p_organization_id and e.mailpiece_id = m.id and e.status = 'delivered'
      order by array_position('{scan,assumed,logical,estimated}'::text[], e.confidence) limit 1
    ) d
    where s.organization_id = p_organization_id and m.organization_id = p_organization_id and m.id = any (p_pieces)
      and m.recipient_id = s.recipient_id and m.status = 'delivered' and s.state = 'received' and s.reason <> d.confidence;
  end if;
  if v_closed and v_received then
    -- Nobody is taken out of received for it: that the card was there was assumed, or another printer's scan says so.
    insert into postrider.alarm (organization_id, id, kind, campaign_id, recipient_id, mailpiece_id, detail, raised_at)
    select p_organization_id, postrider.new_id(), 'failed_after_received', m.campaign_id, m.recipient_id, m.id,
      jsonb_build_object('status', m.status, 'reason', s.reason), v_now
    from postrider.mailpiece m join postrider.recipient_state s on s.organization_id = m.organization_id and s.recipient_id = m.recipient_id
    where m.organization_id = p_organization_id and m.id = any (p_pieces) and m.status in ('failed', 'cancelled') and s.state = 'received'
      and not postrider.has_other_open_piece(m.organization_id, m.recipient_id, m.id, m.mode, m.status)
      and not exists (select from postrider.alarm a where a.organization_id = p_organization_id and a.mailpiece_id = m.id
        and a.recipient_id = m.recipient_id and a.kind = 'failed_after_received');
  end if;
  if v_closed then
    -- A closed piece that was scanned beside an open one: two cards are on their way.
    insert into postrider.alarm (organization_id, id, kind, campaign_id, recipient_id, mailpiece_id, detail, raised_at)
    select p_organization_id, postrider.new_id(), 'evidence_for_closed_piece', m.campaign_id, m.recipient_id, m.id,
      jsonb_build_object('recorded', m.provider_id, 'told', e.status, 'status', m.status), v_now
    from postrider.mailpiece m cross join lateral (
      select x.status from postrider.mailpiece_event x join postrider.mailpiece_status r on r.name = x.status
      where x.organization_id = p_organization_id and x.mailpiece_id = m.id and r.is_open and r.rank >= 30 order by r.rank limit 1) e
    where m.organization_id = p_organization_id and m.id = any (p_pieces) and m.status in ('rejected', 'cancelled', 'failed')
      and postrider.has_other_open_piece(m.organization_id, m.recipient_id, m.id, m.mode, m.status)
      and not exists (select from postrider.alarm a where a.organization_id = p_organization_id and a.mailpiece_id = m.id
        and a.recipient_id = m.recipient_id and a.kind = 'evidence_for_closed_piece');
  end if;

  -- Mail that came back tells that the address is bad: nobody of the organization mails there again. Only when it came back: whoever tells more of
  -- it later has not locked its household.
  if v_returned is not null then
    perform postrider.lock_households(p_organization_id, v_returned);
    insert into postrider.suppression (organization_id, id, kind, digest, value, reason, source, added_by, created_at)
    select distinct on (r.household_key) p_organization_id, postrider.new_id(), 'household',
      postrider.digest_of(p_organization_id, 'household', r.household_key), r.household_key, 'returned mail', 'track', session_user, v_now
    from postrider.recipient r
    where r.organization_id = p_organization_id and r.id = any (v_returned) and r.household_key is not null
    on conflict on constraint suppression_key do update set expires_at = null where suppression.expires_at is not null;
  end if;
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Events whose piece was not known when they came, tried again: the event and the answer that names its piece do not see each other's open
-- transactions.
create function postrider.match_events(p_organization_id uuid) returns int
language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('track');
  v_pieces uuid[];
  v_people uuid[];
begin
  select array_agg(distinct m.id), array_agg(distinct m.recipient_id) into v_pieces, v_people
  from postrider.mailpiece_event e join postrider.mailpiece m on m.organization_id = e.organization_id and m.printer_name = e.printer_name
    and m.provider_id = e.provider_id
  where e.organization_id = p_organization_id and e.mailpiece_id is null;
  if v_pieces is not null then
    -- People before what was told of them, as record_evidence does.
    perform from postrider.recipient_state where organization_id = p_organization_id and recipient_id = any (v_people)
    order by recipient_id for no key update;
    update postrider.mailpiece_event e set mailpiece_id = m.id
    from postrider.mailpiece m
    where e.organization_id = p_organization_id and e.mailpiece_id is null and m.organization_id = e.organization_id
      and m.printer_name = e.printer_name and m.provider_id = e.provider_id and m.id = any (v_pieces);
    perform postrider.follow_mailpieces(p_organization_id, v_pieces);
  end if;
  perform postrider.act_as(v_before);
  return coalesce(cardinality(v_pieces), 0);
end $$;
