-- Whom a cancel by filter names.

-- Refuses a filter that is none, and a campaign that is not there. Returns the filter, without what
-- is null.
create function postrider.require_cancel_filter(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_filter jsonb
) returns jsonb language plpgsql as $$
declare
  v_filter jsonb := jsonb_strip_nulls(coalesce(p_filter, '{}'));
  v_wrong text;
begin
  perform postrider.require_organization(p_organization_id);
  if not exists (
    select from postrider.campaign
    where organization_id = p_organization_id
      and id = p_campaign_id)
  then
    perform postrider.fail(
      'PR010',
      'there is no such campaign',
      'select name, id from postrider.campaigns; nothing was changed');
  end if;
  if jsonb_typeof(v_filter) <> 'object' then
    perform postrider.fail(
      'PR020',
      'the filter is no object',
      'for example {"states": ["proofed", "sent"]}; nothing was changed');
  end if;
  select string_agg(f.key, ', ' order by f.key)
  into v_wrong
  from jsonb_each(v_filter) f
  where case f.key
    when 'since' then jsonb_typeof(f.value) <> 'string'
    when 'states' then jsonb_typeof(f.value) <> 'array' or exists (
      select from jsonb_array_elements_text(f.value) as e (name)
      where e.name not in (select name from postrider.state))
    when 'regions' then jsonb_typeof(f.value) <> 'array'
    when 'countries' then jsonb_typeof(f.value) <> 'array'
    when 'printers' then jsonb_typeof(f.value) <> 'array'
    when 'externalIds' then jsonb_typeof(f.value) <> 'array'
    else true
  end;
  if v_wrong is not null then
    perform postrider.fail(
      'PR020',
      format('the filter cannot be read by %s', v_wrong),
      'it has states (select name from postrider.state), since, regions, countries, printers and '
      'externalIds; nothing was changed');
  end if;
  begin
    perform (v_filter ->> 'since')::timestamptz;
  exception when others then
    perform postrider.fail(
      'PR020',
      format('since is no time: %s', left(v_filter ->> 'since', 100)),
      'give one as 2026-11-30T09:00:00Z; nothing was changed');
  end;
  return v_filter;
end $$;
