-- The partitions of what grows for ever: the history and the calls of providers, a month of UTC
-- each.

-- The tables that are parted by months, with the column that says which.
create function postrider.monthly_tables() returns table (
  name text,
  time_column text
) language sql immutable
begin atomic
  values ('recipient_event', 'at'), ('provider_call', 'started_at');
end;

-- The name of the partition of a month.
create function postrider.partition_of(p_table text, p_month timestamp) returns text
language sql immutable strict
return p_table || '_' || to_char(p_month, 'YYYY_MM');

-- The bounds of a month, as the catalog writes them in UTC and ISO. They have an offset, and are
-- not as the session writes times: PostgreSQL 15 reads the IST of Asia/Kolkata back as Israel's,
-- and the CST of Asia/Shanghai as Chicago's.
create function postrider.bounds_of(p_month timestamp) returns text
language sql immutable strict
return format(
  'FOR VALUES FROM (%L) TO (%L)',
  to_char(p_month, 'YYYY-MM-DD 00:00:00+00'),
  to_char(p_month + interval '1 month', 'YYYY-MM-DD 00:00:00+00'));

-- Makes the partitions of this month and the next ones, and of every month whose rows fell into a
-- default partition: those rows move into it. Returns how many it made, of all tables.
create function postrider.event_partitions(p_months_ahead int default 3) returns int
language plpgsql security definer as $$
declare
  v_table text;
  v_column text;
  v_made int := 0;
begin
  perform postrider.require_within('the number of months ahead', p_months_ahead, 0, 120);
  for v_table, v_column in select name, time_column from postrider.monthly_tables() loop
    v_made := v_made + postrider.make_partitions(v_table, v_column, p_months_ahead);
  end loop;
  return v_made;
end $$;

-- Makes those of one table.
-- PostgreSQL refuses a partition while rows of it stand in the default one: without the move a
-- month that was missed once could never be made. Months are UTC's, reckoned without a zone: a
-- month added to a timestamptz is one of the session's zone.
create function postrider.make_partitions(
  p_table text,
  p_column text,
  p_months_ahead int
) returns int language plpgsql as $$
declare
  v_this_month timestamp := date_trunc('month', postrider.now() at time zone 'UTC');
  v_strays timestamp[];
  v_months timestamp[];
  v_month timestamp;
  v_made int := 0;
begin
  execute format(
    $sql$
      select array(
        select distinct date_trunc('month', %I at time zone 'UTC')
        from postrider.%I)
    $sql$,
    p_column, p_table || '_default')
  into v_strays;
  v_months := array(
    select m
    from (
      select generate_series(
        v_this_month, v_this_month + make_interval(months => p_months_ahead), '1 month') as m
      union
      select unnest(v_strays)
    ) x
    where to_regclass('postrider.' || postrider.partition_of(p_table, m)) is null
    order by m);
  if cardinality(v_months) = 0 then
    return 0;
  end if;
  if not postrider.lock_for_partitions(
    p_table, v_this_month = any (v_months) or cardinality(v_strays) > 0)
  then
    return 0;
  end if;
  foreach v_month in array v_months loop
    -- Somebody else may have made it while this waited.
    continue when
      to_regclass('postrider.' || postrider.partition_of(p_table, v_month)) is not null;
    perform postrider.make_partition(p_table, p_column, v_month);
    v_made := v_made + 1;
  end loop;
  return v_made;
end $$;

-- Locks a table for new partitions. Returns false, with a warning, where somebody is in the way. A
-- partition is made apart and attached: that locks out nobody who writes into another partition,
-- where CREATE … PARTITION OF would stop every move. Where rows may be on their way into the
-- default partition (p_writers_wait), those who write must wait: an INSERT that has chosen it
-- already would fail when its month is gone from there. Moves that queue behind this wait 2 s at
-- most (lock_timeout): then it is left to the next minute, and one open transaction does not stop
-- everybody's moves.
create function postrider.lock_for_partitions(
  p_table text,
  p_writers_wait boolean
) returns boolean language plpgsql as $$
begin
  execute format(
    'lock table only postrider.%I in %s mode',
    p_table,
    case when p_writers_wait then 'share row exclusive' else 'share update exclusive' end);
  execute format('lock table postrider.%I in access exclusive mode', p_table || '_default');
  return true;
exception when lock_not_available then
  raise warning 'the partitions of % were not made: an open transaction wrote or reads it', p_table
    using hint = 'select message, what_helps from postrider.doctor() '
      'where check_name = ''oldest transaction''; then try again';
  return false;
end $$;

-- Makes the partition of a month, and moves the month's rows into it from the default one.
create function postrider.make_partition(
  p_table text,
  p_column text,
  p_month timestamp
) returns void language plpgsql as $$
declare
  v_name text := postrider.partition_of(p_table, p_month);
  v_has_strays boolean;
begin
  execute format(
    'create table postrider.%I (like postrider.%I '
    'including defaults including constraints including indexes)',
    v_name, p_table);
  -- It is read through the parent, with its policy; nobody reads a month alone.
  execute format('alter table postrider.%I enable row level security', v_name);
  -- Strays come back through the parent, from a table that no publication has: a subscriber knows
  -- nothing of a month that is not attached yet, and stops at its first row.
  execute format(
    $sql$
      select exists (
        select from postrider.%1$I
        where %2$I >= $1 at time zone 'UTC'
          and %2$I < ($1 + interval '1 month') at time zone 'UTC')
    $sql$,
    p_table || '_default', p_column)
  into v_has_strays
  using p_month;
  if v_has_strays then
    execute format('create unlogged table postrider.stray_row (like postrider.%I)', p_table);
    execute format(
      $sql$
        with stray as (
          delete from postrider.%1$I
          where %2$I >= $1 at time zone 'UTC'
            and %2$I < ($1 + interval '1 month') at time zone 'UTC'
          returning *
        )
        insert into postrider.stray_row
        select * from stray
      $sql$,
      p_table || '_default', p_column)
    using p_month;
  end if;
  begin
    execute format(
      'alter table postrider.%I attach partition postrider.%I %s',
      p_table, v_name, postrider.bounds_of(p_month));
  exception when invalid_object_definition then
    perform postrider.fail(
      'PR017',
      format('partition %s cannot be made: %s', v_name, sqlerrm),
      'a neighbour was made with bounds that are no month of UTC; in a quiet moment, since nobody '
      'moves meanwhile: select * from postrider.mend_event_partitions(). Nothing is lost: until '
      'then the default partition keeps what no month takes');
  end;
  if v_has_strays then
    perform postrider.put_strays_back(p_table);
  end if;
end $$;

-- Writes the strays into their months, and drops the table that they were in.
create function postrider.put_strays_back(p_table text) returns void language plpgsql as $$
begin
  execute format('insert into postrider.%I select * from postrider.stray_row', p_table);
  drop table postrider.stray_row;
end $$;

-- Drops the months of a table that were over before a time. Readers of the table are waited for 2 s
-- at most; then it fails, and is done in another minute.
create function postrider.drop_partitions(
  p_table text,
  p_before timestamptz
) returns int language plpgsql as $$
declare
  v_name text;
  v_dropped int := 0;
begin
  for v_name in
    select c.relname
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = ('postrider.' || p_table)::regclass
      and c.relname ~ ('^' || p_table || '_\d{4}_(0[1-9]|1[0-2])$')
      and (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month') at time zone 'UTC'
        <= p_before
    order by 1
  loop
    execute format('drop table postrider.%I', v_name);
    v_dropped := v_dropped + 1;
  end loop;
  return v_dropped;
end $$;
