-- Cards that wait for the end of their hold-back window, by campaign: until then they are called
-- back for nothing. last_until: when the last of them goes.
create view postrider.held_back with (security_invoker = true) as
select c.organization_id, c.id as campaign_id, c.name as campaign, c.mode, s.people,
  s.next_at, s.last_until
from postrider.campaign c
cross join lateral (
  select count(*) as people, min(x.available_at) as next_at, max(x.available_at) as last_until
  from postrider.recipient_state x
  where x.organization_id = c.organization_id
    and x.campaign_id = c.id
    and x.waiting_state = 'proofed'
    and x.available_at > postrider.now()
    and x.available_at <> 'infinity'
) s
where c.hold_back_minutes > 0
  and c.status = 'active'
  and s.people > 0;
