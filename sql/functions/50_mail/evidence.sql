-- Evidence: the printer has this mailpiece, under this id. It is always recorded, wherever it comes
-- from, and the recipient follows the mailpiece.

-- Records evidence, and returns how many people it moved.
-- p_pieces: [{mailpieceId, recipientId, providerId, expectedDelivery}]; where the piece is gone, it
-- is found by recipientId. Called inside functions that have claimed mail, track or op as their
-- actor.
create function postrider.record_evidence(
  p_organization_id uuid,
  p_pieces jsonb,
  p_reason text
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_pieces uuid[];
  v_ids text[];
  v_expected date[];
  v_follow boolean;
  v_opted_out boolean;
  v_conflict boolean;
  v_unassigned boolean;
  v_has_events boolean;
  v_lost boolean;
  v_moved int := 0;
begin
  select array_agg("mailpieceId"), array_agg("providerId"), array_agg("expectedDelivery")
  into v_pieces, v_ids, v_expected
  from (
    select distinct on ("mailpieceId") *
    from jsonb_to_recordset(p_pieces)
      as e ("mailpieceId" uuid, "providerId" text, "expectedDelivery" date)) e;

  -- People first, pieces second, each by id: that is the lock order. What is seen of them here
  -- saves the statements that only rare cases need.
  select
    bool_or(s.state not in ('sent', 'received', 'returned', 'holdout')),
    bool_or(s.state in ('skipped', 'blacklisted'))
  into v_follow, v_opted_out
  from (
    select state
    from postrider.recipient_state
    where organization_id = p_organization_id
      and recipient_id = any (array(
        select m.recipient_id
        from postrider.mailpiece m
        where m.organization_id = p_organization_id and m.id = any (v_pieces)))
    order by recipient_id
    for no key update) s;
  select c.conflict, c.lost
  into v_conflict, v_lost
  from postrider.check_evidence(
    p_organization_id, v_pieces, v_ids, jsonb_array_length(p_pieces)) c;

  perform postrider.accept_mailpieces(
    p_organization_id, v_pieces, v_ids, v_expected, v_conflict, v_now);
  if v_conflict then
    perform postrider.alarm_conflicting_evidence(p_organization_id, p_pieces, v_now);
  end if;
  if v_follow then
    v_moved := postrider.bring_to_sent(p_organization_id, v_pieces, p_reason, v_opted_out);
  end if;
  if v_lost then
    v_moved := v_moved
      + postrider.record_evidence_for_lost(p_organization_id, p_pieces, p_reason);
  end if;

  -- Events that came before the id that names their piece, or with our reference before the piece
  -- was accepted.
  select
    exists (
      select from postrider.mailpiece_event e
      where e.organization_id = p_organization_id and e.mailpiece_id is null),
    exists (
      select from postrider.mailpiece_event e
      where e.organization_id = p_organization_id and e.mailpiece_id = any (v_pieces))
  into v_unassigned, v_has_events;
  if v_unassigned and postrider.assign_events(p_organization_id, v_pieces) then
    v_has_events := true;
  end if;
  if v_has_events then
    perform postrider.follow_mailpieces(p_organization_id, v_pieces);
  end if;
  return v_moved;
end $$;

-- Locks mailpieces, by id, and judges the evidence for them: whether it conflicts with what is
-- recorded or with itself, and whether it is for pieces that are lost.
-- p_ids: the printer's id for each of them. p_told: how often anything was told of them. Test cards
-- may share one id: it belongs to none of them in particular.
create function postrider.check_evidence(
  p_organization_id uuid,
  p_pieces uuid[],
  p_ids text[],
  p_told int,
  out conflict boolean,
  out lost boolean
) language plpgsql as $$
begin
  select
    coalesce(
      bool_or(m.provider_id <> t.told
        or postrider.piece_is_closed(m.status)
        or m.mode = 'live' and exists (
          select from postrider.mailpiece o
          where o.organization_id = p_organization_id
            and o.printer_name = m.printer_name
            and o.provider_id = t.told
            and o.mode = 'live'
            and o.id <> m.id)),
      false)
    -- Two ids for one piece, or one for two, at once.
    or p_told > cardinality(p_pieces)
    or count(distinct t.told) filter (where m.mode = 'live')
      < count(t.told) filter (where m.mode = 'live'),
    count(*) < cardinality(p_pieces)
  into conflict, lost
  from (
    select id, printer_name, provider_id, status, mode
    from postrider.mailpiece
    where organization_id = p_organization_id and id = any (p_pieces)
    order by id
    for no key update) m
  join unnest(p_pieces, p_ids) as t (id, told) on t.id = m.id;
end $$;

-- Makes mailpieces accepted under the printer's ids. A piece that has an id keeps it.
-- p_conflict: something about these pieces is odd. All of them are recorded in one statement, but
-- where something is odd one after the other, so that each sees which piece is open and whose an id
-- is by then.
create function postrider.accept_mailpieces(
  p_organization_id uuid,
  p_pieces uuid[],
  p_ids text[],
  p_expected date[],
  p_conflict boolean,
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_at_once int := case when p_conflict then 1 else cardinality(p_pieces) end;
begin
  for i in 1 .. cardinality(p_pieces) by v_at_once loop
    update postrider.mailpiece m
    set status = case
        when m.status in ('submitting', 'unknown', 'rejected', 'cancelled') then 'accepted'
        else m.status end,
      provider_id = t.told,
      accepted_at = coalesce(m.accepted_at, p_now),
      available_at = null,
      expected_delivery = coalesce(t.expected, m.expected_delivery)
    from unnest(
      p_pieces[i : i + v_at_once - 1],
      p_ids[i : i + v_at_once - 1],
      p_expected[i : i + v_at_once - 1]) as t (id, told, expected)
    where m.organization_id = p_organization_id
      and m.id = t.id
      and m.provider_id is null
      and (not p_conflict
        or not postrider.has_other_open_piece(
          m.organization_id, m.recipient_id, m.id, m.mode, m.status)
        and not (m.mode = 'live' and exists (
          select from postrider.mailpiece x
          where x.organization_id = m.organization_id
            and x.printer_name = m.printer_name
            and x.provider_id = t.told
            and x.mode = 'live'
            and x.id <> m.id)));
  end loop;
end $$;

-- Raises an alarm for evidence that conflicts with what is recorded. A second id is a second card,
-- or a printer that mixes things up; so is evidence for a closed piece beside an open one, or one
-- id for two pieces. The record stays as it is, and the alarm keeps what was told.
create function postrider.alarm_conflicting_evidence(
  p_organization_id uuid,
  p_pieces jsonb,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  insert into postrider.alarm (
    organization_id, id, kind, campaign_id, recipient_id, mailpiece_id, detail, raised_at)
  select p_organization_id, postrider.new_id(), o.kind, m.campaign_id, m.recipient_id, m.id,
    jsonb_build_object('recorded', m.provider_id, 'told', t.told, 'status', m.status), p_now
  from (
    select distinct "mailpieceId" as id, "providerId" as told
    from jsonb_to_recordset(p_pieces) as e ("mailpieceId" uuid, "providerId" text)) t
  join postrider.mailpiece m
    on m.organization_id = p_organization_id and m.id = t.id
  cross join lateral (
    select case
      when m.provider_id <> t.told then 'second_provider_id'
      when m.provider_id is null
        and postrider.has_other_open_piece(
          m.organization_id, m.recipient_id, m.id, m.mode, m.status)
        then 'evidence_for_closed_piece'
      when m.provider_id is null then 'provider_id_of_another_piece'
    end as kind) o
  where o.kind is not null
    and t.told is not null
    and not exists (
      select from postrider.alarm a
      where a.organization_id = p_organization_id
        and a.recipient_id = m.recipient_id
        and a.mailpiece_id = m.id
        and a.detail ->> 'told' = t.told);
end $$;

-- Moves the people of these mailpieces to sent, where their card was accepted, and returns how
-- many. What follows from a card that was sent is written in the same statement, a cancel mark for
-- who was stopped among it. A card that is to be cancelled is called back at once.
-- p_opted_out: somebody among them may have been skipped or blacklisted.
create function postrider.bring_to_sent(
  p_organization_id uuid,
  p_pieces uuid[],
  p_reason text,
  p_opted_out boolean
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_moved int;
  v_cancelled boolean;
begin
  if p_opted_out then
    -- A recipient who was taken out and has a card all the same is a matter for a person.
    insert into postrider.alarm (
      organization_id, id, kind, campaign_id, recipient_id, mailpiece_id, detail, raised_at)
    select s.organization_id, postrider.new_id(), 'printed_all_the_same', s.campaign_id,
      s.recipient_id, m.id, jsonb_build_object(
        'state', s.state,
        'reason', s.reason,
        'calledBack', postrider.is_to_call_back(s, m)),
      v_now
    from postrider.mailpiece m
    join postrider.recipient_state s
      on s.organization_id = m.organization_id and s.recipient_id = m.recipient_id
    where m.organization_id = p_organization_id
      and m.id = any (p_pieces)
      and m.accepted_at is not null
      and not postrider.piece_is_closed(m.status)
      and s.state in ('skipped', 'blacklisted');
  end if;

  with moved as (
    update postrider.recipient_state s
    set state = 'sent', since = v_now, move_no = s.move_no + 1, cohort_id = null,
      attempt = 0, losses = 0,
      reason = case
        when s.state = 'sending' then p_reason
        when p_reason = 'accepted' then 'late_evidence'
        else p_reason end,
      detail = null,
      available_at = v_now + c.assumed_after,
      cancel_requested_at = case
        when postrider.is_to_call_back(s, m) then v_now
        else s.cancel_requested_at end
    from postrider.mailpiece m, postrider.campaign c
    where s.organization_id = p_organization_id
      and m.organization_id = s.organization_id
      and m.recipient_id = s.recipient_id
      and m.id = any (p_pieces)
      and m.accepted_at is not null
      and not postrider.piece_is_closed(m.status)
      and c.organization_id = s.organization_id
      and c.id = s.campaign_id
      -- A test card is no card of a campaign that has gone live.
      and (m.mode = 'live' or c.mode = 'test')
      and s.state in ('sending', 'proofed', 'sending_staged', 'error', 'skipped', 'blacklisted',
        'pending', 'proofing_staged', 'proofing', 'address_enrichable', 'address_enriching')
    returning m.id as mailpiece_id, m.mode, s.campaign_id, s.recipient_id, s.cancel_requested_at,
      c.effects, c.event_statuses
  ), effects as (
    insert into postrider.effect (
      organization_id, mailpiece_id, kind, campaign_id, recipient_id, available_at, occurred_at)
    select p_organization_id, v.mailpiece_id, k.kind, v.campaign_id, v.recipient_id, v_now, v_now
    from moved v
    cross join lateral unnest(v.effects) as k (kind)
    -- A test card costs nobody anything. Events tell which mode they are of.
    where (k.kind <> 'usage_meter' or v.mode = 'live')
      and (k.kind <> 'event_sink' or 'sent' = any (v.event_statuses))
    on conflict do nothing
  )
  select count(*), bool_or(cancel_requested_at is not null)
  into v_moved, v_cancelled
  from moved;
  if v_cancelled then
    perform pg_notify('postrider_moved', 'cancel');
  end if;
  return v_moved;
end $$;
