-- Cancels one recipient's card. Before the printer: the recipient is skipped at once. At the
-- printer's API, or while a card may exist: a mark that is obeyed when the outcome is known. After
-- sent: the printer is asked.
-- Returns the recipient's state, with "(cancel requested)" where a mark was set.
create function postrider.cancel(
  p_recipient_id uuid,
  p_why text default null
) returns text language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('op');
  v_told text := postrider.cancel_recipient(p_recipient_id, p_why);
begin
  perform postrider.act_as(v_before);
  return v_told;
end $$;

-- Does what cancel() promises, and returns the same. The caller has claimed op.
create function postrider.cancel_recipient(
  p_recipient_id uuid,
  p_why text
) returns text language plpgsql as $$
declare
  v_state postrider.recipient_state := postrider.require_recipient(p_recipient_id);
  v_stopped boolean;
begin
  p_why := postrider.unless_erased(v_state.organization_id, p_recipient_id, p_why);
  v_stopped := postrider.stop_people(
    v_state.organization_id, array[p_recipient_id], 'skipped', 'cancelled', p_why) <> '{}';
  select *
  into v_state
  from postrider.recipient_state
  where organization_id = v_state.organization_id
    and recipient_id = p_recipient_id
  for no key update;
  if v_state.state = 'error' then
    if v_state.reason = 'outcome_unknown' then
      perform postrider.fail(
        'PR016',
        'nobody can tell whether the card was printed',
        'resolve it first; nothing was changed');
    end if;
    perform postrider.give_up_errors(v_state.organization_id, array[p_recipient_id], p_why);
    select *
    into v_state
    from postrider.recipient_state
    where organization_id = v_state.organization_id
      and recipient_id = p_recipient_id;
    v_stopped := true;
  elsif v_state.state in ('received', 'returned', 'holdout', 'blacklisted') then
    perform postrider.fail(
      'PR017',
      format('recipient %s is %s: there is nothing to cancel', p_recipient_id, v_state.state),
      'nothing was changed');
  end if;
  -- A recipient who was cancelled before is cancelled still, and is not noted again.
  if v_stopped then
    perform postrider.note_intervention(
      v_state.organization_id, 'cancel', p_why, p_people => array[p_recipient_id]);
  end if;
  return case
    when v_state.cancel_requested_at is not null and v_state.state <> 'skipped'
      then v_state.state || ' (cancel requested)'
    else v_state.state
  end;
end $$;
