-- Says in one sentence where somebody is, why, what comes next and when. All times are the
-- organization's, which is named where there are several.
create function postrider.why(p_who text, p_organization_id uuid default null) returns setof text
language sql stable as $$
  select format('%s in campaign %s is %s (%s) since %s (%s). %s %s',
    coalesce(
      nullif(btrim(concat_ws(' ', r.first_name, r.last_name)), ''), r.email, 'Recipient ' || r.id),
    c.name || case
      when min(o.id::text) over () <> max(o.id::text) over () then ' of ' || o.name
      else '' end,
    s.state,
    t.meaning,
    d.since,
    o.time_zone,
    coalesce(w.sentence, s.reason) || coalesce(' [' || s.detail || ']', ''),
    case
      when r.erased_at is not null then 'The person was erased; only this trail is left.'
      when s.held_at is not null and t.kind <> 'terminal' and s.state not in ('sending', 'sent')
        then format('Held since %s%s: '
          'goes on after postrider.release(organization, ''recipient'', %L).',
          d.held, h.one, r.id)
      when s.cancel_requested_at is not null and s.state = 'sending'
        then 'A cancel is asked for; it is obeyed as soon as the printer has answered.'
      when s.cancel_requested_at is not null and s.state = 'sent'
        then format('A cancel is asked for: the printer is asked to call the card back%s.',
          coalesce(', next at ' || d.called, ''))
      when s.cancel_requested_at is not null and t.kind = 'terminal' and s.state <> 'error'
        then format('A cancel was asked for at %s%s. That is final.', d.cancelled, case
          when s.state in ('received', 'returned')
            then ' and came too late: the card was not called back' end)
      when s.state in ('received', 'returned')
        and a.outcome_detail like 'cannot be called back%'
        then format('A cancel came too late: the card %s. That is final.', a.outcome_detail)
      when o.held_at is not null and t.kind <> 'terminal' and s.state <> 'sent'
        then format('The organization is held%s.', h.all_of)
      when c.status = 'paused' and t.kind <> 'terminal' and s.state <> 'sent'
        then format('The campaign is held%s: it goes on when released.', h.all_of)
      when s.state = 'address_enrichable'
        then 'Next: its address is looked up with the next enrichment, '
          'at 1:00, 7:00, 13:00 or 19:00 New York time.'
      when s.state = 'address_enriching'
        then coalesce(
          'Next: the enricher answers; if it does not, the person goes back at '
            || d.deadline || '.',
          'Its batch is gone: the next enrichment takes the person back.')
      when s.state = 'pending' and s.available_at > postrider.now()
        then format('Next: a proof, not before %s.', d.available)
      when s.state = 'pending' then 'Next: a proof, as soon as a cohort has room.'
      when s.state = 'proofing_staged' then 'Next: a worker begins its cohort.'
      when s.state = 'proofing'
        then 'Next: the renderer answers'
          || coalesce(', or its lease passes at ' || d.lease, '') || '.'
      when s.state = 'proofed' and c.status = 'pending'
        then 'Next: the campaign must be launched; nothing is mailed before.'
      when s.state = 'proofed' and p.held_at is not null
        then format('The printer is held%s.', h.all_of)
      when s.state = 'proofed' and c.mode = 'live' and p.armed_at is null
        then 'Next: somebody must arm the printer for live printing.'
      when s.state = 'proofed' and s.available_at > postrider.now()
        then format('Next: the printer, not before %s.', d.available)
      when s.state = 'proofed' then 'Next: the printer, as soon as a cohort has room.'
      when s.state = 'sending_staged'
        then 'Next: a worker checks eligibility once more and submits the card.'
      when s.state = 'sending' and m.status = 'unknown'
        then format('Nobody knows whether the printer has mailpiece %s: it is asked again at %s.',
          m.id, d.asked)
      when s.state = 'sending' then 'Next: the printer answers.'
      when s.state = 'sent' and d.assumed is null
        then format('Next: the printer prints it; it took it at %s. '
          'Before that it is not assumed to be there.', d.accepted)
      when s.state = 'sent'
        then format('Next: delivery%s; without any scan it is assumed at %s.',
          coalesce(', expected ' || to_char(a.expected_delivery, 'YYYY-MM-DD'), ''), d.assumed)
      when s.state = 'error' and s.reason = 'outcome_unknown'
        then format('Next: look at the printer''s console, then '
          'postrider.resolve(%L, ''printed'' or ''not_printed'', ''evidence'')%s.', m.id, case
          when s.cancel_requested_at is not null
            then '; the cancel that is asked for is obeyed with it' end)
      when s.state = 'error' and s.cancel_requested_at is not null
        then format('A cancel is asked for: postrider.retry(%L) obeys it, and no card is made.',
          r.id)
      when s.state = 'error'
        then format('Next: mend the cause, then postrider.retry(%L).', r.id)
      when s.state = 'skipped' and s.reason = 'no_address'
        then 'It comes back by itself when the source learns an address.'
      else 'That is final.'
    end)
  from postrider.find_recipients(p_who, p_organization_id) f
  join postrider.recipient r
    on r.organization_id = f.organization_id and r.id = f.recipient_id
  join postrider.recipient_state s
    on s.organization_id = f.organization_id and s.recipient_id = f.recipient_id
  join postrider.state t
    on t.name = s.state
  join postrider.campaign c
    on c.organization_id = r.organization_id and c.id = r.campaign_id
  join postrider.organization o
    on o.id = r.organization_id
  join postrider.printer p
    on p.organization_id = c.organization_id and p.name = c.printer_name
  left join postrider.reason w
    on w.code = s.reason
  left join postrider.cohort k
    on k.organization_id = s.organization_id and k.id = s.cohort_id
  left join postrider.enrichment_batch b
    on b.organization_id = s.organization_id and b.id = s.cohort_id
  left join postrider.mailpiece m
    on m.organization_id = s.organization_id
    and m.recipient_id = s.recipient_id
    and m.status in ('submitting', 'unknown')
  left join postrider.mailpiece a
    on a.organization_id = s.organization_id
    and a.recipient_id = s.recipient_id
    and a.accepted_at is not null
    and a.status not in ('rejected', 'cancelled', 'failed')
  cross join lateral (
    select
      to_char(s.since at time zone o.time_zone, f) as since,
      to_char(s.available_at at time zone o.time_zone, f) as available,
      to_char(nullif(greatest(s.available_at, postrider.assumed_at(a)), 'infinity')
        at time zone o.time_zone, f) as assumed,
      to_char(a.accepted_at at time zone o.time_zone, f) as accepted,
      to_char(a.available_at at time zone o.time_zone, f) as called,
      to_char(s.cancel_requested_at at time zone o.time_zone, f) as cancelled,
      to_char(s.held_at at time zone o.time_zone, f) as held,
      to_char(b.deadline at time zone o.time_zone, f) as deadline,
      to_char(k.lease_until at time zone o.time_zone, f) as lease,
      to_char(m.available_at at time zone o.time_zone, f) as asked
    from (values ('YYYY-MM-DD HH24:MI:SS')) v (f)) d
  -- By whom, and what else is known of it: a null takes its own part away and no more. The sentence
  -- goes on after a reason that ends in a full stop.
  cross join lateral (
    select
      (
        select concat(
          ' by ' || h.by_role, ' (' || h.application || ')', ': ' || rtrim(h.why, '. '))
        from postrider.intervention h
        where s.held_at is not null
          and h.organization_id = s.organization_id
          and h.recipient_id = s.recipient_id
          and h.action = 'hold'
        order by h.at desc, h.id desc
        limit 1) as one,
      (
        select concat(
          ' by ' || h.by_role,
          ' (' || h.application || ')',
          ' since ' || to_char(h.since at time zone o.time_zone, 'YYYY-MM-DD HH24:MI:SS'),
          ': ' || rtrim(h.why, '. '))
        from postrider.holds h
        where h.organization_id = o.id
          and (h.kind = 'organization' or h.campaign_id = c.id or h.printer = p.name)
        order by h.kind = 'organization' desc, h.kind = 'campaign' desc
        limit 1) as all_of) h
  order by r.created_at, r.id
$$;
