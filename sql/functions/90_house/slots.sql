-- Limits of routes. A slot is a time at which one request may be sent. A runner reserves some slots
-- at once, a quarter of a second's worth, and none that is further away than 0.8 s: so a card costs
-- no round trip, a crash loses little, and a route that is closed is quiet within a second.
--
-- Why no window is ever exceeded: of a limit of n requests in a window, a request may go when the
-- n-th before it is older than the window and the slack together. With three a second, the fourth
-- waits until the first is a second and the slack ago. The slack is how much later than its slot a
-- request may reach the provider: a runner forfeits a slot that it cannot use within a quarter of
-- the slack, and the rest is for the way. The slack is what the limit is not used for: 3.5 % of the
-- window, or 50 ms where that is longer. Where an answer is so late that its request may have used
-- up half of the slack, the runner tells it. The slot is moved so that the other half remains: how
-- long a way is, is not known to the millisecond.
--
-- Why nearly all of it is used: what was forfeited was not sent. It is given back, and made up for
-- by slots that follow each other more closely for a while. (A pace alone, without the slots of the
-- last window, would have to leave them unused.)
--
-- Times are told as offsets from now: the clocks of runners do not matter.

-- Reserves up to p_most slots, each for a request that counts p_cost times, and takes back slots
-- that were reserved and not used (p_unused, as they were told). p_most 0 only takes back.
-- p_late [{at, laterMs}]: slots whose requests may have come so long after them.
-- Returns {nowMs, slots: [{at, inMs}], lateMs, wayMs, againMs, closedMs, told}. inMs counts from
-- nowMs. lateMs: a slot that is later than this is forfeited. wayMs: a request that may have come
-- later than that after its slot is to be told. againMs: more can be had after so long.
-- closedMs: the route is closed for so long yet, and slots before its end count for nothing. told:
-- the limit that the provider told.
create function postrider.take_slots(
  p_organization_id uuid,
  p_connection_id uuid,
  p_route text,
  p_windows jsonb,
  p_most int,
  p_cost int default 1,
  p_unused text[] default '{}',
  p_late jsonb default '[]'
) returns json language plpgsql security definer as $$
declare
  c_ahead constant interval := '800 milliseconds';
  c_slice constant interval := '250 milliseconds';
  v_route postrider.connection_limit;
  v_pace record;
  v_now timestamptz;
  v_slots timestamptz[];
  v_next timestamptz;
  v_cost int;
  v_credit interval;
  v_at timestamptz;
  v_before int;
  v_given timestamptz[] := '{}';
  v_again interval := '0';
