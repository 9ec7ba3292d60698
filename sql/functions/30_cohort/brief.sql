-- Lists the connections that adapters of a campaign name, by the field of its file.
create function postrider.connections_named(p_integrations jsonb) returns table (
  field text,
  connection_id text
) language sql immutable
begin atomic
  select i.key, i.value ->> 'connection'
  from jsonb_each(case jsonb_typeof(p_integrations) when 'object' then p_integrations end) i
  where jsonb_typeof(i.value) = 'object'
    and i.value ? 'connection';
end;

-- Tells a runner what it must know of a campaign to render and print for it: {organizationId,
-- campaignId, name, template, format, mailClass, mode, printerName, returnAddress, integrations,
-- connectionIds, baseDirectory}. Null: there is no such campaign.
create function postrider.campaign_brief(
  p_organization_id uuid,
  p_campaign_id uuid
) returns json language sql stable
return (
  select json_build_object(
    'organizationId', organization_id,
    'campaignId', id,
    'name', name,
    'template', template,
    'format', format,
    'mailClass', mail_class,
    'mode', mode,
    'printerName', printer_name,
    'returnAddress', return_address,
    'integrations', integrations,
    'connectionIds', (
      select coalesce(json_object_agg(n.field, n.connection_id), '{}')
      from postrider.connections_named(integrations) n),
    'baseDirectory', base_directory)
  from postrider.campaign
  where organization_id = p_organization_id
    and id = p_campaign_id
);

-- Tells a runner how a printer is reached: {organizationId, name, kind, options, connectionId,
-- baseDirectory, quietMs}, kind and options as in the campaign file that named it last. Null: there
-- is no such printer.
create function postrider.printer_brief(
  p_organization_id uuid,
  p_printer_name text
) returns json language sql stable security definer
return (
  select json_build_object(
    'organizationId', p.organization_id,
    'name', p.name,
    'kind', p.kind,
    'options', p.options,
    'connectionId', p.connection_id,
    'baseDirectory', (
      select c.base_directory
      from postrider.campaign c
      where c.organization_id = p.organization_id
        and c.printer_name = p.name
      order by c.created_at desc
      limit 1),
    'quietMs', extract(epoch from p.quiet) * 1000)
  from postrider.printer p
  where p.organization_id = p_organization_id
    and p.name = p_printer_name
);
