-- Webhooks of accounts. An account has one endpoint, and several printers of its organization may
-- be reached by it.

-- Finds the printer that checks what comes in at the endpoint of a connection, and keeps it, as
-- printer_brief() tells it: the first by name. Null where there is no such endpoint, where its
-- connection has another name, or where no printer is reached by it: a caller cannot tell which.
create function postrider.endpoint_printer(
  p_connection_name text,
  p_endpoint_id uuid
) returns json language sql stable security definer
return (
  select postrider.printer_brief(p.organization_id, p.name)
  from postrider.connection c
  join postrider.printer p
    on p.organization_id = c.organization_id
    and p.connection_id = c.id
  where c.endpoint_id = p_endpoint_id
    and c.name = p_connection_name
  order by p.name
  limit 1
);

-- Lists the events whose mailpiece is of another printer with the same connection, and that
-- printer: by our reference, else by the id of the provider. What neither of them tells stays with
-- the printer that has kept the webhook.
-- p_events: as apply_events takes them.
create function postrider.events_of_siblings(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb
) returns table (event_id text, printer_name text) language sql stable
begin atomic
  select t."eventId", o.name
  from postrider.printer p
  join postrider.printer o
    on o.organization_id = p.organization_id
    and o.connection_id = p.connection_id
    and o.name <> p.name
  cross join jsonb_to_recordset(p_events)
    as t ("eventId" text, "providerId" text, "mailpieceId" uuid)
  where p.organization_id = p_organization_id
    and p.name = p_printer_name
    and coalesce(
      (select m.printer_name
        from postrider.mailpiece m
        where m.organization_id = p_organization_id
          and m.id = t."mailpieceId") = o.name,
      postrider.piece_of_provider_id(p_organization_id, o.name, t."providerId") is not null);
end;

-- Whether another printer is reached by the connection of this one.
create function postrider.has_siblings(p_organization_id uuid, p_printer_name text) returns boolean
language sql stable
return exists (
  select from postrider.printer p
  join postrider.printer o
    on o.organization_id = p.organization_id
    and o.connection_id = p.connection_id
    and o.name <> p.name
  where p.organization_id = p_organization_id
    and p.name = p_printer_name);

-- Parts events that a webhook of a printer told by the printers whose they are: {printer: [event]}.
create function postrider.events_by_printer(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb
) returns jsonb language plpgsql stable as $$
begin
  if not postrider.has_siblings(p_organization_id, p_printer_name) then
    return jsonb_build_object(p_printer_name, p_events);
  end if;
  return (
    select coalesce(jsonb_object_agg(p.printer_name, p.events), '{}')
    from (
      select coalesce(s.printer_name, p_printer_name) as printer_name, jsonb_agg(e.told) as events
      from jsonb_array_elements(p_events) as e (told)
      left join (
        select distinct on (x.event_id) x.event_id, x.printer_name
        from postrider.events_of_siblings(p_organization_id, p_printer_name, p_events) x
      ) s on s.event_id = e.told ->> 'eventId'
      group by 1) p);
end $$;
