-- Limits of routes: how they are paced, and what providers tell of them. What becomes of it is in
-- slots.sql.

-- Tells how a route is paced: the requests that each window allows, shortest window first, the
-- span in which no more are sent (window and slack), and the spacing of a steady pace. A provider
-- that tells one limit of several windows means that of the longest.
create function postrider.pace_of(
  p_windows jsonb,
  p_told int,
  out requests int[],
  out spans interval[],
  out spacing interval,
  out slack interval,
  out longest interval
) language sql immutable
begin atomic
  with given as (
    select
      w.requests, w.ms,
      w.ms + greatest(w.ms * 0.035, 50) as span,
      row_number() over (order by w.ms desc, w.requests) as n
    from jsonb_to_recordset(p_windows) as w (requests int, ms int)
  ), room as (
    -- The window that allows the fewest sets the pace. At that pace the others have slack to spare.
    -- It is the same whatever is told: slots that are out were given with it.
    select min(g.requests * p.spacing - g.ms) as slack
    from given g
    cross join (select max(g.span / g.requests) as spacing from given g) p
  ), kept as (
    select
      g.ms, r.slack,
      case g.n when 1 then least(g.requests, p_told) else g.requests end as requests
    from given g
    cross join room r
  )
  select
    array_agg(k.requests order by k.ms, k.requests desc),
    array_agg((k.ms + k.slack) * interval '1 millisecond' order by k.ms, k.requests desc),
    max((k.ms + k.slack) / k.requests) * interval '1 millisecond',
    min(k.slack) * interval '1 millisecond',
    max(k.ms) * interval '1 millisecond'
  from kept k;
end;

-- Refuses what is no limit.
create function postrider.require_limit(p_windows jsonb) returns void language plpgsql as $$
begin
  perform postrider.require_list('the windows of a limit', jsonb_typeof(p_windows));
  perform
    postrider.require_within('the requests of a window', w.requests, 1, 100000),
    postrider.require_within('a window in milliseconds', w.ms, 1, 86400000)
  from jsonb_to_recordset(p_windows) as w (requests int, ms int);
  perform postrider.require_within('the number of windows', jsonb_array_length(p_windows), 1, 10);
end $$;

-- Locks the row of a route, and makes it where there is none.
create function postrider.lock_route(
  p_organization_id uuid,
  p_connection_id uuid,
  p_route text
) returns postrider.connection_limit language plpgsql as $$
declare
  v_route postrider.connection_limit;
begin
  loop
    select * into v_route
    from postrider.connection_limit
    where organization_id = p_organization_id
      and connection_id = p_connection_id
      and route = p_route
    for no key update;
    exit when found;
    insert into postrider.connection_limit (organization_id, connection_id, route)
    select c.organization_id, c.id, p_route
    from postrider.connection c
    where c.organization_id = p_organization_id
      and c.id = p_connection_id
    on conflict do nothing;
    if not found and not exists (
      select from postrider.connection c
      where c.organization_id = p_organization_id
        and c.id = p_connection_id)
    then
      perform postrider.fail(
        'PR010',
        format('there is no connection %s', coalesce(p_connection_id::text, 'null')),
        'select name, id from postrider.connections; nothing was changed');
    end if;
  end loop;
  return v_route;
end $$;

-- Takes what a provider told of a route: the limit (null: not told), and, where p_closes, that
-- nobody may send for p_wait; null: until the longest window has passed. Everybody obeys it.
create function postrider.note_limit(
  p_organization_id uuid,
  p_connection_id uuid,
  p_route text,
  p_windows jsonb,
  p_told int default null,
  p_closes boolean default false,
  p_wait interval default null
) returns void language plpgsql security definer as $$
declare
  v_closed_until timestamptz;
begin
  perform postrider.require_limit(p_windows);
  if p_told is not null then
    perform postrider.require_within('the limit that was told', p_told, 1, 1000000000);
  end if;
  if p_wait is not null then
    perform postrider.require_within('how long a route is closed', p_wait, '0', '1 day');
  end if;
  perform postrider.lock_route(p_organization_id, p_connection_id, p_route);
  if p_closes then
    v_closed_until :=
      postrider.now() + coalesce(p_wait, (postrider.pace_of(p_windows, p_told)).longest);
  end if;
  update postrider.connection_limit
  set
    windows = p_windows,
    told_limit = coalesce(p_told, told_limit),
    closed_until = greatest(closed_until, v_closed_until),
    -- What was not sent meanwhile is not made up for.
    next_at = greatest(next_at, v_closed_until)
  where organization_id = p_organization_id
    and connection_id = p_connection_id
    and route = p_route;
end $$;
