-- Enrichment: people known by e-mail get a postal address. A batch is a row of its own, not a
-- cohort: it may take hours, and no lease spans those.

-- Takes up to p_limit people into a batch. People in the cache are answered at once, for nothing.
-- Returns null where nobody waits, or where the breaker of the enricher is open; else {batchId,
-- people: [{recipientId, email, otherEmails: [], firstName, lastName}], cached}, with those who
-- must be asked for.
-- p_rest: how long it may take to hand the batch over. Until then nobody else looks after it: an
-- enricher that does not have it yet may have it a moment later, and would be paid twice.
create function postrider.claim_batch(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_enricher text,
  p_limit int,
  p_deadline interval,
  p_rest interval
) returns json language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('enrich');
  v_batch json := postrider.open_enrichment_batch(
    p_organization_id, p_campaign_id, p_enricher, p_limit, p_deadline, p_rest);
begin
  perform postrider.act_as(v_before);
  return v_batch;
end $$;

-- Makes the batch, moves its people into it, and settles those whose address is in the cache.
create function postrider.open_enrichment_batch(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_enricher text,
  p_limit int,
  p_deadline interval,
  p_rest interval
) returns json language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_batch_id uuid := postrider.new_id();
  v_campaign postrider.campaign := postrider.lock_for_sync(p_organization_id, p_campaign_id);
  v_people uuid[];
  v_cached jsonb;
begin
  perform postrider.require_given('the enricher', p_enricher);
  perform postrider.require_within('the limit', p_limit, 0, 1000000);
  perform postrider.require_within(
    'the deadline', p_deadline, interval '0', interval '1 year');
  perform postrider.require_within('the time to rest', p_rest, interval '0', interval '1 year');
  if v_campaign.status not in ('pending', 'active')
    or exists (
      select from postrider.organization
      where id = p_organization_id
        and held_at is not null)
    or postrider.broken_adapter(v_campaign, 'enricher') is not null
  then
    return null;
  end if;
  v_people := postrider.lock_ready(
    p_organization_id, p_campaign_id, 'address_enrichable', v_now, p_limit);
  if cardinality(v_people) = 0 then
    return null;
  end if;
  insert into postrider.enrichment_batch (
    organization_id, id, campaign_id, enricher, people, claimed_at, deadline, next_poll_at)
  values (
    p_organization_id, v_batch_id, p_campaign_id, p_enricher, cardinality(v_people), v_now,
    v_now + p_deadline, v_now + p_rest);
  update postrider.recipient_state
  set
    state = 'address_enriching',
    since = v_now,
    move_no = move_no + 1,
    cohort_id = v_batch_id,
    reason = 'staged',
    detail = null
  where organization_id = p_organization_id
    and recipient_id = any (v_people);

  select jsonb_agg(jsonb_build_object('recipientId', r.id, 'address', a.address))
  into v_cached
  from postrider.recipient r
  join postrider.address_cache a
    on a.organization_id = r.organization_id
    and a.enricher = p_enricher
    and a.email_key = r.email_key
    and a.expires_at > v_now
  where r.organization_id = p_organization_id
    and r.id = any (v_people);
  if v_cached is not null then
    perform postrider.settle_batch(
      p_organization_id, v_batch_id, p_enricher, v_cached, false);
  end if;
  return json_build_object(
    'batchId', v_batch_id,
    'people', postrider.people_to_ask(p_organization_id, v_batch_id, v_people),
    'cached', coalesce(jsonb_array_length(v_cached), 0));
end $$;

-- Lists what an enricher is told of those of the people who are in the batch still.
create function postrider.people_to_ask(
  p_organization_id uuid,
  p_batch_id uuid,
  p_people uuid[]
) returns json language sql stable
return (
  select coalesce(
    json_agg(
      json_build_object(
        'recipientId', r.id, 'email', r.email,
        'otherEmails', coalesce(r.other_emails, '{}'),
        'firstName', r.first_name, 'lastName', r.last_name) order by r.id),
    '[]')
  from postrider.recipient r
  join postrider.recipient_state s
    on s.organization_id = r.organization_id and s.recipient_id = r.id
  where r.organization_id = p_organization_id
    and s.cohort_id = p_batch_id
    and r.id = any (p_people)
);

-- Sets the enricher's id of a batch where it has none, and returns the id that stands.
create function postrider.note_batch_submitted(
  p_organization_id uuid,
  p_batch_id uuid,
  p_provider_batch_id text
) returns text language sql volatile security definer
begin atomic
  update postrider.enrichment_batch
  set provider_batch_id = p_provider_batch_id
  where organization_id = p_organization_id
    and id = p_batch_id
    and provider_batch_id is null;
  select provider_batch_id
  from postrider.enrichment_batch
  where organization_id = p_organization_id
    and id = p_batch_id;
end;

-- Takes the open batches that must be looked after now, each for a minute: [{batchId, campaignId,
-- enricher, providerBatchId, overdue}], or null. While the breaker of their enricher is open they
-- wait, up to their deadline.
create function postrider.due_batches(
  p_organization_id uuid
) returns json language sql volatile security definer
begin atomic
  with due as (
    update postrider.enrichment_batch b
    set next_poll_at = postrider.now() + interval '1 minute'
    where b.organization_id = p_organization_id
      and b.id = any (array(
        select d.id
        from postrider.enrichment_batch d
        join postrider.campaign c
          on c.organization_id = d.organization_id and c.id = d.campaign_id
        where d.organization_id = p_organization_id
          and d.closed_at is null
          and d.next_poll_at <= postrider.now()
          and (postrider.broken_adapter(c, 'enricher') is null or d.deadline < postrider.now())
        for no key update of d skip locked))
    returning b.*
  )
  select json_agg(
    json_build_object(
      'batchId', id, 'campaignId', campaign_id, 'enricher', enricher,
      'providerBatchId', provider_batch_id, 'overdue', deadline < postrider.now())
    order by id)
  from due;
end;
