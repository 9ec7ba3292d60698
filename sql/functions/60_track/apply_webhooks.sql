-- What webhooks of a printer tell, applied to the pieces of each printer of its account.

-- Locks everybody whom webhooks of a printer concern, before the first of them is applied: see
-- lock_for_track.
create function postrider.lock_for_webhooks(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb
) returns void language plpgsql security definer as $$
begin
  perform postrider.require_given('the printer', p_printer_name);
  perform postrider.require_list('the events', jsonb_typeof(p_events));
  perform postrider.lock_by_printer(
    p_organization_id,
    postrider.events_by_printer(p_organization_id, p_printer_name, p_events));
end $$;

-- Locks whom these events concern, {printer: [event]}, printer by printer in the order of names.
create function postrider.lock_by_printer(
  p_organization_id uuid,
  p_parts jsonb
) returns void language plpgsql as $$
declare
  v_part record;
begin
  for v_part in select key, value from jsonb_each(p_parts) order by key loop
    perform postrider.lock_for_track(p_organization_id, v_part.key, v_part.value);
  end loop;
end $$;

-- Applies what webhooks of a printer told, those of many at once, and returns how many events were
-- new. Several calls of one transaction lock whom they concern together, before the first of them:
-- see lock_for_webhooks.
-- p_events: as apply_events takes them; each with the id of its webhook, inboxId, and the time when
-- that came, receivedAt.
create function postrider.apply_webhooks(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb
) returns int language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('track');
  v_new int;
begin
  perform postrider.require_given('the printer', p_printer_name);
  perform postrider.require_whole_events(p_events);
  v_new := postrider.apply_told_events(p_organization_id, p_printer_name, p_events);
  perform postrider.act_as(v_before);
  return v_new;
end $$;

-- Does what apply_webhooks() promises, and returns the same: events of another printer with the
-- same connection are applied as that one's. The caller has claimed track, and has looked whether
-- the events are whole.
create function postrider.apply_told_events(
  p_organization_id uuid,
  p_printer_name text,
  p_events jsonb
) returns int language plpgsql as $$
declare
  v_part record;
  v_parts jsonb := postrider.events_by_printer(p_organization_id, p_printer_name, p_events);
  v_new int := 0;
begin
  -- All are locked before any is applied.
  perform postrider.lock_by_printer(p_organization_id, v_parts);
  for v_part in select key, value from jsonb_each(v_parts) order by key loop
    v_new := v_new
      + postrider.apply_whole_events(p_organization_id, v_part.key, v_part.value);
  end loop;
  return v_new;
end $$;
