-- Makes the partitions of this month and the next ones, and of every month whose events fell into the default partition: those move into it.
-- PostgreSQL refuses a partition while rows of it stand in the default one: without the move a month that was missed once could never be made.
-- Months are UTC's, reckoned without a zone: a month added to a timestamptz is one of the session's zone. Made apart and attached: that locks out nobody
-- who writes into another partition, where CREATE … PARTITION OF would stop every move. Where events may be on their way into the default partition,
-- moves must wait: an INSERT that has chosen it already would fail when its month is gone from there. Whoever waits for us waits 2 s at most: then it is
-- left to the next minute, and one open transaction does not stop everybody's moves.
create function postrider.event_partitions(p_months_ahead int default 3) returns int
language plpgsql security definer as $$
declare
  v_now timestamp := postrider.now() at time zone 'UTC';
  v_months timestamp[];
  v_month timestamp;
  v_name text;
  v_from timestamptz;
  v_until timestamptz;
  v_strays boolean;
  v_made int := 0;
begin
  perform postrider.require_within('the number of months ahead', p_months_ahead, 0, 120);
  v_months := array(
    select m from (
      select generate_series(date_trunc('month', v_now), date_trunc('month', v_now) + make_interval(months => p_months_ahead), '1 month') as m
      union
      select date_trunc('month', at at time zone 'UTC') from postrider.recipient_event_default) x
    where to_regclass('postrider.recipient_event_' || to_char(m, 'YYYY_MM')) is null order by m);
  if cardinality(v_months) = 0 then
    return 0;
  end if;
  begin
    if date_trunc('month', v_now) = any (v_months) or exists (select from postrider.recipient_event_default) then
      lock table only postrider.recipient_event in share row exclusive mode;
    else
      lock table only postrider.recipient_event in share update exclusive mode;
    end if;
    lock table postrider.recipient_event_default in access exclusive mode;
  exception when lock_not_available then
    raise warning 'the partitions were not made: somebody has an open transaction that moved people or reads their history'
      using hint = 'select message, what_helps from postrider.doctor() where check_name = ''oldest transaction''; then try again';
    return 0;
  end;
  foreach v_month in array v_months loop
    v_name := 'recipient_event_' || to_char(v_month, 'YYYY_MM');
    -- Somebody else may have made it while we waited.
    continue when to_regclass('postrider.' || v_name) is not null;
    v_from := v_month at time zone 'UTC';
    v_until := (v_month + interval '1 month') at time zone 'UTC';
    execute format('create table postrider.%I (like postrider.recipient_event
      including defaults including constraints including indexes)', v_name);
    -- Read through the parent, with its policy; nobody reads a month alone.
    execute format('alter table postrider.%I enable row level security', v_name);
    -- Strays come back through the parent, from a table that no publication has: a subscriber knows
    -- nothing of a month that is not attached yet, and stops at its first row.
    v_strays := exists (
      select from postrider.recipient_event_default where at >= v_from and at < v_until);
    if v_strays then
      create unlogged table postrider.stray_event (like postrider.recipient_event);
      with stray as (
        delete from postrider.recipient_event_default where at >= v_from and at < v_until returning *
      )
      insert into postrider.stray_event select * from stray;
    end if;
    begin
      -- ISO with an offset, and not as the session writes times: PostgreSQL 15 reads the IST of
      -- Asia/Kolkata back as Israel's, and the CST of Asia/Shanghai as Chicago's.
      execute format('alter table postrider.recipient_event attach partition postrider.%I
        for values from (%L) to (%L)', v_name, to_char(v_month, 'YYYY-MM-DD 00:00:00+00'),
        to_char(v_month + interval '1 month', 'YYYY-MM-DD 00:00:00+00'));
    exception when invalid_object_definition then
      perform postrider.fail('PR017', format('partition %s cannot be made: %s', v_name, sqlerrm),
        'a neighbour was made with bounds that are no month of UTC; in a quiet moment, since nobody '
        'moves meanwhile: select * from postrider.mend_event_partitions(). Nothing is lost: until '
        'then the default partition keeps what no month takes');
    end;
    if v_strays then
      insert into postrider.recipient_event select * from postrider.stray_event;
      drop table postrider.stray_event;
    end if;
    v_made := v_made + 1;
  end loop;
  return v_made;
end $$;
