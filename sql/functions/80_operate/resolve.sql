-- Says what became of a card whose outcome nobody could tell: an operator has looked at the
-- printer's console. It is the only way out of outcome_unknown. Returns the recipient's state.
create function postrider.resolve(
  p_mailpiece_id uuid,
  p_verdict text,
  p_evidence text
) returns text language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('op');
  v_state text := postrider.resolve_outcome(p_mailpiece_id, p_verdict, p_evidence);
begin
  perform postrider.act_as(v_before);
  return v_state;
end $$;

-- Does what resolve() promises, and returns the same. The caller has claimed op.
create function postrider.resolve_outcome(
  p_mailpiece_id uuid,
  p_verdict text,
  p_evidence text
) returns text language plpgsql as $$
declare
  v_piece postrider.mailpiece;
  v_campaign_status text;
begin
  perform postrider.require_suitable_session();
  select *
  into v_piece
  from postrider.mailpiece m
  where m.id = p_mailpiece_id
    and m.organization_id = any (postrider.my_organizations());
  if not found then
    perform postrider.fail(
      'PR010',
      format('there is no mailpiece %s', coalesce(p_mailpiece_id::text, 'null')),
      'look it up with postrider.trace(recipient, e-mail or reference); nothing was changed');
  end if;
  if coalesce(p_verdict, '') not in ('printed', 'not_printed') then
    perform postrider.fail(
      'PR020',
      format('the verdict is printed or not_printed, not %L', p_verdict),
      'nothing was changed');
  end if;
  if nullif(btrim(p_evidence), '') is null then
    perform postrider.fail(
      'PR020',
      'say how you know',
      'for printed: the printer''s id of the piece; for not_printed: whom you asked, and when. '
      'Nothing was changed');
  end if;
  if p_verdict = 'not_printed' and exists (
    select from postrider.recipient_state s
    where s.organization_id = v_piece.organization_id
      and s.recipient_id = v_piece.recipient_id
      and s.cancel_requested_at is null)
  then
    -- The person goes on, and the campaign may have ended meanwhile. Its locks come before its
    -- people's.
    v_campaign_status :=
      (postrider.reopen_campaign(v_piece.organization_id, v_piece.campaign_id)).status;
  end if;
  perform postrider.lock_unknown_outcome(v_piece);
  perform postrider.note_intervention(
    v_piece.organization_id,
    'resolve',
    p_verdict || ': ' || btrim(p_evidence),
    p_people => array[v_piece.recipient_id]);
  if p_verdict = 'printed' then
    perform postrider.record_printed(v_piece, btrim(p_evidence));
    return 'sent';
  end if;
  return postrider.record_not_printed(v_piece, v_campaign_status, p_evidence);
end $$;

-- Locks the recipient of a mailpiece, then the mailpiece, and refuses where its outcome is not in
-- question.
create function postrider.lock_unknown_outcome(p_piece postrider.mailpiece) returns void
language plpgsql as $$
declare
  v_state postrider.recipient_state;
begin
  select *
  into v_state
  from postrider.recipient_state
  where organization_id = p_piece.organization_id
    and recipient_id = p_piece.recipient_id
  for no key update;
  if not (v_state.state = 'error' and v_state.reason = 'outcome_unknown') then
    perform postrider.fail(
      'PR017',
      format(
        'the outcome of mailpiece %s is not in question: its recipient is %s%s',
        p_piece.id, v_state.state, coalesce(' (' || v_state.reason || ')', '')),
      'resolve works on outcome_unknown only; nothing was changed');
  end if;
  perform from postrider.mailpiece m
  where m.organization_id = p_piece.organization_id
    and m.id = p_piece.id
    and m.status = 'unknown'
  for no key update;
  if not found then
    perform postrider.fail(
      'PR017',
      format(
        'the outcome of mailpiece %s is not in question: it is %s', p_piece.id, p_piece.status),
      'the one in question is named by postrider.why(recipient); nothing was changed');
  end if;
end $$;

-- Records that a card in question was printed, under this id of the printer.
create function postrider.record_printed(
  p_piece postrider.mailpiece,
  p_provider_id text
) returns void language plpgsql as $$
declare
  v_other uuid;
begin
  -- The id may be another card's. That card's record stays as it is, and the outcome of this one
  -- stays open: it is refused before anything is done.
  select m.id
  into v_other
  from postrider.mailpiece m
  where m.organization_id = p_piece.organization_id
    and m.printer_name = p_piece.printer_name
    and m.provider_id = p_provider_id
    and m.mode = 'live'
    and p_piece.mode = 'live'
    and m.id <> p_piece.id;
  if found then
    perform postrider.fail(
      'PR020',
      format('the printer''s id %s belongs to mailpiece %s', p_provider_id, v_other),
      'look again at the printer''s console for the card of this mailpiece; nothing was changed',
      jsonb_build_object('mailpieceId', v_other));
  end if;
  perform postrider.record_evidence(
    p_piece.organization_id,
    jsonb_build_array(
      jsonb_build_object('mailpieceId', p_piece.id, 'providerId', p_provider_id)),
    'resolved_printed');
end $$;

-- Records that a card in question was not printed: it is cancelled, and its recipient goes on from
-- proofed, or is skipped where there is nothing to go on to. Returns the recipient's state.
create function postrider.record_not_printed(
  p_piece postrider.mailpiece,
  p_campaign_status text,
  p_evidence text
) returns text language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_state text;
begin
  -- A name may stand in the evidence.
  p_evidence := postrider.unless_erased(
    p_piece.organization_id, p_piece.recipient_id, p_evidence);
  update postrider.mailpiece
  set status = 'cancelled',
    outcome_detail = 'not printed: ' || p_evidence,
    available_at = null
  where organization_id = p_piece.organization_id
    and id = p_piece.id;
  update postrider.recipient_state s
  set state = case
      when s.cancel_requested_at is null and p_campaign_status <> 'archived' then 'proofed'
      else 'skipped'
    end,
    since = v_now,
    move_no = s.move_no + 1,
    reason = case
      when s.cancel_requested_at is not null then 'cancelled'
      when p_campaign_status = 'archived' then 'campaign_closed'
      else 'resolved_not_printed'
    end,
    detail = left(p_evidence, 500),
    available_at = v_now,
    attempt = 0,
    losses = 0,
    cancel_requested_at = null
  where s.organization_id = p_piece.organization_id
    and s.recipient_id = p_piece.recipient_id
  returning s.state into v_state;
  return v_state;
end $$;
