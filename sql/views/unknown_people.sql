-- What is known of somebody whom no campaign knows: the rows of lists that were not used.

-- Lists the rows that had this id and of which nobody was made, the last run first: rejects, and
-- the rows that a one-off did not add after it had read its list.
create function postrider.rejects_of(
  p_who text,
  p_organization_id uuid
) returns table (
  organization_id uuid,
  organization text,
  campaign_id uuid,
  campaign text,
  run_id uuid,
  at timestamptz,
  local text,
  what text,
  detail text
) language sql stable
begin atomic
  select j.organization_id, o.name, c.id, c.name, s.id, s.started_at,
    format('%s (%s)', postrider.local_time(o, s.started_at), o.time_zone), j.what,
    concat_ws(', ',
      'row ' || coalesce(j.source_row::text, 'unknown'),
      'column ' || j.source_column)
    || format(': %s (%s)', rtrim(j.message, '. '), j.reason)
  from (
    select r.*, 'row rejected' as what
    from postrider.sync_reject r
    where r.external_id = postrider.trimmed(p_who)
    union all
    select n.*, 'row not added'
    from postrider.sync_note n
    where n.external_id = postrider.trimmed(p_who)
      and n.reason = 'not_added'
  ) j
  join postrider.sync_run s
    on s.organization_id = j.organization_id and s.id = j.run_id
  join postrider.campaign c
    on c.organization_id = s.organization_id and c.id = s.campaign_id
  join postrider.organization o
    on o.id = j.organization_id
  where j.organization_id = any (array(select unnest(postrider.my_organizations())))
    and (p_organization_id is null or j.organization_id = p_organization_id)
  order by s.started_at desc, j.ordinal desc
  limit 100;
end;

-- Says why nobody is known by an id: for each campaign the last row that had it and was not used;
-- or that it was in no list, since when lists were read, and which was not read to its end.
create function postrider.why_unknown(
  p_who text,
  p_organization_id uuid
) returns table (sentence text) language sql stable
begin atomic
  with rejected as materialized (
    select distinct on (j.organization_id, j.campaign_id) j.*
    from postrider.rejects_of(p_who, p_organization_id) j
    order by j.organization_id, j.campaign_id, j.at desc
  ), list as materialized (
    select c.organization_id, o.name as organization, c.id as campaign_id, c.name as campaign,
      l.started_at, l.complete, l.ended_at, l.error, f.first_at, n.not_added,
      format('%s (%s)', postrider.local_time(o, l.started_at), o.time_zone) as local,
      format('%s (%s)', postrider.local_time(o, f.first_at), o.time_zone) as first_local
    from postrider.campaign c
    join postrider.organization o
      on o.id = c.organization_id
    cross join lateral (
      select r.started_at, r.ended_at, r.complete, r.error
      from postrider.sync_run r
      where r.organization_id = c.organization_id and r.campaign_id = c.id
      order by r.started_at desc
      limit 1
    ) l
    left join lateral (
      select (r.noted ->> 'not_added')::int as not_added
      from postrider.sync_run r
      where r.organization_id = c.organization_id and r.campaign_id = c.id
        and (r.noted ->> 'not_added')::int > 1000
      order by r.started_at desc
      limit 1
    ) n on true
    cross join lateral (
      select r.started_at as first_at
      from postrider.sync_run r
      where r.organization_id = c.organization_id and r.campaign_id = c.id
      order by r.started_at
      limit 1
    ) f
    where p_organization_id is null or c.organization_id = p_organization_id
  )
  select format('%s is not in campaign %s: %s, in run %s of %s.%s',
    postrider.trimmed(p_who), j.campaign, j.detail, j.run_id, j.local,
    case when l.complete and l.started_at > j.at
      then format(' The list was read to its end since, at %s, and does not have it any more.',
        l.local) end)
  from rejected j
  left join list l
    on l.organization_id = j.organization_id and l.campaign_id = j.campaign_id
  where postrider.trimmed(p_who) <> ''
  union all
  select format('Nobody is known by %s: %s.%s',
    postrider.trimmed(p_who),
    case
      when count(l.campaign_id) = 0 then 'no list was read yet'
      else format('there is no such id in any list that was read since %s',
        (array_agg(l.first_local order by l.first_at))[1])
    end,
    concat((select ' ' || string_agg(
      format('The last run of campaign %s, of %s, %s', u.campaign, u.local,
        case
          when u.ended_at is null then 'has not ended.'
          else 'did not read its list to the end'
            || coalesce(': ' || rtrim(left(u.error, 300), '. '), '') || '.'
        end), ' ' order by u.started_at desc)
    from (
      select * from list x where not x.complete order by x.started_at desc limit 3) u),
    -- A run keeps a thousand notes of each reason.
    (
      select format(' Of the %s rows that a run of campaign %s did not add, only the first 1000 '
        'are known by id.', x.not_added, x.campaign)
      from list x
      where x.not_added is not null
      order by x.started_at desc
      limit 1)))
  from list l
  where postrider.trimmed(p_who) <> ''
  having postrider.trimmed(p_who) <> ''
    and not exists (select from rejected);
end;
