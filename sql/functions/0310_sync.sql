-- Sync: a segment becomes recipients. Pages are fetched outside any transaction and applied one by one in short ones.

-- Takes the campaign's lock and opens a run. The gate is checked inside the lock: the campaign may have changed since it was listed, and manual
-- and forced syncs come this way too. Returns the run, or raises PR011 (busy) or PR012 (gate).
create function postrider.sync_open(p_organization_id uuid, p_campaign_id uuid, p_kind text, p_holder text, p_lease interval default '30 seconds')
returns table (run_id uuid, token uuid)
language plpgsql security definer set search_path = postrider, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := postrider.now();
  v_run_id uuid := postrider.new_id();
  v_token uuid := gen_random_uuid();
  v_lock postrider.campaign_lock;
  v_campaign postrider.campaign;
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_given('who syncs', p_holder);
  perform postrider.require_lease(p_lease);
  if coalesce(p_kind, '') not in ('automatic', 'manual', 'forced') then
    perform postrider.fail('PR020', format('a sync is automatic, manual or forced, not %L', p_kind), 'nothing was changed');
  end if;
  if not exists (select from postrider.campaign where organization_id = p_organization_id and id = p_campaign_id) then
    perform postrider.fail('PR010', 'there is no such campaign', 'select name, id from postrider.campaigns; nothing was changed');
  end if;
  insert into postrider.campaign_lock as l (organization_id, campaign_id, holder, token, since, until)
  values (p_organization_id, p_campaign_id, p_holder, v_token, v_now, v_now + p_lease)
  on conflict (organization_id, campaign_id) do update
    set holder = excluded.holder, token = excluded.token, since = excluded.since, until = excluded.until
    where l.until < v_now;
  if not found then
    select * into v_lock from postrider.campaign_lock where organization_id = p_organization_id and campaign_id = p_campaign_id;
    perform postrider.fail('PR011', format('the campaign is being synced by %s since %s', v_lock.holder,
        to_char(v_lock.since at time zone (select time_zone from postrider.organization where id = p_organization_id), 'HH24:MI:SS')),
      'wait for it (--wait), or try again later; a crashed sync frees itself within 30 seconds',
      jsonb_build_object('holder', v_lock.holder, 'since', v_lock.since, 'until', v_lock.until));
  end if;
  select * into v_campaign from postrider.campaign where organization_id = p_organization_id and id = p_campaign_id;
  if not (v_campaign.status in ('pending', 'active', 'paused')
    and (v_campaign.campaign_mode = 'automated' or v_campaign.status = 'pending')) then
    perform postrider.fail('PR012', format('campaign %s does not sync: it is %s and %s', v_campaign.name, v_campaign.campaign_mode, v_campaign.status),
      case v_campaign.status_before_hold when 'pending' then 'it is held: release it, and it is pending again'
        else 'automated campaigns sync while pending, active or paused, one-offs until they are launched' end || '; nothing was changed',
      jsonb_build_object('status', v_campaign.status, 'campaign_mode', v_campaign.campaign_mode));
  end if;
  if v_campaign.provider_segment_id is null then
    perform postrider.fail('PR012', format('campaign %s names no segment', v_campaign.name),
      'set `segment` in the campaign file and apply it; nothing was changed', jsonb_build_object('segment', null));
  end if;
  -- The run before this one lost its lock, or it would have ended: it ends here, without a conclusion.
  with silent as (
    update postrider.sync_run r set ended_at = v_now, error = 'the runner went silent; pages applied until then stand'
    where r.organization_id = p_organization_id and r.ended_at is null and r.id = (
      select p.id from postrider.sync_run p
      where p.organization_id = p_organization_id and p.campaign_id = p_campaign_id order by p.started_at desc limit 1)
    returning r.id
  )
  delete from postrider.sync_seen n using silent where n.organization_id = p_organization_id and n.run_id = silent.id;
  insert into postrider.sync_run (organization_id, id, campaign_id, kind, started_at)
  values (p_organization_id, v_run_id, p_campaign_id, p_kind, v_now);
  return query select v_run_id, v_token;
end $$;

create function postrider.sync_renew(p_organization_id uuid, p_campaign_id uuid, p_token uuid, p_lease interval default '30 seconds') returns boolean
language plpgsql security definer set search_path = postrider, pg_temp as $$
begin
  perform postrider.require_lease(p_lease);
  update postrider.campaign_lock set until = postrider.now() + p_lease
  where organization_id = p_organization_id and campaign_id = p_campaign_id and token = p_token;
  return found;
end $$;

-- The first statements of whoever changes people by the household rules: the organization's sync row alone, then the campaign.
create function postrider.lock_for_sync(p_organization_id uuid, p_campaign_id uuid, p_token uuid default null) returns postrider.campaign
language plpgsql set search_path = postrider, pg_temp as $$
declare
  v_campaign postrider.campaign;
begin
  perform from postrider.organization_sync where organization_id = p_organization_id for no key update;
  -- Without the row nobody waits for anybody, and without the key no suppression matches: neither may pass in silence.
  if not found or not exists (select from postrider.organization_key where organization_id = p_organization_id) then
    perform postrider.fail('PR010', 'the organization''s row in organization_sync or organization_key is gone',
      'organization_sync: insert it again; organization_key: restore it from a backup, no suppression can be told without it; nothing was changed');
  end if;
  select * into v_campaign from postrider.campaign where organization_id = p_organization_id and id = p_campaign_id for share;
  if p_token is not null and not exists (
    select from postrider.campaign_lock where organization_id = p_organization_id and campaign_id = p_campaign_id and token = p_token) then
    perform postrider.fail('PR013', format('the sync of campaign %s lost its lock', v_campaign.name),
      'it was silent for more than 30 seconds and another sync has taken over; pages applied so far stand, nothing else was changed');
  end if;
  return v_campaign;
