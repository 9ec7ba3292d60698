-- What waits for a cause that is told apart from the place's own: people who are held one by one,
-- people in batches at an enricher, and effects that failed.

-- Tells of the people of a place who are held one by one: the causes of those who had been turned
-- away in passing, and when the first may be tried again.
create function postrider.held_causes(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_state text,
  p_now timestamptz,
  p_most int
) returns table (
  causes text,
  until timestamptz
) language sql stable
begin atomic
  select
    postrider.cause_summary(
      array_agg(distinct s.detail) filter (where s.reason = 'retry' and s.detail is not null),
      case when count(*) > p_most then count(*) end),
    min(s.available_at) filter (where s.available_at > p_now)
  from (
    select s.available_at, s.reason, s.detail
    from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.campaign_id = p_campaign_id
      and s.state = p_state
      and s.held_at is not null
    order by s.available_at desc
    limit p_most + 1
  ) s;
end;

-- Tells of how many cards at the printer nobody knows whether it has them.
create function postrider.unknown_outcomes(
  p_organization_id uuid,
  p_campaign_id uuid
) returns text language sql stable
return (
  select ' [unknown whether the printer has ' || count(*) || ' of them]'
  from postrider.mailpiece m
  where m.organization_id = p_organization_id
    and m.campaign_id = p_campaign_id
    and m.status = 'unknown'
  having count(*) > 0);

-- The enrichers that a campaign's open batches are at, each with its share of the people in them;
-- p_by_enricher false: all batches together. p_counted: people are counted one by one, and not by
-- the size of the batch. shares: how many enrichers there are.
create function postrider.enrichers_of_batches(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_by_enricher boolean,
  p_counted boolean,
  p_now timestamptz
) returns table (
  enricher text,
  until timestamptz,
  shares bigint,
  share numeric
) language sql stable
begin atomic
  select
    e.enricher,
    min(e.deadline) filter (where e.deadline > p_now and e.people > 0),
    count(*) over (),
    sum(e.people) / nullif(sum(sum(e.people)) over (), 0)
  from (
    select
      case when p_by_enricher then b.enricher end as enricher,
      b.deadline,
      case
        when not p_counted then b.people
        else (
          select count(*)
          from postrider.recipient_state s
          where s.organization_id = b.organization_id
            and s.cohort_id = b.id
            and s.held_at is null
        )
      end as people
    from postrider.enrichment_batch b
    where b.organization_id = p_organization_id
      and b.campaign_id = p_campaign_id
      and b.closed_at is null
  ) e
  group by e.enricher;
end;

-- Lists the campaigns and kinds of effects of which some failed and wait to be tried again. It goes
-- from one to the next by index.
create function postrider.failing_effects() returns table (
  organization_id uuid,
  campaign_id uuid,
  kind text
) language sql stable
begin atomic
  with recursive failing as (
    (
      select e.organization_id, e.campaign_id, e.kind
      from postrider.effect e
      where e.state = 'waiting'
        and e.error is not null
      order by e.organization_id, e.campaign_id, e.kind
      limit 1
    )
    union all
    select n.*
    from failing f
    cross join lateral (
      select e.organization_id, e.campaign_id, e.kind
      from postrider.effect e
      where e.state = 'waiting'
        and e.error is not null
        and (e.organization_id, e.campaign_id, e.kind)
          > (f.organization_id, f.campaign_id, f.kind)
      order by e.organization_id, e.campaign_id, e.kind
      limit 1
    ) n
  )
  select f.organization_id, f.campaign_id, f.kind
  from failing f;
end;

-- Tells why effects of a kind failed, and when the first is tried again.
create function postrider.effect_causes(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_kind text,
  p_now timestamptz,
  p_most int
) returns table (
  causes text,
  until timestamptz
) language sql stable
begin atomic
  select
    postrider.cause_summary(
      array_agg(distinct e.error),
      case when count(*) > p_most then count(*) end),
    min(e.available_at) filter (where e.available_at > p_now)
  from (
    select e.error, e.available_at
    from postrider.effect e
    where e.organization_id = p_organization_id
      and e.campaign_id = p_campaign_id
      and e.kind = p_kind
      and e.state = 'waiting'
      and e.error is not null
    order by e.available_at desc
    limit p_most + 1
  ) e;
end;

-- Effects that failed and wait to be tried again, by campaign and kind, and those that wait because
-- their meter or sink is switched off. They are counted up to
-- p_counted; the causes are read from up to p_most + 1 of them.
create function postrider.waiting_effects(
  p_now timestamptz,
  p_most int,
  p_counted int
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
    o.name, c.name, 'effect ' || f.kind, r.sentence, least(n.many, p_counted),
    e.causes || case
      when n.many > p_counted then format(' (or more: counted up to %s)', p_counted)
      else ''
    end,
    e.until
  from postrider.failing_effects() f
  join postrider.organization o on o.id = f.organization_id
  join postrider.campaign c
    on c.organization_id = f.organization_id
    and c.id = f.campaign_id
  join postrider.reason r on r.code = 'retry'
  cross join lateral postrider.effect_causes(
    f.organization_id, f.campaign_id, f.kind, p_now, p_most) e
  cross join lateral (
    select count(*) as many
    from (
      select from postrider.effect e
      where e.organization_id = f.organization_id
        and e.campaign_id = f.campaign_id
        and e.kind = f.kind
        and e.state = 'waiting'
        and e.error is not null
      limit p_counted + 1
    ) x
  ) n
  where not postrider.is_switched_off(f.organization_id, f.campaign_id, f.kind)
  union all
  select
    o.name, c.name, 'effect ' || f.kind, 'switched off', least(n.many, p_counted),
    format(' [%s]', f.error) || case
      when n.many > p_counted then format(' (or more: counted up to %s)', p_counted)
      else ''
    end,
    null
  from postrider.effect_failure f
  join postrider.organization o on o.id = f.organization_id
  join postrider.campaign c
    on c.organization_id = f.organization_id
    and c.id = f.campaign_id
  cross join lateral (
    select count(*) as many
    from (
      select from postrider.effect e
      where e.organization_id = f.organization_id
        and e.campaign_id = f.campaign_id
        and e.kind = f.kind
        and e.state = 'waiting'
      limit p_counted + 1
    ) x
  ) n
  where f.off_at is not null
  union all
  select
    o.name, c.name, 'effect image_cleanup', r.sentence, count(*),
    postrider.cause_summary(array_agg(distinct d.error)),
    min(d.available_at) filter (where d.available_at > p_now)
  from postrider.effect_failure f
  join postrider.stored_document d
    on d.organization_id = f.organization_id
    and d.campaign_id = f.campaign_id
    and d.state = 'waiting'
    and d.error is not null
  join postrider.organization o on o.id = f.organization_id
  join postrider.campaign c
    on c.organization_id = f.organization_id
    and c.id = f.campaign_id
  join postrider.reason r on r.code = 'retry'
  where f.kind = 'image_cleanup'
  group by o.name, c.name, r.sentence;
end;
