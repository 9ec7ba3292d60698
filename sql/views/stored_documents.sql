-- Documents at image hosts: what is kept, why, and when it goes.
create view postrider.stored_documents with (security_invoker = true) as
select d.organization_id, o.name as organization, d.campaign_id, c.name as campaign, d.url,
  cardinality(d.people) as cards, d.stored_at, d.through_at,
  case
    when d.state = 'done' then 'removed'
    when d.state = 'failed' then 'failed'
    when d.claimed_at is not null then 'being removed'
    when c.remove_images_after is null then 'kept for ever'
    when d.through_at is null then 'in use'
    else 'through' end as state,
  case
    when d.state = 'waiting' then d.through_at + c.remove_images_after end as goes_at,
  d.done_at as removed_at, d.attempt, d.error
from postrider.stored_document d
join postrider.organization o
  on o.id = d.organization_id
join postrider.campaign c
  on c.organization_id = d.organization_id and c.id = d.campaign_id;
