-- What waits, for what, and until when. How many people are where is known by the tally, and in
-- most places all wait for one thing, which the campaign tells: then nobody is looked at. Where it
-- depends on the person, rows are read by index up to a bound, from both ends of those who wait:
-- where one end is known whole the tally tells the rest. Only where neither is, or the rest waits
-- for different things, it is estimated by a sample of the table, and the sentence says so.
-- (Reading everybody took 15 s for a million people.)

-- The campaign's states with people in them. why: what all wait for who are not held one by one;
-- null: it depends on the person. Of several holds the one that why() names; nothing holds what is
-- on its way or in error.
create function postrider.waiting_places() returns table (organization_id uuid, campaign_id uuid,
  state text, organization text, campaign text, people bigint, why text)
language sql stable
begin atomic
  select c.organization_id, c.id, h.state, o.name, c.name, h.people,
    case when h.state = 'error' then null
      when h.state = 'sent' then 'news of the delivery'
      when h.state = 'sending' then 'the printer''s answer'
      when o.held_at is not null then 'the organization is held' || coalesce(': ' || o.held_why, '')
      when c.status = 'paused' then 'the campaign is held' || coalesce(': ' || c.held_why, '')
      when h.state = 'proofed' and c.status <> 'pending' and p.held_at is not null
        then 'the printer is held' || coalesce(': ' || p.held_why, '')
      when h.state = 'address_enrichable' then 'the next enrichment'
      when h.state = 'address_enriching' then 'the enricher'
      when h.state = 'proofed' and c.status = 'pending' then 'the launch'
      when h.state = 'proofed' and c.mode = 'live' and p.armed_at is null
        then 'the printer to be armed'
      when h.state in ('pending', 'proofed') then null
      else 'its turn' end
  from postrider.headcount() h
  join postrider.state t on t.name = h.state and (t.kind <> 'terminal' or t.name = 'error')
  join postrider.organization o on o.id = h.organization_id
  join postrider.campaign c on c.organization_id = h.organization_id and c.id = h.campaign_id
  join postrider.printer p on p.organization_id = c.organization_id and p.name = c.printer_name;
end;

-- The causes of a group: one, and how many others there are. p_among: so many people were looked at
-- for it, and not all.
create function postrider.causes_told(p_causes text[], p_among bigint default null) returns text
language sql immutable
return case coalesce(cardinality(p_causes), 0) when 0 then ''
  else concat(' [', p_causes[1], case cardinality(p_causes) when 1 then ''
    when 2 then '; and another cause'
    else format('; and %s other causes', cardinality(p_causes) - 1) end,
    ' among ' || p_among || ' of them', ']') end;

-- Why people in a place were turned away in passing who may be tried again by p_before.
create function postrider.retry_causes(p_organization_id uuid, p_campaign_id uuid, p_state text,
  p_before timestamptz, p_most int) returns text
language sql stable
return (
  select postrider.causes_told(array_agg(distinct r.detail) filter (where r.detail is not null),
    case when count(*) > p_most then count(*) end)
  from (
    select s.detail from postrider.recipient_state s
    where s.organization_id = p_organization_id and s.campaign_id = p_campaign_id
      and s.state = p_state and s.reason = 'retry'
      and s.available_at <= p_before and s.held_at is null
    order by s.available_at limit p_most + 1) r);

-- Of what failed the cause is told, in the words of the adapter: one, where there are several.
create function postrider.what_waits() returns table (campaign text, state text, people bigint,
  why text, until timestamptz, organization text)
language plpgsql stable security definer as $$
#variable_conflict use_column
declare
  c_few constant int := 5000;
  c_counted constant int := 10000;
  v_now timestamptz := postrider.now();
  v_everybody bigint := (select greatest(sum(people), 1) from postrider.headcount());
  -- So many are read from each end of a place: of some thousand people everybody, of more the
  -- fewer, the more places there are.
  v_most int := case when v_everybody <= c_few then c_few else (
    select greatest(20, least(300, 10000 / greatest(count(*), 1))) from postrider.headcount()
    where state in ('pending', 'proofed', 'error')) end;
  -- What share of the table gives a thousand people, and of a large one up to ten thousand.
  v_percent float8 := least(100, 100 * least(10000, greatest(1000, v_everybody / 1000.0))
    / v_everybody);
