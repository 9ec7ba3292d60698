-- When a campaign will be done at its present pace.

-- How fast each campaign that has not ended goes, who waits, and when the last of them is with the
-- printer. done_at is null where nobody waits or they stand still: standing_still says why.
-- waiting: people before the printer who have an address, but for those who are held one by one.
-- cards_per_hour: of the last hour, or of the part of it since the first card; where it had none,
-- of the last day. Only what the printer accepted counts.
create view postrider.pace with (security_invoker = true) as
select c.organization_id, o.name as organization, c.id as campaign_id, c.name as campaign, c.status,
  c.mode, k.last_hour, k.last_day, round(r.per_hour::numeric, 1) as cards_per_hour,
  w.waiting, w.held, h.without_address, w.beyond_caps,
  case when e.standing_still is null then greatest(g.done_at, q.last_at) end as done_at,
  e.standing_still
from postrider.campaign c
join postrider.organization o
  on o.id = c.organization_id
join postrider.printer p
  on p.organization_id = c.organization_id and p.name = c.printer_name
left join postrider.connection x
  on x.organization_id = p.organization_id and x.id = p.connection_id
left join postrider.connection_breaker breaker
  on breaker.organization_id = p.organization_id and breaker.connection_id = p.connection_id
join postrider.spending s
  on s.organization_id = c.organization_id and s.campaign_id = c.id
cross join postrider.alive_runners() alive
left join (
  select t.organization_id, t.campaign_id,
    sum(t.people) filter (where t.state in (
      'pending', 'proofing_staged', 'proofing', 'proofed', 'sending_staged', 'sending')) as waiting,
    sum(t.people) filter (where t.state in ('address_enrichable', 'address_enriching'))
      as without_address
  from postrider.tallied() t
  group by 1, 2
) n
  on n.organization_id = c.organization_id and n.campaign_id = c.id
cross join lateral (
  select coalesce(n.without_address, 0)::bigint as without_address, count(*) as held
  from postrider.recipient_state x
  where x.organization_id = c.organization_id
    and x.campaign_id = c.id
    and x.held_at is not null
    and x.state in ('pending', 'proofing_staged', 'proofing', 'proofed', 'sending_staged')
) h
cross join lateral (
  select greatest(0, coalesce(n.waiting, 0) - h.held)::bigint as waiting, h.held
) v
cross join lateral (
  -- A card that is reserved was counted already.
  select v.waiting, v.held,
    greatest(0, coalesce(
      v.waiting - s.reserved - least(s.total_left, s.left_minor / s.price_minor), 0))
      as beyond_caps
) w
cross join lateral (
  select
    coalesce(sum(b.accepted) filter (
      where b.begun_at > (select postrider.now()) - interval '1 hour'), 0)
      ::bigint as last_hour,
    coalesce(sum(b.accepted), 0)::bigint as last_day,
    extract(epoch from postrider.now() - min(b.begun_at)) / 3600 as hours
  from postrider.cohort b
  where b.organization_id = c.organization_id
    and b.campaign_id = c.id
    and b.accepted > 0
    -- Asked for once, so that the index takes it.
    and b.begun_at > (select postrider.now()) - interval '1 day'
) k
cross join lateral (
  select nullif(case
    when k.last_hour > 0 then k.last_hour / least(1, greatest(k.hours, 1 / 60.0))
    else k.last_day / greatest(k.hours, 1)
  end, 0)::double precision as per_hour
) r
cross join lateral (
  -- How many can go today, where days have a cap. A day is the organization's.
  select y.tomorrow, least(c.daily_cap, r.per_hour * 24) as a_day,
    least(
      s.day_left + s.reserved,
      r.per_hour * extract(epoch from
        y.tomorrow::timestamp at time zone o.time_zone - postrider.now()) / 3600) as today
  from (select (postrider.now() at time zone o.time_zone)::date + 1 as tomorrow) y
) t
cross join lateral (
  -- What is left after today takes so many whole days, and a part of one.
  select least(ceil((w.waiting - t.today) / t.a_day) - 1, 36500)::int as whole_days
) u
cross join lateral (
  select case
    when c.daily_cap is null or w.waiting <= t.today
      then postrider.now() + least(w.waiting / r.per_hour, 876000) * interval '1 hour'
    else (t.tomorrow + u.whole_days)::timestamp at time zone o.time_zone
      + (w.waiting - t.today - u.whole_days * t.a_day) / r.per_hour * interval '1 hour'
  end as done_at
) g
cross join lateral (
  -- Whose turn comes first and last: held back, deferred by a frequency cap, or tried again later.
  select min(l.first_at) as first_at, max(l.last_at) as last_at,
    min(l.first_at) filter (where z.state = 'pending') as first_without_proof
  from (values ('pending'), ('proofed')) as z (state)
  cross join lateral (
    select (
      select x.available_at
      from postrider.recipient_state x
      where x.organization_id = c.organization_id
        and x.campaign_id = c.id
        and x.waiting_state = z.state
        and x.held_at is null
      order by x.available_at
      limit 1) as first_at, (
      select x.available_at
      from postrider.recipient_state x
      where x.organization_id = c.organization_id
        and x.campaign_id = c.id
        and x.waiting_state = z.state
        and x.held_at is null
      order by x.available_at desc
      limit 1) as last_at
  ) l
) q
cross join lateral (
  select postrider.obstacle_of('proofed', o, c, p, x, breaker, alive.runners) as obstacle
) b
cross join lateral (
  select case
    when w.waiting = 0 and w.held > 0 then 'nobody waits but those who are held one by one'
    when w.waiting = 0 then 'nobody waits'
    when b.obstacle <> 'its turn' then postrider.obstacle_meaning(b.obstacle, o, c, p, x, breaker)
    when w.beyond_caps > 0
      then format('%s for %s of the %s who wait',
        case
          when s.total_left is null or s.left_minor / s.price_minor < s.total_left
            then 'the budget does not last'
          else 'the total cap leaves no card'
        end, w.beyond_caps, w.waiting)
    when r.per_hour is null and q.first_at > postrider.now() and q.first_at <> 'infinity'
      and c.hold_back_minutes > 0 and q.first_without_proof is null
      then format(
        'all are held back on purpose, the first until %s: till then they are called back '
          'for nothing',
        postrider.local_time(o, q.first_at))
    when r.per_hour is null and q.first_at > postrider.now() and q.first_at <> 'infinity'
      then format('nobody who waits goes before %s', postrider.local_time(o, q.first_at))
    when r.per_hour is null
      then 'the printer has accepted no card in the last day'
  end as standing_still
) e
where c.status in ('pending', 'active', 'paused');
