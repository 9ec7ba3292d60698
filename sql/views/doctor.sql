-- What is wrong with the database, the runners and the queue, and what to do about it: verdict is
-- ok, warn or bad. Each check is a function of its own, doctor_<its name>, that returns one
-- finding, or one for each thing that it looks at.
--
-- p_mine: the organizations that the caller sees; null: all there are.
-- p_whole: the check was asked for by its name, and looks at everything, however long that takes.
-- In the round of all checks none reads a table that grows with the people from end to end: what is
-- counted is counted up to a bound, and the message says so.

-- Runs all checks; or, by name, these: doctor('webhooks', 'history').
create function postrider.doctor(variadic p_only text[] default '{}')
returns table (check_name text, verdict text, message text, what_helps text)
language plpgsql stable security definer as $$
declare
  v_known constant text[] := array['runners', 'leases', 'beats', 'event partitions',
    'default partition', 'unreachable states', 'unknown outcomes', 'tried again', 'work',
    'connections', 'alarms', 'history', 'lost mailpieces', 'overdue', 'household keys', 'webhooks',
    'oldest transaction', 'blocked sessions', 'bloat', 'restore'];
  v_whole boolean := coalesce(cardinality(p_only) > 0, false);
  v_mine uuid[] := case when not postrider.sees_all() then postrider.my_organizations() end;
  v_check text;
begin
  select o.name into v_check
  from unnest(p_only) as o (name)
  where o.name is null or not o.name = any (v_known)
  limit 1;
  if found then
    perform postrider.fail('PR020', format('doctor has no check %L', v_check),
      'there are: ' || array_to_string(v_known, ', '));
  end if;
  foreach v_check in array v_known loop
    if v_check = any (p_only) or not v_whole then
      -- Planned for these values: what is bounded in the round is not where all is looked at.
      return query execute format('select * from postrider.%I($1, $2)',
        'doctor_' || replace(v_check, ' ', '_')) using v_mine, v_whole;
    end if;
  end loop;
end $$;

-- Bounds what is counted in the round of all checks: so many, and one more, which says that there
-- are others. Null where all are counted.
create function postrider.count_limit(p_whole boolean) returns bigint
language sql immutable
return case when not p_whole then 1001 end;

-- Says a number that was counted up to that bound.
create function postrider.count_text(p_many bigint, p_whole boolean) returns text
language sql immutable
return case
  when p_many >= postrider.count_limit(p_whole) then 'more than ' || p_many - 1
  else p_many::text end;

