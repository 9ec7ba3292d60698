-- People who do not move although they should: why, since when, and what helps. People on their way
-- and in error stand here one by one; waiting people by campaign, with the one who waits longest: a
-- backlog of a million is one row here. Somebody who is held waits on purpose and explains nothing
-- about the others: they are in the view recipients, by held_at. Times in words are the
-- organization's, wherever the question comes from.
create view postrider.stuck with (security_invoker = true) as
select s.*,
  -- In test mode nothing is printed, whatever the state says.
  (
    select c.mode
    from postrider.campaign c
    where c.organization_id = s.organization_id
      and c.name = s.campaign) as mode
from (
  select * from postrider.stuck_in_cohorts()
  union all
  select * from postrider.stuck_in_error()
  union all
  select * from postrider.stuck_at_enricher()
  union all
  select * from postrider.stuck_waiting()
  union all
  select * from postrider.stuck_at_printer()
  union all
  select * from postrider.stuck_overdue()) s;