end $$;

-- Applies one page. p_members: [{row, externalId, email, firstName, lastName, line1, line2, city, region, postalCode, country, merge}],
-- p_rejects: [{row, column, externalId, reason, message}]. Running it again changes nothing.
create function postrider.sync_page(p_organization_id uuid, p_campaign_id uuid, p_token uuid, p_run_id uuid, p_members jsonb, p_rejects jsonb,
  p_waited_ms bigint default 0)
returns void
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
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
language plpgsql set search_path = postrider, pg_temp as $$
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

-- Ends a run and frees the lock. Only a run that fetched every page may conclude that somebody left the segment. Leaving is final, and a source that lost
-- its filter or half its file looks like a segment that emptied: where more than half of those who wait would leave at once, and not only a few, the run
-- concludes nothing and raises an alarm, until somebody says that it is meant (p_allow_departures).
create function postrider.sync_close(p_organization_id uuid, p_campaign_id uuid, p_token uuid, p_run_id uuid, p_complete boolean, p_error text,
  p_allow_departures boolean default false)
returns postrider.sync_run
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_custom_plan as $$
declare
  v_before text := postrider.act_as('sync');
  v_now timestamptz := postrider.now();
  c_few constant int := 24;
  v_campaign postrider.campaign;
  v_gone uuid[];
  v_waiting int;
  v_left int := 0;
  v_complete boolean := p_complete;
  v_error text := p_error;
  v_run postrider.sync_run;
begin
  perform postrider.require_given('whether every page was read', p_complete::text);
  if p_complete then
    v_campaign := postrider.lock_for_sync(p_organization_id, p_campaign_id, p_token);
    v_gone := array(select g.recipient_id from postrider.gone_from_segment(p_organization_id, p_campaign_id, p_run_id) g);
    if cardinality(v_gone) > c_few and not p_allow_departures then
      select count(*) into v_waiting from postrider.recipient_state s
      where s.organization_id = p_organization_id and s.campaign_id = p_campaign_id and s.state in ('address_enrichable', 'pending');
      v_complete := cardinality(v_gone) * 2 <= v_waiting;
    end if;
  end if;
  if v_complete then
    perform from postrider.recipient_state s
    where s.organization_id = p_organization_id and s.recipient_id = any (v_gone) order by s.recipient_id for no key update;
    update postrider.recipient_state s
    set state = 'skipped', since = v_now, move_no = s.move_no + 1, reason = 'left_segment', detail = null
    where s.organization_id = p_organization_id and s.recipient_id = any (v_gone) and s.state in ('address_enrichable', 'pending');
    get diagnostics v_left = row_count;
    update postrider.alarm set cleared_at = v_now, cleared_by = session_user, detail = detail || '{"cleared": "a later sync concluded who has left"}'
    where organization_id = p_organization_id and campaign_id = p_campaign_id and kind = 'mass_departure' and cleared_at is null;
  elsif p_complete then
    v_error := format('%s of the %s people who wait would leave the segment at once, so nobody was taken out: look whether the source tells all of it; '
      'if that is meant: postrider sync %s --allow-departures', cardinality(v_gone), v_waiting, v_campaign.name);
    insert into postrider.alarm (organization_id, id, kind, campaign_id, detail, raised_at)
    select p_organization_id, postrider.new_id(), 'mass_departure', p_campaign_id,
      jsonb_build_object('run', p_run_id, 'leaving', cardinality(v_gone), 'waiting', v_waiting), v_now
    where not exists (
      select from postrider.alarm a
      where a.organization_id = p_organization_id and a.campaign_id = p_campaign_id and a.kind = 'mass_departure' and a.cleared_at is null);
  end if;
  delete from postrider.sync_seen where organization_id = p_organization_id and run_id = p_run_id;
  update postrider.sync_run set ended_at = v_now, complete = v_complete, left_segment = v_left, error = left(v_error, 2000)
  where organization_id = p_organization_id and id = p_run_id returning * into v_run;
  delete from postrider.campaign_lock where organization_id = p_organization_id and campaign_id = p_campaign_id and token = p_token;
  perform postrider.act_as(v_before);
  return v_run;
end $$;

-- Whose row can no longer be read is in the segment all the same, where the reject names them.
create function postrider.gone_from_segment(p_organization_id uuid, p_campaign_id uuid, p_run_id uuid) returns table (recipient_id uuid)
language sql stable
begin atomic
  select s.recipient_id from postrider.recipient_state s
  where s.organization_id = p_organization_id and s.campaign_id = p_campaign_id and s.state in ('address_enrichable', 'pending')
    and not exists (
      select from postrider.sync_seen n
      where n.organization_id = p_organization_id and n.run_id = p_run_id and n.recipient_id = s.recipient_id)
    and not exists (
      select from postrider.mailpiece m
      where m.organization_id = p_organization_id and m.recipient_id = s.recipient_id and m.status not in ('rejected', 'cancelled', 'failed'))
  except
  select r.id from postrider.sync_reject j
  -- One look-up a reject, as in sync_page.
  cross join lateral (
    select x.id from postrider.recipient x
    where x.organization_id = p_organization_id and x.campaign_id = p_campaign_id and x.external_id = j.external_id limit 1) r
  where j.organization_id = p_organization_id and j.run_id = p_run_id;
end;
