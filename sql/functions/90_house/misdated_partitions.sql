-- Partitions of the history whose bounds are no month of UTC, and their repair. On PostgreSQL 15 an
-- older version made them where the session's date style writes the name of its time zone, and that
-- is another zone's, too: the IST of Asia/Kolkata was read as Israel's, so each month began at
-- 3:30. No month can be made beside one of them.

-- Lists them. month: by its name; null where that says none. A partition of another name, as
-- somebody makes one for old years, is none of these where it begins and ends with a month.
create function postrider.misdated_partitions(
  out partition_name text,
  out bounds text,
  out month timestamp
) returns setof record language sql stable security definer
begin atomic
  select p.name, p.bounds, p.month
  from (
    select
      c.relname::text as name,
      pg_get_expr(c.relpartbound, c.oid) as bounds,
      case when c.relname ~ '^recipient_event_\d{4}_(0[1-9]|1[0-2])$' then
        to_date(right(c.relname, 7), 'YYYY_MM')::timestamp
      end as month
    from pg_inherits i
    join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'postrider.recipient_event'::regclass
  ) p
  where p.bounds <> 'DEFAULT'
    and case
      when p.month is not null then p.bounds <> postrider.bounds_of(p.month)
      else p.bounds !~ (
        '^FOR VALUES FROM \((MINVALUE|''\d+-\d\d-01 00:00:00\+00'')\) '
        'TO \((MAXVALUE|''\d+-\d\d-01 00:00:00\+00'')\)$')
    end
  order by 1;
end;

-- Gives each of them the bounds of its month, all in one transaction. Each keeps its table: only
-- the events that lie outside of its month move, through the parent, into theirs. One that has no
-- month goes when all its events have moved. Returns what was done, a row for each; none: nothing
-- is wrong.
--
-- Nobody moves or reads the history meanwhile: a partition is taken off under a lock of the whole,
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
  v_names text[];
  v_bounds text[];
  v_months timestamp[];
  v_moved bigint[];
begin
  if not exists (select from postrider.misdated_partitions()) then
    return;
  end if;
  begin
    lock table postrider.recipient_event in access exclusive mode;
  exception when lock_not_available then
    perform postrider.fail(
      'PR017',
      'the history is in use: somebody has an open transaction that moved people or reads their '
      'history',
      'select message, what_helps from postrider.doctor() '
      'where check_name = ''oldest transaction''; then try again. Nothing was changed');
  end;
  -- Somebody else may have mended them while this waited.
  select
    coalesce(array_agg(m.partition_name), '{}'), array_agg(m.bounds), array_agg(m.month)
  into v_names, v_bounds, v_months
  from postrider.misdated_partitions() m;
  -- A table that no publication has. Strays are taken out while their partition is one, and come
  -- back through the parent: a subscriber hears of one table only, however its own months are
  -- bounded.
  create unlogged table postrider.stray_event (like postrider.recipient_event);
  for i in 1 .. cardinality(v_names) loop
    v_moved := v_moved || postrider.detach_partition(v_names[i], v_months[i]);
  end loop;
  with stray as (
    delete from postrider.recipient_event_default
    where date_trunc('month', at at time zone 'UTC') = any (v_months)
    returning *
  )
  insert into postrider.stray_event
  select * from stray;
  for i in 1 .. cardinality(v_names) loop
    continue when v_months[i] is null;
    perform postrider.attach_partition(v_names[i], v_months[i]);
  end loop;
  insert into postrider.recipient_event
  select * from postrider.stray_event;
  drop table postrider.stray_event;
  -- Months that were never made, also those of what is in the default partition now.
  perform postrider.event_partitions();
  return query
  select w.name, w.bounds, postrider.bounds_of(w.month), w.moved
  from unnest(v_names, v_bounds, v_months, v_moved) as w (name, bounds, month, moved);
end $$;

-- Takes a partition off the history, without the events that lie outside of its month. One without
-- a month goes. Returns how many events it took out.
create function postrider.detach_partition(
  p_name text,
  p_month timestamp
) returns bigint language plpgsql as $$
declare
  v_moved bigint;
begin
  execute format(
    $sql$
      with stray as (
        delete from postrider.%I
        where $1 is null
          or at < $1 at time zone 'UTC'
          or at >= ($1 + interval '1 month') at time zone 'UTC'
        returning *
      )
      insert into postrider.stray_event
      select * from stray
    $sql$,
    p_name)
  using p_month;
  get diagnostics v_moved = row_count;
  execute format(
    'alter table postrider.recipient_event detach partition postrider.%I', p_name);
  if p_month is null then
    execute format('drop table postrider.%I', p_name);
  end if;
  return v_moved;
end $$;

-- Puts a partition back that was taken off, with the bounds of its month.
create function postrider.attach_partition(
  p_name text,
  p_month timestamp
) returns void language plpgsql as $$
begin
  execute format(
    'alter table postrider.recipient_event attach partition postrider.%I %s',
    p_name, postrider.bounds_of(p_month));
exception when invalid_object_definition then
  perform postrider.fail(
    'PR017',
    format('partition %s cannot have its month: %s', p_name, sqlerrm),
    'a partition that was made by hand covers it: detach that one, and mend again. '
    'Nothing was changed');
end $$;
