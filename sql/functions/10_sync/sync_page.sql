-- Applies one page. p_members: [{row, externalId, email, firstName, lastName, line1, line2, city, region, postalCode, country, merge}],
-- p_rejects: [{row, column, externalId, reason, message}]. Running it again changes nothing.
create function postrider.sync_page(p_organization_id uuid, p_campaign_id uuid, p_token uuid, p_run_id uuid, p_members jsonb, p_rejects jsonb,
  p_waited_ms bigint default 0)
returns void
language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('sync');
  v_campaign postrider.campaign := postrider.lock_for_sync(p_organization_id, p_campaign_id, p_token);
  v_now timestamptz := postrider.now();
  v_known jsonb;
  v_new jsonb;
  v_repeated int;
  v_nameless boolean;
  v_changed int := 0;
  v_created int := 0;
  v_by_state jsonb;
  v_turned_away jsonb;
begin
  perform postrider.require_list('the members', jsonb_typeof(p_members));
  perform postrider.require_list('the rejects', coalesce(jsonb_typeof(p_rejects), 'array'));
  if exists (select from jsonb_array_elements(p_rejects) as r (told) where told ->> 'reason' is null or told ->> 'message' is null) then
    perform postrider.fail('PR020', 'a reject lacks its reason or message', 'each has both; nobody of the page was taken in');
  end if;
  perform postrider.require_within('the milliseconds waited', p_waited_ms, 0, 1000000000000);
  if v_campaign.id is null then
    perform postrider.fail('PR010', 'there is no such campaign', 'select name, id from postrider.campaigns; nothing was changed');
  end if;
  if v_campaign.status not in ('pending', 'active', 'paused') then
    perform postrider.fail('PR012', format('campaign %s became %s during the sync', v_campaign.name, v_campaign.status),
      'pages applied so far stand, nothing else was changed');
  end if;

  -- Each member with its keys, and whom we know already. A second row with the same id in a run counts as a repeat, wherever its person is by now: the
  -- first one stands. Whoever is met is remembered for it, and for who has left.
  with member as (
    select m."row", postrider.trimmed(m."externalId") as "externalId", m.email, m."firstName", m."lastName", m.line1, m.line2, m.city, m.region,
      m."postalCode", m.country, m.merge, row_number() over () as n,
      case when m.line1 is not null then postrider.household_key(m.line1, m.line2, m."postalCode", m.country) end as household_key,
      postrider.email_key(m.email) as email_key, postrider.fold(concat_ws(' ', m."firstName", m."lastName")) as name_key
    from jsonb_to_recordset(p_members) as m ("row" bigint, "externalId" text, email text, "firstName" text, "lastName" text, line1 text,
      line2 text, city text, region text, "postalCode" text, country text, merge jsonb)
  ), placed as (
    select m.*, r.id, g.met is not null or row_number() over (partition by m."externalId" order by m.n) > 1 as repeated
    from member m
    -- One look-up a row: a planner without statistics, as in a first sync, would read the whole campaign for every page.
    left join lateral (
      select x.id from postrider.recipient x
      where x.organization_id = p_organization_id and x.campaign_id = p_campaign_id and x.external_id = m."externalId" limit 1) r on true
    left join lateral (
      select true as met from postrider.sync_seen n
      where n.organization_id = p_organization_id and n.run_id = p_run_id and n.recipient_id = r.id limit 1) g on true
  ), met as (
    insert into postrider.sync_seen (organization_id, run_id, recipient_id)
    select p_organization_id, p_run_id, p.id from placed p where p.id is not null and not p.repeated
  )
  select count(*) filter (where repeated), jsonb_agg(to_jsonb(p) - 'repeated' order by p.n) filter (where not repeated and id is not null),
    jsonb_agg(jsonb_build_object('n', n, 'externalId', "externalId", 'emailKey', email_key, 'householdKey', household_key, 'nameKey', name_key,
      'member', to_jsonb(p) - 'repeated') order by p.n) filter (where not repeated and id is null),
    bool_or("externalId" is null)
  into v_repeated, v_known, v_new, v_nameless from placed p;
  if v_nameless then
    perform postrider.fail('PR020', 'a member has no external id', 'it is what the source calls somebody; nobody of the page was taken in');
  end if;

  if v_known is not null then
    v_changed := postrider.follow_source(p_organization_id, p_campaign_id, p_run_id, v_known, v_now);
  end if;

  if v_new is not null then
    with verdict as materialized (
      select j.*, postrider.new_id() as new_id, x.member as m
      from postrider.judge(p_organization_id, p_campaign_id, v_new) j
      join jsonb_to_recordset(v_new) as x (n int, member jsonb) using (n)
    ), made as (
      insert into postrider.recipient (organization_id, id, campaign_id, external_id, email, first_name, last_name, line1, line2, city, region,
        postal_code, country, address_from, merge, email_key, household_key, reference, source_row, made_in_run, created_at)
      select p_organization_id, v.new_id, p_campaign_id, m."externalId", m.email, m."firstName", m."lastName", m.line1, m.line2, m.city, m.region,
        m."postalCode", m.country, case when m.line1 is not null then 'source' end, coalesce(m.merge, '{}'), m.email_key, m.household_key,
        postrider.new_reference(), m."row", p_run_id, v_now
      from verdict v cross join lateral jsonb_to_record(v.m) as m ("row" bigint, "externalId" text, email text, "firstName" text,
        "lastName" text, line1 text, line2 text, city text, region text, "postalCode" text, country text, merge jsonb, email_key text,
        household_key text)
      where v.reason <> 'erased'
      returning id
    ), met as (
      insert into postrider.sync_seen (organization_id, run_id, recipient_id) select p_organization_id, p_run_id, made.id from made
    ), placed as (
      insert into postrider.recipient_state (organization_id, recipient_id, campaign_id, state, since, move_no, available_at, reason, detail)
      select p_organization_id, v.new_id, p_campaign_id, v.verdict, v_now, 1, v.available_at, v.reason, v.detail
      from verdict v join made on made.id = v.new_id
    )
    select coalesce(sum(people) filter (where reason <> 'erased'), 0), jsonb_object_agg(verdict || ':' || reason, people)
    into v_created, v_by_state from (select verdict, reason, count(*) as people from verdict group by 1, 2) g;
    with verdict as (
      select split_part(key, ':', 1) as state, split_part(key, ':', 2) as reason, value::int as people from jsonb_each_text(v_by_state)
    )
    select (select jsonb_object_agg(state, people) from (
        select state, sum(people) as people from verdict where reason <> 'erased' group by 1) s),
      (select jsonb_object_agg(reason, people) from (
        select reason, sum(people) as people from verdict where state in ('skipped', 'blacklisted', 'holdout') group by 1) r)
    into v_by_state, v_turned_away;
  end if;

  perform postrider.sync_count(p_organization_id, p_run_id, jsonb_array_length(p_members), v_created, v_changed,
    coalesce(jsonb_array_length(v_known), 0) - v_changed, v_repeated, v_by_state, v_turned_away, p_rejects, p_waited_ms);
  perform postrider.act_as(v_before);
