-- Partitions whose bounds are no month of UTC, and their repair. On PostgreSQL 15 an
-- older version made them where the session's date style writes the name of its time zone, and that
-- is another zone's, too: the IST of Asia/Kolkata was read as Israel's, so each month began at
-- 3:30. No month can be made beside one of them.

-- Lists them. month: by its name; null where that says none. A partition of another name, as
-- somebody makes one for old years, is none of these where it begins and ends with a month.
create function postrider.misdated_partitions(
  out table_name text,
  out partition_name text,
  out bounds text,
  out month timestamp
) returns setof record language sql stable security definer
begin atomic
  select p.table_name, p.name, p.bounds, p.month
  from (
    select
      t.name as table_name,
      c.relname::text as name,
      pg_get_expr(c.relpartbound, c.oid) as bounds,
      case when c.relname ~ ('^' || t.name || '_\d{4}_(0[1-9]|1[0-2])$') then
        to_date(right(c.relname, 7), 'YYYY_MM')::timestamp
      end as month
    from postrider.monthly_tables() t
    join pg_inherits i on i.inhparent = ('postrider.' || t.name)::regclass
    join pg_class c on c.oid = i.inhrelid
  ) p
  where p.bounds <> 'DEFAULT'
    and case
      when p.month is not null then p.bounds <> postrider.bounds_of(p.month)
      else p.bounds !~ (
        '^FOR VALUES FROM \((MINVALUE|''\d+-\d\d-01 00:00:00\+00'')\) '
        'TO \((MAXVALUE|''\d+-\d\d-01 00:00:00\+00'')\)$')
    end
  order by p.table_name, p.name;
end;

-- Gives each of them the bounds of its month, all in one transaction. Each keeps its table: only
-- the rows that lie outside of its month move, through the parent, into theirs. One that has no
-- month goes when all its rows have moved. Returns what was done, a row for each; none: nothing is
-- wrong.
--
-- Nobody moves or reads the table meanwhile: a partition is taken off under a lock of the whole,
-- and read from end to end twice, to find what lies outside and because PostgreSQL makes sure. So
-- it is called by a person in a quiet moment, and never by a runner. A session that is in the way
-- is waited for 2 s at most: those that wait behind this call wait no longer.
create function postrider.mend_event_partitions() returns table (
  partition_name text,
  was text,
  became text,
  moved bigint
) language plpgsql security definer as $$
declare
  v_table text;
  v_column text;
begin
  for v_table, v_column in
    select t.name, t.time_column
    from postrider.monthly_tables() t
    where exists (select from postrider.misdated_partitions() m where m.table_name = t.name)
  loop
    return query
    select * from postrider.mend_partitions(v_table, v_column);
  end loop;
  -- Months that were never made, also those of what is in the default partitions now.
  if v_table is not null then
    perform postrider.event_partitions();
  end if;
end $$;

-- Mends those of one table.
create function postrider.mend_partitions(
  p_table text,
  p_column text
) returns table (
  partition_name text,
  was text,
  became text,
  moved bigint
) language plpgsql as $$
declare
  v_names text[];
  v_bounds text[];
  v_months timestamp[];
  v_moved bigint[];
begin
  begin
    execute format('lock table postrider.%I in access exclusive mode', p_table);
  exception when lock_not_available then
    perform postrider.fail(
      'PR017',
      format('%s is in use: somebody has an open transaction that wrote or reads it', p_table),
      'select message, what_helps from postrider.doctor() '
      'where check_name = ''oldest transaction''; then try again. Nothing was changed');
  end;
  -- Somebody else may have mended them while this waited.
  select
    coalesce(array_agg(m.partition_name), '{}'), array_agg(m.bounds), array_agg(m.month)
  into v_names, v_bounds, v_months
  from postrider.misdated_partitions() m
  where m.table_name = p_table;
  -- A table that no publication has. Strays are taken out while their partition is one, and come
  -- back through the parent: a subscriber hears of one table only, however its own months are
  -- bounded.
  execute format('create unlogged table postrider.stray_row (like postrider.%I)', p_table);
  for i in 1 .. cardinality(v_names) loop
    v_moved := v_moved
      || postrider.detach_partition(p_table, p_column, v_names[i], v_months[i]);
  end loop;
  execute format(
    $sql$
      with stray as (
        delete from postrider.%I
        where date_trunc('month', %I at time zone 'UTC') = any ($1)
        returning *
      )
      insert into postrider.stray_row
      select * from stray
    $sql$,
    p_table || '_default', p_column)
  using v_months;
  for i in 1 .. cardinality(v_names) loop
    continue when v_months[i] is null;
    perform postrider.attach_partition(p_table, v_names[i], v_months[i]);
  end loop;
  perform postrider.put_strays_back(p_table);
  return query
  select w.name, w.bounds, postrider.bounds_of(w.month), w.moved
  from unnest(v_names, v_bounds, v_months, v_moved) as w (name, bounds, month, moved);
end $$;

-- Takes a partition off its table, without the rows that lie outside of its month. One without a
-- month goes. Returns how many rows it took out.
create function postrider.detach_partition(
  p_table text,
  p_column text,
  p_name text,
  p_month timestamp
) returns bigint language plpgsql as $$
declare
  v_moved bigint;
begin
  execute format(
    $sql$
      with stray as (
        delete from postrider.%1$I
        where $1 is null
          or %2$I < $1 at time zone 'UTC'
          or %2$I >= ($1 + interval '1 month') at time zone 'UTC'
        returning *
      )
      insert into postrider.stray_row
      select * from stray
    $sql$,
    p_name, p_column)
  using p_month;
  get diagnostics v_moved = row_count;
  execute format('alter table postrider.%I detach partition postrider.%I', p_table, p_name);
  if p_month is null then
    execute format('drop table postrider.%I', p_name);
  end if;
  return v_moved;
end $$;

-- Puts a partition back that was taken off, with the bounds of its month.
create function postrider.attach_partition(
  p_table text,
  p_name text,
  p_month timestamp
) returns void language plpgsql as $$
begin
  execute format(
    'alter table postrider.%I attach partition postrider.%I %s',
    p_table, p_name, postrider.bounds_of(p_month));
exception when invalid_object_definition then
  perform postrider.fail(
    'PR017',
    format('partition %s cannot have its month: %s', p_name, sqlerrm),
    'a partition that was made by hand covers it: detach that one, and mend again. '
    'Nothing was changed');
end $$;
