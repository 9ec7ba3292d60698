-- Finds the organization of this name, or makes it. Returns its id. A time zone that is given is
-- set, also where the organization is there already.
create function postrider.ensure_organization(
  p_name text,
  p_time_zone text default null
) returns uuid language plpgsql security definer as $$
declare
  v_id uuid;
begin
  if p_name is null or btrim(p_name) = '' or length(p_name) > 200 then
    perform postrider.fail(
      'PR020',
      format(
        'an organization''s name has 1 to 200 letters, not %s',
        case
          when p_name is null then 'none at all'
          when btrim(p_name) = '' then '0'
          else length(p_name)::text
        end),
      'select name from postrider.organizations; nothing was changed');
  end if;
  if p_time_zone is not null
    and not exists (select from pg_timezone_names where name = p_time_zone)
  then
    perform postrider.fail(
      'PR020',
      format('%L is not a time zone', p_time_zone),
      'use an IANA name, for example America/New_York; nothing was changed');
  end if;
  -- A caller that makes the same one at the same time waits here for the other, and finds it.
  insert into postrider.organization (id, name, time_zone, created_at)
  select
    postrider.new_id(), p_name, coalesce(p_time_zone, 'America/New_York'), postrider.now()
  where not exists (select from postrider.organization where name = p_name)
  on conflict (name) do nothing
  returning id into v_id;
  if v_id is null then
    select id
    into v_id
    from postrider.organization
    where name = p_name;
    update postrider.organization
    set time_zone = p_time_zone
    where id = v_id
      and p_time_zone is not null
      and time_zone <> p_time_zone;
    return v_id;
  end if;
  insert into postrider.organization_key (organization_id, secret)
  values (v_id, gen_random_uuid());
  insert into postrider.organization_sync (organization_id)
  values (v_id);
  return v_id;
end $$;
