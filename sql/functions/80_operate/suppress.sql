-- Do-not-mail. An entry stands from the moment this returns: people before the printer are moved at
-- once, people at the printer get a cancel mark, and the begin of every mail cohort asks again.
-- Give at least one of e-mail, external id and address. A text with several e-mail addresses stands
-- for each; one of which something cannot be read is refused. A postal address reaches everybody
-- who may live there; a notice says how many of the stopped only may. Returns how many people it
-- stopped.
create function postrider.suppress(
  p_organization_id uuid,
  p_email text default null,
  p_external_id text default null,
  p_line1 text default null,
  p_line2 text default null,
  p_postal_code text default null,
  p_country text default 'US',
  p_reason text default 'opted out',
  p_source text default 'operator',
  p_campaign_id uuid default null,
  p_expires_at timestamptz default null
) returns int language plpgsql security definer as $$
declare
  v_stopped int;
  v_possible int;
begin
  select count(*), count(*) filter (where s.match = 'possible')
  into v_stopped, v_possible
  from postrider.suppress_and_list(
    p_organization_id, p_email, p_external_id, p_line1, p_line2, p_postal_code, p_country,
    p_reason, p_source, p_campaign_id, p_expires_at) s;
  if v_possible > 0 then
    raise notice '% of the % people stopped are only possible matches: they may live there',
      v_possible, v_stopped
      using hint = 'suppress_and_list() names them';
  end if;
  return v_stopped;
end $$;

-- Does the same as suppress(), and lists whom it stopped. match: certain, or possible where it is
-- the address alone, and not the same household for certain.
create function postrider.suppress_and_list(
  p_organization_id uuid,
  p_email text default null,
  p_external_id text default null,
  p_line1 text default null,
  p_line2 text default null,
  p_postal_code text default null,
  p_country text default 'US',
  p_reason text default 'opted out',
  p_source text default 'operator',
  p_campaign_id uuid default null,
  p_expires_at timestamptz default null
) returns table (
  recipient_id uuid,
  campaign_id uuid,
  external_id text,
  match text
) language plpgsql security definer as $$
declare
  v_external_id text := nullif(postrider.trimmed(p_external_id), '');
  v_email_keys text[];
  v_household_key text;
  v_stopped uuid[];
  v_before text := postrider.act_as('op');
begin
  perform postrider.require_suppressible(p_organization_id, p_campaign_id);
  v_email_keys := postrider.required_email_keys(p_email);
  v_household_key :=
    postrider.required_household_key(p_line1, p_line2, p_postal_code, p_country);
  v_stopped := postrider.suppress_person(
    p_organization_id, p_campaign_id, v_email_keys, v_external_id, v_household_key,
    postrider.address_of(p_line1, p_line2, p_postal_code, p_country), p_reason, p_source,
    p_expires_at);
  perform postrider.act_as(v_before);
  return query
  select *
  from postrider.matches_of_stopped(
    p_organization_id, v_stopped, v_email_keys, v_external_id, v_household_key);
end $$;

-- People whom an entry by these keys stopped, and how surely each of them is meant.
create function postrider.matches_of_stopped(
  p_organization_id uuid,
  p_stopped uuid[],
  p_email_keys text[],
  p_external_id text,
  p_household_key text
) returns table (
  recipient_id uuid,
  campaign_id uuid,
  external_id text,
  match text
) language sql stable
begin atomic
  select r.id, r.campaign_id, r.external_id,
    case
      when r.household_key = p_household_key
        or r.external_id = p_external_id
        or r.email_key = any (p_email_keys)
        or exists (
          select from postrider.recipient_other_email o
          where o.organization_id = p_organization_id
            and o.recipient_id = r.id
            and o.email_key = any (p_email_keys))
        then 'certain'
      else 'possible'
    end
  from postrider.recipient r
  where r.organization_id = p_organization_id
    and r.id = any (p_stopped)
  order by r.id;
end;

-- Suppresses a person by each key that is given, in one campaign or, with null, in all of them, and
-- stops the people who are known by one. Returns whom. The caller has claimed op.
create function postrider.suppress_person(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_email_keys text[],
  p_external_id text,
  p_household_key text,
  p_address jsonb,
  p_reason text,
  p_source text,
  p_expires_at timestamptz
) returns uuid[] language plpgsql as $$
declare
  v_reason text := coalesce(nullif(btrim(p_reason), ''), 'opted out');
  v_source text := coalesce(p_source, 'operator');
  v_people uuid[];
  v_stopped uuid[];
