-- What people did to the machine, with their logins.
create view postrider.interventions with (security_invoker = true) as
select i.organization_id, i.id, i.at, i.action,
  case
    when i.recipient_id is not null then 'recipient'
    when i.campaign_id is not null then 'campaign'
    when i.printer_name is not null then 'printer'
    when i.connection_id is not null then 'connection'
    else 'organization'
  end as kind,
  i.campaign_id, c.name as campaign, i.printer_name as printer, i.recipient_id, i.why, i.by_role,
  i.application, i.connection_id, x.name as connection
from postrider.intervention i
left join postrider.campaign c
  on c.organization_id = i.organization_id and c.id = i.campaign_id
left join postrider.connection x
  on x.organization_id = i.organization_id and x.id = i.connection_id;

-- What is held now, people apart: since when, and by whom and why. Where a later hold gave another
-- reason, that one stands, with the name of the login that gave it.
-- by_role is null where it was held before interventions were recorded.
create view postrider.holds with (security_invoker = true) as
select h.organization_id, h.kind, h.name, h.campaign_id, h.printer,
  coalesce(h.held_at, f.at) as since, h.held_why as why, i.by_role, i.application, h.connection_id
from (
  select id as organization_id, 'organization' as kind, name, null::uuid as campaign_id,
    null::text as printer, held_at, held_why, null::uuid as connection_id
  from postrider.organization
  where held_at is not null
  union all
  select organization_id, 'campaign', name, id, null, null, held_why, null
  from postrider.campaign
  where status = 'paused'
  union all
  select organization_id, 'printer', name, null, name, held_at, held_why, null
  from postrider.printer
  where held_at is not null
  union all
  select organization_id, 'connection', name, null, null, held_at, held_why, id
  from postrider.connection
  where held_at is not null
) h
left join lateral (
  select i.by_role, i.application
  from postrider.intervention i
  where i.organization_id = h.organization_id
    and i.recipient_id is null
    and i.action = 'hold'
    and i.campaign_id is not distinct from h.campaign_id
    and i.printer_name is not distinct from h.printer
    and i.connection_id is not distinct from h.connection_id
  order by i.at desc, i.id desc
  limit 1
) i on true
-- A campaign has no held_at: it is held since the first hold that nothing took back.
left join lateral (
  select min(i.at) as at
  from postrider.intervention i
  where i.organization_id = h.organization_id
    and i.recipient_id is null
    and i.action = 'hold'
    and i.campaign_id = h.campaign_id
    and i.at > coalesce((
      select max(r.at)
      from postrider.intervention r
      where r.organization_id = h.organization_id
        and r.recipient_id is null
        and r.action in ('release', 'end')
        and r.campaign_id = h.campaign_id), '-infinity')
) f on true;

-- Finds the hold that keeps a campaign's people back: of several the organization's comes first,
-- then the campaign's own, its printer's, and that of the printer's connection.
create function postrider.standing_hold(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_printer_name text
) returns setof postrider.holds language sql stable
begin atomic
  select h.*
  from postrider.holds h
  where h.organization_id = p_organization_id
    and (
      h.kind = 'organization'
      or h.campaign_id = p_campaign_id
      or h.printer = p_printer_name
      or h.connection_id = (
        select p.connection_id
        from postrider.printer p
        where p.organization_id = p_organization_id
          and p.name = p_printer_name))
  order by array_position(
    '{organization,campaign,printer,connection}'::text[], h.kind)
  limit 1;
end;
