-- Staging: ready people become cohorts with a job each, in one transaction. The number of open
-- cohorts is bounded by a window. A queue is first come, first served: without a bound the first
-- organization with many people would fill it, and a hold would have to wait for them.
--
-- About the plans of the functions that work on cohorts: what happens once a cohort is planned once
-- a session, and its shape is fixed: by index, and by nested loop. To plan each statement anew
-- took a third of the time, and a plan that is free to choose would be made while a table is
-- empty, and then scan it for ever. With a few hundred people a statement, index and nested loop
-- are right at any size of the tables (docs/adr/0011).

-- Says how many cohorts may be open in a stage at most: four for every slot of a live runner.
create function postrider.window_of(p_stage text) returns int language sql stable security definer
return (
  select 4 * greatest(
    1,
    coalesce(sum(case p_stage when 'proof' then proof_slots else mail_slots end), 0))::int
  from postrider.runner
  where postrider.runner_is_alive(seen_at)
);

-- Says which campaigns may get how many more cohorts now. The next one always goes to the
-- organization with the fewest open, and within it to the campaign with the fewest open. Among
-- those that have equally few, the next one is drawn: in a fixed order, with more of them than
-- places, the last would wait until another has nobody left.
create function postrider.stage_plan(
  p_stage text,
  p_window int
) returns table (
  organization_id uuid,
  campaign_id uuid,
  cohorts int
) language plpgsql volatile security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_state text := postrider.waiting_state_of(p_stage);
  v_free int;
begin
  select p_window - count(*) into v_free
  from postrider.cohort c
  where c.stage = p_stage
    and c.closed_at is null;
  if v_free <= 0 then
    return;
  end if;
  return query
  with open as materialized (
    select c.organization_id, c.campaign_id, count(*) as cohorts
    from postrider.cohort c
    where c.stage = p_stage
      and c.closed_at is null
    group by 1, 2
  ), ready as materialized (
    select c.organization_id, c.id as campaign_id
    from postrider.campaign c
    join postrider.organization o
      on o.id = c.organization_id and o.held_at is null
    join postrider.printer p
      on p.organization_id = c.organization_id and p.name = c.printer_name
    left join postrider.connection x
      on x.organization_id = p.organization_id and x.id = p.connection_id
    left join postrider.connection_breaker b
      on b.organization_id = p.organization_id and b.connection_id = p.connection_id
    -- With a limit, so that it is one look into the index for each campaign, whatever the planner
    -- knows.
    cross join lateral (
      select from postrider.recipient_state s
      where s.organization_id = c.organization_id
        and s.campaign_id = c.id
        and s.waiting_state = v_state
        and s.available_at <= v_now
        and s.held_at is null
      limit 1
    ) s
    where (c.status = 'active' or c.status = 'pending' and p_stage = 'proof')
      and (p_stage = 'proof' or postrider.takes_cards(p, x, b, c.mode))
  ), few as (
    -- No more organizations than free places can get one, nor campaigns within one.
    select r.organization_id, coalesce(sum(o.cohorts), 0) as open
    from (select distinct ready.organization_id from ready) r
    left join open o using (organization_id)
    group by 1
    order by 2, random()
    limit v_free
  ), turn as (
    select
      r.organization_id, r.campaign_id,
      f.open + row_number() over (
        partition by r.organization_id
        order by coalesce(o.cohorts, 0) + k.n, random()) as level
    from few f
    join ready r using (organization_id)
    left join open o using (organization_id, campaign_id)
    cross join generate_series(1, v_free) as k (n)
  ), given as (
    select t.organization_id, t.campaign_id
    from turn t
    order by t.level, random()
    limit v_free
  )
  select g.organization_id, g.campaign_id, count(*)::int
  from given g
  group by 1, 2;
end $$;

-- Analyzes the tables that have grown to twice what was last analyzed, and returns how many.
--
-- Every key begins with the organization, so on a table of which nothing is known all indexes look
-- alike, and a plan may read everything that an organization has; autovacuum looks once a minute,
-- and a burst is over by then. Doubling keeps the cost in proportion. It costs little where there
-- is nothing to do: it looks at the sizes of files. A table that is being vacuumed, or is locked
-- otherwise, is left to the next time: nobody is staged while we wait.
create function postrider.refresh_statistics() returns int
language plpgsql security definer as $$
declare
  v_table regclass;
  v_analyzed int := 0;
begin
  for v_table in
    select c.oid
    from pg_class c
    where c.oid = any (array[
        'postrider.recipient', 'postrider.recipient_state', 'postrider.cohort',
        'postrider.proof', 'postrider.mailpiece', 'postrider.mailpiece_event',
        'postrider.effect', 'postrider_queue.job_common']::regclass[])
      and pg_relation_size(c.oid) > 8192::bigint * 2 * greatest(4, c.relpages)
  loop
    execute format('analyze (skip_locked) %s', v_table);
    v_analyzed := v_analyzed + 1;
  end loop;
  return v_analyzed;
end $$;
