-- Makes the printer that a campaign names, or changes it. p_options: as with_connections() returns
-- them. A printer is asked about its pieces, and to call them back, by the options that it has. So
-- it is not changed while an outcome is open there: an honest "absent" of another shop would print
-- a card again. Nor is it reached by another account while live cards are on their way, of which
-- that one knows nothing. The operator armed it as it was then: a change disarms it.
create function postrider.define_printer(
  p_organization_id uuid,
  p_name text,
  p_options jsonb,
  p_launched boolean
) returns void language plpgsql as $$
declare
  v_printer postrider.printer;
  v_connection_id uuid := (p_options ->> 'connection')::uuid;
  v_open int;
begin
  p_options := p_options - 'connection';
  insert into postrider.printer (organization_id, name, kind, options, connection_id)
  values (p_organization_id, p_name, p_options ->> 'kind', p_options, v_connection_id)
  on conflict (organization_id, name) do nothing;
  if found then
    -- It may be a printer that this database has forgotten, with the cards that it has made.
    perform postrider.hold(
      p_organization_id,
      'printer',
      p_name,
      i.restore_why || '; ask the printers: postrider reconcile --since, then release')
    from postrider.installation i
    where i.restore_noticed_at is not null;
  end if;
  if exists (
    select from postrider.printer
    where organization_id = p_organization_id
      and name = p_name
      and (kind, options, connection_id)
        is not distinct from (p_options ->> 'kind', p_options, v_connection_id))
  then
    return;
  end if;
  -- A begin holds this lock shared: no piece is opened from here on.
  perform pg_advisory_xact_lock(postrider.lock_key('printer', p_organization_id, p_name));
  select *
  into v_printer
  from postrider.printer
  where organization_id = p_organization_id
    and name = p_name
  for update;
  select count(*)
  into v_open
  from postrider.mailpiece
  where organization_id = p_organization_id
    and printer_name = p_name
    and status in ('submitting', 'unknown');
  if v_open > 0 then
    perform postrider.fail(
      'PR021',
      format('%s mailpieces at printer %s have no outcome yet', v_open, p_name),
      'where they are asked for does not change meanwhile: hold the printer until they are '
      'settled, or give the other printer another name; nothing was changed',
      jsonb_build_object('printer', p_name, 'mailpieces', v_open));
  end if;
  if (v_printer.kind, v_printer.connection_id)
      is distinct from (p_options ->> 'kind', v_connection_id)
    and (p_name, 'live') in (
      select w.printer_name, w.mode
      from postrider.printers_of_cards_on_their_way(p_organization_id) w)
  then
    perform postrider.fail(
      'PR021',
      format('cards that printer %s has made are on their way', p_name),
      'only the account that made them tells of them, and calls them back: give the other printer '
      'another name; nothing was changed',
      jsonb_build_object('printer', p_name));
  end if;
  if v_printer.armed_at is not null and not p_launched then
    perform postrider.fail(
      'PR017',
      format(
        'printer %s is armed, and a campaign that is not launched does not change it', p_name),
      format(
        'give the other printer another name, or: select postrider.disarm_printer(%L, %L); '
        'nothing was changed',
        p_organization_id, p_name));
  end if;
  update postrider.printer
  set kind = p_options ->> 'kind',
    options = p_options,
    connection_id = v_connection_id,
    armed_at = null,
    armed_by = null
  where organization_id = p_organization_id
    and name = p_name;
  -- What a printer of another kind tells belongs to that kind; how far it was read, to the account
  -- and the address at which it was read.
  delete from postrider.printer_feed
  where organization_id = p_organization_id
    and printer_name = p_name
    and v_printer.kind <> p_options ->> 'kind';
  update postrider.printer_feed
  set poll_cursor = null,
    caught_up_at = null
  where organization_id = p_organization_id
    and printer_name = p_name;
end $$;

-- Refuses a printer that the organization does not have. The name is the caller's: none is null.
create function postrider.require_printer(
  p_organization_id uuid,
  p_printer_name text
) returns void language plpgsql stable as $$
declare
  v_known text;
begin
  if exists (
    select from postrider.printer
    where organization_id = p_organization_id
      and name = p_printer_name)
  then
    return;
  end if;
  select string_agg(name, ', ' order by name)
  into v_known
  from (
    select name
    from postrider.printer
    where organization_id = p_organization_id
    order by name
    limit 20
  ) p;
  perform postrider.fail(
    'PR010',
    format('there is no printer %s', coalesce(left(p_printer_name, 100), 'null')),
    format('%s; nothing was changed', coalesce('there are: ' || v_known, 'there are none yet')));
end $$;

-- Arms a printer: live campaigns may print there from now on. Returns since when it is armed.
create function postrider.arm_printer(
  p_organization_id uuid,
  p_printer_name text
) returns timestamptz language plpgsql security definer as $$
declare
  v_at timestamptz;
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_printer(p_organization_id, p_printer_name);
  select armed_at
  into v_at
  from postrider.printer
  where organization_id = p_organization_id
    and name = p_printer_name;
  -- There is nothing to do, and no lock to wait for.
  if v_at is not null then
    return v_at;
  end if;
  perform pg_advisory_xact_lock(
    postrider.lock_key('printer', p_organization_id, p_printer_name));
  update postrider.printer
  set armed_at = coalesce(armed_at, postrider.now()),
    armed_by = coalesce(armed_by, session_user::text)
  where organization_id = p_organization_id
    and name = p_printer_name
  returning armed_at into v_at;
  perform postrider.note_intervention(p_organization_id, 'arm', null, null, p_printer_name);
  return v_at;
end $$;

-- Disarms a printer: nothing is printed live there until somebody arms it again.
create function postrider.disarm_printer(
  p_organization_id uuid,
  p_printer_name text
) returns void language plpgsql security definer as $$
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_printer(p_organization_id, p_printer_name);
  perform pg_advisory_xact_lock(
    postrider.lock_key('printer', p_organization_id, p_printer_name));
  update postrider.printer
  set armed_at = null,
    armed_by = null
  where organization_id = p_organization_id
    and name = p_printer_name;
  perform postrider.note_intervention(p_organization_id, 'disarm', null, null, p_printer_name);
end $$;
