-- Connections: to make, rename and remove one, and what the provider said of the account.

-- Makes a connection, and returns {connectionId, endpointId}. Its id is the caller's: a sealed
-- secret is bound to it.
-- p_secrets: [{id, purpose, reference}] or [{id, purpose, sealed: base64, keyId}].
-- p_finding: what the provider said of the account; null: it was not asked.
create function postrider.make_connection(
  p_organization_id uuid,
  p_id uuid,
  p_name text,
  p_provider text,
  p_mode text,
  p_options jsonb,
  p_secrets jsonb,
  p_finding jsonb default null
) returns jsonb language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_endpoint_id uuid := gen_random_uuid();
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_given('the id of a connection', p_id::text);
  if p_provider is null
    or p_provider !~ '^[a-z][a-z0-9-]{0,62}$'
    or jsonb_typeof(p_options) is distinct from 'object'
  then
    perform postrider.fail(
      'PR020',
      'a connection has the kind of its provider, and its options are a JSON object',
      'a kind has small letters, digits and hyphens; nothing was changed');
  end if;
  perform postrider.require_connection_name(p_organization_id, p_name);
  if coalesce(p_mode, '') not in ('test', 'live') then
    perform postrider.fail(
      'PR020', format('the mode is test or live, not %L', p_mode), 'nothing was changed');
  end if;
  insert into postrider.connection (
    organization_id, id, name, provider, mode, options, endpoint_id, checked_at, finding,
    created_at)
  values (
    p_organization_id, p_id, p_name, p_provider, p_mode, p_options, v_endpoint_id,
    case when p_finding is not null then v_now end, p_finding, v_now)
  on conflict do nothing;
  -- Somebody else made one of this name since we looked; else there is one with this id.
  if not found then
    perform postrider.require_connection_name(p_organization_id, p_name);
    perform postrider.fail(
      'PR017', format('there is a connection %s already', p_id), 'nothing was changed');
  end if;
  perform postrider.add_secrets(p_organization_id, p_id, p_secrets, v_now);
  perform postrider.note_intervention(
    p_organization_id, 'connect', format('%s (%s, %s)', p_name, p_provider, p_mode),
    p_connection_id => p_id);
  return jsonb_build_object('connectionId', p_id, 'endpointId', v_endpoint_id);
end $$;

-- Refuses a name that is none, and one that another connection has.
create function postrider.require_connection_name(
  p_organization_id uuid,
  p_name text
) returns void language plpgsql volatile as $$
begin
  if p_name is null or p_name !~ '^[a-z0-9][a-z0-9-]{0,62}$' then
    perform postrider.fail(
      'PR020',
      format('a connection cannot be named %L', left(p_name, 100)),
      'a name has small letters, digits and hyphens, at most 63, and begins with a letter or a '
      'digit; nothing was changed');
  end if;
  if exists (
    select from postrider.connection
    where organization_id = p_organization_id
      and name = p_name)
  then
    perform postrider.fail(
      'PR017',
      format('there is a connection %s already', p_name),
      'give the other account another name, or rotate the secret of this one; '
      'nothing was changed');
  end if;
end $$;

-- Refuses a connection that the organization does not have, and locks one that it has: nobody names
-- it anew, and nobody else changes it, until the transaction ends.
create function postrider.lock_connection(
  p_organization_id uuid,
  p_connection_id uuid
) returns postrider.connection language plpgsql as $$
declare
  v_connection postrider.connection;
begin
  select *
  into v_connection
  from postrider.connection
  where organization_id = p_organization_id
    and id = p_connection_id
  for update;
  if not found then
    perform postrider.fail(
      'PR010',
      format('there is no connection %s', coalesce(p_connection_id::text, 'null')),
      'select name, id from postrider.connections; nothing was changed');
  end if;
  return v_connection;
end $$;

-- Gives a connection another name. Printers and campaigns name it by its id, and stay as they are.
create function postrider.rename_connection(
  p_organization_id uuid,
  p_connection_id uuid,
  p_name text
) returns void language plpgsql security definer as $$
declare
  v_connection postrider.connection;
begin
  perform postrider.require_organization(p_organization_id);
  v_connection := postrider.lock_connection(p_organization_id, p_connection_id);
  if v_connection.name = p_name then
    return;
  end if;
  perform postrider.require_connection_name(p_organization_id, p_name);
  update postrider.connection
  set name = p_name
  where organization_id = p_organization_id
    and id = p_connection_id;
  perform postrider.note_intervention(
    p_organization_id, 'rename', format('%s to %s', v_connection.name, p_name),
    p_connection_id => p_connection_id);
end $$;

-- Keeps what the provider said of an account when it was asked.
create function postrider.note_finding(
  p_organization_id uuid,
  p_connection_id uuid,
  p_finding jsonb
) returns void language plpgsql security definer as $$
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_given('what was found', p_finding::text);
  perform postrider.lock_connection(p_organization_id, p_connection_id);
  update postrider.connection
  set checked_at = postrider.now(),
    finding = p_finding
  where organization_id = p_organization_id
    and id = p_connection_id;
end $$;

-- Removes a connection and its secrets. Refused while a printer, or a campaign that has not ended,
-- names it: nobody could ask about their cards.
create function postrider.remove_connection(
  p_organization_id uuid,
  p_connection_id uuid
) returns void language plpgsql security definer as $$
declare
  v_connection postrider.connection;
  v_users text;
begin
  perform postrider.require_organization(p_organization_id);
  v_connection := postrider.lock_connection(p_organization_id, p_connection_id);
  -- In a later statement than the lock, which an application shares.
  select string_agg(u.what, ', ' order by u.what)
  into v_users
  from (
    select * from postrider.users_of_connection(p_organization_id, p_connection_id) limit 20
  ) u;
  if v_users is not null then
    perform postrider.fail(
      'PR017',
      format('connection %s is used by %s', v_connection.name, v_users),
      case
        when v_users like '%campaign %' then
          'let them name another connection (postrider campaign apply), and end the campaigns; '
        else
          'its cards are followed, and claimed, by it: hold it (postrider hold connection) '
          'if it is to mail no more, and take the key back at the provider; '
      end || 'nothing was changed',
      jsonb_build_object('users', v_users));
  end if;
  delete from postrider.connection_secret
  where organization_id = p_organization_id
    and connection_id = p_connection_id;
  delete from postrider.connection
  where organization_id = p_organization_id
    and id = p_connection_id;
  perform postrider.note_intervention(
    p_organization_id, 'remove',
    format('%s (%s, %s)', v_connection.name, v_connection.provider, v_connection.mode),
    p_connection_id => p_connection_id);
end $$;

-- Lists the printers of a connection, and the campaigns that name it and have not ended.
create function postrider.users_of_connection(
  p_organization_id uuid,
  p_connection_id uuid
) returns table (what text) language sql stable
begin atomic
  select 'printer ' || p.name
  from postrider.printer p
  where p.organization_id = p_organization_id
    and p.connection_id = p_connection_id
  union all
  select 'campaign ' || c.name
  from postrider.campaign c
  where c.organization_id = p_organization_id
    and c.status in ('pending', 'active', 'paused')
    and exists (
      select from postrider.connections_named(c.integrations) n
      where n.connection_id = p_connection_id::text);
end;