begin
  if p_most is null or p_most not between 0 and 10000 or p_cost is null or p_cost < 1 then
    perform postrider.require_within('the number of slots', p_most, 0, 10000);
    perform postrider.require_within('the cost of a request', p_cost, 1, 100000);
  end if;
  perform postrider.require_limit(p_windows);
  v_route := postrider.lock_route(p_organization_id, p_connection_id, p_route);
  -- The clock is read after the lock, which may have been waited for.
  v_now := postrider.now();
  v_pace := postrider.pace_of(p_windows, v_route.told_limit);
  -- A request that counts more often than is allowed has a window for itself.
  v_cost := least(p_cost, (select min(r.n) from unnest(v_pace.requests) as r (n)));
  v_credit := v_pace.longest / 5;
  v_slots := postrider.usable_slots(
    v_route.slots, v_now, v_now + c_ahead, v_pace.spans[cardinality(v_pace.spans)]);
  v_next := coalesce(v_route.next_at, v_now - v_credit);

  if p_late <> '[]' then
    v_slots := postrider.moved_slots(v_slots, p_late, v_now, v_pace.slack / 2, v_cost);
  end if;
  v_before := cardinality(v_slots);
  if p_unused <> '{}' then
    v_slots := array(
      select s.at
      from unnest(v_slots) with ordinality as s (at, n)
      where s.at <> all (p_unused::timestamptz[])
      order by s.n);
  end if;
  -- The pace is never further behind than the credit: a burst after an idle time is small, and
  -- there is none after a closing.
  v_next := greatest(
    least(v_next, v_now + c_ahead + v_pace.spacing * v_cost)
      - (v_before - cardinality(v_slots)) * v_pace.spacing,
    v_now - v_credit,
    v_route.closed_until);

  while cardinality(v_given) < p_most loop
    v_at := greatest(
      v_now, v_next, v_route.closed_until,
      v_slots[cardinality(v_slots)] + v_pace.spacing * v_cost / 4);
    for i in 1 .. cardinality(v_pace.requests) loop
      -- Out of bounds is null: the window has not been full yet.
      v_at := greatest(
        v_at,
        v_slots[cardinality(v_slots) + v_cost - v_pace.requests[i]] + v_pace.spans[i]);
    end loop;
    if v_at > v_now + c_ahead then
      v_again := v_at - v_now - c_ahead + interval '100 milliseconds';
      exit;
    end if;
    exit when v_at > v_given[1] + c_slice;
    v_given := v_given || v_at;
    v_slots := v_slots || array_fill(v_at, array[v_cost]);
    v_next := greatest(v_next, v_at - v_credit) + v_pace.spacing * v_cost;
  end loop;

  update postrider.connection_limit
  set
    windows = p_windows,
    slots = v_slots,
    next_at = v_next
  where organization_id = p_organization_id
    and connection_id = p_connection_id
    and route = p_route;
  return json_build_object(
    'nowMs', extract(epoch from v_now) * 1000,
    'slots', array(
      select json_build_object('at', g.at, 'inMs', extract(epoch from g.at - v_now) * 1000)
      from unnest(v_given) with ordinality as g (at, n)
      order by g.n),
    'lateMs', least(extract(epoch from v_pace.slack) * 1000 / 4, 500),
    'wayMs', extract(epoch from v_pace.slack) * 1000 / 2,
    'againMs', ceil(extract(epoch from v_again) * 1000),
    'closedMs', greatest(ceil(extract(epoch from v_route.closed_until - v_now) * 1000), 0),
    'told', v_route.told_limit);
end $$;

-- Leaves those of the slots that a window may still count. After a clock was set back they would
-- lie in a far future, and close the route until then: they are moved to where they can be.
create function postrider.usable_slots(
  p_slots timestamptz[],
  p_now timestamptz,
  p_last timestamptz,
  p_span interval
) returns timestamptz[] language plpgsql immutable as $$
declare
  v_ahead interval := p_slots[cardinality(p_slots)] - p_last;
  v_first int := 1;
begin
  if v_ahead > interval '1 second' then
    p_slots := array(
      select s.at - v_ahead
      from unnest(p_slots) with ordinality as s (at, n)
      order by s.n);
  end if;
  while p_slots[v_first] <= p_now - p_span loop
    v_first := v_first + 1;
  end loop;
  return p_slots[v_first:];
end $$;

-- Moves slots to p_way before their requests came: so long before, a slot may be in any case. One
-- that is forgotten already comes back: its request came after its window.
create function postrider.moved_slots(
  p_slots timestamptz[],
  p_late jsonb,
  p_now timestamptz,
  p_way interval,
  p_cost int
) returns timestamptz[] language sql stable
begin atomic
  with late as (
    select
      l.at,
      least(l.at + l."laterMs" * interval '1 millisecond' - p_way, p_now) as counts_at
    from jsonb_to_recordset(p_late) as l (at timestamptz, "laterMs" float8)
    where l.at is not null
      and l."laterMs" >= 0
  ), counted as (
    select s.at
    from unnest(p_slots) as s (at)
    where not exists (select from late l where l.at = s.at)
    union all
    select greatest(l.at, l.counts_at)
    from late l
    cross join generate_series(1, p_cost)
  )
  select coalesce(array_agg(c.at order by c.at), '{}') from counted c;
end;
