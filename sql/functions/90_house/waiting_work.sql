-- Lists what waits, for what, and until when. Of what failed the cause is told, in the words of the
-- adapter: one, where there are several.
-- How many people are where is known by the tally, and in most places all wait for one thing, which
-- the campaign tells: then nobody is looked at. Where it depends on the person, rows are read by
-- index up to a bound, from both ends of those who wait: where one end is known whole the tally
-- tells the rest. Only where neither is, or the rest waits for different things, it is estimated by
-- a sample of the table, and the sentence says so. (Reading everybody took 15 s for a million
-- people.)
create function postrider.waiting_work() returns table (
  campaign text,
  state text,
  people bigint,
  why text,
  until timestamptz,
  organization text
) language plpgsql stable security definer as $$
#variable_conflict use_column
declare
  c_few constant int := 5000;
  c_counted constant int := 10000;
  v_now timestamptz := postrider.now();
  v_everybody bigint := (
    select greatest(sum(people), 1)
    from postrider.headcount());
  -- So many are read from each end of a place: of some thousand people everybody, of more the
  -- fewer, the more places there are.
  v_most int := case
    when v_everybody <= c_few then c_few
    else (
      select greatest(20, least(300, 10000 / greatest(count(*), 1)))
      from postrider.headcount()
      where state in ('pending', 'proofed', 'error'))
  end;
  -- The share of the table that gives a thousand people, and of a large one up to ten thousand.
  v_percent float8 := least(
    100,
    100 * least(10000, greatest(1000, v_everybody / 1000.0)) / v_everybody);
begin
  return query
  with place as materialized (
    select * from postrider.waiting_places()
  ), read as materialized (
    select p.organization_id, p.campaign_id, p.state, s.*
    from place p
    cross join lateral postrider.ends_of_place(
      p.organization_id, p.campaign_id, p.state, v_now, v_most) s
    where p.why is null
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
      p.state, p.free, n.later, n.due, n.all_of, v_most) v
    where p.why is null
  ), sampled as materialized (
    select
      p.organization_id, p.campaign_id, p.state, p.part, s.available_at, s.reason, s.detail
    from postrider.recipient_state s tablesample system (v_percent)
    join part p
      on p.organization_id = s.organization_id
      and p.campaign_id = s.campaign_id
      and p.state = s.state
      and p.estimated
    where exists (select from part where estimated)
      and (
        p.part = 'error'
        or s.held_at is null and (p.part = 'both' or s.available_at > v_now))
  ), enough as materialized (
    select s.organization_id, s.campaign_id, s.state
    from sampled s
    group by 1, 2, 3
    having count(*) >= 30
  ), person as materialized (
    -- Rows that were read from the ends tell causes and times; they count where the sample has too
    -- few.
    select s.*, 1 as weight, false as is_read
    from sampled s
    union all
    select
      p.organization_id, p.campaign_id, p.state, p.part, r.available_at, r.reason, r.detail,
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
      and e.state = p.state
  ), told as (
    select p.organization, p.campaign, p.state, 'held' as why, p.held as people, h.causes, h.until
    from place p
    cross join lateral postrider.held_causes(
      p.organization_id, p.campaign_id, p.state, v_now, v_most) h
    where p.held > 0
    union all
    select
      p.organization, p.campaign, p.state, p.why, p.free,
      case when p.state in ('pending', 'proofed') then
        postrider.retry_causes(
          p.organization_id, p.campaign_id, p.state, 'infinity', v_most)
      end,
      (
        select s.available_at
        from postrider.recipient_state s
        where s.organization_id = p.organization_id
          and s.campaign_id = p.campaign_id
          and s.waiting_state = p.state
          and s.available_at > v_now
          and s.available_at < 'infinity'
          and (s.held_at is null or s.state = 'sent')
        order by s.available_at
        limit 1
      )
    from place p
    where p.free > 0
      and p.why is not null
      and p.state <> 'address_enriching'
    union all
    select
      p.organization, p.campaign, p.state, p.why || coalesce(' ' || b.enricher, ''),
      case when b.shares = 1 then p.free else round(p.free * b.share) end,
      case when b.shares > 1 and p.free > c_counted then
        ' (about: by the size of its batches)'
      end,
      b.until
    from place p
    left join lateral postrider.enrichers_of_batches(
      p.organization_id, p.campaign_id, p.why = 'the enricher', p.free <= c_counted, v_now) b
      on true
    where p.free > 0
      and p.state = 'address_enriching'
    union all
    select
      p.organization, p.campaign, p.state, g.why,
      greatest(g.seen, round(p.people * g.weight / g.weight_of_all)),
      case
        when p.part = 'due' then
          postrider.retry_causes(p.organization_id, p.campaign_id, p.state, v_now, v_most)
        else postrider.cause_summary(g.causes)
      end
      || case
        when p.estimated then format(' (about: by a sample of %s)', g.weight_of_all)
        else ''
      end,
      g.until
    from part p
    cross join lateral (
      select
        x.why,
        count(*) filter (where x.is_read) as seen,
        sum(x.weight) as weight,
        sum(sum(x.weight)) over () as weight_of_all,
        array_agg(distinct x.detail) filter (where x.detail is not null) as causes,
        min(x.available_at) filter (where x.available_at > v_now) as until
      from (
        select
          s.weight, s.is_read, s.available_at,
          case
            when p.part = 'error' then 'a person: ' || coalesce(r.sentence, s.reason)
            when s.available_at > v_now then coalesce(r.sentence, s.reason)
            else 'its turn'
          end as why,
          case when p.part = 'error' or s.reason = 'retry' then s.detail end as detail
        from person s
        left join postrider.reason r on r.code = s.reason
        where s.organization_id = p.organization_id
          and s.campaign_id = p.campaign_id
          and s.state = p.state
          and s.part = p.part
      ) x
      group by x.why
    ) g
    where p.people > 0
    union all
    select e.organization, e.campaign, e.state, e.why, e.people, e.causes, e.until
    from postrider.waiting_effects(v_now, v_most, c_counted) e
  )
  select t.campaign, t.state, t.people::bigint, t.why || coalesce(t.causes, ''), t.until,
    t.organization
  from told t
  where t.people > 0
  order by t.organization, t.campaign, t.state, t.why;
end $$;
