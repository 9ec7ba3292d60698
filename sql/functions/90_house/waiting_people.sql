-- People in places where it depends on the person what they wait for: for another try, for their
-- turn, or in error for somebody who looks at it.

-- Lists the people who are looked at of such places, each with its part of the place. p_most: how
-- many are read from each end of a place; p_percent: the share of the table that is sampled where
-- that does not tell all. weight: how much a person counts among the others of the part.
-- It is one statement for all places, so that the table is sampled once.
create function postrider.people_looked_at(
  p_now timestamptz,
  p_most int,
  p_percent float8
) returns table (
  organization_id uuid,
  campaign_id uuid,
  organization text,
  campaign text,
  state text,
  part text,
  people bigint,
  estimated boolean,
  available_at timestamptz,
  reason text,
  detail text,
  weight int,
  is_read boolean
) language sql stable
begin atomic
  with place as materialized (
    select *
    from postrider.waiting_places() p
    where p.why is null
  ), read as materialized (
    select p.organization_id, p.campaign_id, p.state, e.*
    from place p
    cross join lateral postrider.ends_of_place(
      p.organization_id, p.campaign_id, p.state, p_now, p_most) e
  ), part as materialized (
    select
      p.organization_id, p.campaign_id, p.organization, p.campaign, p.state,
      v.part, v.people, v.estimated
    from place p
    cross join lateral (
      select
        count(*) filter (where r.part = 'later') as later,
        count(*) filter (where r.part = 'due') as due,
        count(*) as all_of
      from read r
      where r.organization_id = p.organization_id
        and r.campaign_id = p.campaign_id
        and r.state = p.state
    ) n
    cross join lateral postrider.parts_of_place(
      p.state, p.free, n.later, n.due, n.all_of, p_most) v
  ), sampled as materialized (
    select p.*, s.available_at, s.reason, s.detail
    from postrider.recipient_state s tablesample system (p_percent)
    join part p
      on p.organization_id = s.organization_id
      and p.campaign_id = s.campaign_id
      and p.state = s.state
      and p.estimated
    where exists (select from part where estimated)
      and (
        p.part = 'error'
        or s.held_at is null and (p.part = 'both' or s.available_at > p_now))
  ), enough as materialized (
    select s.organization_id, s.campaign_id, s.state
    from sampled s
    group by 1, 2, 3
    having count(*) >= 30
  )
  select s.*, 1, false
  from sampled s
  union all
  -- Rows that were read from the ends tell causes and times; they count where the sample has too
  -- few.
  select
    p.*, r.available_at, r.reason, r.detail,
    case when p.estimated and e.state is not null then 0 else 1 end,
    true
  from part p
  join read r
    on r.organization_id = p.organization_id
    and r.campaign_id = p.campaign_id
    and r.state = p.state
    and (r.part = p.part or p.part = 'both')
  left join enough e
    on e.organization_id = p.organization_id
    and e.campaign_id = p.campaign_id
    and e.state = p.state;
end;

-- Tells what these people wait for: the people of each part by what they wait for, as many as the
-- part has in all, in shares by their weight.
create function postrider.waiting_people(
  p_now timestamptz,
  p_most int,
  p_percent float8
) returns table (
  organization text,
  campaign text,
  state text,
  why text,
  people bigint,
  causes text,
  until timestamptz
) language sql stable
begin atomic
  select
    g.organization, g.campaign, g.state, g.why,
    greatest(g.seen, round(g.people * g.weight / g.weight_of_all))::bigint,
    case
      when g.part = 'due' then
        postrider.retry_causes(g.organization_id, g.campaign_id, g.state, p_now, p_most)
      else postrider.cause_summary(g.causes)
    end
    || case
      when g.estimated then format(' (about: by a sample of %s)', g.weight_of_all)
      else ''
    end,
    g.until
  from (
    select
      p.organization_id, p.campaign_id, p.organization, p.campaign, p.state,
      p.part, p.people, p.estimated, w.why,
      count(*) filter (where p.is_read) as seen,
      sum(p.weight) as weight,
      sum(sum(p.weight)) over (
        partition by p.organization_id, p.campaign_id, p.state, p.part) as weight_of_all,
      array_agg(distinct w.detail) filter (where w.detail is not null) as causes,
      min(p.available_at) filter (where p.available_at > p_now) as until
    from postrider.people_looked_at(p_now, p_most, p_percent) p
    left join postrider.reason r on r.code = p.reason
    cross join lateral (
      select
        case
          when p.part = 'error' then 'a person: ' || coalesce(r.sentence, p.reason)
          when p.available_at > p_now then coalesce(r.sentence, p.reason)
          else 'its turn'
        end as why,
        case when p.part = 'error' or p.reason = 'retry' then p.detail end as detail
    ) w
    where p.people > 0
    group by 1, 2, 3, 4, 5, 6, 7, 8, 9
  ) g;
end;
