-- About the plans from here to 0400: what happens once a cohort is planned once a session, and its shape is fixed: by index, and by nested loop. Planning
-- each statement anew took a third of the time, and a plan that is free to choose would be made while a table is empty, and then scan it for ever.
-- With a few hundred people a statement, index and nested loop are right at any size of the tables (docs/adr/0011).

-- stage: ready people become cohorts with a job each, in one transaction. The window is bounded: a queue is first come first served, so
-- without a bound fairness and hold would be fiction.

-- Which campaigns may get how many more cohorts now: the next one always to the organization with the fewest open, within it to the campaign
-- with the fewest open. Of those that have equally few anyone: in an order that stays the last of
-- them would wait until another has nobody left, where there are more of them than places.
create function postrider.stage_plan(p_stage text, p_window int)
returns table (organization_id uuid, campaign_id uuid, cohorts int)
language plpgsql volatile security definer set search_path = postrider, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  v_now timestamptz := postrider.now();
  v_source text := case p_stage when 'proof' then 'pending' when 'mail' then 'proofed' end;
  v_free int;
begin
  select p_window - count(*) into v_free from postrider.cohort c where c.stage = p_stage and c.closed_at is null;
  if v_free <= 0 then
    return;
  end if;
  return query
  with open as materialized (
    select c.organization_id, c.campaign_id, count(*) as cohorts
    from postrider.cohort c where c.stage = p_stage and c.closed_at is null group by 1, 2
  ), ready as materialized (
    select c.organization_id, c.id as campaign_id
    from postrider.campaign c
    join postrider.organization o on o.id = c.organization_id and o.held_at is null
    join postrider.printer p on p.organization_id = c.organization_id and p.name = c.printer_name
    -- With a limit, so that it is one look into the index for each campaign, whatever the planner knows.
    cross join lateral (
      select from postrider.recipient_state s
      where s.organization_id = c.organization_id and s.campaign_id = c.id and s.state = v_source and s.available_at <= v_now
        and s.state in ('address_enrichable', 'pending', 'proofed', 'sent') and s.held_at is null limit 1) s
    where (c.status = 'active' or c.status = 'pending' and p_stage = 'proof')
      and (p_stage = 'proof' or p.held_at is null and (c.mode = 'test' or p.armed_at is not null))
  ), few as (
    -- No more organizations than free places can get one, nor campaigns within one.
    select r.organization_id, coalesce(sum(o.cohorts), 0) as open
    from (select distinct ready.organization_id from ready) r left join open o using (organization_id)
    group by 1 order by 2, random() limit v_free
  ), turn as (
    select r.organization_id, r.campaign_id, f.open + row_number() over (
      partition by r.organization_id order by coalesce(o.cohorts, 0) + k.n, random()) as level
    from few f
    join ready r using (organization_id)
    left join open o using (organization_id, campaign_id)
    cross join generate_series(1, v_free) as k (n)
  ), given as (
    select t.organization_id, t.campaign_id from turn t order by t.level, random() limit v_free
  )
  select g.organization_id, g.campaign_id, count(*)::int from given g group by 1, 2;
end $$;

-- Takes up to p_cohorts × p_size ready people of one campaign. Who lost a lease before travels alone, so that a row that kills the process
-- convicts itself; such cohorts get at most a quarter of the places (and at least one), or one crash would stop everybody else, and what the others
-- leave.
create function postrider.stage(p_organization_id uuid, p_campaign_id uuid, p_stage text, p_cohorts int, p_size int) returns int
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_now timestamptz := postrider.now();
  v_source text := case p_stage when 'proof' then 'pending' when 'mail' then 'proofed' end;
  v_target text := case p_stage when 'proof' then 'proofing_staged' when 'mail' then 'sending_staged' end;
  v_people uuid[];
  v_losses smallint[];
  v_cohort_of uuid[];
  v_cohorts uuid[];
  v_sizes int[];
  v_moved int;
  v_jobs int;
  v_alone int := 0;
  v_before text := postrider.act_as(p_stage);
