-- Stages one round over all organizations. One session stages at a time: two would count the same
-- open cohorts, and exceed the window.
--
-- One campaign's trouble does not keep the others waiting: its people stay where they are, and it
-- is told in failures, a list of {organization, code, message}.
-- again: places are left, and people may be ready for them: of another campaign, or since this
-- round. Other stagers that were woken meanwhile found this one at work, and do not come again.
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
) language plpgsql security definer as $$
declare
  v_place record;
  v_places int := 0;
  v_tried uuid[] := '{}';
begin
  if p_stage is null or p_stage not in ('proof', 'mail') then
    perform postrider.fail(
      'PR020',
      format('a stage that is staged is proof or mail, not %L', p_stage),
      'nothing was staged');
  end if;
  perform postrider.require_within('the window', p_window, 0, 1000000);
  perform postrider.require_within('the size of a cohort', p_size, 1, 10000);
  cohorts := 0;
  again := false;
  failures := '[]';
  untried := true;
  if not postrider.try_lock_work('stage:' || p_stage) then
    return;
  end if;
  perform postrider.commit_asynchronously();
  perform postrider.refresh_statistics();
  for v_place in
    select *
    from postrider.stage_plan(p_stage, p_window)
    order by organization_id, campaign_id
  loop
    v_tried := v_tried || v_place.organization_id;
    v_places := v_places + v_place.cohorts;
    begin
      cohorts := cohorts + postrider.stage(
        v_place.organization_id, v_place.campaign_id, p_stage, v_place.cohorts, p_size);
    exception when others then
      failures := failures || jsonb_build_object(
        'organization', v_place.organization_id,
        'code', sqlstate,
        'message', format(
          'campaign %s could not be staged: %s', v_place.campaign_id, sqlerrm));
    end;
  end loop;
  again := cohorts > 0 and cohorts < v_places;
  -- Where places are left, nobody went without one.
  untried := exists (
      select from postrider.beat_failure f
      where f.beat = p_stage
        and f.part = 'staging'
        and f.over_at is null
        and not f.organizations <@ v_tried)
    and p_window <= (
      select count(*)
      from postrider.cohort c
      where c.stage = p_stage
        and c.closed_at is null);
end $$;

-- Does the same by hand, and returns how many cohorts were made.
create function postrider.stage_round(
  p_stage text,
  p_window int,
  p_size int
) returns int language sql volatile security definer
begin atomic
  select cohorts from postrider.stage_campaigns(p_stage, p_window, p_size);
end;
