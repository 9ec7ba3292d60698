-- What providers were asked and what they answered, for people: by time, by connection, by printer
-- (who), or by card: where about @> '{<the id of the mailpiece>}'.
create view postrider.provider_calls with (security_invoker = true) as
select c.organization_id, c.id, c.started_at, c.duration, n.name as connection, n.provider, c.who,
  c.route, c.about, c.outcome, c.status, c.error, c.hung_up, c.provider_request_id, c.request,
  c.answer, c.erased_at, c.connection_id
from postrider.provider_call c
left join postrider.connection n
  on n.organization_id = c.organization_id and n.id = c.connection_id;
