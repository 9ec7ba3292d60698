-- Enrichment: people known by e-mail get a postal address. A batch is a row of its own, not a cohort: it may take hours, and no lease spans those.

-- Takes up to p_limit people into a batch. Who is in the cache is answered at once, for nothing. Returns null where nobody waits, else
-- {batchId, people: [{recipientId, email, firstName, lastName}]} with those who must be asked for. p_rest: how long handing it over may take; nobody
-- else looks after the batch before, since the enricher that does not have it yet may have it a moment later, and would be paid twice.
create function postrider.enrich_claim(p_organization_id uuid, p_campaign_id uuid, p_enricher text, p_limit int, p_deadline interval,
  p_rest interval) returns json
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_before text := postrider.act_as('enrich');
  v_now timestamptz := postrider.now();
  v_batch_id uuid := postrider.new_id();
  v_campaign postrider.campaign := postrider.lock_for_sync(p_organization_id, p_campaign_id);
  v_people uuid[];
  v_cached jsonb;
  v_asked json;
begin
  perform postrider.require_given('the enricher', p_enricher);
  perform postrider.require_within('the limit', p_limit, 0, 1000000);
  perform postrider.require_within('the deadline', p_deadline, interval '0', interval '1 year');
  perform postrider.require_within('the time to rest', p_rest, interval '0', interval '1 year');
  if v_campaign.status not in ('pending', 'active')
    or exists (select from postrider.organization where id = p_organization_id and held_at is not null) then
    perform postrider.act_as(v_before);
    return null;
  end if;
  v_people := array(
    select s.recipient_id from postrider.recipient_state s
    where s.organization_id = p_organization_id and s.campaign_id = p_campaign_id and s.state = 'address_enrichable'
      and s.state in ('address_enrichable', 'pending', 'proofed', 'sent') and s.available_at <= v_now and s.held_at is null
    order by s.available_at, s.recipient_id limit p_limit for no key update skip locked);
  if cardinality(v_people) = 0 then
    perform postrider.act_as(v_before);
    return null;
  end if;
  insert into postrider.enrichment_batch (organization_id, id, campaign_id, enricher, people, claimed_at, deadline, next_poll_at)
  values (p_organization_id, v_batch_id, p_campaign_id, p_enricher, cardinality(v_people), v_now, v_now + p_deadline, v_now + p_rest);
  update postrider.recipient_state
  set state = 'address_enriching', since = v_now, move_no = move_no + 1, cohort_id = v_batch_id, reason = 'staged', detail = null
  where organization_id = p_organization_id and recipient_id = any (v_people);

  select jsonb_agg(jsonb_build_object('recipientId', r.id, 'address', a.address)) into v_cached
  from postrider.recipient r
  join postrider.address_cache a on a.organization_id = r.organization_id and a.enricher = p_enricher and a.email_key = r.email_key
    and a.expires_at > v_now
  where r.organization_id = p_organization_id and r.id = any (v_people);
  if v_cached is not null then
    perform postrider.enrich_settle(p_organization_id, v_batch_id, p_enricher, v_cached, false);
  end if;
  select json_agg(json_build_object('recipientId', r.id, 'email', r.email, 'firstName', r.first_name, 'lastName', r.last_name) order by r.id)
  into v_asked
  from postrider.recipient r join postrider.recipient_state s on s.organization_id = r.organization_id and s.recipient_id = r.id
  where r.organization_id = p_organization_id and s.cohort_id = v_batch_id and r.id = any (v_people);
  perform postrider.act_as(v_before);
  return json_build_object('batchId', v_batch_id, 'people', coalesce(v_asked, '[]'), 'cached', coalesce(jsonb_array_length(v_cached), 0));
end $$;

-- The enricher's id of a batch, by compare-and-set. Returns the id that stands.
create function postrider.enrich_submitted(p_organization_id uuid, p_batch_id uuid, p_provider_batch_id text) returns text
language sql volatile security definer
begin atomic
  update postrider.enrichment_batch set provider_batch_id = p_provider_batch_id
  where organization_id = p_organization_id and id = p_batch_id and provider_batch_id is null;
  select provider_batch_id from postrider.enrichment_batch where organization_id = p_organization_id and id = p_batch_id;
end;

