-- Takes up to p_cohorts × p_size ready people of one campaign. Who lost a lease before travels alone, so that a row that kills the process
-- convicts itself; such cohorts get at most a quarter of the places (and at least one), or one crash would stop everybody else, and what the others
-- leave.
create function postrider.stage(p_organization_id uuid, p_campaign_id uuid, p_stage text, p_cohorts int, p_size int) returns int
language plpgsql security definer as $$
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
    where r.organization_id = p_organization_id and r.campaign_id = p_campaign_id and r.waiting_state = v_source and r.available_at <= v_now and r.held_at is null
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
        where r.organization_id = p_organization_id and r.campaign_id = p_campaign_id and r.waiting_state = v_source and r.available_at <= v_now and r.held_at is null and r.losses = 0
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