begin
  return query
  with recursive place as materialized (
    select p.*, h.people as held, p.people - h.people as free from postrider.waiting_places() p
    -- Few are held one by one: they have an index of their own.
    cross join lateral (
      select count(*) as people from postrider.recipient_state s
      where s.organization_id = p.organization_id and s.campaign_id = p.campaign_id
        and s.state = p.state and s.held_at is not null and p.state not in ('error', 'sent')) h
  ), read as materialized (
    -- later: not before a time to come; due: now.
    select p.organization_id, p.campaign_id, p.state, 'later' as part, s.* from place p
    cross join lateral (
      select s.available_at, s.reason, s.detail from postrider.recipient_state s
      where s.organization_id = p.organization_id and s.campaign_id = p.campaign_id
        and s.waiting_state = p.state and s.available_at > v_now and s.held_at is null
      order by s.available_at limit v_most + 1) s
    where p.why is null and p.state <> 'error'
    union all
    select p.organization_id, p.campaign_id, p.state, 'due', s.* from place p
    cross join lateral (
      select s.available_at, s.reason, s.detail from postrider.recipient_state s
      where s.organization_id = p.organization_id and s.campaign_id = p.campaign_id
        and s.waiting_state = p.state and s.available_at <= v_now and s.held_at is null
      order by s.available_at desc limit v_most + 1) s
    where p.why is null and p.state <> 'error'
    union all
    select p.organization_id, p.campaign_id, p.state, 'error', s.* from place p
    cross join lateral (
      select s.available_at, s.reason, s.detail from postrider.recipient_state s
      where s.organization_id = p.organization_id and s.campaign_id = p.campaign_id
        and s.state = p.state and s.state = 'error'
      order by s.since desc limit v_most + 1) s
    where p.state = 'error'
  ), part as materialized (
    -- Of how many it is known how many they are. estimated: they wait for different things, and not
    -- all of them were read.
    select p.*, v.part, v.many, v.estimated
    from place p
    cross join lateral (
      select count(*) filter (where r.part = 'later') as later, count(*) as all_of,
        count(*) filter (where r.part = 'due') as due
      from read r where r.organization_id = p.organization_id and r.campaign_id = p.campaign_id
        and r.state = p.state) n
    cross join lateral (values
      ('error', p.people, n.all_of > v_most, p.state = 'error'),
      ('later', case when n.later > v_most then p.free - n.due else n.later end, n.later > v_most,
        p.state <> 'error' and least(n.later, n.due) <= v_most),
      ('due', case when n.due > v_most then p.free - n.later else n.due end, false,
        p.state <> 'error' and least(n.later, n.due) <= v_most),
      ('both', p.free, true, p.state <> 'error' and least(n.later, n.due) > v_most)
    ) as v (part, many, estimated, is_so)
    where p.why is null and v.is_so
  ), sampled as materialized (
    select p.organization_id, p.campaign_id, p.state, p.part, s.available_at, s.reason, s.detail
    from postrider.recipient_state s tablesample system (v_percent)
    join part p on p.organization_id = s.organization_id and p.campaign_id = s.campaign_id
      and p.state = s.state and p.estimated
    where exists (select from part where estimated)
      and (p.part = 'error' or s.held_at is null and (p.part = 'both' or s.available_at > v_now))
  ), enough as materialized (
    select s.organization_id, s.campaign_id, s.state from sampled s
    group by 1, 2, 3 having count(*) >= 30
  ), person as materialized (
    -- What was read from the ends tells causes and times; it counts where the sample has too few.
    select s.*, 1 as weight, false as is_read from sampled s
    union all
    select p.organization_id, p.campaign_id, p.state, p.part, r.available_at, r.reason, r.detail,
      case when p.estimated and e.state is not null then 0 else 1 end, true
    from part p
    join read r on r.organization_id = p.organization_id and r.campaign_id = p.campaign_id
      and r.state = p.state and (r.part = p.part or p.part = 'both')
    left join enough e on e.organization_id = p.organization_id and e.campaign_id = p.campaign_id
      and e.state = p.state
  ), failing as (
    -- From one campaign and kind of effect to the next, by index.
    (select e.organization_id, e.campaign_id, e.kind from postrider.effect e
      where e.state = 'waiting' and e.error is not null
      order by e.organization_id, e.campaign_id, e.kind limit 1)
    union all
    select n.* from failing f cross join lateral (
      select e.organization_id, e.campaign_id, e.kind from postrider.effect e
      where e.state = 'waiting' and e.error is not null
        and (e.organization_id, e.campaign_id, e.kind)
          > (f.organization_id, f.campaign_id, f.kind)
      order by e.organization_id, e.campaign_id, e.kind limit 1) n
  ), told as (
    select p.organization, p.campaign, p.state, 'held' as why, p.held as people,
      postrider.causes_told(
        array_agg(distinct s.detail) filter (where s.reason = 'retry' and s.detail is not null),
        case when count(*) > v_most then count(*) end) as causes,
      min(s.available_at) filter (where s.available_at > v_now) as until
    from place p
    cross join lateral (
      select s.available_at, s.reason, s.detail from postrider.recipient_state s
      where s.organization_id = p.organization_id and s.campaign_id = p.campaign_id
        and s.state = p.state and s.held_at is not null
      order by s.available_at desc limit v_most + 1) s
    where p.held > 0 group by 1, 2, 3, 5
    union all
    select p.organization, p.campaign, p.state, p.why, p.free,
      case when p.state in ('pending', 'proofed') then postrider.retry_causes(p.organization_id,
        p.campaign_id, p.state, 'infinity', v_most) end,
      (
        select s.available_at from postrider.recipient_state s
        where s.organization_id = p.organization_id and s.campaign_id = p.campaign_id
          and s.waiting_state = p.state and s.available_at > v_now and s.available_at < 'infinity'
          and (s.held_at is null or s.state = 'sent')
        order by s.available_at limit 1)
    from place p where p.free > 0 and p.why is not null and p.state <> 'address_enriching'
    union all
    select p.organization, p.campaign, p.state, p.why || coalesce(' ' || b.enricher, ''),
      case when b.shares = 1 then p.free else round(p.free * b.share) end,
      case when b.shares > 1 and p.free > c_counted then ' (about: by the size of its batches)' end,
      b.until
    from place p
    left join lateral (
      select e.enricher,
        min(e.deadline) filter (where e.deadline > v_now and e.people > 0) as until,
        count(*) over () as shares, sum(e.people) / nullif(sum(sum(e.people)) over (), 0) as share
      from (
        select case when p.why = 'the enricher' then b.enricher end as enricher, b.deadline,
          case when p.free > c_counted then b.people else (
            select count(*) from postrider.recipient_state s
            where s.organization_id = b.organization_id and s.cohort_id = b.id
              and s.held_at is null) end as people
        from postrider.enrichment_batch b
        where b.organization_id = p.organization_id and b.campaign_id = p.campaign_id
          and b.closed_at is null) e
      group by 1) b on true
    where p.state = 'address_enriching' and p.free > 0
    union all
    select p.organization, p.campaign, p.state, g.why,
      greatest(g.seen, round(p.many * g.weight / g.weight_of_all)),
      case when p.part = 'due' then postrider.retry_causes(p.organization_id, p.campaign_id,
          p.state, v_now, v_most)
        else postrider.causes_told(g.causes) end
        || case when p.estimated then format(' (about: by a sample of %s)', g.weight_of_all)
          else '' end,
      g.until
    from part p
    cross join lateral (
      select x.why, count(*) filter (where x.is_read) as seen, sum(x.weight) as weight,
        sum(sum(x.weight)) over () as weight_of_all,
        array_agg(distinct x.detail) filter (where x.detail is not null) as causes,
        min(x.available_at) filter (where x.available_at > v_now) as until
      from (
        select s.weight, s.is_read, s.available_at,
          case when p.part = 'error' then 'a person: ' || coalesce(r.sentence, s.reason)
            when s.available_at > v_now then coalesce(r.sentence, s.reason)
            else 'its turn' end as why,
          case when p.part = 'error' or s.reason = 'retry' then s.detail end as detail
        from person s left join postrider.reason r on r.code = s.reason
        where s.organization_id = p.organization_id and s.campaign_id = p.campaign_id
          and s.state = p.state and s.part = p.part) x
      group by x.why) g
    where p.many > 0
    union all
    select o.name, c.name, 'effect ' || f.kind, r.sentence, least(n.many, c_counted),
      e.causes || case when n.many > c_counted
        then format(' (or more: counted up to %s)', c_counted) else '' end, e.until
    from failing f
    join postrider.organization o on o.id = f.organization_id
    join postrider.campaign c on c.organization_id = f.organization_id and c.id = f.campaign_id
    join postrider.reason r on r.code = 'retry'
    cross join lateral (
      select postrider.causes_told(array_agg(distinct x.error),
          case when count(*) > v_most then count(*) end) as causes,
        min(x.available_at) filter (where x.available_at > v_now) as until
      from (
        select e.error, e.available_at from postrider.effect e
        where e.organization_id = f.organization_id and e.campaign_id = f.campaign_id
          and e.kind = f.kind and e.state = 'waiting' and e.error is not null
        order by e.available_at desc limit v_most + 1) x) e
    cross join lateral (
      select count(*) as many from (
        select from postrider.effect e
        where e.organization_id = f.organization_id and e.campaign_id = f.campaign_id
          and e.kind = f.kind and e.state = 'waiting' and e.error is not null
        limit c_counted + 1) x) n
  )
  select t.campaign, t.state, t.people::bigint, t.why || coalesce(t.causes, ''), t.until,
    t.organization
  from told t where t.people > 0 order by t.organization, t.campaign, t.state, t.why;
end $$;
