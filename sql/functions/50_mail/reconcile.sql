-- reconcile: a submission whose outcome nobody knows is never repeated blindly. After a quiet
-- period the printer is asked by our reference.

-- Gives a runner the unknown mailpieces that are due: [{mailpieceId, recipientId, campaignId,
-- printerName, idempotencyKey, attempt, openedAt}], or null. They are claimed by attempt number and
-- lease; a verdict counts only while both still hold.
-- Those of people who are to be cancelled come first: a card can be called back only for a while,
-- and thousands may be due before it.
create function postrider.claim_unknown_mailpieces(
  p_organization_id uuid,
  p_limit int,
  p_lease interval
) returns json language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_claimed uuid[];
  v_pieces json;
begin
  perform postrider.require_within('the limit', p_limit, 0, 1000000);
  perform postrider.require_lease(p_lease);
  v_claimed := postrider.lock_unknown(p_organization_id, p_limit, v_now, true);
  v_claimed := v_claimed
    || postrider.lock_unknown(p_organization_id, p_limit - cardinality(v_claimed), v_now, false);
  with claimed as (
    update postrider.mailpiece m
    set attempt = m.attempt + 1, available_at = v_now + p_lease
    where m.organization_id = p_organization_id
      and m.id = any (v_claimed)
    returning m.*
  )
  select json_agg(json_build_object(
      'mailpieceId', id,
      'recipientId', recipient_id,
      'campaignId', campaign_id,
      'printerName', printer_name,
      'idempotencyKey', idempotency_key,
      'attempt', attempt,
      'openedAt', opened_at) order by printer_name, id)
  into v_pieces
  from claimed;
  return v_pieces;
end $$;

-- Locks unknown mailpieces that are due, and returns them: of people who are to be cancelled, or of
-- all others. A card that is to be cancelled is looked for in spite of a hold or an open breaker:
-- nothing is sent again for it, and the time to call it back may end first.
create function postrider.lock_unknown(
  p_organization_id uuid,
  p_limit int,
  p_now timestamptz,
  p_cancelled boolean
) returns uuid[] language plpgsql as $$
begin
  return array(
    select u.id
    from postrider.mailpiece u
    join postrider.printer p
      on p.organization_id = u.organization_id
      and p.name = u.printer_name
    join postrider.recipient_state s
      on s.organization_id = u.organization_id
      and s.recipient_id = u.recipient_id
    left join postrider.connection x
      on x.organization_id = p.organization_id
      and x.id = p.connection_id
    left join postrider.connection_breaker b
      on b.organization_id = p.organization_id
      and b.connection_id = p.connection_id
    where (s.cancel_requested_at is not null and s.state in ('sending', 'sent')) = p_cancelled
      and (
        p_cancelled
        or p.held_at is null and x.held_at is null and coalesce(b.state, 'closed') = 'closed')
      and u.organization_id = p_organization_id
      and u.status = 'unknown'
      and u.available_at <= p_now
    order by u.available_at, u.id
    limit p_limit
    for no key update of u skip locked);
end $$;

-- Takes what printers answered about unknown mailpieces, and returns how many people it moved.
-- Where a session holds the row of somebody for long, nothing is decided about them: the printer is
-- asked for that card again, and the other answers count.
-- p_verdicts: [{mailpieceId, attempt, outcome: found|absent|cannot_tell|not_asked, providerId,
-- keyLifetimeMs, message}]. keyLifetimeMs: how long the printer honours a key; null: it has none.
-- p_attempts: a piece of which the printer could not tell so many times is a matter for a person. A
-- printer that could not be asked has not answered.
create function postrider.settle_reconciled(
  p_organization_id uuid,
  p_verdicts json,
  p_attempts int default 8
) returns int language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('mail');
  v_moved int;
begin
  perform postrider.require_list('the verdicts', json_typeof(p_verdicts));
  perform postrider.require_within('the number of attempts', p_attempts, 1, 30000);
  v_moved := postrider.apply_verdicts(
    p_organization_id,
    postrider.lock_for_verdicts(p_organization_id, p_verdicts),
    p_attempts);
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Locks the people of verdicts, and returns the verdicts but those of people whom somebody holds.
create function postrider.lock_for_verdicts(
  p_organization_id uuid,
  p_verdicts json
) returns json language plpgsql as $$
declare
  v_pieces uuid[] := array(
    select v."mailpieceId" from json_to_recordset(p_verdicts) as v ("mailpieceId" uuid));
  v_locked uuid[];
  v_held uuid[];
begin
  -- All of them at once, by id: also the people whom evidence moves.
  v_locked := postrider.lock_people_or_leave(p_organization_id, array(
    select m.recipient_id
    from postrider.mailpiece m
    where m.organization_id = p_organization_id
      and m.id = any (v_pieces)));
  v_held := array(
    select m.id
    from postrider.mailpiece m
    where m.organization_id = p_organization_id
      and m.id = any (v_pieces)
      and not m.recipient_id = any (v_locked));
  return coalesce(
    (select json_agg(v.told)
      from json_array_elements(p_verdicts) as v (told)
      where (v.told ->> 'mailpieceId')::uuid is null
        or not (v.told ->> 'mailpieceId')::uuid = any (v_held)),
    '[]');
