-- Settles what a runner rendered, and returns how many people moved.
-- p_results: [{recipientId, outcome: rendered|failed|retry|held, contentHash, frontUrl, frontPage,
-- frontHash, backUrl, backPage, backHash, reason, message, afterMs}].
-- p_last: no more results will come; a person who is left was not answered for.
--
-- It waits at most 2 s for a lock, then the runner tries person by person: one open psql
-- transaction must not block nine others. Only rows that still carry the cohort are moved: a replay
-- after a lost COMMIT, or a runner that was written off, changes nothing.
create function postrider.settle_proof(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_results json,
  p_last boolean
) returns int language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('proof');
  v_moved int;
begin
  if json_typeof(p_results) is distinct from 'array' then
    perform postrider.require_list('the results', json_typeof(p_results));
  end if;
  v_moved := postrider.settle_rendered(p_organization_id, p_cohort_id, p_results, p_last);
  perform postrider.act_as(v_before);
  return v_moved;
end $$;

-- Locks the people of the results, stores their proofs, moves them, and returns how many moved. The
-- caller has claimed proof.
create function postrider.settle_rendered(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_results json,
  p_last boolean
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_people uuid[];
  v_held_back interval;
  v_moved int;
begin
  perform postrider.commit_asynchronously();
  v_held_back := postrider.hold_back_of_proofs(p_organization_id, p_cohort_id);
  perform from postrider.cohort
  where organization_id = p_organization_id
    and id = p_cohort_id
  for no key update;
  select array_agg(s.recipient_id) into v_people
  from (
    select recipient_id
    from postrider.recipient_state
    where organization_id = p_organization_id
      and cohort_id = p_cohort_id
      and state = 'proofing'
      -- Only the people of these results: where the runner tries person by person, each call would
      -- wait for the one row that is locked.
      and (
        p_last
        or recipient_id in (
          select x."recipientId"
          from json_to_recordset(p_results) as x ("recipientId" uuid)))
    order by recipient_id
    for no key update
  ) s;
  if postrider.keep_documents(p_organization_id, p_cohort_id, v_people, p_results, v_now) then
    p_results := postrider.without_removed(p_organization_id, p_cohort_id, p_results);
  end if;
  perform postrider.store_proofs(p_organization_id, v_people, p_results, v_now);
  v_moved := postrider.settle_proofing(
    p_organization_id, p_cohort_id, v_people, p_results, p_last, v_held_back, v_now);
  perform postrider.close_cohort_if_done(p_organization_id, p_cohort_id, v_now);
  return v_moved;
end $$;

-- Says for how long cards that are rendered now are kept from the printer. Before the launch
-- nothing can go, and the launch holds back who is proofed by then. One that is under way is waited
-- for: it has looked for its people already, and nobody sees when it was. The lock is that of a
-- begin, and comes before the cohort's as there.
create function postrider.hold_back_of_proofs(
  p_organization_id uuid,
  p_cohort_id uuid
) returns interval language plpgsql as $$
declare
  v_campaign_id uuid;
  v_minutes int;
  v_launched_at timestamptz;
begin
  select c.id, c.hold_back_minutes, c.launched_at
  into v_campaign_id, v_minutes, v_launched_at
  from postrider.cohort k
  join postrider.campaign c
    on c.organization_id = k.organization_id
    and c.id = k.campaign_id
  where k.organization_id = p_organization_id
    and k.id = p_cohort_id;
  if v_launched_at is null then
    perform pg_advisory_xact_lock_shared(
      postrider.lock_key('campaign', p_organization_id, v_campaign_id::text));
    select c.hold_back_minutes, c.launched_at
    into v_minutes, v_launched_at
    from postrider.campaign c
    where c.organization_id = p_organization_id
      and c.id = v_campaign_id;
  end if;
  return case
    when v_launched_at is null then interval '0'
    else v_minutes * interval '1 minute' end;
end $$;

-- Remembers the documents of rendered cards, with their people, so that they are removed when the
-- last of these is through. Tells whether one of them is being removed, or was since the cohort
-- began: equal documents have one URL, and this one may be gone again. By a lock the two see each
-- other.
create function postrider.keep_documents(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_people uuid[],
  p_results json,
  p_now timestamptz
) returns boolean language plpgsql as $$
declare
  v_keys uuid[];
begin
  with document as materialized (
    select u.url, md5(u.url)::uuid as url_key, array_agg(distinct r."recipientId") as people
    from json_to_recordset(p_results) as r (
      "recipientId" uuid, outcome text, "frontUrl" text, "backUrl" text)
    cross join lateral (values (r."frontUrl"), (r."backUrl")) as u (url)
    where r.outcome = 'rendered'
      and r."recipientId" = any (p_people)
    group by u.url
    order by url_key
  ), stored as (
    insert into postrider.stored_document as d (
      organization_id, cohort_id, url_key, campaign_id, url, people, stored_at, available_at)
    select p_organization_id, p_cohort_id, n.url_key, c.campaign_id, n.url, n.people, p_now,
      p_now + interval '1 day'
    from document n
    cross join lateral (
      select pg_advisory_xact_lock_shared(postrider.document_lock(n.url_key))) l
    join postrider.cohort c
      on c.organization_id = p_organization_id and c.id = p_cohort_id
    on conflict (organization_id, cohort_id, url_key) do update
    set people = d.people || excluded.people
    returning d.url_key
  )
  select array_agg(url_key) into v_keys from stored;
  return v_keys is not null and postrider.are_removed(p_organization_id, p_cohort_id, v_keys);
end $$;

-- The lock of a document: who stores it shares it, who removes it has it alone.
create function postrider.document_lock(p_url_key uuid) returns bigint
language sql immutable
return hashtextextended('document ' || p_url_key, 0);

-- Tells whether one of these documents is being removed, or was since the cohort began.
create function postrider.are_removed(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_keys uuid[]
) returns boolean language sql stable
return exists (
  select from postrider.stored_document d
  where d.url_key = any (p_keys)
    and d.claimed_at is not null
    and (d.state <> 'done'
      or d.done_at >= (
        select c.begun_at
        from postrider.cohort c
        where c.organization_id = p_organization_id and c.id = p_cohort_id)));

-- The results, of which cards whose document is being removed are made anew.
create function postrider.without_removed(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_results json
) returns json language sql stable
return (
  select json_agg(case
      when r.value ->> 'outcome' = 'rendered'
        and postrider.are_removed(p_organization_id, p_cohort_id, array[
          md5(r.value ->> 'frontUrl')::uuid, md5(r.value ->> 'backUrl')::uuid])
        then json_build_object(
          'recipientId', r.value ->> 'recipientId',
          'outcome', 'retry',
          'message', 'an equal document was just being removed',
          'afterMs', 300000)
      else r.value end)
  from json_array_elements(p_results) as r (value));

-- Stores where the front and back of each rendered card are.
create function postrider.store_proofs(
  p_organization_id uuid,
  p_people uuid[],
  p_results json,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  insert into postrider.proof as p (
    organization_id, recipient_id, content_hash, front_url, front_page, back_url, back_page,
    made_at, front_hash, back_hash)
  select
    p_organization_id, r."recipientId", r."contentHash", r."frontUrl", r."frontPage",
    r."backUrl", r."backPage", p_now, r."frontHash", r."backHash"
  from json_to_recordset(p_results) as r (
    "recipientId" uuid, outcome text, "contentHash" text, "frontUrl" text, "frontPage" int,
    "frontHash" text, "backUrl" text, "backPage" int, "backHash" text)
  where r.outcome = 'rendered'
    and r."recipientId" = any (p_people)
  on conflict (organization_id, recipient_id) do update
    set
      content_hash = excluded.content_hash,
      front_url = excluded.front_url,
      front_page = excluded.front_page,
      back_url = excluded.back_url,
      back_page = excluded.back_page,
      made_at = excluded.made_at,
      front_hash = excluded.front_hash,
      back_hash = excluded.back_hash,
      removed_at = null;
end $$;

-- Moves the people of the cohort by their results, and returns how many moved. A held recipient
-- keeps its attempt count: the failure was not caused by this card. After twenty attempts a card
-- counts as one that cannot be rendered.
-- p_held_back: for so long a card that was rendered is kept from the printer.
create function postrider.settle_proofing(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_people uuid[],
  p_results json,
  p_last boolean,
  p_held_back interval,
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_moved int;
begin
  update postrider.recipient_state s
  set
    since = p_now,
    move_no = s.move_no + 1,
    cohort_id = null,
    detail = left(r.message, 500),
    state = case
      when r.outcome = 'rendered' then 'proofed'
      when r.outcome = 'held' or r.outcome = 'retry' and s.attempt < 19 then 'pending'
      else 'error'
    end,
    reason = case
      when r.outcome in ('rendered', 'held') then r.outcome
      when r.outcome = 'retry' and s.attempt < 19 then coalesce(r.reason, 'retry')
      else 'render_failed'
    end,
    available_at = case
      when r.outcome = 'retry' and s.attempt < 19
        then p_now
          + coalesce(r."afterMs" * interval '1 millisecond', postrider.back_off(s.attempt))
      when r.outcome = 'rendered' then p_now + p_held_back
      else p_now
    end,
    attempt = case r.outcome
      when 'rendered' then 0
      when 'held' then s.attempt
      else s.attempt + 1
    end,
    losses = case r.outcome when 'rendered' then 0 else s.losses end
  from (
    select "recipientId", outcome, reason, message, "afterMs"
    from json_to_recordset(p_results) as x (
      "recipientId" uuid, outcome text, reason text, message text, "afterMs" int)
    union all
    select id, 'retry', 'not_answered', null, null
    from unnest(p_people) as id
    where p_last
      and not exists (
        select from json_to_recordset(p_results) as x ("recipientId" uuid)
        where x."recipientId" = id)
  ) r
  where s.organization_id = p_organization_id
    and s.recipient_id = r."recipientId"
    and s.cohort_id = p_cohort_id
    and s.state = 'proofing';
  get diagnostics v_moved = row_count;
  return v_moved;
end $$;
