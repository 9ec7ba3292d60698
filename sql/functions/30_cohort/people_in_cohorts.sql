-- Lists everybody who travels in a cohort: staged or at work, for a proof or at a printer. It goes
-- from one cohort to the next by index, and past the batches of enrichers: a million people may be
-- in these.
create function postrider.people_in_cohorts(
  p_mine uuid[]
) returns setof postrider.recipient_state language sql stable
begin atomic
  with recursive cohort as (
    (
      select s.organization_id, s.cohort_id
      from postrider.recipient_state s
      where s.cohort_id is not null
        and (p_mine is null or s.organization_id = any (p_mine))
      order by s.organization_id, s.cohort_id
      limit 1
    )
    union all
    select n.*
    from cohort k
    cross join lateral (
      select s.organization_id, s.cohort_id
      from postrider.recipient_state s
      where s.cohort_id is not null
        and (p_mine is null or s.organization_id = any (p_mine))
        and (s.organization_id, s.cohort_id) > (k.organization_id, k.cohort_id)
      order by s.organization_id, s.cohort_id
      limit 1
    ) n
  )
  select s.*
  from (
    select k.*
    from cohort k
    -- A cohort at a time: joined as a whole, all cohorts and everybody who travels are read first.
    cross join lateral (
      select count(*) as batches
      from postrider.enrichment_batch b
      where b.organization_id = k.organization_id
        and b.id = k.cohort_id
    ) b
    where b.batches = 0
    offset 0
  ) k
  cross join lateral (
    select s.*
    from postrider.recipient_state s
    where s.organization_id = k.organization_id
      and s.cohort_id = k.cohort_id
    offset 0
  ) s;
end;
