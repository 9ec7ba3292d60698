-- Applies one page of a sync. Running it again changes nothing.
-- p_members: [{row, externalId, email, otherEmails: [], firstName, lastName, line1, line2, city,
-- region, postalCode, country, merge, doNotMail: true, doNotMailBecause,
-- notes: [{column, reason, message}]}],
-- p_rejects: [{row, column, externalId, reason, message}].
create function postrider.apply_sync_page(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_token uuid,
  p_run_id uuid,
  p_members jsonb,
  p_rejects jsonb,
  p_waited_ms bigint default 0
) returns void language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('sync');
  v_campaign postrider.campaign :=
    postrider.lock_for_sync(p_organization_id, p_campaign_id, p_token);
begin
  perform postrider.require_page(v_campaign, p_members, p_rejects, p_waited_ms);
  perform postrider.apply_members(
    p_organization_id, p_campaign_id, p_run_id, p_members, p_rejects, p_waited_ms);
  perform postrider.act_as(v_before);
end $$;

-- Changes the people of a page who are known, admits the others, and counts both in the run. The
-- caller has claimed sync, and holds the locks.
create function postrider.apply_members(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_run_id uuid,
  p_members jsonb,
  p_rejects jsonb,
  p_waited_ms bigint
) returns void language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_known jsonb;
  v_newcomers jsonb;
  v_repeated int;
  v_repeats jsonb;
  v_conflicts jsonb;
  v_unmailable jsonb;
  v_stopped uuid[];
  v_changed int := 0;
  v_told jsonb;
  v_created int := 0;
  v_by_state jsonb;
  v_turned_away jsonb;
begin
  select m.known, m.newcomers, m.repeated, m.repeats, m.conflicts, m.unmailable
  into v_known, v_newcomers, v_repeated, v_repeats, v_conflicts, v_unmailable
  from postrider.recognise_members(p_organization_id, p_campaign_id, p_run_id, p_members) m;
  -- First: who is stopped holds the place against a newcomer who is the same person.
  v_stopped := postrider.keep_from_mail(p_organization_id, p_campaign_id, v_known, v_unmailable);
  if v_known is not null then
    select c.changed, c.told
    into v_changed, v_told
    from postrider.apply_source_changes(p_organization_id, p_campaign_id, v_known, v_now) c;
  end if;
  if cardinality(v_stopped) > 0 then
    -- A person who is stopped does not follow the source any more, and is not counted above.
    v_changed := v_changed + (
      select count(*)
      from jsonb_array_elements(v_known) k
      where (k ->> 'id')::uuid = any (v_stopped));
  end if;
  if v_newcomers is not null then
    select a.created, a.by_state, a.turned_away
    into v_created, v_by_state, v_turned_away
    from postrider.admit_members(p_organization_id, p_campaign_id, p_run_id, v_newcomers, v_now) a;
  end if;
  if v_repeats is not null then
    perform postrider.keep_emails_of_repeats(p_organization_id, p_campaign_id, v_repeats);
  end if;
  perform postrider.count_sync_page(
    p_organization_id, p_run_id, jsonb_array_length(p_members), v_created, v_changed,
    coalesce(jsonb_array_length(v_known), 0) - v_changed, v_repeated, v_by_state,
    postrider.with_stopped(v_turned_away, v_stopped), p_rejects, v_conflicts, p_waited_ms);
  perform postrider.keep_notes(
    p_organization_id, p_run_id, p_members || coalesce(v_told, '[]'));
end $$;

-- Refuses a page that makes no sense, or whose campaign does not sync any more.
create function postrider.require_page(
  p_campaign postrider.campaign,
  p_members jsonb,
  p_rejects jsonb,
  p_waited_ms bigint
) returns void language plpgsql stable as $$
begin
  perform postrider.require_list('the members', jsonb_typeof(p_members));
  perform postrider.require_list('the rejects', coalesce(jsonb_typeof(p_rejects), 'array'));
  if exists (
    select from jsonb_array_elements(p_rejects) as r (told)
    where told ->> 'reason' is null or told ->> 'message' is null)
  then
    perform postrider.fail(
      'PR020',
      'a reject lacks its reason or message',
      'each has both; nobody was taken in from this page');
  end if;
  if exists (
    select from jsonb_path_query(p_members, '$[*].notes[*] ? (@ != null)') as n (told)
    where told ->> 'reason' is null or told ->> 'message' is null)
  then
    perform postrider.fail(
      'PR020',
      'a note of a member lacks its reason or message',
      'each has both; nobody was taken in from this page');
  end if;
  perform postrider.require_within('the milliseconds waited', p_waited_ms, 0, 1000000000000);
  if p_campaign.id is null then
    perform postrider.fail(
      'PR010',
      'there is no such campaign',
      'select name, id from postrider.campaigns; nothing was changed');
  end if;
  if p_campaign.status not in ('pending', 'active', 'paused') then
    perform postrider.fail(
      'PR012',
      format('campaign %s became %s during the sync', p_campaign.name, p_campaign.status),
      'pages applied so far stand, nothing else was changed');
  end if;
