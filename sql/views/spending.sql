-- What each campaign has spent and reserved, and what its caps and its budget leave. The counts are
-- those by which begin lets cards go: see functions/50_mail/caps.sql.
-- opened: cards that were counted when they were opened; null where nothing counts them.
-- made: cards that the printer has, by the tally of their people. not_made: refused, called back or
-- failed. They cost nothing, and stay counted in the caps. reserved: the others, of which the
-- printer has not answered yet.
-- Money of cards that were not made, or are reserved, is theirs at the average price of all that
-- were opened: a price may change.
-- printer_prices: what printers charge for the live cards that they have, where they tell it, in
-- major units: [{currency, cards, amount, tax}]; null where they tell nothing. Caps and budget go
-- by the campaign's own price.
create view postrider.spending with (security_invoker = true) as
select c.organization_id, o.name as organization, c.id as campaign_id, c.name as campaign, c.status,
  c.mode, n.opened_in_all as opened, p.made, p.not_made, p.reserved, c.currency, c.price_minor,
  c.budget_minor, n.opened_minor - m.reserved_minor - m.not_made_minor as spent_minor,
  m.reserved_minor, m.not_made_minor, l.left_minor, c.total_cap, l.total_left, d.day, c.daily_cap,
  d.day_used, l.day_left,
  -- As many as begin would open now: the least of what the caps and the budget leave.
  least(l.day_left, l.total_left, l.left_minor / c.price_minor) as cards_left_today,
  (
    select jsonb_agg(to_jsonb(p) order by p.currency)
    from (
      select m.price_currency as currency, count(*) as cards,
        sum(round(m.price_amount / 10::numeric ^ m.price_scale, m.price_scale)) as amount,
        sum(round(m.price_tax / 10::numeric ^ m.price_scale, m.price_scale)) as tax
      from postrider.mailpiece m
      where m.organization_id = c.organization_id
        and m.campaign_id = c.id
        and m.mode = 'live'
        and m.price_amount is not null
        and not postrider.piece_is_closed(m.status)
      group by m.price_currency) p) as printer_prices
from postrider.campaign c
join postrider.organization o
  on o.id = c.organization_id
left join postrider.campaign_counter n
  on n.organization_id = c.organization_id
  and n.campaign_id = c.id
  and coalesce(c.daily_cap, c.total_cap, c.budget_minor) is not null
left join (
  select t.organization_id, t.campaign_id, sum(t.people)::bigint as made
  from postrider.tallied() t
  where t.state in ('sent', 'received', 'returned')
  group by 1, 2
) h
  on h.organization_id = c.organization_id and h.campaign_id = c.id
cross join lateral (
  select count(*) as not_made
  from postrider.mailpiece m
  where m.organization_id = c.organization_id
    and m.campaign_id = c.id
    and m.mode = c.mode
    and m.status in ('rejected', 'cancelled', 'failed')
) x
cross join lateral (
  select coalesce(h.made, 0) as made, x.not_made,
    case when n.opened_in_all is not null
      then greatest(0, n.opened_in_all - coalesce(h.made, 0) - x.not_made)
    end as reserved
) p
cross join lateral (
  select
    round(n.opened_minor::numeric * p.reserved / greatest(1, n.opened_in_all))::bigint
      as reserved_minor,
    round(n.opened_minor::numeric * least(p.not_made, n.opened_in_all)
      / greatest(1, n.opened_in_all))::bigint as not_made_minor
) m
cross join lateral (
  select y.day,
    -- A day that goes back, because the time zone changed, begins no new count.
    case when n.day < y.day then 0 else n.opened_on_day end as day_used
  from (select (postrider.now() at time zone o.time_zone)::date as day) y
) d
-- Null where there is no such cap. greatest() would make it 0.
cross join lateral (
  select
    case when c.daily_cap < d.day_used then 0 else c.daily_cap - d.day_used end as day_left,
    case when c.total_cap < n.opened_in_all then 0 else c.total_cap - n.opened_in_all end
      as total_left,
    case when c.budget_minor < n.opened_minor then 0 else c.budget_minor - n.opened_minor end
      as left_minor
) l;
