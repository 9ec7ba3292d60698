-- Who asks, and what they may see.

-- Names the role that asks. In a SECURITY DEFINER function current_user is the owner: the caller
-- is the role that is logged in, or the one that it has SET ROLE to.
create function postrider.caller() returns text language sql stable
return case current_setting('role')
  when 'none' then session_user::text
  else current_setting('role')
end;

-- Says whether the caller sees every organization: the owner does, and so do runners.
create function postrider.sees_all() returns boolean language sql stable security definer
return pg_has_role(
    postrider.caller(),
    (select nspowner from pg_namespace where nspname = 'postrider'),
    'member')
  or exists (
    select from pg_roles
    where rolname = 'postrider_runner'
      and pg_has_role(postrider.caller(), oid, 'member'));

-- Lists the organizations that the caller works for.
create function postrider.my_organizations() returns uuid[] language sql stable security definer
return case
  -- Asked once, and not for each organization.
  when postrider.sees_all() then array(select o.id from postrider.organization o)
  else array(
    select distinct m.organization_id
    from postrider.organization_member m
    join pg_roles r on r.rolname = m.role_name
    where pg_has_role(postrider.caller(), r.oid, 'member'))
end;

-- Refuses an organization that is not there, or that the caller does not work for.
create function postrider.require_organization(
  p_organization_id uuid
) returns void language plpgsql stable as $$
begin
  if p_organization_id is null then
    perform postrider.fail(
      'PR020',
      'no organization is given',
      'select name, id from postrider.organizations; nothing was changed');
  end if;
  perform postrider.require_suitable_session();
  if postrider.sees_all() then
    if not exists (select from postrider.organization where id = p_organization_id) then
      perform postrider.fail(
        'PR010',
        format('there is no organization %s', p_organization_id),
        'select name, id from postrider.organizations; nothing was changed');
    end if;
  elsif not p_organization_id = any (postrider.my_organizations()) then
    perform postrider.fail(
      'PR019',
      format(
        'role %s does not work for this organization, or there is no such organization',
        postrider.caller()),
      'the owner grants it: '
      'insert into postrider.organization_member (organization_id, role_name) …; '
      'nothing was changed');
  end if;
end $$;

-- Finds one recipient for an operator by its id.
create function postrider.require_recipient(
  p_recipient_id uuid
) returns postrider.recipient_state language plpgsql stable as $$
declare
  v_state postrider.recipient_state;
begin
  perform postrider.require_suitable_session();
  select s.* into v_state
  from postrider.recipient_state s
  where s.organization_id = any (postrider.my_organizations())
    and s.recipient_id = p_recipient_id;
  if not found then
    perform postrider.fail(
      'PR010',
      format('there is no recipient %s', coalesce(p_recipient_id::text, 'null')),
      'look them up by e-mail, external id or reference: select * from postrider.trace(''…''); '
      'nothing was changed');
  end if;
  return v_state;
end $$;
