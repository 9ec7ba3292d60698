-- Re-key: after a change of the rules (household_key_version) the households of an organization get
-- today's keys. It shows before it acts whom it would join or part. It moves nobody, and nobody
-- changes the arm: recipient.lot_key keeps the key by which a lot was drawn.

-- Lists the recipients of an organization whose household has another key by today's rules.
-- p_people: only these; null: all.
create function postrider.rekeyed_recipients(
  p_organization_id uuid,
  p_people uuid[]
) returns table (
  recipient_id uuid,
  campaign_id uuid,
  household_key text,
  new_key text
) language sql stable
begin atomic
  select r.id, r.campaign_id, r.household_key, k.new_key
  from postrider.recipient r
  cross join lateral (
    select postrider.household_key(r.line1, r.line2, r.postal_code, r.country)
    offset 0) as k (new_key)
  where r.organization_id = p_organization_id
    and (p_people is null or r.id = any (p_people))
    and r.household_key is not null
    and r.household_key <> k.new_key;
end;

-- Lists the do-not-mail entries by household that a re-key changes, or has to leave: an entry of
-- which the address is not kept cannot be made anew. Of an erased person there is only a digest.
create function postrider.rekeyed_suppressions(
  p_organization_id uuid
) returns table (
  suppression_id uuid,
  new_key text,
  is_left boolean
) language sql stable
begin atomic
  select s.id, k.new_key, k.new_key is null
  from postrider.suppression s
  cross join lateral (select postrider.key_of_address(s.address) offset 0) as k (new_key)
  where s.organization_id = p_organization_id
    and s.kind = 'household'
    and case
      when k.new_key is null
        then s.value is null
          or split_part(s.value, '|', 1) <> postrider.household_key_version()
      else s.value is distinct from k.new_key
    end;
end;

-- Says what a re-key would do, and changes nothing. Returns {version, people, campaigns:
-- [{campaign, people, joined, parted}], joined, parted: [{campaign, people: [{recipientId,
-- externalId, name, line1, line2, state, householdKey}]}], suppressions, left}.
-- people: whose household gets another key. joined: people of one campaign who become one
-- household; parted: people who are one now, and will not be. householdKey is today's in the
-- database. suppressions: entries that get another key; left: those of which the address is not
-- kept.
create function postrider.rekey_preview(
  p_organization_id uuid,
  p_households int default 100
) returns jsonb language plpgsql security definer as $$
declare
  v_changes jsonb;
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_within('the number of households', p_households, 0, 100000);
  v_changes := postrider.rekey_changes(p_organization_id, p_households);
  return v_changes || (
    select jsonb_build_object(
      'version', postrider.household_key_version(),
      'suppressions', count(*) filter (where not s.is_left),
      'left', count(*) filter (where s.is_left))
    from postrider.rekeyed_suppressions(p_organization_id) s);
end $$;

