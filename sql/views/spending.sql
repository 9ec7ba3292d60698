-- What each campaign has spent and reserved, and what its caps and its budget leave. The counts are
-- those by which begin lets cards go: see functions/50_mail/caps.sql.
-- opened: cards that count, each from when it was opened; null where nothing counts them. made: of
-- these the printer has, by the tally of their people. reserved: the others, of which it has not
-- answered yet. not_made: rejected, called back or failed. They cost nothing, and do not count.
-- Money of cards that are reserved is theirs at the average price of all that are opened: a price
-- may change.
-- printer_prices: what printers charge for the live cards that they have, where they tell it, in
-- major units: [{currency, cards, amount, tax}]; null where they tell nothing. Caps and budget go
-- by the campaign's own price.
create view postrider.spending with (security_invoker = true) as
select c.organization_id, o.name as organization, c.id as campaign_id, c.name as campaign, c.status,
  c.mode, w.opened, p.made, x.not_made, p.reserved, c.currency, c.price_minor, c.budget_minor,
  w.opened_minor - m.reserved_minor as spent_minor, m.reserved_minor, l.left_minor, c.total_cap,
  l.total_left, d.day, c.daily_cap, w.day_used, l.day_left,
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
  select (postrider.now() at time zone o.time_zone)::date as day
) d
-- As the next begin counts.
left join lateral (
  select
    greatest(0, n.opened_in_all + r.in_all) as opened,
    greatest(0, n.opened_minor + r.minor) as opened_minor,
    -- A day that goes back, because the time zone changed, begins no new count.
    case
      when n.day < d.day then 0
      when n.day = d.day then greatest(0, n.opened_on_day + r.on_day)
      else n.opened_on_day
    end as day_used
  from postrider.waiting_recount(c.organization_id, c.id, c.mode, d.day, o.time_zone) r
) w
  on n.campaign_id is not null
cross join lateral (
  select coalesce(h.made, 0) as made,
    case when w.opened is not null then greatest(0, w.opened - coalesce(h.made, 0)) end as reserved
) p
cross join lateral (
  select round(w.opened_minor::numeric * p.reserved / greatest(1, w.opened))::bigint
    as reserved_minor
) m
-- Null where there is no such cap. greatest() would make it 0.
cross join lateral (
  select
    case when c.daily_cap < w.day_used then 0 else c.daily_cap - w.day_used end as day_left,
    case when c.total_cap < w.opened then 0 else c.total_cap - w.opened end as total_left,
    case when c.budget_minor < w.opened_minor then 0 else c.budget_minor - w.opened_minor end
      as left_minor
) l;
