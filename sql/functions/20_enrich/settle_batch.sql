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
  v_now timestamptz := postrider.now();
  v_campaign_id uuid;
  v_known jsonb;
  v_moved int;
begin
  perform postrider.require_list('the results', jsonb_typeof(p_results));
  perform postrider.require_within(
    'how long an address is remembered',
    least(p_hit_life, p_miss_life), interval '0', interval '100 years');
  perform postrider.require_within(
    'how long an address is remembered',
    greatest(p_hit_life, p_miss_life), interval '0', interval '100 years');
  -- The campaign of the people, not of the batch: the batch may have been deleted, and its people
  -- are judged all the same.
  select campaign_id into v_campaign_id
  from postrider.recipient_state
  where organization_id = p_organization_id
    and cohort_id = p_batch_id
  limit 1;
  perform postrider.lock_for_sync(p_organization_id, v_campaign_id);
  perform from postrider.recipient_state
  where organization_id = p_organization_id
    and cohort_id = p_batch_id
    and state = 'address_enriching'
  order by recipient_id
  for no key update;

  v_known := postrider.results_of_batch(p_organization_id, p_batch_id, p_results);
  if v_known is null and v_campaign_id is not null and jsonb_array_length(p_results) > 0 then
    perform postrider.fail(
      'PR020',
      'the answer is about nobody of the batch',
      'it must name people by the ids they were submitted with; nobody was moved');
  end if;
  perform postrider.cache_addresses(
    p_organization_id, p_enricher, v_known, p_hit_life, p_miss_life, v_now);
  v_moved :=
    postrider.settle_found(p_organization_id, v_campaign_id, p_batch_id, p_results, v_now);
  v_moved := v_moved + postrider.settle_not_found(
    p_organization_id, p_batch_id, p_enricher, p_results, p_last, v_now);

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
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

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
begin
  with found as (
    update postrider.recipient r
    set
      line1 = a.line1,
      line2 = a.line2,
      city = a.city,
      region = a.region,
      postal_code = a."postalCode",
      country = a.country,
      household_key = postrider.household_key(a.line1, a.line2, a."postalCode", a.country),
      address_from = 'enricher'
    from jsonb_to_recordset(p_results) as x ("recipientId" uuid, address jsonb)
    cross join lateral jsonb_to_record(nullif(x.address, 'null')) as a (
      line1 text, line2 text, city text, region text, "postalCode" text, country text)
    join postrider.recipient_state s
      on s.organization_id = p_organization_id and s.recipient_id = x."recipientId"
    where r.organization_id = p_organization_id
      and r.id = x."recipientId"
      and s.cohort_id = p_batch_id
      and s.state = 'address_enriching'
      and a.line1 is not null
    returning r.*
  )
  select jsonb_agg(jsonb_build_object(
    'n', f.n, 'id', f.id, 'externalId', f.external_id,
    'emailKeys', postrider.email_keys_of(p_organization_id, f.id),
    'householdKey', f.household_key,
    'nameKey', postrider.fold(concat_ws(' ', f.first_name, f.last_name))))
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
-- Returns how many moved.
create function postrider.settle_not_found(
  p_organization_id uuid,
  p_batch_id uuid,
  p_enricher text,
  p_results jsonb,
  p_last boolean,
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
      p_last
      or s.recipient_id in (
        select x."recipientId"
        from jsonb_to_recordset(p_results) as x ("recipientId" uuid, address jsonb)
        where nullif(x.address, 'null') is null));
  get diagnostics v_moved = row_count;
  return v_moved;
end $$;
