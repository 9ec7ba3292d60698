-- Gives the households of an organization today's keys, a few people at a time. Each entry of the
-- do-not-mail list gets a second one by today's key first, then people are re-keyed, and at the end
-- the entries by older keys are taken away: in between both are found, and nobody who has opted out
-- is mailed. It is called with null, and then with the next of the call before until that is null;
-- what was interrupted begins with null again. Returns {next, people, kept}: whose key was changed,
-- and how many entries were added so that an opt-out keeps reaching whom it reached.
create function postrider.rekey(
  p_organization_id uuid,
  p_next uuid default null,
  p_limit int default 500
) returns jsonb language plpgsql security definer as $$
declare
  c_first constant uuid := '00000000-0000-0000-0000-000000000000';
  v_people uuid[];
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_within('the limit', p_limit, 1, 100000);
  -- No sync, enrichment result or retry judges anybody by a household meanwhile.
  perform postrider.lock_for_sync(p_organization_id, null);
  if p_next is null then
    perform postrider.note_intervention(
      p_organization_id, 'rekey',
      format('households by the rules of version %s', postrider.household_key_version()));
    perform postrider.copy_suppressions(p_organization_id);
    return jsonb_build_object('next', c_first, 'people', 0, 'kept', 0);
  end if;
  v_people := array(
    select r.id
    from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.id > p_next
    order by r.id
    limit p_limit);
  if cardinality(v_people) = 0 then
    perform postrider.drop_older_suppressions(p_organization_id);
    return jsonb_build_object('next', null, 'people', 0, 'kept', 0);
  end if;
  return postrider.rekey_people(p_organization_id, v_people)
    || jsonb_build_object('next', v_people[cardinality(v_people)]);
end $$;

-- Adds an entry by today's key beside each that has another one.
create function postrider.copy_suppressions(p_organization_id uuid) returns void
language plpgsql as $$
begin
  insert into postrider.suppression as x (
    organization_id, id, campaign_id, kind, digest, value, neighbourhood, address, reason, source,
    returned, added_by, created_at, expires_at)
  select distinct on (k.new_key, s.campaign_id)
    s.organization_id, postrider.new_id(), s.campaign_id, s.kind,
    postrider.digest_of(p_organization_id, 'household', k.new_key), k.new_key,
    case when s.neighbourhood is not null
      then postrider.neighbourhood_digest(p_organization_id, k.new_key)
    end,
    s.address, s.reason, s.source, s.returned, s.added_by, s.created_at, s.expires_at
  from postrider.rekeyed_suppressions(p_organization_id) k
  join postrider.suppression s
    on s.organization_id = p_organization_id and s.id = k.suppression_id
  where not k.is_left
  -- Of two that become one the further reach stays, the longer time, and that somebody opted out.
  order by
    k.new_key, s.campaign_id, s.neighbourhood is not null desc, s.returned,
    s.expires_at desc nulls first
  on conflict on constraint suppression_key do update
  set neighbourhood = coalesce(x.neighbourhood, excluded.neighbourhood),
    value = coalesce(x.value, excluded.value),
    address = coalesce(x.address, excluded.address),
    returned = x.returned and excluded.returned,
    expires_at = case
      when x.expires_at is null or excluded.expires_at is null then null
      else greatest(x.expires_at, excluded.expires_at)
    end;
end $$;

-- Takes away the entries that have a successor by today's key.
create function postrider.drop_older_suppressions(p_organization_id uuid) returns void
language plpgsql as $$
begin
  delete from postrider.suppression s
  using postrider.rekeyed_suppressions(p_organization_id) k
  where s.organization_id = p_organization_id
    and s.id = k.suppression_id
    and not k.is_left
    and exists (
      select from postrider.suppression n
      where n.organization_id = p_organization_id
        and n.kind = 'household'
        and n.digest = postrider.digest_of(p_organization_id, 'household', k.new_key)
        and n.campaign_id is not distinct from s.campaign_id);
end $$;

-- Re-keys some people. The caller holds the organization's sync row: nobody else changes their
-- addresses but an erasure.
create function postrider.rekey_people(
  p_organization_id uuid,
  p_people uuid[]
) returns jsonb language plpgsql as $$
declare
  v_people uuid[];
  v_keys text[];
  v_others uuid[];
  v_kept int;
  v_changed int;
begin
  select array_agg(k.recipient_id), array_agg(k.new_key)
  into v_people, v_keys
  from postrider.rekeyed_recipients(p_organization_id, p_people) k;
  if v_people is null then
    return jsonb_build_object('people', 0, 'kept', 0);
  end if;
  -- People whom they join.
  v_others := array(
    select r.id
    from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.household_key = any (v_keys)
      and r.lot_key is null);
  -- An erasure locks its people before it blanks them.
  perform from postrider.recipient_state
  where organization_id = p_organization_id
    and recipient_id = any (v_people || v_others)
  order by recipient_id
  for no key update;
  v_kept := postrider.keep_reach(p_organization_id, v_people, v_keys);
  -- The arm is frozen: the lot stays the one that the key before drew.
  update postrider.recipient r
  set household_key = n.new_key,
    lot_key = coalesce(r.lot_key, r.household_key)
  from unnest(v_people, v_keys) as n (id, new_key)
  where r.organization_id = p_organization_id
    and r.id = n.id
    and r.household_key is not null;
  get diagnostics v_changed = row_count;
  update postrider.recipient r
  set lot_key = r.household_key
  where r.organization_id = p_organization_id
    and r.id = any (v_others)
    and r.household_key is not null
    and r.lot_key is null;
  return jsonb_build_object('people', v_changed, 'kept', v_kept);
end $$;

-- Adds entries by the new keys of people whom an entry reaches by the old key, and would not reach
-- any more: the rules have parted them. Such an entry reaches that household and nobody else.
-- Returns how many.
create function postrider.keep_reach(
  p_organization_id uuid,
  p_people uuid[],
  p_keys text[]
) returns int language plpgsql as $$
declare
  v_kept int;
begin
  insert into postrider.suppression as x (
    organization_id, id, campaign_id, kind, digest, value, address, reason, source, returned,
    added_by, created_at, expires_at)
  select distinct on (n.new_key, s.campaign_id)
    p_organization_id, postrider.new_id(), s.campaign_id, 'household',
    postrider.digest_of(p_organization_id, 'household', n.new_key),
    case when s.value is not null then n.new_key end,
    case when s.value is not null
      then postrider.address_of(r.line1, r.line2, r.postal_code, r.country)
    end,
    s.reason, s.source, s.returned, s.added_by, s.created_at, s.expires_at
  from unnest(p_people, p_keys) as n (id, new_key)
  join postrider.recipient r
    on r.organization_id = p_organization_id and r.id = n.id
  cross join lateral postrider.suppressions_of(
    p_organization_id, r.campaign_id, null, null, r.household_key) s
  where not exists (
    select from postrider.suppressions_of(
      p_organization_id, r.campaign_id, null, null, n.new_key) o
    where (o.campaign_id is null or o.campaign_id = s.campaign_id)
      and (o.expires_at is null or o.expires_at >= s.expires_at))
  order by n.new_key, s.campaign_id, s.returned, s.expires_at desc nulls first
  on conflict on constraint suppression_key do update
  set returned = x.returned and excluded.returned,
    expires_at = case
      when x.expires_at is null or excluded.expires_at is null then null
      else greatest(x.expires_at, excluded.expires_at)
    end;
  get diagnostics v_kept = row_count;
  return v_kept;
end $$;
