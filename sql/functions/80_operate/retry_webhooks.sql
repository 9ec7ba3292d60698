-- Has webhooks that could not be read read again, once the adapter is mended. Returns how many.
create function postrider.retry_webhooks(
  p_organization_id uuid,
  p_printer_name text default null
) returns int language plpgsql security definer as $$
declare
  v_again int;
begin
  perform postrider.require_organization(p_organization_id);
  if p_printer_name is not null then
    perform postrider.require_printer(p_organization_id, p_printer_name);
  end if;
  with again as (
    update postrider.provider_event
    set error = null
    where organization_id = p_organization_id
      and error is not null
      and (p_printer_name is null or printer_name = p_printer_name)
    returning id, printer_name, received_at
  )
  insert into postrider.waiting_webhook (
    organization_id, id, printer_name, received_at, available_at)
  select p_organization_id, id, printer_name, received_at, received_at
  from again
  on conflict do nothing;
  get diagnostics v_again = row_count;
  if v_again > 0 then
    perform postrider.note_intervention(
      p_organization_id,
      'retry',
      'webhooks that could not be read: ' || v_again,
      null,
      p_printer_name);
    perform pg_notify('postrider_moved', 'track');
  end if;
  return v_again;
end $$;
