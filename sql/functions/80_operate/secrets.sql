-- The secrets of connections: where they are, or sealed. Nobody here can open one.

-- Keeps secrets of a connection. An argument is not repeated in an error: it may be the secret
-- itself.
create function postrider.add_secrets(
  p_organization_id uuid,
  p_connection_id uuid,
  p_secrets jsonb,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  perform postrider.require_list('the secrets', jsonb_typeof(p_secrets));
  if exists (
    select from jsonb_array_elements(p_secrets) e
    where jsonb_typeof(e) <> 'object')
  then
    perform postrider.fail(
      'PR020', 'a secret is a JSON object', 'give a list of objects; nothing was changed');
  end if;
  if exists (
    select from jsonb_to_recordset(p_secrets)
      as s (purpose text, reference text, sealed text, "keyId" text)
    where s.purpose is null
      or (s.reference is null) = (s.sealed is null)
      or (s.sealed is null) <> (s."keyId" is null))
  then
    perform postrider.fail(
      'PR020',
      'a secret has a purpose, and either a reference, or what is sealed and the id of its key',
      'postrider connect and postrider connection rotate keep one; nothing was changed');
  end if;
  if exists (
    select from jsonb_to_recordset(p_secrets) as s (reference text)
    where s.reference !~ '^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$')
  then
    perform postrider.fail(
      'PR020',
      'what is given is no reference to a secret',
      'a reference is env:NAME or file:/path, and never the value; nothing was changed');
  end if;
  begin
    insert into postrider.connection_secret (
      organization_id, connection_id, id, purpose, reference, sealed, key_id, added_at)
    select
      p_organization_id, p_connection_id, coalesce(s.id, postrider.new_id()), s.purpose,
      s.reference, postrider.sealed_bytes(s.sealed), s."keyId", p_now
    from jsonb_to_recordset(p_secrets)
      as s (id uuid, purpose text, reference text, sealed text, "keyId" text);
  exception when data_exception or unique_violation then
    perform postrider.fail(
      'PR020',
      'the id of a secret is none, or another secret has it',
      'give each a new uuid, or none; nothing was changed');
  end;
end $$;

-- Reads what is sealed, or refuses it.
create function postrider.sealed_bytes(p_sealed text) returns bytea
language plpgsql immutable as $$
begin
  return decode(p_sealed, 'base64');
exception when data_exception then
  perform postrider.fail(
    'PR020', 'what is sealed is not written in base64', 'nothing was changed');
end $$;

-- Adds a secret, which counts from now on. The one before it is good for p_overlap, so that what is
-- under way, and what the provider still signs with it, is not refused; one that is older goes.
-- Returns until when the one before is good; null: it is not, or there was none.
-- p_secret: as make_connection takes one.
create function postrider.rotate_secret(
  p_organization_id uuid,
  p_connection_id uuid,
  p_secret jsonb,
  p_overlap interval default interval '1 day'
) returns timestamptz language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_connection postrider.connection;
  v_newest uuid;
  v_until timestamptz;
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_within(
    'how long the one before is good', p_overlap, interval '0', interval '90 days');
  v_connection := postrider.lock_connection(p_organization_id, p_connection_id);
  select s.id
  into v_newest
  from postrider.connection_secret s
  where s.organization_id = p_organization_id
    and s.connection_id = p_connection_id
    and s.purpose = p_secret ->> 'purpose'
    and (s.retires_at is null or s.retires_at > v_now)
  order by s.added_at desc, s.id desc
  limit 1;
  delete from postrider.connection_secret s
  where s.organization_id = p_organization_id
    and s.connection_id = p_connection_id
    and s.purpose = p_secret ->> 'purpose'
    and (s.id is distinct from v_newest or p_overlap = interval '0');
  update postrider.connection_secret s
  set retires_at = least(s.retires_at, v_now + p_overlap)
  where s.organization_id = p_organization_id
    and s.connection_id = p_connection_id
    and s.id = v_newest
  returning s.retires_at into v_until;
  perform postrider.add_secrets(
    p_organization_id, p_connection_id, jsonb_build_array(p_secret), v_now);
  perform postrider.note_intervention(
    p_organization_id, 'rotate', p_secret ->> 'purpose', p_connection_id => p_connection_id);
  return v_until;
end $$;

-- Tells a program what an adapter needs of an account: {organizationId, connectionId, name,
-- provider, mode, options, secrets: [{purpose, reference, sealed: base64, keyId, retiresAt}]}, the
-- newest secret first; null where there is no such connection.
create function postrider.connection_brief(
  p_organization_id uuid,
  p_connection_id uuid
) returns json language sql stable security definer
return (
  select json_build_object(
    'organizationId', c.organization_id,
    'connectionId', c.id,
    'name', c.name,
    'provider', c.provider,
    'mode', c.mode,
    'options', c.options,
    'secrets', (
      select coalesce(
        json_agg(
          json_build_object(
            'purpose', s.purpose,
            'reference', s.reference,
            'sealed', replace(encode(s.sealed, 'base64'), e'\n', ''),
            'keyId', s.key_id,
            'retiresAt', s.retires_at)
          order by s.added_at desc, s.id desc),
        '[]')
      from postrider.connection_secret s
      where s.organization_id = c.organization_id
        and s.connection_id = c.id
        and (s.retires_at is null or s.retires_at > postrider.now())))
  from postrider.connection c
  where c.organization_id = p_organization_id
    and c.id = p_connection_id
);

-- Lists the secrets that are sealed with another key than this one: [{organizationId, connectionId,
-- id, connection, purpose, sealed: base64, keyId}]. What has retired is deleted, and not sealed
-- again.
create function postrider.secrets_to_reseal(p_key_id text) returns json
language sql volatile security definer
begin atomic
  delete from postrider.connection_secret s
  where s.retires_at <= postrider.now();
  select coalesce(
    json_agg(
      json_build_object(
        'organizationId', s.organization_id,
        'connectionId', s.connection_id,
        'id', s.id,
        'connection', c.name,
        'purpose', s.purpose,
        'sealed', replace(encode(s.sealed, 'base64'), e'\n', ''),
        'keyId', s.key_id)
      order by s.organization_id, s.connection_id, s.id),
    '[]')
  from postrider.connection_secret s
  join postrider.connection c
    on c.organization_id = s.organization_id
    and c.id = s.connection_id
  where s.key_id <> p_key_id;
end;

-- Keeps a secret that was sealed again with another key. False where somebody else has replaced it
-- meanwhile.
-- p_was: the id of the key that it was sealed with.
create function postrider.reseal_secret(
  p_organization_id uuid,
  p_connection_id uuid,
  p_id uuid,
  p_sealed text,
  p_key_id text,
  p_was text
) returns boolean language plpgsql security definer as $$
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_given(
    'what is sealed, and the id of its key', left(p_sealed, 1), p_key_id);
  update postrider.connection_secret
  set sealed = postrider.sealed_bytes(p_sealed),
    key_id = p_key_id
  where organization_id = p_organization_id
    and connection_id = p_connection_id
    and id = p_id
    and key_id = p_was;
  return found;
end $$;
