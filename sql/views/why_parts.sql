-- What why() says after the reason, by what decides: a hold, a cancel, or the state. A part is null
-- where it has nothing to say.

-- Names who did it and what else is known of it: a null takes its own part away and no more. The
-- sentence goes on after a reason that ends in a full stop.
create function postrider.hold_details(
  p_by_role text,
  p_application text,
  p_since text,
  p_why text
) returns text language sql stable
return concat(
  ' by ' || p_by_role,
  ' (' || p_application || ')',
  ' since ' || p_since,
  ': ' || rtrim(p_why, '. '));

-- Says of a person in a test that there is no card; null where the campaign is no test.
create function postrider.why_test(
  p_campaign postrider.campaign,
  p_state text
) returns text language sql stable
return case
  when p_campaign.mode = 'live' or p_campaign.launched_at is null then null
  when p_state in ('sent', 'received', 'returned') then 'This is a test: nothing was printed.'
  else 'The campaign is a test: nothing is printed.'
end;

-- Says of a person who is held alone by whom, and what takes it back.
create function postrider.why_held_alone(
  p_organization postrider.organization,
  p_state postrider.recipient_state
) returns text language sql stable
return format('Held since %s%s: goes on after postrider.release(organization, ''recipient'', %L).',
  postrider.local_time(p_organization, p_state.held_at),
  (
    select postrider.hold_details(i.by_role, i.application, null, i.why)
    from postrider.intervention i
    where i.organization_id = p_state.organization_id
      and i.recipient_id = p_state.recipient_id
      and i.action = 'hold'
    order by i.at desc, i.id desc
    limit 1),
  p_state.recipient_id);

-- Says of a person who was amended by whom, when, and in which fields.
create function postrider.why_amended(
  p_organization postrider.organization,
  p_recipient_id uuid
) returns text language sql stable
return (
  select format(' Amended%s.', postrider.hold_details(
    i.by_role, i.application, postrider.local_time(p_organization, i.at), i.why))
  from postrider.intervention i
  where i.organization_id = p_organization.id
    and i.recipient_id = p_recipient_id
    and i.action = 'amend'
  order by i.at desc, i.id desc
  limit 1);

-- Says what becomes, or became, of a cancel. p_is_final: nothing moves the person any more.
-- p_accepted: the card that the printer accepted.
create function postrider.why_cancelled(
  p_organization postrider.organization,
  p_state postrider.recipient_state,
  p_is_final boolean,
  p_accepted postrider.mailpiece
) returns text language sql stable
return case
  when p_state.cancel_requested_at is not null and p_state.state = 'sending'
    then 'A cancel is asked for; it is obeyed as soon as the printer has answered.'
  when p_state.cancel_requested_at is not null and p_state.state = 'sent'
    then format('A cancel is asked for: the printer is asked to call the card back%s.',
      ', next at ' || postrider.local_time(p_organization, p_accepted.available_at))
  when p_state.cancel_requested_at is not null and p_is_final
    then format('A cancel was asked for at %s%s. That is final.',
      postrider.local_time(p_organization, p_state.cancel_requested_at),
      case
        when p_state.state in ('received', 'returned')
          then ' and came too late: the card was not called back' end)
  when p_state.state in ('received', 'returned')
    and p_accepted.outcome_detail like 'cannot be called back%'
    then format('A cancel came too late: the card %s. That is final.', p_accepted.outcome_detail)
end;

-- Names who holds a campaign's people back, since when, and why.
create function postrider.standing_hold_details(
  p_organization postrider.organization,
  p_campaign_id uuid,
  p_printer_name text
) returns text language sql stable
return (
  select postrider.hold_details(
    h.by_role, h.application, postrider.local_time(p_organization, h.since), h.why)
  from postrider.standing_hold(p_organization.id, p_campaign_id, p_printer_name) h);

-- Says that the organization, the campaign or, of people who wait for it, the printer or its
-- connection is held.
create function postrider.why_held(
  p_organization postrider.organization,
  p_campaign postrider.campaign,
  p_printer postrider.printer,
  p_connection postrider.connection,
  p_state text
) returns text language sql stable
return case
  when p_organization.held_at is not null then
    format('The organization is held%s.', postrider.standing_hold_details(
      p_organization, p_campaign.id, p_printer.name))
  when p_campaign.status = 'paused' then
    format('The campaign is held%s: it goes on when released.', postrider.standing_hold_details(
      p_organization, p_campaign.id, p_printer.name))
  when p_state = 'proofed' and p_campaign.status <> 'pending' and p_printer.held_at is not null then
    format('The printer is held%s.', postrider.standing_hold_details(
      p_organization, p_campaign.id, p_printer.name))
  when p_state = 'proofed' and p_campaign.status <> 'pending' and p_connection.held_at is not null
  then
    format('Connection %s of the printer is held%s.', p_connection.name,
      postrider.standing_hold_details(p_organization, p_campaign.id, p_printer.name))
end;