begin
  -- The limit stands inside an array: as a plain sub-select the planner may re-run it, and a limit it does not know makes it scan the table.
  select array_agg(s.recipient_id order by s.recipient_id), array_agg(s.losses order by s.recipient_id) into v_people, v_losses
  from postrider.recipient_state s
  where s.organization_id = p_organization_id and s.recipient_id = any (array(
    select r.recipient_id from postrider.recipient_state r
    where r.organization_id = p_organization_id and r.campaign_id = p_campaign_id and r.state = v_source and r.available_at <= v_now
      and r.state in ('address_enrichable', 'pending', 'proofed', 'sent') and r.held_at is null
    order by r.available_at, r.recipient_id limit p_cohorts * p_size for no key update skip locked));
  if v_people is null then
    perform postrider.act_as(v_before);
    return 0;
  end if;
  if exists (select from unnest(v_losses) as l (losses) where l.losses > 0) then
    -- A quarter of the open cohorts, these included: where one place is free at a time, that one is not always theirs.
    select greatest(1, (count(*) + p_cohorts) / 4) - count(*) filter (where c.people = 1) into v_alone from postrider.cohort c
    where c.organization_id = p_organization_id and c.campaign_id = p_campaign_id and c.stage = p_stage and c.closed_at is null;
    -- They may stand in front of everybody else: the others are looked for behind them.
    select array_agg(p.id order by p.id), array_agg(p.losses order by p.id) into v_people, v_losses from (
      select w.id, w.losses from unnest(v_people, v_losses) as w (id, losses) where w.losses > 0
      union all
      select o.id, 0 from unnest(array(
        select r.recipient_id from postrider.recipient_state r
        where r.organization_id = p_organization_id and r.campaign_id = p_campaign_id and r.state = v_source and r.available_at <= v_now
          and r.state in ('address_enrichable', 'pending', 'proofed', 'sent') and r.held_at is null and r.losses = 0
        order by r.available_at, r.recipient_id limit p_cohorts * p_size for no key update skip locked)) as o (id)) p;
  end if;

  with person as (
    select p.id, p.losses > 0 as alone, row_number() over (partition by p.losses > 0 order by p.ordinal) as n
    from unnest(v_people, v_losses) with ordinality as p (id, losses, ordinal)
  ), seat as (
    select id, alone, case when alone then n - 1 else (n - 1) / p_size end as cohort_no from person
  ), share as (
    select least(count(*) filter (where alone),
      greatest(0, v_alone, p_cohorts - coalesce(max(cohort_no) filter (where not alone) + 1, 0)), p_cohorts) as alone from seat
  ), chosen as (
    select seat.id, seat.alone, seat.cohort_no from seat, share
    where case when seat.alone then cohort_no < share.alone else cohort_no < p_cohorts - share.alone end
  ), cohort as materialized (
    select alone, cohort_no, count(*)::int as size, postrider.new_id() as id from chosen group by 1, 2
  )
  select array_agg(chosen.id order by chosen.id), array_agg(cohort.id order by chosen.id),
    (select array_agg(c.id order by c.id) from cohort c), (select array_agg(c.size order by c.id) from cohort c)
  into v_people, v_cohort_of, v_cohorts, v_sizes
  from chosen join cohort using (alone, cohort_no);

  insert into postrider.cohort (organization_id, id, campaign_id, stage, people, made_at)
  select p_organization_id, c.id, p_campaign_id, p_stage, c.size, v_now from unnest(v_cohorts, v_sizes) as c (id, size);

  update postrider.recipient_state s
  set state = v_target, since = v_now, move_no = s.move_no + 1, cohort_id = p.cohort_id, reason = 'staged', detail = null
  from unnest(v_people, v_cohort_of) as p (recipient_id, cohort_id)
  where s.organization_id = p_organization_id and s.recipient_id = p.recipient_id and s.state = v_source;
  get diagnostics v_moved = row_count;

  v_jobs := postrider.enqueue(p_stage, v_cohorts,
    array(select jsonb_build_object('organization_id', p_organization_id) from unnest(v_cohorts)));
  if v_jobs <> cardinality(v_cohorts) or v_moved <> cardinality(v_people) then
    perform postrider.fail('PR022', format('staged %s of %s people and %s of %s jobs', v_moved, cardinality(v_people), v_jobs,
      cardinality(v_cohorts)), 'nothing was staged; the next beat tries again');
  end if;
  perform postrider.act_as(v_before);
  return cardinality(v_cohorts);
