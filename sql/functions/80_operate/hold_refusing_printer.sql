-- Holds a printer that refuses to work for us whatever the card is: a key that is not taken, no
-- balance. That is nobody's fault among fifty people. Returns held or waits.
-- waits: the printer is held already, or somebody has released it since the cohort began. Then the
-- refusal is older than the repair, and its people go back all the same; where it was not mended,
-- the next cohort says so.
-- p_alarm: raise an alarm, once. Without one the caller has raised its own.
create function postrider.hold_refusing_printer(
  p_organization_id uuid,
  p_printer_name text,
  p_cohort_id uuid,
  p_why text,
  p_alarm boolean
) returns text language plpgsql security definer as $$
begin
  perform postrider.require_printer(p_organization_id, p_printer_name);
  perform pg_advisory_xact_lock(
    postrider.lock_key('printer', p_organization_id, p_printer_name));
  -- In a later statement than the lock: it sees what its last holder has committed.
  perform from postrider.printer
  where organization_id = p_organization_id
    and name = p_printer_name
  for no key update;
  if exists (
    select from postrider.printer
    where organization_id = p_organization_id
      and name = p_printer_name
      and held_at is not null)
    or postrider.printer_was_released(p_organization_id, p_printer_name, p_cohort_id)
  then
    return 'waits';
  end if;
  perform postrider.hold(p_organization_id, 'printer', p_printer_name, p_why);
  insert into postrider.alarm (organization_id, id, kind, detail, raised_at)
  select p_organization_id, postrider.new_id(), 'connection_refused',
    jsonb_build_object('printer', p_printer_name, 'why', left(p_why, 500)), postrider.now()
  where p_alarm
    and not exists (
      select from postrider.alarm a
      where a.organization_id = p_organization_id
        and a.kind = 'connection_refused'
        and a.detail ->> 'printer' = p_printer_name
        and a.cleared_at is null);
  return 'held';
end $$;

-- Whether somebody has released the printer since the cohort began.
create function postrider.printer_was_released(
  p_organization_id uuid,
  p_printer_name text,
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
    and i.printer_name = p_printer_name
    and i.action = 'release');

-- Clears the alarm of a printer that refused: it ends with the hold.
create function postrider.clear_refusing_printer(
  p_organization_id uuid,
  p_printer_name text,
  p_how text
) returns void language sql security definer
begin atomic
  update postrider.alarm
  set cleared_at = postrider.now(),
    cleared_by = session_user,
    detail = detail || jsonb_build_object('cleared', p_how)
  where organization_id = p_organization_id
    and kind = 'connection_refused'
    and detail ->> 'printer' = p_printer_name
    and cleared_at is null;
end;