-- Says what comes next until the card is proofed, and what it waits for before the printer.
create function postrider.next_before_printer(
  p_organization postrider.organization,
  p_campaign postrider.campaign,
  p_printer postrider.printer,
  p_connection postrider.connection,
  p_breaker postrider.connection_breaker,
  p_state postrider.recipient_state,
  p_batch postrider.enrichment_batch,
  p_cohort postrider.cohort
) returns text language sql stable
return case
  when p_state.state in ('address_enrichable', 'address_enriching')
    and postrider.broken_adapter(p_campaign, 'enricher') is not null
    then format('Next: the enricher, when it answers again: %s. Nothing is lost.',
      (
        select postrider.breaker_meaning(p_organization, y, e)
        from postrider.connection y
        join postrider.connection_breaker e
          on e.organization_id = y.organization_id and e.connection_id = y.id
        where y.organization_id = p_campaign.organization_id
          and y.id = postrider.broken_adapter(p_campaign, 'enricher')))
  when p_state.state = 'address_enrichable'
    then 'Next: its address is looked up with the next enrichment, '
      'at 1:00, 7:00, 13:00 or 19:00 New York time.'
  when p_state.state = 'address_enriching'
    then coalesce(
      'Next: the enricher answers; if it does not, the person goes back at '
        || postrider.local_time(p_organization, p_batch.deadline) || '.',
      'Its batch is gone: the next enrichment takes the person back.')
  when p_state.state = 'pending' and p_state.available_at > postrider.now()
    then format('Next: a proof, not before %s.',
      postrider.local_time(p_organization, p_state.available_at))
  when p_state.state = 'pending' then 'Next: a proof, as soon as a cohort has room.'
  when p_state.state = 'proofing_staged' then 'Next: a worker begins its cohort.'
  when p_state.state = 'proofing'
    then format('Next: the renderer answers%s.',
      ', or its lease passes at ' || postrider.local_time(p_organization, p_cohort.lease_until))
  when p_state.state = 'proofed' and p_campaign.status = 'pending'
    then 'Next: the campaign must be launched; nothing is mailed before.'
  when p_state.state = 'proofed' then coalesce(
    -- That something is held is told before.
    case postrider.obstacle_at_printer(p_printer, p_connection, p_breaker, p_campaign.mode)
      when 'arming' then 'Next: somebody must arm the printer for live printing.'
      when 'mode of the connection' then format(
        'Next: the campaign must name a connection that is %s; %s is %s.',
        p_campaign.mode, p_connection.name, p_connection.mode)
      when 'breaker' then format(
        'Next: the printer, when it answers again: %s. Nothing is lost.',
        postrider.breaker_meaning(p_organization, p_connection, p_breaker))
    end,
    case when p_state.available_at > postrider.now()
      then format('Next: the printer, not before %s%s.',
        postrider.local_time(p_organization, p_state.available_at),
        case
          when p_campaign.hold_back_minutes > 0
            then '; until then it can be called back for nothing' end)
    end,
    'Next: the printer, as soon as a cohort has room.')
end;

-- Says what comes next of a card that the printer has accepted.
create function postrider.next_when_sent(
  p_organization postrider.organization,
  p_state postrider.recipient_state,
  p_accepted postrider.mailpiece
) returns text language sql stable
return (
  select case
    when t.assumed is null
      then format('Next: the printer prints it; it took it at %s. '
        'Before that it is not assumed to be there.',
        postrider.local_time(p_organization, p_accepted.accepted_at))
    else format('Next: delivery%s; without any scan it is assumed at %s.',
      ', expected ' || to_char(p_accepted.expected_delivery, 'YYYY-MM-DD'),
      postrider.local_time(p_organization, t.assumed))
  end
  from (
    select nullif(
      greatest(p_state.available_at, postrider.assumed_at(p_accepted)), 'infinity') as assumed
  ) t);

-- Says of a card that its printer has what a person may want to do about it: until when it can be
-- called back for nothing, and, to operators, where it is seen at the printer.
create function postrider.why_at_printer(
  p_organization postrider.organization,
  p_accepted postrider.mailpiece
) returns text language sql stable
return concat(
  case
    when p_accepted.cancellable_until > postrider.now()
      then format(' It can be called back for nothing until %s.',
        postrider.local_time(p_organization, p_accepted.cancellable_until)) end,
  ' At the printer: ' || postrider.printer_links(p_accepted.organization_id, p_accepted.id)
    || '.');

-- Says what comes next at the printer. p_open: the mailpiece of which the outcome is not known.
create function postrider.next_at_printer(
  p_organization postrider.organization,
  p_state postrider.recipient_state,
  p_open postrider.mailpiece,
  p_accepted postrider.mailpiece
) returns text language sql stable
return case
  when p_state.state = 'sending_staged'
    then 'Next: a worker checks eligibility once more and submits the card.'
  when p_state.state = 'sending' and p_open.status = 'unknown'
    then format('Nobody knows whether the printer has mailpiece %s: it is asked again at %s.',
      p_open.id, postrider.local_time(p_organization, p_open.available_at))
  when p_state.state = 'sending' then 'Next: the printer answers.'
  when p_state.state = 'sent'
    then postrider.next_when_sent(p_organization, p_state, p_accepted)
      || postrider.why_at_printer(p_organization, p_accepted)
end;

-- Says what helps people in error, and who comes back by themselves; of all others, that it is
-- final.
create function postrider.next_when_over(
  p_state postrider.recipient_state,
  p_open postrider.mailpiece
) returns text language sql stable
return case
  when p_state.state = 'error' and p_state.reason = 'outcome_unknown'
    then format('Next: look at the printer''s console, then '
      'postrider.resolve(%L, ''printed'' or ''not_printed'', ''evidence'')%s.',
      p_open.id,
      case
        when p_state.cancel_requested_at is not null
          then '; the cancel that is asked for is obeyed with it' end)
  when p_state.state = 'error' and p_state.cancel_requested_at is not null
    then format('A cancel is asked for: postrider.retry(%L) obeys it, and no card is made.',
      p_state.recipient_id)
  when p_state.state = 'error'
    then format('Next: mend the cause, then postrider.retry(%L).', p_state.recipient_id)
  when p_state.state = 'skipped' and p_state.reason = 'no_address'
    then 'It comes back by itself when the source learns an address.'
  when p_state.state = 'skipped' and p_state.reason = 'bad_address'
    then 'It comes back by itself when the address is another one at the source.'
  else 'That is final.'
end;
