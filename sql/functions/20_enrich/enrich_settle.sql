-- Results. p_results: [{recipientId, address: {line1, line2, city, region, postalCode, country} | null}]. p_last: whoever is left was not found.
-- What is told of somebody who never was in the batch counts for nothing; who was taken out of it meanwhile is remembered, having been paid for.
create function postrider.enrich_settle(p_organization_id uuid, p_batch_id uuid, p_enricher text, p_results jsonb, p_last boolean,
  p_hit_life interval default '365 days', p_miss_life interval default '90 days') returns int
language plpgsql security definer as $$
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
