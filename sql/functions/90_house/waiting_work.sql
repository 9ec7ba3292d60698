-- Lists what waits, for what, and until when. What failed is told with its cause, in the words of
-- the adapter: with one of them, where there are several. How many people are where is known by the
-- tally, and in most places all wait for one thing, which the campaign tells: then nobody is looked
-- at. Where it depends on the person, rows are read by index up to a bound, from both ends of those
-- who wait: where one end is known whole the tally tells the rest. Only where neither is, or the
-- rest waits for different things, it is estimated by a sample of the table, and the sentence says
-- so. (Reading everybody took 15 s for a million people.)
-- failing: it waits because something failed, in error or to be tried again, and not for a time, an
-- answer or a decision.
create function postrider.waiting_work() returns table (
  campaign text,
  state text,
  people bigint,
  why text,
  until timestamptz,
  organization text,
  failing boolean
) language plpgsql stable security definer as $$
#variable_conflict use_column
declare
  c_few constant int := 5000;
  c_counted constant int := 10000;
  v_now timestamptz := postrider.now();
  v_everybody bigint;
  v_places bigint;
  v_most int;
  v_percent float8;
begin
  select
    greatest(sum(h.people), 1),
    count(*) filter (where h.state in ('pending', 'proofed', 'error'))
  into v_everybody, v_places
  from postrider.headcount() h;
  -- So many are read from each end of a place: of some thousand people everybody, of more the
  -- fewer, the more places there are.
  v_most := case
    when v_everybody <= c_few then c_few
    else greatest(20, least(300, 10000 / greatest(v_places, 1)))
  end;
  -- The share of the table that gives a thousand people, and of a large one up to ten thousand.
  v_percent := least(
    100,
    100 * least(10000, greatest(1000, v_everybody / 1000.0)) / v_everybody);

  return query
  with place as materialized (
    select * from postrider.waiting_places()
  ), told as (
    -- People who are held one by one.
    select p.organization, p.campaign, p.state, 'held' as why, p.held as people, h.causes, h.until
    from place p
    cross join lateral postrider.held_causes(
      p.organization_id, p.campaign_id, p.state, v_now, v_most) h
    where p.held > 0
    union all
    -- People who all wait for one thing.
    select
      p.organization, p.campaign, p.state, p.why, p.free,
      case
        when p.state in ('pending', 'proofed') then postrider.retry_causes(
          p.organization_id, p.campaign_id, p.state, 'infinity', v_most)
        when p.state = 'sending' then
          postrider.unknown_outcomes(p.organization_id, p.campaign_id)
      end,
      postrider.first_in_place(p.organization_id, p.campaign_id, p.state, v_now)
    from place p
    where p.free > 0
      and p.why is not null
      and p.state <> 'address_enriching'
    union all
    -- People at enrichers.
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
    -- People of whom each waits for something of their own.
    select w.organization, w.campaign, w.state, w.why, w.people, w.causes, w.until
    from postrider.waiting_people(v_now, v_most, v_percent) w
    union all
    select e.organization, e.campaign, e.state, e.why, e.people, e.causes, e.until
    from postrider.waiting_effects(v_now, v_most, c_counted) e
  )
  select t.campaign, t.state, t.people::bigint, t.why || coalesce(t.causes, ''), t.until,
    t.organization,
    t.state = 'error'
      or t.why <> 'held' and coalesce(t.causes, '') like ' [%'
  from told t
  where t.people > 0
  order by t.organization, t.campaign, t.state, t.why;
end $$;