-- Makes the part of the preview that is about people.
create function postrider.rekey_changes(
  p_organization_id uuid,
  p_households int
) returns jsonb language sql stable
begin atomic
  with changed as materialized (
    select * from postrider.rekeyed_recipients(p_organization_id, null)
  ), touched as materialized (
    select c.* from changed c
    union all
    -- People who keep their key, and whom others join or leave.
    select r.id, r.campaign_id, r.household_key, r.household_key
    from (
      select c.new_key as household_key from changed c
      union
      select c.household_key from changed c
    ) n
    join postrider.recipient r
      on r.organization_id = p_organization_id
      and r.household_key = n.household_key
    where not exists (select from changed c where c.recipient_id = r.id)
  ), household as materialized (
    select 'joined' as kind, t.campaign_id, array_agg(t.recipient_id) as people
    from touched t
    group by t.campaign_id, t.new_key
    having count(distinct t.household_key) > 1
    union all
    select 'parted', t.campaign_id, array_agg(t.recipient_id)
    from touched t
    group by t.campaign_id, t.household_key
    having count(distinct t.new_key) > 1
  ), listed as (
    select
      h.kind, h.campaign_id, h.people,
      row_number() over (partition by h.kind order by h.campaign_id, h.people) as n
    from household h
  ), shown as (
    select
      l.kind, l.n,
      jsonb_build_object(
        'campaign', c.name,
        'people', (
          select jsonb_agg(
            jsonb_build_object(
              'recipientId', r.id, 'externalId', r.external_id,
              'name', concat_ws(' ', r.first_name, r.last_name), 'line1', r.line1,
              'line2', r.line2, 'state', x.state, 'householdKey', r.household_key)
            order by r.id)
          from postrider.recipient r
          join postrider.recipient_state x
            on x.organization_id = r.organization_id and x.recipient_id = r.id
          where r.organization_id = p_organization_id
            and r.id = any (l.people))) as household
    from listed l
    join postrider.campaign c
      on c.organization_id = p_organization_id and c.id = l.campaign_id
    where l.n <= p_households
  ), counted as (
    select
      c.name as campaign, n.people,
      (select count(*) from household h
        where h.kind = 'joined' and h.campaign_id = n.campaign_id) as joined,
      (select count(*) from household h
        where h.kind = 'parted' and h.campaign_id = n.campaign_id) as parted
    from (select g.campaign_id, count(*) as people from changed g group by 1) n
    join postrider.campaign c
      on c.organization_id = p_organization_id and c.id = n.campaign_id
  )
  select jsonb_build_object(
    'people', (select count(*) from changed),
    'campaigns', (
      select coalesce(jsonb_agg(to_jsonb(c) order by c.campaign), '[]')
      from counted c),
    'joined', (
      select coalesce(jsonb_agg(s.household order by s.n), '[]')
      from shown s
      where s.kind = 'joined'),
    'parted', (
      select coalesce(jsonb_agg(s.household order by s.n), '[]')
      from shown s
      where s.kind = 'parted'));
end;

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
    added_by, created_at, expires_at)
  select distinct on (k.new_key, s.campaign_id)
    s.organization_id, postrider.new_id(), s.campaign_id, s.kind,
    postrider.digest_of(p_organization_id, 'household', k.new_key), k.new_key,
    case when s.neighbourhood is not null
      then postrider.neighbourhood_digest(p_organization_id, k.new_key)
    end,
    s.address, s.reason, s.source, s.added_by, s.created_at, s.expires_at
  from postrider.rekeyed_suppressions(p_organization_id) k
  join postrider.suppression s
    on s.organization_id = p_organization_id and s.id = k.suppression_id
  where not k.is_left
  -- Of two that become one the further reach stays, and the longer time.
  order by
    k.new_key, s.campaign_id, s.neighbourhood is not null desc, s.expires_at desc nulls first
  on conflict on constraint suppression_key do update
  set neighbourhood = coalesce(x.neighbourhood, excluded.neighbourhood),
    value = coalesce(x.value, excluded.value),
    address = coalesce(x.address, excluded.address),
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
    organization_id, id, campaign_id, kind, digest, value, address, reason, source, added_by,
    created_at, expires_at)
  select distinct on (n.new_key, s.campaign_id)
    p_organization_id, postrider.new_id(), s.campaign_id, 'household',
    postrider.digest_of(p_organization_id, 'household', n.new_key),
    case when s.value is not null then n.new_key end,
    case when s.value is not null
      then postrider.address_of(r.line1, r.line2, r.postal_code, r.country)
    end,
    s.reason, s.source, s.added_by, s.created_at, s.expires_at
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
  order by n.new_key, s.campaign_id, s.expires_at desc nulls first
  on conflict on constraint suppression_key do update
  set expires_at = case
      when x.expires_at is null or excluded.expires_at is null then null
      else greatest(x.expires_at, excluded.expires_at)
    end;
  get diagnostics v_kept = row_count;
  return v_kept;
end $$;
