-- Whether each provider can be worked with, how often each route may be asked, and who waits.

-- Each connection, whether it works and since when not; people: so many wait for it.
create view postrider.connection_health with (security_invoker = true) as
select x.organization_id, o.name as organization, x.id as connection_id, x.name as connection,
  x.provider, x.mode, coalesce(b.state, 'closed') as state, coalesce(b.failures, 0) as failures,
  b.since, b.cause, b.probe_at, coalesce(w.people, 0) as people,
  case when b.state <> 'closed' then postrider.breaker_meaning(o, x, b) end as why,
  case when b.state <> 'closed' then postrider.breaker_help(o, b) end as what_helps
from postrider.connection x
join postrider.organization o
  on o.id = x.organization_id
left join postrider.connection_breaker b
  on b.organization_id = x.organization_id and b.connection_id = x.id
left join lateral (
  select sum(t.people)::bigint as people
  from postrider.printer p
  join postrider.campaign c
    on c.organization_id = p.organization_id
    and c.printer_name = p.name
  join postrider.tallied() t
    on t.organization_id = c.organization_id
    and t.campaign_id = c.id
  where b.state <> 'closed'
    and p.organization_id = x.organization_id
    and (p.connection_id = x.id and c.status = 'active' and t.state = 'proofed'
      or x.id::text = c.integrations #>> '{enricher,connection}'
      and c.status in ('pending', 'active')
      and t.state in ('address_enrichable', 'address_enriching'))
) w on true;

-- How often routes may be asked, and how much of it was used. used: requests that were sent or may
-- have been in the longest window that ends now.
create view postrider.connection_limits with (security_invoker = true) as
select l.organization_id, x.name as connection, l.connection_id, l.route, l.windows, l.told_limit,
  u.used, u.ahead, l.closed_until > clock.now as is_closed, l.closed_until
from postrider.connection_limit l
join postrider.connection x
  on x.organization_id = l.organization_id and x.id = l.connection_id
cross join (select postrider.now() as now) clock
cross join lateral (
  select
    count(*) filter (where s.at <= clock.now) as used,
    count(*) filter (where s.at > clock.now) as ahead
  from unnest(l.slots) as s (at)
  where s.at > clock.now - (
    select max(w.ms) * interval '1 millisecond'
    from jsonb_to_recordset(l.windows) as w (ms int))
) u;