end $$;

-- Statistics for tables that have grown to twice what was last analyzed. Every key begins with the organization, so on a table of which nothing is known
-- all indexes look alike, and a plan may read everything that an organization has; autovacuum looks once a minute, and a burst is over by then. Doubling
-- keeps the cost in proportion. Cheap where there is nothing to do: it looks at the sizes of files. A table that somebody vacuums, or has locked otherwise,
-- is left to the next time: nobody is staged while we wait.
create function postrider.fresh_statistics() returns int
language plpgsql security definer set search_path = postrider, pg_temp set client_min_messages = error as $$
declare
  v_table regclass;
  v_analyzed int := 0;
begin
  for v_table in
    select c.oid from pg_class c
    where c.oid = any (array['postrider.recipient', 'postrider.recipient_state', 'postrider.cohort', 'postrider.proof', 'postrider.mailpiece',
        'postrider.mailpiece_event', 'postrider.effect', 'postrider_queue.job_common']::regclass[])
      and pg_relation_size(c.oid) > 8192::bigint * 2 * greatest(4, c.relpages)
  loop
    execute format('analyze (skip_locked) %s', v_table);
    v_analyzed := v_analyzed + 1;
  end loop;
  return v_analyzed;
end $$;

-- One round over all organizations. One stager of a stage at a time, or the window would be a guess.
-- One campaign's trouble does not keep the others waiting: its people stay where they are, and it is
-- told in failures, a list of {organization, code, message}.
-- again: places are left, for people of another campaign, or who became ready since: what woke the
-- stagers meanwhile found this one at it, and does not come again.
-- untried: nobody knows whether what failed in an earlier beat works again, since there was no
-- place for its people.
create function postrider.stage_campaigns(
  p_stage text,
  p_window int,
  p_size int,
  out cohorts int,
  out again boolean,
  out failures jsonb,
  out untried boolean
) language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_place record;
  v_places int := 0;
  v_tried uuid[] := '{}';
begin
  if p_stage is null or p_stage not in ('proof', 'mail') then
    perform postrider.fail('PR020', format('a stage that is staged is proof or mail, not %L', p_stage), 'nothing was staged');
  end if;
  perform postrider.require_within('the window', p_window, 0, 1000000);
  perform postrider.require_within('the size of a cohort', p_size, 1, 10000);
  cohorts := 0;
  again := false;
  failures := '[]';
  untried := true;
  if not postrider.take_turn('stage:' || p_stage) then
    return;
  end if;
  perform postrider.redoable();
  perform postrider.fresh_statistics();
  for v_place in select * from postrider.stage_plan(p_stage, p_window) order by organization_id, campaign_id loop
    v_tried := v_tried || v_place.organization_id;
    v_places := v_places + v_place.cohorts;
    begin
      cohorts := cohorts
        + postrider.stage(v_place.organization_id, v_place.campaign_id, p_stage, v_place.cohorts, p_size);
    exception when others then
      failures := failures || jsonb_build_object('organization', v_place.organization_id, 'code', sqlstate,
        'message', format('campaign %s could not be staged: %s', v_place.campaign_id, sqlerrm));
    end;
  end loop;
  again := cohorts > 0 and cohorts < v_places;
  -- Where places are left everybody had one.
  untried := exists (
      select from postrider.beat_failure f
      where f.beat = p_stage and f.part = 'staging' and f.over_at is null
        and not f.organizations <@ v_tried)
    and p_window <= (
      select count(*) from postrider.cohort c where c.stage = p_stage and c.closed_at is null);
end $$;

-- The same by hand: how many cohorts were made.
create function postrider.stage_round(p_stage text, p_window int, p_size int) returns int
language sql volatile security definer
begin atomic
  select cohorts from postrider.stage_campaigns(p_stage, p_window, p_size);
end;