-- Open batches to look after now; each is taken for a minute.
create function postrider.enrich_due(p_organization_id uuid) returns json
language sql volatile security definer
begin atomic
  with due as (
    update postrider.enrichment_batch b set next_poll_at = postrider.now() + interval '1 minute'
    where b.organization_id = p_organization_id and b.id = any (array(
      select d.id from postrider.enrichment_batch d
      where d.organization_id = p_organization_id and d.closed_at is null and d.next_poll_at <= postrider.now()
      for no key update skip locked))
    returning b.*
  )
  select json_agg(json_build_object('batchId', id, 'campaignId', campaign_id, 'enricher', enricher, 'providerBatchId', provider_batch_id,
    'overdue', deadline < postrider.now()) order by id) from due;
end;

-- Results. p_results: [{recipientId, address: {line1, line2, city, region, postalCode, country} | null}]. p_last: whoever is left was not found.
-- What is told of somebody who never was in the batch counts for nothing; who was taken out of it meanwhile is remembered, having been paid for.
create function postrider.enrich_settle(p_organization_id uuid, p_batch_id uuid, p_enricher text, p_results jsonb, p_last boolean,
  p_hit_life interval default '365 days', p_miss_life interval default '90 days') returns int
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_before text := postrider.act_as('enrich');
  v_now timestamptz := postrider.now();
  v_campaign_id uuid;
  -- Only the months since then are looked through.
  v_claimed_at timestamptz := coalesce(
    (select claimed_at from postrider.enrichment_batch where organization_id = p_organization_id and id = p_batch_id), '-infinity');
  v_known jsonb;
  v_judged jsonb;
  v_moved int := 0;
  v_more int;
begin
  perform postrider.require_list('the results', jsonb_typeof(p_results));
  perform postrider.require_within('how long an address is remembered', least(p_hit_life, p_miss_life), interval '0', interval '100 years');
  perform postrider.require_within('how long an address is remembered', greatest(p_hit_life, p_miss_life), interval '0', interval '100 years');
  -- Of its people, not of the batch: somebody may have deleted that, and they are judged by their campaign all the same.
  select campaign_id into v_campaign_id from postrider.recipient_state where organization_id = p_organization_id and cohort_id = p_batch_id limit 1;
  perform postrider.lock_for_sync(p_organization_id, v_campaign_id);
  perform from postrider.recipient_state
  where organization_id = p_organization_id and cohort_id = p_batch_id and state = 'address_enriching' order by recipient_id for no key update;

  select jsonb_agg(jsonb_build_object('recipientId', x."recipientId", 'address', x.address)) into v_known
  from jsonb_to_recordset(p_results) as x ("recipientId" uuid, address jsonb)
  where exists (
    select from postrider.recipient_event e
    where e.organization_id = p_organization_id and e.recipient_id = x."recipientId" and e.at >= v_claimed_at and e.cohort_id = p_batch_id);
  if v_known is null and v_campaign_id is not null and jsonb_array_length(p_results) > 0 then
    perform postrider.fail('PR020', 'the answer is about nobody of the batch', 'it must name people by the ids they were submitted with; nobody was moved');
  end if;

  insert into postrider.address_cache as a (organization_id, enricher, email_key, address, learned_at, expires_at)
  select distinct on (r.email_key) p_organization_id, p_enricher, r.email_key, nullif(x.address, 'null'), v_now,
    v_now + case when nullif(x.address, 'null') is null then p_miss_life else p_hit_life end
  from jsonb_to_recordset(v_known) as x ("recipientId" uuid, address jsonb)
  join postrider.recipient r on r.organization_id = p_organization_id and r.id = x."recipientId"
  where r.email_key is not null and r.erased_at is null
  on conflict (organization_id, enricher, email_key) do update
    set address = excluded.address, learned_at = excluded.learned_at, expires_at = excluded.expires_at where a.expires_at <= v_now;

  with found as (
    update postrider.recipient r
    set line1 = a.line1, line2 = a.line2, city = a.city, region = a.region, postal_code = a."postalCode", country = a.country,
      household_key = postrider.household_key(a.line1, a.line2, a."postalCode", a.country), address_from = 'enricher'
    from jsonb_to_recordset(p_results) as x ("recipientId" uuid, address jsonb)
    cross join lateral jsonb_to_record(nullif(x.address, 'null')) as a (line1 text, line2 text, city text, region text, "postalCode" text, country text)
    join postrider.recipient_state s on s.organization_id = p_organization_id and s.recipient_id = x."recipientId"
    where r.organization_id = p_organization_id and r.id = x."recipientId" and s.cohort_id = p_batch_id and s.state = 'address_enriching'
      and a.line1 is not null
    returning r.*
  )
  select jsonb_agg(jsonb_build_object('n', f.n, 'id', f.id, 'externalId', f.external_id, 'emailKey', f.email_key, 'householdKey', f.household_key,
    'nameKey', postrider.fold(concat_ws(' ', f.first_name, f.last_name))))
  into v_judged from (select row_number() over (order by created_at, source_row, id) as n, found.* from found) f;

  if v_judged is not null then
    update postrider.recipient_state s
    set state = j.verdict, since = v_now, move_no = s.move_no + 1, cohort_id = null, attempt = 0, losses = 0, available_at = j.available_at,
      reason = case j.reason when 'new' then 'address_found' else j.reason end, detail = j.detail
    from postrider.judge(p_organization_id, v_campaign_id, v_judged) j
    where s.organization_id = p_organization_id and s.recipient_id = j.id and s.cohort_id = p_batch_id and s.state = 'address_enriching';
    get diagnostics v_moved = row_count;
  end if;

  update postrider.recipient_state s
  set state = 'skipped', since = v_now, move_no = s.move_no + 1, cohort_id = null, reason = 'no_address', detail = 'asked ' || p_enricher
  where s.organization_id = p_organization_id and s.cohort_id = p_batch_id and s.state = 'address_enriching'
    and (p_last or s.recipient_id in (select x."recipientId" from jsonb_to_recordset(p_results) as x ("recipientId" uuid, address jsonb)
      where nullif(x.address, 'null') is null));
  get diagnostics v_more = row_count;

  update postrider.enrichment_batch set closed_at = v_now, closed_why = 'done'
  where organization_id = p_organization_id and id = p_batch_id and closed_at is null and not exists (
    select from postrider.recipient_state where organization_id = p_organization_id and cohort_id = p_batch_id);
  perform postrider.act_as(v_before);
  return v_moved + v_more;
