-- Lists where people wait: the campaigns' states with people in them. held: so many of them are
-- held one by one; free: all others. why: what all of the others wait for; null: it depends on the
-- person. Where there are several holds it is the one that why() names. A recipient who is on the
-- way or in error is held by nothing.
create function postrider.waiting_places() returns table (
  organization_id uuid,
  campaign_id uuid,
  state text,
  organization text,
  campaign text,
  people bigint,
  why text,
  held bigint,
  free bigint
) language sql stable
begin atomic
  select
    c.organization_id, c.id, h.state, o.name, c.name, h.people,
    case
      when h.state = 'error' then null
      when h.state = 'sent' and c.mode = 'test' and c.launched_at is not null then
        'news of the delivery (test: nothing was printed)'
      when h.state = 'sent' then 'news of the delivery'
      when h.state = 'sending' then 'the printer''s answer'
      when o.held_at is not null then
        'the organization is held' || coalesce(': ' || o.held_why, '')
      when c.status = 'paused' then
        'the campaign is held' || coalesce(': ' || c.held_why, '')
      when h.state in ('address_enrichable', 'address_enriching') and e.connection_id is not null
        then postrider.breaker_meaning(o, y, e)
      when h.state = 'address_enrichable' then 'the next enrichment'
      when h.state = 'address_enriching' then 'the enricher'
      when h.state = 'proofed' and c.status = 'pending' then 'the launch'
      when h.state = 'proofed' then
        case postrider.obstacle_at_printer(p, x, b, c.mode)
          when 'hold of the printer' then
            'the printer is held' || coalesce(': ' || p.held_why, '')
          when 'hold of the connection' then
            format('connection %s is held', x.name) || coalesce(': ' || x.held_why, '')
          when 'arming' then 'the printer to be armed'
          when 'mode of the connection' then
            format('a connection that is %s: %s is %s', c.mode, x.name, x.mode)
          when 'breaker' then postrider.breaker_meaning(o, x, b)
        end
      when h.state = 'pending' then null
      else 'its turn'
    end,
    n.held, h.people - n.held
  from postrider.headcount() h
  join postrider.state t
    on t.name = h.state
    and (t.kind <> 'terminal' or t.name = 'error')
  join postrider.organization o on o.id = h.organization_id
  join postrider.campaign c
    on c.organization_id = h.organization_id
    and c.id = h.campaign_id
  join postrider.printer p
    on p.organization_id = c.organization_id
    and p.name = c.printer_name
  left join postrider.connection x
    on x.organization_id = p.organization_id
    and x.id = p.connection_id
  left join postrider.connection_breaker b
    on b.organization_id = p.organization_id
    and b.connection_id = p.connection_id
  -- The breaker of the enricher, while it does not work.
  left join postrider.connection_breaker e
    on e.organization_id = c.organization_id
    and e.connection_id = postrider.broken_adapter(c, 'enricher')
    and h.state in ('address_enrichable', 'address_enriching')
  left join postrider.connection y
    on y.organization_id = e.organization_id
    and y.id = e.connection_id
  -- Few are held one by one: they have an index of their own.
  cross join lateral (
    select count(*) as held
    from postrider.recipient_state s
    where s.organization_id = c.organization_id
      and s.campaign_id = c.id
      and s.state = h.state
      and s.held_at is not null
      and h.state not in ('error', 'sent')
  ) n;
end;

-- Reads a place from both ends of the people who wait there and are not held, up to p_most + 1 rows
-- each. part: later, not before a time to come; due, now; or error.
create function postrider.ends_of_place(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_state text,
  p_now timestamptz,
  p_most int
) returns table (
  part text,
  available_at timestamptz,
  reason text,
  detail text
) language sql stable
begin atomic
  (
    select 'later', s.available_at, s.reason, s.detail
    from postrider.recipient_state s
    where p_state <> 'error'
      and s.organization_id = p_organization_id
      and s.campaign_id = p_campaign_id
      and s.waiting_state = p_state
      and s.available_at > p_now
      and s.held_at is null
    order by s.available_at
    limit p_most + 1
  )
  union all
  (
    select 'due', s.available_at, s.reason, s.detail
    from postrider.recipient_state s
    where p_state <> 'error'
      and s.organization_id = p_organization_id
      and s.campaign_id = p_campaign_id
      and s.waiting_state = p_state
      and s.available_at <= p_now
      and s.held_at is null
    order by s.available_at desc
    limit p_most + 1
  )
  union all
  (
    select 'error', s.available_at, s.reason, s.detail
    from postrider.recipient_state s
    where p_state = 'error'
      and s.organization_id = p_organization_id
      and s.campaign_id = p_campaign_id
      and s.state = 'error'
    order by s.since desc
    limit p_most + 1
  );
end;

-- Divides a place into parts of which it is known how many people they have. p_later, p_due,
-- p_read: how many rows were read of each end, and of all. Where one end is known whole, the tally
-- (p_free) tells the rest. estimated: the people of a part wait for different things, and not all
-- of them were read.
create function postrider.parts_of_place(
  p_state text,
  p_free bigint,
  p_later bigint,
  p_due bigint,
  p_read bigint,
  p_most int
) returns table (
  part text,
  people bigint,
  estimated boolean
) language sql stable
begin atomic
  select v.part, v.people, v.estimated
  from (values
    (
      'error',
      p_free,
      p_read > p_most,
      p_state = 'error'
    ), (
      'later',
      case when p_later > p_most then p_free - p_due else p_later end,
      p_later > p_most,
      p_state <> 'error' and least(p_later, p_due) <= p_most
    ), (
      'due',
      case when p_due > p_most then p_free - p_later else p_due end,
      false,
      p_state <> 'error' and least(p_later, p_due) <= p_most
    ), (
      'both',
      p_free,
      true,
      p_state <> 'error' and least(p_later, p_due) > p_most
    )
  ) as v (part, people, estimated, is_so)
  where v.is_so;
end;

-- Tells the causes of a group: one, and how many others there are. p_among: so many people were
-- looked at for it, and not all.
create function postrider.cause_summary(
  p_causes text[],
  p_among bigint default null
) returns text language sql immutable
return case coalesce(cardinality(p_causes), 0)
  when 0 then ''
  else concat(
    ' [',
    p_causes[1],
    case cardinality(p_causes)
      when 1 then ''
      when 2 then '; and another cause'
      else format('; and %s other causes', cardinality(p_causes) - 1)
    end,
    ' among ' || p_among || ' of them',
    ']')
end;

-- Tells why people in a place were turned away in passing who may be tried again by p_before.
create function postrider.retry_causes(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_state text,
  p_before timestamptz,
  p_most int
) returns text language sql stable
return (
  select postrider.cause_summary(
    array_agg(distinct r.detail) filter (where r.detail is not null),
    case when count(*) > p_most then count(*) end)
  from (
    select s.detail
    from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.campaign_id = p_campaign_id
      and s.state = p_state
      and s.reason = 'retry'
      and s.available_at <= p_before
      and s.held_at is null
    order by s.available_at
    limit p_most + 1
  ) r);

-- Tells when the first person in a place comes up whose time is still to come.
create function postrider.first_in_place(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_state text,
  p_now timestamptz
) returns timestamptz language sql stable
return (
  select s.available_at
  from postrider.recipient_state s
  where s.organization_id = p_organization_id
    and s.campaign_id = p_campaign_id
    and s.waiting_state = p_state
    and s.available_at > p_now
    and s.available_at < 'infinity'
    and (s.held_at is null or s.state = 'sent')
  order by s.available_at
  limit 1);
