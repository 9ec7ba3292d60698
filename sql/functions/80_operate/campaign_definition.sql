-- Refuses what no campaign file may say, before a table is asked. Returns the definition as it is.
create function postrider.checked_definition(p_definition jsonb) returns jsonb
language plpgsql immutable as $$
declare
  v_fields text[] := '{
    name,campaign_mode,provider_segment_id,integrations,base_directory,template,format,mail_class,
    printer_name,return_address,dedupe,exclusion_window,frequency_cap,frequency_cap_mode,
    holdout_percent,holdout_salt,daily_cap,total_cap,budget_minor,price_minor,currency,
    offer_ends_on,transit_days,hold_back_minutes,assumed_after,effects,event_statuses,
    longest_address_line,longest_name,remove_images_after,keep_images_at_most}';
  v_needed text[] := '{
    name,campaign_mode,integrations,base_directory,template,format,mail_class,printer_name,dedupe,
    exclusion_window,frequency_cap_mode,holdout_percent,holdout_salt,transit_days,assumed_after,
    effects}';
  v_wrong text;
begin
  if jsonb_typeof(p_definition) is distinct from 'object' then
    perform postrider.fail(
      'PR020',
      'a definition of a campaign is a JSON object',
      'see docs/reference/campaign-file.md; nothing was changed');
  end if;
  select string_agg(k, ', ' order by k)
  into v_wrong
  from jsonb_object_keys(p_definition) k
  where not k = any (v_fields);
  if v_wrong is not null then
    perform postrider.fail(
      'PR020',
      format('a campaign is not defined by %s', v_wrong),
      'status and mode change by launch, hold, release and end_campaign; for the fields see '
      'docs/reference/campaign-file.md. Nothing was changed');
  end if;
  select string_agg(k, ', ' order by k)
  into v_wrong
  from unnest(v_needed) k
  where coalesce(p_definition -> k, 'null') = 'null'
    -- A printer that is reached by a connection has a name without one.
    and not (
      k = 'printer_name'
      and coalesce(p_definition #> '{integrations,printer}' ? 'connection', false));
  if v_wrong is not null then
    perform postrider.fail(
      'PR020',
      format('the definition says nothing of %s', v_wrong),
      'see docs/reference/campaign-file.md; nothing was changed');
  end if;
  select string_agg(e, ', ')
  into v_wrong
  from jsonb_array_elements_text(p_definition -> 'effects') e
  where e not in ('usage_meter', 'event_sink');
  if v_wrong is not null then
    perform postrider.fail(
      'PR020',
      format('nothing of the name %s follows from a card', v_wrong),
      'effects are usage_meter and event_sink; see docs/reference/campaign-file.md. '
      'Nothing was changed');
  end if;
  select string_agg(e, ', ')
  into v_wrong
  from jsonb_array_elements_text(
    case jsonb_typeof(p_definition -> 'event_statuses')
      when 'array' then p_definition -> 'event_statuses'
      else '[]' end) e
  where e not in ('sent', 'in_transit', 'delivered', 'returned', 'failed', 'cancelled');
  if v_wrong is not null then
    perform postrider.fail(
      'PR020',
      format('no event sink can be told of %s', v_wrong),
      'there are sent, in_transit, delivered, returned, failed and cancelled. '
      'Nothing was changed');
  end if;
  if (p_definition ->> 'transit_days')::int not between 0 and 365
    or (p_definition ->> 'assumed_after')::interval
      not between interval '1 day' and interval '365 days'
  then
    perform postrider.fail(
      'PR020',
      format(
        'a card travels %s days, and is assumed to be there after %s',
        p_definition ->> 'transit_days', p_definition ->> 'assumed_after'),
      'transit_days is from 0 to 365, assumed_after_days from 1 to 365; nothing was changed');
  end if;
  if (p_definition ->> 'hold_back_minutes')::int not between 0 and 43200 then
    perform postrider.fail(
      'PR020',
      format('a card is held back for %s minutes', p_definition ->> 'hold_back_minutes'),
      'hold_back_minutes is from 0 to 43200, which is 30 days; nothing was changed');
  end if;
  return p_definition;
end $$;

-- Names the field of a campaign file that a column of campaign holds. Others have the same name.
create function postrider.file_field(p_column text) returns text
language sql immutable
return case p_column
  when 'campaign_mode' then 'mode'
  when 'provider_segment_id' then 'segment'
  when 'template' then 'renderer.template'
  when 'printer_name' then 'printer.name'
  when 'exclusion_window' then 'exclusion_window_days'
  when 'frequency_cap' then 'frequency_cap.days'
  when 'frequency_cap_mode' then 'frequency_cap.mode'
  when 'holdout_percent' then 'holdout.percent'
  when 'holdout_salt' then 'holdout.salt'
  when 'budget_minor' then 'budget.amount'
  when 'price_minor' then 'budget.price_per_card'
  when 'currency' then 'budget.currency'
  when 'assumed_after' then 'assumed_after_days'
  when 'event_statuses' then 'event_sink.statuses'
  when 'remove_images_after' then 'image_host.remove_after_days'
  when 'keep_images_at_most' then 'image_host.keep_at_most_days'
  when 'base_directory' then 'the folder of the file'
  when 'longest_address_line' then 'the longest line of an address'
  when 'longest_name' then 'the longest name'
  else p_column
end;

-- Lists the fields of a campaign file that hold what these columns changed, by name. Of adapters it
-- is their ports; effects are among these.
create function postrider.changed_fields(
  p_old jsonb,
  p_new jsonb,
  p_columns text[]
) returns text[] language sql immutable
begin atomic
  select coalesce(array_agg(distinct f.field order by f.field), '{}')
  from unnest(p_columns) k (name)
  cross join lateral (
    select postrider.file_field(k.name) as field
    where k.name not in ('integrations', 'effects')
    union all
    select coalesce(o.key, n.key)
    from jsonb_each(p_old -> 'integrations') o
    full join jsonb_each(p_new -> 'integrations') n using (key)
    where k.name = 'integrations'
      and n.value is distinct from o.value
    union all
    select coalesce(o.kind, n.kind)
    from jsonb_array_elements_text(p_old -> 'effects') o (kind)
    full join jsonb_array_elements_text(p_new -> 'effects') n (kind) using (kind)
    where k.name = 'effects'
      and (o.kind is null or n.kind is null)
  ) f;
end;