end $$;

-- The enricher does not have the batch, or it is past its deadline: its people go back, and after ten such losses to error.
create function postrider.enrich_lost(p_organization_id uuid, p_batch_id uuid, p_why text, p_after interval default '1 minute') returns int
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_before text := postrider.act_as('enrich');
  v_now timestamptz := postrider.now();
  v_moved int;
begin
  perform postrider.require_within('the time to wait', p_after, interval '0', interval '1 year');
  perform from postrider.recipient_state
  where organization_id = p_organization_id and cohort_id = p_batch_id order by recipient_id for no key update;
  update postrider.recipient_state
  set state = case when losses >= 9 then 'error' else 'address_enrichable' end, since = v_now, move_no = move_no + 1, cohort_id = null,
    losses = losses + 1, reason = case when losses >= 9 then 'too_many_losses' else 'batch_lost' end, detail = left(p_why, 500),
    available_at = v_now + p_after
  where organization_id = p_organization_id and cohort_id = p_batch_id and state = 'address_enriching';
  get diagnostics v_moved = row_count;
  update postrider.enrichment_batch set closed_at = v_now, closed_why = left(p_why, 500)
  where organization_id = p_organization_id and id = p_batch_id and closed_at is null;
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Where no enricher is configured, waiting for an address would be for ever.
create function postrider.enrich_none(p_organization_id uuid, p_campaign_id uuid) returns int
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_before text := postrider.act_as('enrich');
  v_now timestamptz := postrider.now();
  v_moved int;
begin
  perform postrider.lock_for_sync(p_organization_id, p_campaign_id);
  update postrider.recipient_state
  set state = 'skipped', since = v_now, move_no = move_no + 1, reason = 'no_address', detail = 'the campaign has no enricher'
  where organization_id = p_organization_id and campaign_id = p_campaign_id and state = 'address_enrichable';
  get diagnostics v_moved = row_count;
  perform postrider.act_as(v_before);
  return v_moved;
end $$;