end $$;

-- Takes in people who are new, each by the verdict on them, and counts them. An erased person is
-- not made again, and counts as turned away only.
-- p_newcomers: as in recognise_members. by_state: people by state, turned_away: people by reason.
create function postrider.admit_members(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_run_id uuid,
  p_newcomers jsonb,
  p_now timestamptz,
  out created int,
  out by_state jsonb,
  out turned_away jsonb
) language plpgsql as $$
#variable_conflict use_column
declare
  v_verdicts jsonb;
begin
  with verdict as materialized (
    select j.*, postrider.new_id() as new_id, x.member as m
    from postrider.check_eligibility(p_organization_id, p_campaign_id, p_newcomers) j
    join jsonb_to_recordset(p_newcomers) as x (n int, member jsonb) using (n)
  ), made as (
    insert into postrider.recipient (
      organization_id, id, campaign_id, external_id, email, other_emails, first_name, last_name,
      line1, line2, city, region, postal_code, country, address_from, merge,
      email_key, household_key, reference, source_row, made_in_run, created_at)
    select
      p_organization_id, v.new_id, p_campaign_id, m."externalId", m.email, m."otherEmails",
      m."firstName", m."lastName", m.line1, m.line2, m.city, m.region, m."postalCode", m.country,
      case when m.line1 is not null then 'source' end, coalesce(m.merge, '{}'),
      m.email_keys[1], m.household_key, postrider.new_reference(), m."row", p_run_id, p_now
    from verdict v
    cross join lateral jsonb_to_record(v.m) as m (
      "row" bigint, "externalId" text, email text, "otherEmails" text[], "firstName" text,
      "lastName" text, line1 text, line2 text, city text, region text, "postalCode" text,
      country text, merge jsonb, email_keys text[], household_key text)
    where v.reason <> 'erased'
    returning id, source_row
  ), known_by as (
    insert into postrider.recipient_other_email (organization_id, recipient_id, email_key)
    select p_organization_id, made.id, e.email_key
    from verdict v
    join made on made.id = v.new_id
    cross join lateral jsonb_array_elements_text(v.m -> 'email_keys')
      with ordinality as e (email_key, n)
    where e.n > 1
  ), seen as (
    insert into postrider.sync_seen (
      organization_id, run_id, recipient_id, source_row, email_hashes, household_hash, name_hash)
    select p_organization_id, p_run_id, made.id, made.source_row, m.email_hashes,
      m.household_hash, m.name_hash
    from made
    join verdict v on v.new_id = made.id
    cross join lateral jsonb_to_record(v.m) as m (
      email_hashes int[], household_hash int, name_hash int)
  ), placed as (
    insert into postrider.recipient_state (
      organization_id, recipient_id, campaign_id, state, since, move_no, available_at, reason,
      detail)
    select
      p_organization_id, v.new_id, p_campaign_id, v.verdict, p_now, 1, v.available_at, v.reason,
      coalesce('of recipient ' || f.new_id, v.detail)
    from verdict v
    join made on made.id = v.new_id
    left join verdict f on f.n = v.duplicate_of_n
  )
  select
    coalesce(sum(g.people) filter (where g.reason <> 'erased'), 0),
    jsonb_object_agg(g.verdict || ':' || g.reason, g.people)
  into created, v_verdicts
  from (
    select v.verdict, v.reason, count(*) as people
    from verdict v
    group by 1, 2
  ) g;

  with verdict as (
    select
      split_part(key, ':', 1) as state,
      split_part(key, ':', 2) as reason,
      value::int as people
    from jsonb_each_text(v_verdicts)
  )
  select
    (select jsonb_object_agg(s.state, s.people) from (
      select v.state, sum(v.people) as people
      from verdict v
      where v.reason <> 'erased'
      group by 1) s),
    (select jsonb_object_agg(r.reason, r.people) from (
      select v.reason, sum(v.people) as people
      from verdict v
      where v.state in ('skipped', 'blacklisted', 'holdout')
      group by 1) r)
  into by_state, turned_away;
end $$;
