-- Says in one sentence where somebody is, why, what comes next and when. All times are the
-- organization's, which is named where there are several. For an id that no campaign knows it says
-- in which row of a list it was rejected, or that no list had it.
create function postrider.why(p_who text, p_organization_id uuid default null) returns setof text
language sql stable as $$
  with found as materialized (
    select * from postrider.find_recipients(p_who, p_organization_id)
  )
  (select format('%s in campaign %s is %s (%s) since %s (%s). %s%s %s%s',
    coalesce(
      nullif(btrim(concat_ws(' ', r.first_name, r.last_name)), ''), r.email, 'Recipient ' || r.id),
    c.name || case
      when min(o.id::text) over () <> max(o.id::text) over () then ' of ' || o.name
      else '' end,
    s.state,
    t.meaning,
    postrider.local_time(o, s.since),
    o.time_zone,
    coalesce(w.sentence, s.reason) || coalesce(' [' || s.detail || ']', ''),
    ' ' || postrider.why_test(c, s.state),
    coalesce(
      case
        when r.erased_at is not null then 'The person was erased; only this trail is left.' end,
      case
        when s.held_at is not null and t.kind <> 'terminal' and s.state not in ('sending', 'sent')
          then postrider.why_held_alone(o, s) end,
      postrider.why_cancelled(o, s, t.kind = 'terminal' and s.state <> 'error', a),
      case
        when t.kind <> 'terminal' and s.state <> 'sent'
          then postrider.why_held(o, c, p, x, s.state) end,
      postrider.next_before_printer(o, c, p, x, q, s, b, k),
      postrider.next_at_printer(o, s, m, a),
      postrider.next_when_over(s, m)),
    postrider.why_amended(o, r.id))
  from found f
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
  left join postrider.connection x
    on x.organization_id = p.organization_id and x.id = p.connection_id
  left join postrider.connection_breaker q
    on q.organization_id = p.organization_id and q.connection_id = p.connection_id
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
    and not postrider.piece_is_closed(a.status)
  order by r.created_at, r.id)
  union all
  select u.sentence
  from postrider.why_unknown(p_who, p_organization_id) u
  where not exists (select from found)
$$;
