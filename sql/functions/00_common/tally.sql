-- How many people of each campaign are in each state, by what the trigger has counted. It is exact
-- and answers at once; to count a million rows takes 130-320 ms.

-- Folds the tally into its totals, and returns how many rows it folded. A session that finds
-- another one at it does nothing: the other does it for both.
create function postrider.fold_tally() returns bigint language plpgsql security definer as $$
declare
  v_rows bigint;
begin
  if not postrider.try_lock_work('tally') then
    return 0;
  end if;
  with taken as (
    delete from postrider.tally
    returning *
  ), moved as (
    insert into postrider.move_total as t (
      organization_id, campaign_id, from_state, to_state, people)
    select m.organization_id, m.campaign_id, coalesce(m.from_state, 'new'), m.to_state,
      sum(m.people)
    from taken m
    group by 1, 2, 3, 4
    on conflict (organization_id, campaign_id, from_state, to_state) do update
      set people = t.people + excluded.people
  ), folded as (
    insert into postrider.tally_total as t (organization_id, campaign_id, state, people)
    select m.organization_id, m.campaign_id, side.state, sum(side.people)
    from taken m
    cross join lateral (values
      (m.from_state, -m.people),
      (m.to_state, m.people)) as side (state, people)
    where side.state is not null
    group by 1, 2, 3
    on conflict (organization_id, campaign_id, state) do update
      set people = t.people + excluded.people
  )
  select count(*) into v_rows from taken;
  return v_rows;
end $$;

-- Lists what is folded, and what has moved since: to be added up by state.
create function postrider.tallied() returns table (
  organization_id uuid,
  campaign_id uuid,
  state text,
  people bigint
) language sql stable
begin atomic
  select organization_id, campaign_id, state, people
  from postrider.tally_total
  union all
  select organization_id, campaign_id, to_state, people
  from postrider.tally
  union all
  select organization_id, campaign_id, from_state, -people
  from postrider.tally
  where from_state is not null;
end;

-- Counts the people of each campaign by state. A state that nobody is in is missing.
create function postrider.headcount() returns table (
  organization_id uuid,
  campaign_id uuid,
  state text,
  people bigint
) language sql stable
begin atomic
  select t.organization_id, t.campaign_id, t.state, sum(t.people)::bigint
  from postrider.tallied() t
  group by t.organization_id, t.campaign_id, t.state
  having sum(t.people) > 0;
end;
