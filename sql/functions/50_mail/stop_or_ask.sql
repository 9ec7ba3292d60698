-- People are stopped before the printer: cancelled, suppressed, forbidden by their source, erased,
-- or with a campaign or an offer that is over. Where a card may exist all the same, the printer is
-- asked for it first.

-- Moves people who are before the printer to skipped or blacklisted. A person whose card may exist
-- gets a cancel mark instead, and stays at the printer until it has told. Returns both. The caller
-- has locked them, and has moved those to sent whose card the printer has.
create function postrider.stop_or_ask(
  p_organization_id uuid,
  p_people uuid[],
  p_state text,
  p_reason text,
  p_detail text
) returns uuid[] language plpgsql as $$
declare
  v_asked uuid[] := postrider.ask_before_stopping(
    p_organization_id, p_people, '{proofed,sending_staged}', p_reason, p_detail);
  v_stopped uuid[];
begin
  update postrider.mailpiece m
  set status = 'cancelled',
    outcome_detail = p_reason
  from postrider.recipient_state s
  where m.organization_id = p_organization_id
    and m.recipient_id = any (p_people)
    and m.status = 'submitting'
    and s.organization_id = m.organization_id
    and s.recipient_id = m.recipient_id
    and s.state in ('proofed', 'sending_staged');
  with stopped as (
    update postrider.recipient_state
    set state = p_state,
      since = postrider.now(),
      move_no = move_no + 1,
      cohort_id = null,
      reason = p_reason,
      detail = left(p_detail, 500)
    where organization_id = p_organization_id
      and recipient_id = any (p_people)
      and postrider.is_before_printer(state)
    returning recipient_id
  )
  select coalesce(array_agg(recipient_id), '{}')
  into v_stopped
  from stopped;
  return v_asked || v_stopped;
end $$;

-- Moves people to sending, with a cancel mark, who are to be stopped while nobody knows whether a
-- card of theirs was made, and returns which. The printer is asked by our reference: a card that it
-- has is called back, and if there is none, they are skipped.
-- They travel in a cohort that is closed, since no worker sends them. Nobody posts their piece any
-- more, so that the printer can be asked at once. Until then the piece counts in caps and budget.
-- p_from: the states in which they are looked for.
create function postrider.ask_before_stopping(
  p_organization_id uuid,
  p_people uuid[],
  p_from text[],
  p_reason text,
  p_detail text
) returns uuid[] language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_people uuid[];
  v_pieces uuid[];
begin
  select array_agg(s.recipient_id), array_agg(m.id)
  into v_people, v_pieces
  from postrider.recipient_state s
  join postrider.mailpiece m
    on m.organization_id = p_organization_id
    and m.recipient_id = s.recipient_id
    and m.accepted_at is null
    and postrider.card_may_exist(m.status, m.repeat_until)
  where s.organization_id = p_organization_id
    and s.recipient_id = any (p_people)
    and s.state = any (p_from);
  if v_people is null then
    return '{}';
  end if;
  update postrider.mailpiece
  set status = 'unknown',
    available_at = v_now,
    outcome_detail = 'its person was stopped: the printer is asked for it first'
  where organization_id = p_organization_id
    and id = any (v_pieces)
    and status = 'submitting';
  with doubtful as materialized (
    select s.recipient_id, s.campaign_id
    from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.recipient_id = any (v_people)
  ), cohort as (
    insert into postrider.cohort (
      organization_id, id, campaign_id, stage, people, made_at, closed_at, closed_why)
    select p_organization_id, postrider.new_id(), d.campaign_id, 'mail', count(*), v_now, v_now,
      'asked_for'
    from doubtful d
    group by d.campaign_id
    returning id, campaign_id
  )
  update postrider.recipient_state s
  set state = 'sending',
    since = v_now,
    move_no = s.move_no + 1,
    cohort_id = k.id,
    reason = p_reason,
    detail = left(p_detail, 500),
    cancel_requested_at = v_now
  from doubtful d
  join cohort k on k.campaign_id = d.campaign_id
  where s.organization_id = p_organization_id
    and s.recipient_id = d.recipient_id
    and s.recipient_id = any (v_people);
  perform pg_notify('postrider_moved', 'cancel');
  return v_people;
end $$;
