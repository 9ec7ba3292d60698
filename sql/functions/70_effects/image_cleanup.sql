-- Documents at image hosts go when the last of their cards is through.

-- Tells whether all cards of a document are through: each one that uses it was printed by the
-- printer's word, or no card comes of it; and nobody who waits will be sent with it. Never while it
-- is not known whether a card was made, or while one may be sent again: the printer may fetch it
-- then. Where a printer tells nothing of a card, it counts as printed after the time for which
-- images are kept at most.
create function postrider.cards_are_through(
  p_document postrider.stored_document,
  p_keep interval,
  p_now timestamptz
) returns boolean language sql stable
return not exists (
  select from unnest(p_document.people) as p (id)
  join postrider.recipient_state s
    on s.organization_id = p_document.organization_id and s.recipient_id = p.id
  join postrider.state t on t.name = s.state
  where (t.kind <> 'terminal' and s.state <> 'sent' and exists (
      select from postrider.proof x
      where x.organization_id = s.organization_id
        and x.recipient_id = s.recipient_id
        and p_document.url in (x.front_url, x.back_url)))
    or exists (
      select from postrider.mailpiece m
      where m.organization_id = s.organization_id
        and m.recipient_id = s.recipient_id
        -- Of somebody who was erased it is not known which one it uses.
        and (m.erased_at is not null
          or p_document.url in (
            m.request #>> '{artwork,front,url}', m.request #>> '{artwork,back,url}'))
        and (m.status in ('submitting', 'unknown')
          or m.status = 'accepted' and m.accepted_at > p_now - p_keep)));

-- Tells whether an equal document of another cohort, which has the same URL, has cards that are not
-- through.
create function postrider.is_in_use_elsewhere(p_document postrider.stored_document)
returns boolean language sql stable
return exists (
  select from postrider.stored_document o
  where o.url_key = p_document.url_key
    and o.state = 'waiting'
    and o.through_at is null
    and (o.organization_id, o.cohort_id) <> (p_document.organization_id, p_document.cohort_id));

-- Gives a runner the documents of a campaign that are to be removed: [{cohortId, urlKey, url,
-- attempt}], or null. A document is looked at a few times a day until its cards are through, then
-- rests for the campaign's time, and is judged once more. From here on its proofs say that their
-- pictures are gone: a runner that dies leaves none that leads nowhere.
-- p_removable: whether the image host removes anything. Where it does not, nothing is marked.
create function postrider.claim_image_cleanups(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_limit int,
  p_lease interval,
  p_removable boolean
) returns json language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_after interval;
  v_keep interval;
  v_keys uuid[];
  v_claimed json;
begin
  perform postrider.require_within('the limit', p_limit, 0, 1000000);
  perform postrider.require_lease(p_lease);
  select case when p_removable then remove_images_after end, keep_images_at_most
  into v_after, v_keep
  from postrider.campaign
  where organization_id = p_organization_id and id = p_campaign_id;
  if v_after is null then
    update postrider.stored_document
    set available_at = v_now + interval '1 day'
    where organization_id = p_organization_id
      and campaign_id = p_campaign_id
      and state = 'waiting'
      and available_at <= v_now;
    return null;
  end if;

  -- Locks first, judges in a later statement: an equal document may be stored at this moment.
  select array_agg(k.url_key order by k.url_key)
  into v_keys
  from (
    select distinct d.url_key
    from (
      select url_key
      from postrider.stored_document
      where organization_id = p_organization_id
        and campaign_id = p_campaign_id
        and state = 'waiting'
        and available_at <= v_now
      order by available_at
      limit p_limit
      for no key update skip locked) d) k;
  perform pg_advisory_xact_lock(postrider.document_lock(k.url_key))
  from unnest(v_keys) as k (url_key);

  with judged as materialized (
    select d.cohort_id, d.url_key, d.through_at,
      postrider.cards_are_through(d, v_keep, v_now) as is_through,
      postrider.is_in_use_elsewhere(d) as is_in_use
    from postrider.stored_document d
    where d.organization_id = p_organization_id
      and d.campaign_id = p_campaign_id
      and d.url_key = any (v_keys)
      and d.state = 'waiting'
      and d.available_at <= v_now
  ), timed as materialized (
    select j.*, coalesce(j.through_at, v_now) as since,
      j.is_through and coalesce(j.through_at, v_now) <= v_now - v_after and not j.is_in_use as goes
    from judged j
  ), looked_at as (
    update postrider.stored_document d
    set through_at = case when t.is_through then t.since end,
      available_at = case
        when t.goes then v_now + p_lease
        when t.is_through and t.since > v_now - v_after then t.since + v_after
        else v_now + interval '6 hours' end,
      attempt = d.attempt + t.goes::int,
      claimed_at = case when t.goes then coalesce(d.claimed_at, v_now) else d.claimed_at end
    from timed t
    where d.organization_id = p_organization_id
      and d.cohort_id = t.cohort_id
      and d.url_key = t.url_key
    returning d.*, t.goes
  ), marked as (
    update postrider.proof x
    set removed_at = v_now
    from looked_at d
    cross join lateral unnest(d.people) as p (id)
    where d.goes
      and x.organization_id = p_organization_id
      and x.recipient_id = p.id
      and x.removed_at is null
      and d.url in (x.front_url, x.back_url)
  )
  select json_agg(json_build_object(
      'cohortId', d.cohort_id,
      'urlKey', d.url_key,
      'url', d.url,
      'attempt', d.attempt) order by d.cohort_id, d.url_key)
  into v_claimed
  from looked_at d
  where d.goes;
  return v_claimed;
end $$;

-- Takes what became of documents, and returns how many it settled.
-- p_results: [{cohortId, urlKey, outcome: removed|retry|failed, message, afterMs}].
create function postrider.settle_image_cleanups(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_results json
) returns int language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_settled int;
  v_works boolean;
  v_error text;
begin
  perform postrider.require_list('the results', json_typeof(p_results));
  with settled as (
    update postrider.stored_document d
    set state = case r.outcome when 'removed' then 'done' when 'failed' then 'failed'
        else d.state end,
      done_at = case r.outcome when 'removed' then v_now end,
      error = left(r.message, 500),
      available_at = v_now
        + coalesce(r."afterMs" * interval '1 millisecond', postrider.back_off(d.attempt))
    from json_to_recordset(p_results) as r (
      "cohortId" uuid, "urlKey" uuid, outcome text, message text, "afterMs" int)
    where d.organization_id = p_organization_id
      and d.campaign_id = p_campaign_id
      and d.cohort_id = r."cohortId"
      and d.url_key = r."urlKey"
      and d.state = 'waiting'
      and d.claimed_at is not null
    returning d.state, d.error
  ), failed as (
    insert into postrider.alarm (organization_id, id, kind, campaign_id, detail, raised_at)
    select p_organization_id, postrider.new_id(), 'effect_failed', p_campaign_id,
      jsonb_build_object('effect', 'image_cleanup', 'error', max(s.error)), v_now
    from settled s
    where s.state = 'failed'
      and not exists (
        select from postrider.alarm a
        where a.organization_id = p_organization_id
          and a.cleared_at is null
          and a.kind = 'effect_failed'
          and a.campaign_id = p_campaign_id
          and a.detail ->> 'effect' = 'image_cleanup')
    having count(*) > 0
  )
  select count(*), bool_or(s.state <> 'waiting'), max(s.error)
  into v_settled, v_works, v_error
  from settled s;
  if v_settled > 0 then
    perform postrider.judge_rounds(
      p_organization_id,
      jsonb_build_array(jsonb_build_object(
        'campaign_id', p_campaign_id, 'kind', 'image_cleanup', 'works', v_works,
        'error', coalesce(v_error, ''), 'refused', false)),
      null,
      v_now);
  end if;
  return v_settled;
end $$;
