-- The partitions of the history, a month of UTC each.

-- The bounds of a month, as the catalog writes them in UTC and ISO. They have an offset, and are
-- not as the session writes times: PostgreSQL 15 reads the IST of Asia/Kolkata back as Israel's,
-- and the CST of Asia/Shanghai as Chicago's.
create function postrider.bounds_of(p_month timestamp) returns text
language sql immutable strict
return format(
  'FOR VALUES FROM (%L) TO (%L)',
  to_char(p_month, 'YYYY-MM-DD 00:00:00+00'),
  to_char(p_month + interval '1 month', 'YYYY-MM-DD 00:00:00+00'));

-- Makes the partitions of this month and the next ones, and of every month whose events fell into
-- the default partition: those events move into it. Returns how many it made.
-- PostgreSQL refuses a partition while rows of it stand in the default one: without the move a
-- month that was missed once could never be made. Months are UTC's, reckoned without a zone: a
-- month added to a timestamptz is one of the session's zone.
create function postrider.event_partitions(p_months_ahead int default 3) returns int
language plpgsql security definer as $$
declare
  v_this_month timestamp := date_trunc('month', postrider.now() at time zone 'UTC');
  v_months timestamp[];
  v_month timestamp;
  v_made int := 0;
begin
  perform postrider.require_within('the number of months ahead', p_months_ahead, 0, 120);
  v_months := array(
    select m
    from (
      select generate_series(
        v_this_month, v_this_month + make_interval(months => p_months_ahead), '1 month') as m
      union
      select date_trunc('month', at at time zone 'UTC')
      from postrider.recipient_event_default
    ) x
    where to_regclass('postrider.recipient_event_' || to_char(m, 'YYYY_MM')) is null
    order by m);
  if cardinality(v_months) = 0 then
    return 0;
  end if;
  if not postrider.lock_history(v_this_month = any (v_months)) then
    return 0;
  end if;
  foreach v_month in array v_months loop
    -- Somebody else may have made it while this waited.
    continue when
      to_regclass('postrider.recipient_event_' || to_char(v_month, 'YYYY_MM')) is not null;
    perform postrider.make_event_partition(v_month);
    v_made := v_made + 1;
  end loop;
  return v_made;
end $$;

-- Locks the history for new partitions. Returns false, with a warning, where somebody is in the
-- way. A partition is made apart and attached: that locks out nobody who writes into another
-- partition, where CREATE … PARTITION OF would stop every move. Where events may be on their way
-- into the default partition (p_moves_wait, or it has some), moves must wait: an INSERT that has
-- chosen it already would fail when its month is gone from there. Moves that queue behind this wait
-- 2 s at most (lock_timeout): then it is left to the next minute, and one open transaction does not
-- stop everybody's moves.
create function postrider.lock_history(p_moves_wait boolean) returns boolean
language plpgsql as $$
begin
  if p_moves_wait or exists (select from postrider.recipient_event_default) then
    lock table only postrider.recipient_event in share row exclusive mode;
  else
    lock table only postrider.recipient_event in share update exclusive mode;
  end if;
  lock table postrider.recipient_event_default in access exclusive mode;
  return true;
exception when lock_not_available then
  raise warning 'the partitions were not made: somebody has an open transaction that moved people '
    'or reads their history'
    using hint = 'select message, what_helps from postrider.doctor() '
      'where check_name = ''oldest transaction''; then try again';
  return false;
end $$;

-- Makes the partition of a month, and moves the month's events into it from the default one.
create function postrider.make_event_partition(p_month timestamp) returns void
language plpgsql as $$
declare
  v_name text := 'recipient_event_' || to_char(p_month, 'YYYY_MM');
  v_from timestamptz := p_month at time zone 'UTC';
  v_until timestamptz := (p_month + interval '1 month') at time zone 'UTC';
  v_strays boolean;
begin
  execute format(
    'create table postrider.%I (like postrider.recipient_event '
    'including defaults including constraints including indexes)',
    v_name);
  -- It is read through the parent, with its policy; nobody reads a month alone.
  execute format('alter table postrider.%I enable row level security', v_name);
  -- Strays come back through the parent, from a table that no publication has: a subscriber knows
  -- nothing of a month that is not attached yet, and stops at its first row.
  v_strays := exists (
    select from postrider.recipient_event_default
    where at >= v_from
      and at < v_until);
  if v_strays then
    create unlogged table postrider.stray_event (like postrider.recipient_event);
    with stray as (
      delete from postrider.recipient_event_default
      where at >= v_from
        and at < v_until
      returning *
    )
    insert into postrider.stray_event
    select * from stray;
  end if;
  begin
    execute format(
      'alter table postrider.recipient_event attach partition postrider.%I %s',
      v_name, postrider.bounds_of(p_month));
  exception when invalid_object_definition then
    perform postrider.fail(
      'PR017',
      format('partition %s cannot be made: %s', v_name, sqlerrm),
      'a neighbour was made with bounds that are no month of UTC; in a quiet moment, since nobody '
      'moves meanwhile: select * from postrider.mend_event_partitions(). Nothing is lost: until '
      'then the default partition keeps what no month takes');
  end;
  if v_strays then
    insert into postrider.recipient_event
    select * from postrider.stray_event;
    drop table postrider.stray_event;
  end if;
end $$;
