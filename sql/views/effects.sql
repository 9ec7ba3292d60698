-- What follows from cards: a charge or an event each, and what became of it.
create view postrider.effects with (security_invoker = true) as
select e.organization_id, o.name as organization, e.campaign_id, c.name as campaign, e.mailpiece_id,
  e.recipient_id, e.kind, e.status, m.mode, e.state, e.attempt, e.occurred_at, e.available_at,
  e.done_at, e.error,
  f.off_at is not null and e.state = 'waiting' as switched_off
from postrider.effect e
join postrider.organization o
  on o.id = e.organization_id
join postrider.campaign c
  on c.organization_id = e.organization_id and c.id = e.campaign_id
join postrider.mailpiece m
  on m.organization_id = e.organization_id and m.id = e.mailpiece_id
left join postrider.effect_failure f
  on f.organization_id = e.organization_id
  and f.campaign_id = e.campaign_id
  and f.kind = e.kind;
