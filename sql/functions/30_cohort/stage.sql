-- Makes cohorts of up to p_cohorts × p_size ready people of one campaign, each with a job, and
-- returns how many.
create function postrider.stage(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_stage text,
  p_cohorts int,
  p_size int
) returns int language plpgsql security definer as $$
declare
  v_before text := postrider.act_as(p_stage);
  v_made int :=
    postrider.form_cohorts(p_organization_id, p_campaign_id, p_stage, p_cohorts, p_size);
begin
  perform postrider.act_as(v_before);
  return v_made;
end $$;

-- Takes ready people, divides them into cohorts, moves them there and enqueues the jobs.
create function postrider.form_cohorts(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_stage text,
  p_cohorts int,
  p_size int
) returns int language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_people uuid[];
  v_losses smallint[];
  v_alone int;
  v_cohort_of uuid[];
  v_cohorts uuid[];
  v_sizes int[];
  v_moved int;
  v_jobs int;
begin
  select c.people, c.losses, c.alone
  into v_people, v_losses, v_alone
  from postrider.pick_ready_people(
    p_organization_id, p_campaign_id, p_stage, p_cohorts, p_size, v_now) c;
  if v_people is null then
    return 0;
  end if;
  select s.people, s.cohort_of, s.cohorts, s.sizes
  into v_people, v_cohort_of, v_cohorts, v_sizes
  from postrider.assign_to_cohorts(v_people, v_losses, v_alone, p_cohorts, p_size) s;

  insert into postrider.cohort (organization_id, id, campaign_id, stage, people, made_at)
  select p_organization_id, c.id, p_campaign_id, p_stage, c.size, v_now
  from unnest(v_cohorts, v_sizes) as c (id, size);

  update postrider.recipient_state s
  set
    state = postrider.staged_state_of(p_stage),
    since = v_now,
    move_no = s.move_no + 1,
    cohort_id = p.cohort_id,
    reason = 'staged',
    detail = null
  from unnest(v_people, v_cohort_of) as p (recipient_id, cohort_id)
  where s.organization_id = p_organization_id
    and s.recipient_id = p.recipient_id
    and s.state = postrider.waiting_state_of(p_stage);
  get diagnostics v_moved = row_count;

  v_jobs := postrider.enqueue(
    p_stage, v_cohorts,
    array(
      select jsonb_build_object('organization_id', p_organization_id)
      from unnest(v_cohorts)));
  if v_jobs <> cardinality(v_cohorts) or v_moved <> cardinality(v_people) then
    perform postrider.fail(
      'PR022',
      format('staged %s of %s people and %s of %s jobs',
        v_moved, cardinality(v_people), v_jobs, cardinality(v_cohorts)),
      'nothing was staged; the next beat tries again');
  end if;
  return cardinality(v_cohorts);
end $$;

-- Locks the people to stage, and lists them by id with how often each has lost a lease; people is
-- null where nobody is ready.
--
-- A person who lost a lease travels alone, so that it is known which row kills the process.
-- Such cohorts get at most a quarter of the places (and at least one), or one crash would stop
-- everybody else. alone: how many they get, besides those that the others leave.
create function postrider.pick_ready_people(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_stage text,
  p_cohorts int,
  p_size int,
  p_now timestamptz,
  out people uuid[],
  out losses smallint[],
  out alone int
) language plpgsql as $$
#variable_conflict use_column
declare
  v_state text := postrider.waiting_state_of(p_stage);
  v_ready uuid[] := postrider.lock_ready(
    p_organization_id, p_campaign_id, v_state, p_now, p_cohorts * p_size);
  v_others uuid[];
begin
  alone := 0;
  if cardinality(v_ready) = 0 then
    return;
  end if;
  select
    array_agg(s.recipient_id order by s.recipient_id),
    array_agg(s.losses order by s.recipient_id)
  into people, losses
  from postrider.recipient_state s
  where s.organization_id = p_organization_id
    and s.recipient_id = any (v_ready);
  if not exists (select from unnest(losses) as l (lost) where l.lost > 0) then
    return;
  end if;
  -- A quarter of the open cohorts, these included. Where one place is free at a time, it does not
  -- go to them every time.
  select greatest(1, (count(*) + p_cohorts) / 4) - count(*) filter (where c.people = 1)
  into alone
  from postrider.cohort c
  where c.organization_id = p_organization_id
    and c.campaign_id = p_campaign_id
    and c.stage = p_stage
    and c.closed_at is null;
  -- People who lost a lease may come before everybody else: the others are looked for without them.
  v_others := postrider.lock_ready(
    p_organization_id, p_campaign_id, v_state, p_now, p_cohorts * p_size, true);
  select array_agg(p.id order by p.id), array_agg(p.lost order by p.id)
  into people, losses
  from (
    select w.id, w.lost
    from unnest(people, losses) as w (id, lost)
    where w.lost > 0
    union all
    select o.id, 0
    from unnest(v_others) as o (id)
  ) p;
end $$;

-- Divides people into at most p_cohorts cohorts of p_size, those who lost a lease one by one.
-- Returns the people who have a seat with their cohorts, and the cohorts with their sizes.
create function postrider.assign_to_cohorts(
  p_people uuid[],
  p_losses smallint[],
  p_alone int,
  p_cohorts int,
  p_size int,
  out people uuid[],
  out cohort_of uuid[],
  out cohorts uuid[],
  out sizes int[]
) language plpgsql volatile as $$
#variable_conflict use_column
begin
  with person as (
    select
      p.id, p.losses > 0 as alone,
      row_number() over (partition by p.losses > 0 order by p.ordinal) as n
    from unnest(p_people, p_losses) with ordinality as p (id, losses, ordinal)
  ), seat as (
    select id, alone, case when alone then n - 1 else (n - 1) / p_size end as cohort_no
    from person
  ), share as (
    select
      least(
        count(*) filter (where alone),
        greatest(
          0, p_alone, p_cohorts - coalesce(max(cohort_no) filter (where not alone) + 1, 0)),
        p_cohorts) as alone
    from seat
  ), chosen as (
    select seat.id, seat.alone, seat.cohort_no
    from seat, share
    where case
      when seat.alone then cohort_no < share.alone
      else cohort_no < p_cohorts - share.alone
    end
  ), cohort as materialized (
    select alone, cohort_no, count(*)::int as size, postrider.new_id() as id
    from chosen
    group by 1, 2
  )
  select
    array_agg(chosen.id order by chosen.id),
    array_agg(cohort.id order by chosen.id),
    (select array_agg(c.id order by c.id) from cohort c),
    (select array_agg(c.size order by c.id) from cohort c)
  into people, cohort_of, cohorts, sizes
  from chosen
  join cohort using (alone, cohort_no);
end $$;
