-- Settles what an enricher answered, and returns how many people moved.
-- p_results: [{recipientId, address: {line1, line2, city, region, postalCode, country} | null}].
-- p_last: no more results will come; a person who is left was not found.
--
-- A result about a person who never was in the batch counts for nothing. One about a person who was
-- taken out of it meanwhile is remembered: it was paid for.
create function postrider.settle_batch(
  p_organization_id uuid,
  p_batch_id uuid,
  p_enricher text,
  p_results jsonb,
  p_last boolean,
  p_hit_life interval default '365 days',
  p_miss_life interval default '90 days'
) returns int language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('enrich');
  v_moved int;
begin
  perform postrider.require_list('the results', jsonb_typeof(p_results));
  perform postrider.require_within(
    'how long an address is remembered',
    least(p_hit_life, p_miss_life), interval '0', interval '100 years');
  perform postrider.require_within(
    'how long an address is remembered',
    greatest(p_hit_life, p_miss_life), interval '0', interval '100 years');
  v_moved := postrider.settle_results(
    p_organization_id, p_batch_id, p_enricher, p_results, p_last, p_hit_life, p_miss_life);
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Locks the people of a batch, remembers what was learned of them, moves them, and returns how many
-- moved. People whom somebody else has, an open psql session for example, stay, and the batch is
-- asked for again. The caller has claimed enrich.
create function postrider.settle_results(
  p_organization_id uuid,
  p_batch_id uuid,
  p_enricher text,
  p_results jsonb,
  p_last boolean,
  p_hit_life interval,
  p_miss_life interval
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_campaign_id uuid;
  v_results jsonb := postrider.with_usable_addresses(p_results);
  v_known jsonb;
  v_people uuid[];
  v_moved int;
begin
  -- The campaign of the people, not of the batch: the batch may have been deleted, and its people
  -- are judged all the same.
  select campaign_id into v_campaign_id
  from postrider.recipient_state
  where organization_id = p_organization_id
    and cohort_id = p_batch_id
  limit 1;
  perform postrider.lock_for_sync(p_organization_id, v_campaign_id);
  v_people := postrider.lock_people_or_leave(p_organization_id, array(
    select recipient_id
    from postrider.recipient_state
    where organization_id = p_organization_id
      and cohort_id = p_batch_id
      and state = 'address_enriching'));

  v_known := postrider.results_of_batch(p_organization_id, p_batch_id, v_results);
  if v_known is null and v_campaign_id is not null and jsonb_array_length(v_results) > 0 then
    perform postrider.fail(
      'PR020',
      'the answer is about nobody of the batch',
      'it must name people by the ids they were submitted with; nobody was moved');
  end if;
  perform postrider.cache_addresses(
    p_organization_id, p_enricher, v_known, p_hit_life, p_miss_life, v_now);
  v_results := (
    select coalesce(jsonb_agg(r.result order by r.n), '[]')
    from jsonb_array_elements(v_results) with ordinality as r (result, n)
    where (r.result ->> 'recipientId')::uuid = any (v_people));
  v_moved :=
    postrider.settle_found(p_organization_id, v_campaign_id, p_batch_id, v_results, v_now);
  v_moved := v_moved + postrider.settle_not_found(
    p_organization_id, p_batch_id, p_enricher, v_results,
    case when p_last then v_people end, v_now);

  update postrider.enrichment_batch
  set
    closed_at = v_now,
    closed_why = 'done'
  where organization_id = p_organization_id
    and id = p_batch_id
    and closed_at is null
    and not exists (
      select from postrider.recipient_state
      where organization_id = p_organization_id
        and cohort_id = p_batch_id);
  return v_moved;
end $$;

-- Replaces addresses that have neither letters nor digits by none: no household can be told by one.
create function postrider.with_usable_addresses(p_results jsonb) returns jsonb
language sql immutable
return coalesce((
  select jsonb_agg(
    case
      when r.result #>> '{address,line1}' is not null
        and r.result #>> '{address,postalCode}' is not null
        and r.result #>> '{address,country}' is not null
        and postrider.household_key(
          r.result #>> '{address,line1}', r.result #>> '{address,line2}',
          r.result #>> '{address,postalCode}', r.result #>> '{address,country}') is null
        then jsonb_set(r.result, '{address}', 'null')
      else r.result
    end order by r.n)
  from jsonb_array_elements(p_results) with ordinality as r (result, n)), '[]');

-- Keeps the results that are about people of the batch, whether they are in it still or were taken
-- out meanwhile; null where none is.
create function postrider.results_of_batch(
  p_organization_id uuid,
  p_batch_id uuid,
  p_results jsonb
) returns jsonb language plpgsql stable as $$
declare
  -- Only the months since then are looked through.
  v_claimed_at timestamptz := coalesce((
    select claimed_at
    from postrider.enrichment_batch
    where organization_id = p_organization_id
      and id = p_batch_id), '-infinity');
begin
  return (
    select jsonb_agg(jsonb_build_object('recipientId', x."recipientId", 'address', x.address))
    from jsonb_to_recordset(p_results) as x ("recipientId" uuid, address jsonb)
    where exists (
      select from postrider.recipient_event e
      where e.organization_id = p_organization_id
        and e.recipient_id = x."recipientId"
        and e.at >= v_claimed_at
        and e.cohort_id = p_batch_id));
end $$;

-- Puts results into the cache, by e-mail: what was found, and also that nothing was. An entry that
-- has not expired stands.
create function postrider.cache_addresses(
  p_organization_id uuid,
  p_enricher text,
  p_results jsonb,
  p_hit_life interval,
  p_miss_life interval,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  insert into postrider.address_cache as a (
    organization_id, enricher, email_key, address, learned_at, expires_at)
  select distinct on (r.email_key)
    p_organization_id, p_enricher, r.email_key, nullif(x.address, 'null'), p_now,
    p_now + case when nullif(x.address, 'null') is null then p_miss_life else p_hit_life end
  from jsonb_to_recordset(p_results) as x ("recipientId" uuid, address jsonb)
  join postrider.recipient r
    on r.organization_id = p_organization_id and r.id = x."recipientId"
  where r.email_key is not null
    and r.erased_at is null
  on conflict (organization_id, enricher, email_key) do update
    set
      address = excluded.address,
      learned_at = excluded.learned_at,
      expires_at = excluded.expires_at
    where a.expires_at <= p_now;
end $$;

-- Writes the addresses that were found, and moves their people by the rules of admission. Returns
-- how many moved.
create function postrider.settle_found(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_batch_id uuid,
  p_results jsonb,
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_found jsonb;
  v_moved int;
  v_longest_line int := (
    select longest_address_line
    from postrider.campaign
    where organization_id = p_organization_id
      and id = p_campaign_id);
begin
  with answered as materialized (
    select x."recipientId", x.address, row_number() over () as n
    from jsonb_to_recordset(p_results) as x ("recipientId" uuid, address jsonb)
    where nullif(x.address, 'null') is not null
  ), found as (
    update postrider.recipient r
    set
      line1 = a.line1,
      line2 = a.line2,
      city = a.city,
      region = w.region,
      postal_code = a."postalCode",
      country = w.country,
      household_key = postrider.household_key(a.line1, a.line2, a."postalCode", a.country),
      address_from = 'enricher'
    from answered x
    cross join lateral jsonb_to_record(x.address) as a (
      line1 text, line2 text, city text, region text, "postalCode" text, country text)
    join postrider.postal_addresses(
      (select jsonb_agg(address order by n) from answered), v_longest_line) w
      on w.n = x.n
    join postrider.recipient_state s
      on s.organization_id = p_organization_id and s.recipient_id = x."recipientId"
    where r.organization_id = p_organization_id
      and r.id = x."recipientId"
      and s.cohort_id = p_batch_id
      and s.state = 'address_enriching'
      and a.line1 is not null
    returning r.*, w.fault
  )
  select jsonb_agg(jsonb_build_object(
    'n', f.n, 'id', f.id, 'externalId', f.external_id,
    'emailKeys', postrider.email_keys_of(p_organization_id, f.id),
    'householdKey', f.household_key,
    'nameKey', postrider.name_key(f.first_name, f.last_name),
    'addressFault', f.fault))
  into v_found
  from (
    select row_number() over (order by created_at, source_row, id) as n, found.*
    from found
  ) f;

  if v_found is null then
    return 0;
  end if;
  update postrider.recipient_state s
  set
    state = j.verdict,
    since = p_now,
    move_no = s.move_no + 1,
    cohort_id = null,
    attempt = 0,
    losses = 0,
    available_at = j.available_at,
    reason = case j.reason when 'new' then 'address_found' else j.reason end,
    detail = j.detail
  from postrider.check_eligibility(p_organization_id, p_campaign_id, v_found) j
  where s.organization_id = p_organization_id
    and s.recipient_id = j.id
    and s.cohort_id = p_batch_id
    and s.state = 'address_enriching';
  get diagnostics v_moved = row_count;
  return v_moved;
end $$;

-- Skips the people whose address was not found, and after the last results all who are left.
-- Returns how many moved. p_rest: those people; null where more results may come.
create function postrider.settle_not_found(
  p_organization_id uuid,
  p_batch_id uuid,
  p_enricher text,
  p_results jsonb,
  p_rest uuid[],
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_moved int;
begin
  update postrider.recipient_state s
  set
    state = 'skipped',
    since = p_now,
    move_no = s.move_no + 1,
    cohort_id = null,
    reason = 'no_address',
    detail = 'asked ' || p_enricher
  where s.organization_id = p_organization_id
    and s.cohort_id = p_batch_id
    and s.state = 'address_enriching'
    and (
      s.recipient_id = any (p_rest)
      or s.recipient_id in (
        select x."recipientId"
        from jsonb_to_recordset(p_results) as x ("recipientId" uuid, address jsonb)
        where nullif(x.address, 'null') is null));
  get diagnostics v_moved = row_count;
  return v_moved;
end $$;