end $$;

-- Adds a page to the run's report.
create function postrider.sync_count(p_organization_id uuid, p_run_id uuid, p_members int, p_created int, p_changed int, p_unchanged int,
  p_repeated int, p_by_state jsonb, p_turned_away jsonb, p_rejects jsonb, p_waited_ms bigint) returns void
language plpgsql as $$
declare
  v_invalid int := jsonb_array_length(coalesce(p_rejects, '[]'));
begin
  insert into postrider.sync_reject (organization_id, run_id, ordinal, source_row, source_column, external_id, reason, message)
  select p_organization_id, p_run_id, r.invalid + x.ordinal, x."row", x."column", postrider.trimmed(x."externalId"), x.reason, x.message
  from postrider.sync_run r,
    rows from (jsonb_to_recordset(coalesce(p_rejects, '[]')) as ("row" bigint, "column" text, "externalId" text, reason text, message text))
      with ordinality as x ("row", "column", "externalId", reason, message, ordinal)
  where r.organization_id = p_organization_id and r.id = p_run_id;
  update postrider.sync_run set
    fetched = fetched + p_members + v_invalid, created = created + p_created, changed = changed + p_changed, unchanged = unchanged + p_unchanged,
    repeated = repeated + p_repeated, invalid = invalid + v_invalid, pages = pages + 1, waited_ms = waited_ms + p_waited_ms,
    created_by_state = postrider.add_counts(created_by_state, p_by_state), turned_away = postrider.add_counts(turned_away, p_turned_away)
  where organization_id = p_organization_id and id = p_run_id;
end $$;

create function postrider.add_counts(p_a jsonb, p_b jsonb) returns jsonb
language sql immutable
return (
  select coalesce(jsonb_object_agg(key, people), '{}')
  from (select key, sum(value::bigint) as people
    from (select * from jsonb_each_text(p_a) union all select * from jsonb_each_text(coalesce(p_b, '{}'))) both_of_them group by key) summed);
