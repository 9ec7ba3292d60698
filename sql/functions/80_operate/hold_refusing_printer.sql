-- Holds a printer that refuses to work for us whatever the card is: a key that is not taken, no
-- balance. That is nobody's fault among fifty people. Where the printer has a connection, it is the
-- account that is refused: the connection is held, with all of its printers. Returns held or waits.
-- waits: it is held already, or somebody has released it, or rotated a secret of it, since the
-- cohort began. Then the refusal is older than the repair, and its people go back all the same;
-- where it was not mended, the next cohort says so.
-- p_alarm: raise an alarm, once. Without one the caller has raised its own.
create function postrider.hold_refusing_printer(
  p_organization_id uuid,
  p_printer_name text,
  p_cohort_id uuid,
  p_why text,
  p_alarm boolean
) returns text language plpgsql security definer as $$
declare
  v_connection_id uuid;
begin
  perform postrider.require_printer(p_organization_id, p_printer_name);
  select connection_id
  into v_connection_id
  from postrider.printer
  where organization_id = p_organization_id
    and name = p_printer_name;
  -- The connection before its printers, as a hold locks them.
  perform from postrider.connection
  where organization_id = p_organization_id
    and id = v_connection_id
  for no key update;
  perform pg_advisory_xact_lock(
    postrider.lock_key('printer', p_organization_id, p_printer_name))
  where v_connection_id is null;
  perform from postrider.printer
  where organization_id = p_organization_id
    and name = p_printer_name
    and v_connection_id is null
  for no key update;
  -- In a later statement than the locks: it sees what their last holder has committed.
  if exists (
    select from postrider.printer p
    left join postrider.connection x
      on x.organization_id = p.organization_id
      and x.id = p.connection_id
    where p.organization_id = p_organization_id
      and p.name = p_printer_name
      and (p.held_at is not null or x.held_at is not null))
    or postrider.printer_was_released(
      p_organization_id, p_printer_name, v_connection_id, p_cohort_id)
  then
    return 'waits';
  end if;
  if v_connection_id is null then
    perform postrider.hold(p_organization_id, 'printer', p_printer_name, p_why);
  else
    perform postrider.hold(p_organization_id, 'connection', v_connection_id::text, p_why);
  end if;
  insert into postrider.alarm (organization_id, id, kind, detail, raised_at)
  select p_organization_id, postrider.new_id(), 'connection_refused',
    jsonb_strip_nulls(jsonb_build_object(
      'printer', p_printer_name,
      'connection', x.name,
      'connectionId', x.id,
      'why', left(p_why, 500))),
    postrider.now()
  from postrider.printer p
  left join postrider.connection x
    on x.organization_id = p.organization_id
    and x.id = p.connection_id
  where p_alarm
    and p.organization_id = p_organization_id
    and p.name = p_printer_name
    and not exists (
      select from postrider.alarm a
      where a.organization_id = p_organization_id
        and a.kind = 'connection_refused'
        and a.cleared_at is null
        and case
          when v_connection_id is null
            then a.detail ->> 'connectionId' is null and a.detail ->> 'printer' = p_printer_name
          else a.detail ->> 'connectionId' = v_connection_id::text
        end);
  return 'held';
end $$;

-- Whether somebody has released the printer or its connection, or rotated a secret of that, since
-- the cohort began.
create function postrider.printer_was_released(
  p_organization_id uuid,
  p_printer_name text,
  p_connection_id uuid,
  p_cohort_id uuid
) returns boolean language sql stable
return exists (
  select from postrider.cohort k
  join postrider.intervention i
    on i.organization_id = k.organization_id
    and i.recipient_id is null
    and i.at >= k.begun_at
  where k.organization_id = p_organization_id
    and k.id = p_cohort_id
    and (i.printer_name = p_printer_name and i.action = 'release'
      or i.connection_id = p_connection_id and i.action in ('release', 'rotate')));

-- Clears the alarm of a printer, or of a connection, that was refused: it ends with the hold.
-- p_connection_id: null of a printer that was held itself.
create function postrider.clear_connection_refused(
  p_organization_id uuid,
  p_printer_name text,
  p_connection_id uuid,
  p_how text
) returns void language sql security definer
begin atomic
  update postrider.alarm
  set cleared_at = postrider.now(),
    cleared_by = session_user,
    detail = detail || jsonb_build_object('cleared', p_how)
  where organization_id = p_organization_id
    and kind = 'connection_refused'
    and cleared_at is null
    and case
      when p_connection_id is null
        then detail ->> 'connectionId' is null and detail ->> 'printer' = p_printer_name
      else detail ->> 'connectionId' = p_connection_id::text
    end;
end;