begin
  if p_external_id ~ '[\u0001-\u001f\u007f-\u009f]' then
    perform postrider.fail(
      'PR020',
      'there is a control character inside the external id',
      'two lines in one, perhaps: it would match nobody; nothing was changed');
  end if;
  -- People are locked before suppressions, as in the call that suppresses returned mail.
  perform from postrider.recipient_state
  where organization_id = p_organization_id
    and recipient_id = any (
      postrider.people_by_key(
        p_organization_id, p_campaign_id, p_email_keys, p_external_id, p_household_key))
  order by recipient_id
  for no key update;
  if postrider.add_suppressions(
    p_organization_id, p_campaign_id, p_email_keys, p_external_id, p_household_key, v_reason,
    v_source, p_expires_at, p_address) = 0
  then
    perform postrider.fail(
      'PR020',
      'a suppression needs an e-mail, an external id, or an address with line1 and postal code',
      'nothing was changed');
  end if;
  -- People are looked for again: somebody may have come in while this waited for the locks.
  v_people := postrider.people_by_key(
    p_organization_id, p_campaign_id, p_email_keys, p_external_id, p_household_key);
  if cardinality(v_people) = 0 then
    raise notice 'nobody here is known as %: the entry stands for people who come later',
      concat_ws(' or ', array_to_string(p_email_keys, ' or '), p_external_id, p_household_key);
  end if;
  if p_household_key is not null and postrider.has_older_keys(p_organization_id) then
    raise notice
      'households have keys of other rules than today''s: the address does not reach them'
      using hint = 'postrider rekey; who is not at the printer then is reached';
  end if;
  v_stopped := postrider.stop_people(
    p_organization_id, v_people, 'blacklisted', 'suppressed', v_reason);
  -- The entry itself says who added it. The people whom it stopped are told here.
  perform postrider.note_intervention(
    p_organization_id, 'suppress', v_reason, p_people => v_stopped);
  return v_stopped;
end $$;

-- Adds an entry to the do-not-mail list for each key that is given. Returns how many.
-- p_address: what the household's key was made of, for a later re-key.
create function postrider.add_suppressions(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_email_keys text[],
  p_external_id text,
  p_household_key text,
  p_reason text,
  p_source text,
  p_expires_at timestamptz,
  p_address jsonb default null
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_entries int;
begin
  insert into postrider.suppression (
    organization_id, id, campaign_id, kind, digest, value, neighbourhood, address, reason, source,
    added_by, created_at, expires_at)
  select
    p_organization_id, postrider.new_id(), p_campaign_id, k.kind,
    postrider.digest_of(p_organization_id, k.kind, k.value), k.value,
    case when k.kind = 'household' then
      postrider.neighbourhood_digest(p_organization_id, k.value)
    end,
    k.address,
    p_reason, p_source, session_user, v_now, p_expires_at
  from (
    select 'email', e.email_key, null::jsonb
    from unnest(p_email_keys) as e (email_key)
    union all
    select 'external_id', p_external_id, null
    union all
    select 'household', p_household_key, p_address
    union
    -- Where one address holds two, each counts.
    select 'household', postrider.key_of_address(o.address), o.address
    from (
      select postrider.address_of(
        l.line, null, split_part(p_household_key, '|', 3), split_part(p_household_key, '|', 2))
      from unnest(postrider.other_addresses(p_household_key)) as l (line)) as o (address)
  ) as k (kind, value, address)
  where k.value is not null
  on conflict on constraint suppression_key do update
  -- Two entries become the one that stands longer.
  set neighbourhood = coalesce(suppression.neighbourhood, excluded.neighbourhood),
    value = coalesce(suppression.value, excluded.value),
    address = coalesce(suppression.address, excluded.address),
    -- An opt-out says more than mail that came back.
    reason = case when suppression.returned then excluded.reason else suppression.reason end,
    source = case when suppression.returned then excluded.source else suppression.source end,
    returned = false,
    expires_at = case
    when suppression.expires_at is null or excluded.expires_at is null then null
    else greatest(suppression.expires_at, excluded.expires_at)
  end;
  get diagnostics v_entries = row_count;
  return v_entries;
end $$;
