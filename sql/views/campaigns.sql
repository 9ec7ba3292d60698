-- What people and dashboards read. Columns are only ever added.

create view postrider.organizations with (security_invoker = true) as
select id, name, time_zone, held_at, held_why, created_at
from postrider.organization;

create view postrider.campaigns with (security_invoker = true) as
select c.organization_id, o.name as organization, c.id, c.name, c.campaign_mode, c.status, c.mode,
  c.provider_segment_id as segment, c.format, c.mail_class, c.printer_name as printer,
  c.holdout_percent, c.dedupe, c.held_why, c.created_at, c.launched_at, c.ended_at,
  l.holder as syncing, l.since as syncing_since, p.armed_at as printer_armed_at, c.template,
  c.holdout_salt, c.return_address, c.exclusion_window, c.frequency_cap, c.frequency_cap_mode,
  c.daily_cap, c.total_cap, c.budget_minor, c.price_minor, c.currency, c.offer_ends_on,
  c.transit_days, c.assumed_after, c.effects,
  -- Their options are left out, but for where they read or write: others may be secret.
  (
    select jsonb_object_agg(
      i.key, concat_ws(' ', i.value ->> 'kind', x.name, i.value ->> 'path'))
    from jsonb_each(c.integrations) i
    left join postrider.connection x
      on x.organization_id = c.organization_id
      and x.id::text = i.value ->> 'connection') as adapters,
  c.longest_address_line, c.event_statuses, c.remove_images_after,
  c.keep_images_at_most, c.hold_back_minutes, c.longest_name
from postrider.campaign c
join postrider.organization o
  on o.id = c.organization_id
join postrider.printer p
  on p.organization_id = c.organization_id and p.name = c.printer_name
left join postrider.campaign_lock l
  on l.organization_id = c.organization_id
  and l.campaign_id = c.id
  and l.until > postrider.now();

create view postrider.printers with (security_invoker = true) as
select p.organization_id, p.name, p.kind, p.held_at, p.held_why, p.armed_at, p.armed_by,
  p.connection_id, x.name as connection
from postrider.printer p
left join postrider.connection x
  on x.organization_id = p.organization_id and x.id = p.connection_id;
