-- The check of doctor that looks whether the history is whole. p_mine and p_whole are as doctor.sql
-- says.

-- Counts all people, and the moves of theirs that have no entry in the history.
create function postrider.history_of_all(p_mine uuid[]) returns table (
  looked bigint,
  missing bigint
) language sql stable
begin atomic
  select count(*), coalesce(sum(greatest(s.move_no - coalesce(h.entries, 0), 0)), 0)::bigint
  from postrider.recipient_state s
  left join (
    select e.organization_id, e.recipient_id, count(*) as entries
    from postrider.recipient_event e
    where p_mine is null or e.organization_id = any (p_mine)
    group by e.organization_id, e.recipient_id) h
    on h.organization_id = s.organization_id and h.recipient_id = s.recipient_id
  where p_mine is null or s.organization_id = any (p_mine);
end;

-- Counts the same of p_most people of these organizations: of those next to a reference. They are
-- random, and in their order anybody may come next.
create function postrider.history_of_some(
  p_organizations uuid[],
  p_reference text,
  p_most int
) returns table (
  looked bigint,
  missing bigint
) language sql stable
begin atomic
  with picked as materialized (
    select r.*
    from unnest(p_organizations) as c (organization_id)
    cross join lateral (
      (select r.organization_id, r.id
        from postrider.recipient r
        where r.organization_id = c.organization_id and r.reference >= p_reference
        order by r.reference
        limit p_most / 2 / cardinality(p_organizations))
      union all
      (select r.organization_id, r.id
        from postrider.recipient r
        where r.organization_id = c.organization_id and r.reference < p_reference
        order by r.reference desc
        limit p_most / 2 / cardinality(p_organizations))) r
  ), person as (
    -- As sub-selects, by index whatever is thought of the size of the tables.
    select
      (
        select s.move_no
        from postrider.recipient_state s
        where s.organization_id = r.organization_id and s.recipient_id = r.id) as moves,
      (
        select count(*)
        from postrider.recipient_event e
        where e.organization_id = r.organization_id and e.recipient_id = r.id) as entries
    from picked r
  )
  select count(*), coalesce(sum(greatest(p.moves - p.entries, 0)), 0)::bigint
  from person p;
end;

-- Looks whether the history is whole. Every person counts their moves, and has an entry in the
-- history for each. In the round of all checks 250 people are looked at, others each time. A month
-- that was dropped shows with the first of them, a single entry that is gone only where all are
-- looked at.
create function postrider.doctor_history(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language plpgsql stable as $$
declare
  c_few constant int := 2000;
  c_picked constant int := 250;
  c_organizations constant int := 20;
  v_started timestamptz := clock_timestamp();
  v_people bigint := (
    select coalesce(sum(h.people), 0)
    from postrider.headcount() h
    where p_mine is null or h.organization_id = any (p_mine));
  v_reference text := postrider.new_reference();
  v_organizations uuid[];
  v_looked bigint;
  v_missing bigint;
begin
  if p_whole or v_people <= c_few then
    select h.looked, h.missing into v_looked, v_missing
    from postrider.history_of_all(p_mine) h;
  else
    -- A sample of many organizations, each as likely as it has people.
    v_organizations := array(
      select o.organization_id
      from (
        select h.organization_id, sum(h.people) as people
        from postrider.headcount() h
        where p_mine is null or h.organization_id = any (p_mine)
        group by 1) o
      order by -ln(1 - random()) / o.people
      limit c_organizations);
    select h.looked, h.missing into v_looked, v_missing
    from postrider.history_of_some(v_organizations, v_reference, c_picked) h;
  end if;
  return query
  select 'history',
    case when v_missing > 0 then 'bad' else 'ok' end,
    case
      when v_missing > 0 then format('%s moves have no entry in the history', v_missing)
      else 'whole' end
    || case
      when v_looked < v_people
        then format(' (of %s people among %s: doctor(''history'') looks at all)',
          v_looked, v_people)
      when p_whole
        then format(' (of %s people, in %s s)', v_looked,
          round(extract(epoch from clock_timestamp() - v_started), 1))
      else '' end,
    case
      when v_missing > 0
        then 'a month was dropped, or somebody deleted from it: restore it from a backup' end;
end $$;
