-- How many people of a campaign are in each state. It adds up what the trigger counted, and never
-- looks at a person.
create view postrider.funnel with (security_invoker = true) as
select c.organization_id, o.name as organization, c.id as campaign_id, c.name as campaign, c.status,
  coalesce(sum(n.people), 0)::bigint as recipients,
  coalesce(sum(n.people) filter (where n.state = 'address_enrichable'), 0)::bigint
    as address_enrichable,
  coalesce(sum(n.people) filter (where n.state = 'address_enriching'), 0)::bigint
    as address_enriching,
  coalesce(sum(n.people) filter (where n.state = 'pending'), 0)::bigint as pending,
  coalesce(sum(n.people) filter (where n.state = 'proofing_staged'), 0)::bigint as proofing_staged,
  coalesce(sum(n.people) filter (where n.state = 'proofing'), 0)::bigint as proofing,
  coalesce(sum(n.people) filter (where n.state = 'proofed'), 0)::bigint as proofed,
  coalesce(sum(n.people) filter (where n.state = 'sending_staged'), 0)::bigint as sending_staged,
  coalesce(sum(n.people) filter (where n.state = 'sending'), 0)::bigint as sending,
  coalesce(sum(n.people) filter (where n.state = 'sent'), 0)::bigint as sent,
  coalesce(sum(n.people) filter (where n.state = 'received'), 0)::bigint as received,
  coalesce(sum(n.people) filter (where n.state = 'returned'), 0)::bigint as returned,
  coalesce(sum(n.people) filter (where n.state = 'skipped'), 0)::bigint as skipped,
  coalesce(sum(n.people) filter (where n.state = 'holdout'), 0)::bigint as holdout,
  coalesce(sum(n.people) filter (where n.state = 'blacklisted'), 0)::bigint as blacklisted,
  coalesce(sum(n.people) filter (where n.state = 'error'), 0)::bigint as error,
  c.mode
from postrider.campaign c
join postrider.organization o
  on o.id = c.organization_id
left join postrider.tallied() n
  on n.organization_id = c.organization_id and n.campaign_id = c.id
group by 1, 2, 3, 4, 5, c.mode;

-- How many moves of each kind the people of a campaign have made since it was applied. It only
-- grows, over restarts and however often it is asked. from_state is new where they came in.
create view postrider.move_counts with (security_invoker = true) as
select m.organization_id, o.name as organization, m.campaign_id, c.name as campaign, c.mode,
  m.from_state, m.to_state, m.people
from (
  select t.organization_id, t.campaign_id, t.from_state, t.to_state,
    sum(t.people)::bigint as people
  from (
    select organization_id, campaign_id, from_state, to_state, people
    from postrider.move_total
    union all
    select organization_id, campaign_id, coalesce(from_state, 'new'), to_state, people
    from postrider.tally
  ) t
  group by 1, 2, 3, 4
) m
join postrider.campaign c
  on c.organization_id = m.organization_id and c.id = m.campaign_id
join postrider.organization o
  on o.id = m.organization_id;