end $$;

-- Moves the people of the verdicts, and returns how many moved. The caller has claimed mail and
-- locked the people.
create function postrider.apply_verdicts(
  p_organization_id uuid,
  p_verdicts json,
  p_attempts int
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_found jsonb;
  v_moved int := 0;
begin
  select jsonb_agg(jsonb_build_object(
    'mailpieceId', v."mailpieceId", 'providerId', v."providerId"))
  into v_found
  from json_to_recordset(p_verdicts) as v ("mailpieceId" uuid, outcome text, "providerId" text)
  where v.outcome = 'found' and v."providerId" <> '';
  if v_found is not null then
    v_moved := postrider.record_evidence(p_organization_id, v_found, 'late_evidence');
  end if;
  v_moved := v_moved
    + postrider.settle_unknown(p_organization_id, p_verdicts, p_attempts, v_now);
  return v_moved;
end $$;

-- Does what the verdicts mean, and returns how many people it moved. A verdict counts only where
-- the piece is still unknown and nobody has claimed it since. The caller has locked the people.
-- A printer that has answered a piece with another one may not know ours by our reference either,
-- although it has made it: its "absent" is a matter for a person, and no proof.
create function postrider.settle_unknown(
  p_organization_id uuid,
  p_verdicts json,
  p_attempts int,
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_moved int;
begin
  with verdict as materialized (
    select m.id, m.recipient_id,
      coalesce(v.message, case when m.answered_otherwise then m.outcome_detail end) as message,
      s.cancel_requested_at is not null as cancelled,
      case
        when v.outcome = 'absent' and m.answered_otherwise then 'outcome_unknown'
        when v.outcome = 'absent' then 'proven_absent'
        when v.outcome = 'not_asked' then 'later'
        -- A recipient who is to be cancelled is not submitted again, however safe a repeat is, and
        -- what was rejected would be once more: the printer is asked until it can tell.
        when k.until > p_now and v.outcome <> 'found' and s.cancel_requested_at is null
          and not m.answered_otherwise
          and not m.repeat_rejected
          then 'same_key_again'
        when m.told_nothing + 1 >= p_attempts then 'outcome_unknown'
        else 'later'
      end as reason,
      m.attempt, k.until,
      case when v.outcome = 'not_asked' then 0 else 1 end as told
    from postrider.mailpiece m
    join json_to_recordset(p_verdicts) as v ("mailpieceId" uuid, attempt int, outcome text,
        "keyLifetimeMs" bigint, message text)
      on m.id = v."mailpieceId" and m.attempt = v.attempt
    cross join lateral (
      select postrider.key_honoured_until(m.opened_at, v."keyLifetimeMs") as until) k
    join postrider.recipient_state s
      on s.organization_id = m.organization_id and s.recipient_id = m.recipient_id
    -- Still unknown although it was found: under an id that is another card's. In the end that is a
    -- matter for a person.
    where m.organization_id = p_organization_id and m.status = 'unknown'
  ), piece as (
    update postrider.mailpiece m
    set status = case
        when v.reason = 'proven_absent' and v.cancelled then 'cancelled'
        when v.reason in ('proven_absent', 'same_key_again') then 'submitting'
        else m.status end,
      told_nothing = m.told_nothing + v.told,
      repeat_until = case v.reason
        when 'same_key_again' then v.until
        when 'proven_absent' then null
        else m.repeat_until end,
      repeat_rejected = m.repeat_rejected and v.reason <> 'proven_absent',
      available_at = case v.reason
        when 'later' then p_now + postrider.back_off(v.attempt + 2)
        when 'outcome_unknown' then null end,
      outcome_detail = coalesce(left(v.message, 500), m.outcome_detail)
    from verdict v
    where m.organization_id = p_organization_id and m.id = v.id
  )
  update postrider.recipient_state s
  set state = case
      when v.reason = 'outcome_unknown' then 'error'
      when v.reason = 'proven_absent' and v.cancelled then 'skipped'
      else 'proofed' end,
    reason = case
      when v.reason = 'proven_absent' and v.cancelled then 'cancelled'
      else v.reason end,
    since = p_now, move_no = s.move_no + 1, cohort_id = null, available_at = p_now,
    detail = left(v.message, 500),
    cancel_requested_at = case
      when v.reason = 'outcome_unknown' then s.cancel_requested_at end
  from verdict v
  where s.organization_id = p_organization_id
    and s.recipient_id = v.recipient_id
    and s.state = 'sending'
    and v.reason <> 'later';
  get diagnostics v_moved = row_count;
  return v_moved;
end $$;