-- Counts the runners that are alive.
create function postrider.doctor_runners(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'runners',
    case when count(*) = 0 then 'warn' else 'ok' end,
    format('%s alive, %s proof and %s mail slots',
      count(*), coalesce(sum(proof_slots), 0), coalesce(sum(mail_slots), 0)),
    case when count(*) = 0 then 'start one: postrider run' end
  from postrider.runner
  where postrider.runner_is_alive(seen_at);
end;

-- Tells of each beat whether it comes and works.
create function postrider.doctor_beats(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select *
  from postrider.beat_health()
  union all
  select 'beats', 'warn', 'none has come yet', 'start a runner: postrider run'
  where not exists (select from postrider.beat_health());
end;

-- Looks whether the history, and the calls of providers, have a partition for each month to come.
create function postrider.doctor_event_partitions(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'event partitions',
    case
      when p.wrong is not null or p.months < 2 then 'bad'
      when p.months < 4 then 'warn'
      else 'ok' end,
    format('%s months from now on have a partition', p.months)
      || coalesce(', and bounds that are no month of UTC: ' || p.wrong, ''),
    case
      when p.wrong is not null then 'in a quiet moment, since nobody moves meanwhile: '
        'select * from postrider.mend_event_partitions()'
      when p.months < 4 then 'select postrider.event_partitions()' end
  from (
    select
      (
        select min(made.months)
        from postrider.monthly_tables() t
        cross join lateral (
          select count(*) as months
          from generate_series(
            date_trunc('month', clock.now), clock.now + interval '3 months', '1 month') m
          join pg_class c on c.oid = to_regclass('postrider.' || postrider.partition_of(t.name, m))
          where c.relispartition and c.relname <> all (misdated.names)) made) as months,
      array_to_string(nullif(misdated.names, '{}'), ', ') as wrong
    from (select postrider.now() at time zone 'UTC' as now offset 0) clock,
      (select array(select m.partition_name from postrider.misdated_partitions() m) as names)
        misdated) p;
end;

-- Looks whether events or calls fell into no month.
create function postrider.doctor_default_partition(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'default partition',
    case when found.what is not null then 'warn' else 'ok' end,
    coalesce('some ' || found.what || ' fell into no month', 'empty'),
    case when found.what is not null then 'select postrider.event_partitions()' end
  from (
    select nullif(
      concat_ws(
        ' and ',
        case when exists (select from postrider.recipient_event_default) then 'events' end,
        case when exists (select from postrider.provider_call_default) then 'calls' end),
      '') as what) found;
end;

-- Names the states to which no move leads.
create function postrider.doctor_unreachable_states(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'unreachable states',
    case when count(*) > 0 then 'bad' else 'ok' end,
    coalesce('no move leads to: ' || string_agg(s.name, ', '), 'every state can be reached'),
    case when count(*) > 0 then 'postrider migrate' end
  from postrider.state s
  where not exists (select from postrider.transition t where t.to_state = s.name);
end;

-- Names the session whose transaction is open for the longest time.
create function postrider.doctor_oldest_transaction(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'oldest transaction',
    case
      when t.age > interval '10 minutes' then 'bad'
      when t.age > interval '1 minute' then 'warn'
      else 'ok' end,
    case
      when t.age is null then 'none open'
      else format('open for %s (pid %s, %s)', date_trunc('second', t.age), t.pid, t.state) end,
    case
      when t.age > interval '1 minute'
        then format('it keeps vacuum from cleaning up: end it, or select pg_terminate_backend(%s)',
          t.pid) end
  from (select 1) one
  left join lateral (
    select clock_timestamp() - a.xact_start as age, a.pid, a.state
    from pg_stat_activity a
    where a.datname = current_database()
      and a.xact_start is not null
      and a.pid <> pg_backend_pid()
      and a.backend_type = 'client backend'
    order by a.xact_start
    limit 1) t on true;
end;

-- Names the session that others wait for now. Waits of a moment are how locks work: only long ones
-- are a fault.
create function postrider.doctor_blocked_sessions(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  with blocking as (
    select l.pid as waiting, clock_timestamp() - l.waitstart as waited, a.pid, a.usename,
      a.application_name, a.state, clock_timestamp() - a.xact_start as age
    from pg_locks l
    cross join lateral unnest(pg_blocking_pids(l.pid)) as b (pid)
    join pg_stat_activity a on a.pid = b.pid
    where not l.granted
      and a.datname = current_database()
      -- A session that waits itself is no cause.
      and not exists (select from pg_locks o where o.pid = a.pid and not o.granted)
  )
  select 'blocked sessions',
    case
      when all_of.longest > interval '1 minute' then 'bad'
      when all_of.longest > interval '10 seconds' then 'warn'
      else 'ok' end,
    case
      when w.pid is null then 'none'
      else format('%s wait, the longest for %s, '
        'behind pid %s (role %s, %s, %s, transaction open for %s)',
        all_of.many, date_trunc('second', w.waited), w.pid, w.usename,
        coalesce(nullif(w.application_name, ''), 'no name'), w.state,
        date_trunc('second', w.age)) end,
    case
      when w.pid is not null
        then format('ask its owner, or end it (it is rolled back, nothing of ours is lost): '
          'select pg_terminate_backend(%s)', w.pid) end
  from (
    select count(distinct waiting) as many, max(waited) as longest
    from blocking) all_of
  left join lateral (
    select *
    from blocking
    order by waited desc nulls last
    limit 1) w on true;
end;

-- Names the tables with many dead rows.
create function postrider.doctor_bloat(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'bloat',
    case when bool_or(t.dead > 100000 and t.dead > t.live) then 'warn' else 'ok' end,
    coalesce(
      string_agg(
        format('%s: %s dead of %s', t.name, t.dead, t.dead + t.live), ', ' order by t.dead desc)
        filter (where t.dead > 10000),
      'no table has many dead rows'),
    case
      when bool_or(t.dead > 100000 and t.dead > t.live)
        then 'is a transaction old? else: vacuum (analyze) the table' end
  from (
    select schemaname || '.' || relname as name, n_dead_tup as dead, n_live_tup as live
    from pg_stat_user_tables
    where schemaname in ('postrider', 'postrider_queue')) t;
end;

-- Tells whether this database was restored or failed over since runners mailed from it.
create function postrider.doctor_restore(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'restore',
    case
      when w.why is not null then 'bad'
      when h.timeline is null and not h.standby then 'warn'
      else 'ok' end,
    case
      when w.why is not null then w.why || ': cards that were begun last may be unknown here'
      when h.standby then 'this is a standby: '
        'it tells what the primary had written when it heard last'
      when h.timeline is null then 'this server does not tell its timeline: '
        'a failover is noticed by what runners remember only'
      else 'not restored' end,
    case
      when w.why is not null then 'the printers are held until then: postrider reconcile '
        '--since <time of the backup or failover>, then release them'
      when h.standby then 'for what is so now ask the primary; nothing can be changed here'
      when h.timeline is null then 'hold the printers after a failover: postrider hold printer' end
  from (
    select s.*, pg_is_in_recovery() as standby from postrider.server_identity() s) h
  left join postrider.installation i on true
  cross join lateral (
    select case
      when i.restore_noticed_at is not null then i.restore_why
      else (postrider.restore_signs(i, null, h.system_identifier, h.timeline)).why end as why) w;
end;
