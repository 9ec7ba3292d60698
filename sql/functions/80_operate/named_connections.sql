-- How a campaign file names connections.

-- Finds the connections that a definition names, and returns it with their ids in place of the
-- names, and with the kinds of their providers. It names the printer where the definition does not:
-- as the campaign has it, else as the connection has one, else as the connection is named.
-- They are locked until the transaction ends: nobody holds or removes one meanwhile. The locks come
-- before those of printers, as hold() takes them.
-- p_campaign: as it was; null: it is new.
create function postrider.with_connections(
  p_organization_id uuid,
  p_definition jsonb,
  p_campaign postrider.campaign
) returns jsonb language plpgsql volatile as $$
declare
  v_definition jsonb := p_definition;
  v_entry record;
  v_connection postrider.connection;
  v_printer_name text;
begin
  for v_entry in
    select i.key, i.value ->> 'connection' as name
    from jsonb_each(p_definition -> 'integrations') i
    where jsonb_typeof(i.value) = 'object'
      and i.value ? 'connection'
    order by 2, 1
  loop
    v_connection := postrider.connection_named(p_organization_id, v_entry.key, v_entry.name);
    v_definition := jsonb_set(
      v_definition,
      array['integrations', v_entry.key],
      v_definition #> array['integrations', v_entry.key]
        || jsonb_build_object('connection', v_connection.id, 'kind', v_connection.provider));
    if v_entry.key = 'printer' and p_definition ->> 'printer_name' is null then
      select p.name
      into v_printer_name
      from postrider.printer p
      where p.organization_id = p_organization_id
        and p.connection_id = v_connection.id
      order by p.name = p_campaign.printer_name desc nulls last, p.name = v_connection.name desc,
        p.name
      limit 1;
      if not found then
        v_printer_name := v_connection.name;
        perform postrider.require_printer_name_free(p_organization_id, v_printer_name);
      end if;
      v_definition := v_definition || jsonb_build_object('printer_name', v_printer_name);
    end if;
  end loop;
  return v_definition;
end $$;

-- Finds a connection by its name, or by its id, for a field of a campaign file, and shares its row
-- with others that name it. Refuses one that is not there.
create function postrider.connection_named(
  p_organization_id uuid,
  p_field text,
  p_name text
) returns postrider.connection language plpgsql volatile as $$
declare
  v_connection postrider.connection;
  v_known text;
begin
  select *
  into v_connection
  from postrider.connection
  where organization_id = p_organization_id
    and (name = p_name or id::text = p_name)
  order by name = p_name desc
  limit 1
  for share;
  if found then
    return v_connection;
  end if;
  select string_agg(x.name, ', ' order by x.name)
  into v_known
  from (
    select name
    from postrider.connection
    where organization_id = p_organization_id
    order by name
    limit 20
  ) x;
  perform postrider.fail(
    'PR010',
    format('%s.connection: there is no connection %s', p_field,
      coalesce(left(p_name, 100), 'null')),
    format('%s; nothing was changed', coalesce(
      'there are: ' || v_known, 'make one: postrider connect <provider>')));
end $$;

-- Refuses to take the name of a connection for its printer where another printer has it.
create function postrider.require_printer_name_free(
  p_organization_id uuid,
  p_name text
) returns void language plpgsql volatile as $$
begin
  if exists (
    select from postrider.printer
    where organization_id = p_organization_id
      and name = p_name)
  then
    perform postrider.fail(
      'PR017',
      format('there is a printer %s already, which is not reached by connection %s',
        p_name, p_name),
      'give the printer a name of its own in the campaign file: printer.name; '
      'nothing was changed');
  end if;
end $$;
