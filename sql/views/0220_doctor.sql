-- What is wrong with the database, the runners and the queue, and what to do about it. verdict: ok, warn or bad. Of organizations: of those that the caller
-- sees.
create function postrider.doctor() returns table (check_name text, verdict text, message text, what_helps text)
language plpgsql stable security definer set search_path = postrider, pg_temp as $$
#variable_conflict use_column
declare
  v_now timestamptz := postrider.now();
  v_all boolean := postrider.sees_all();
  v_mine uuid[] := case when not v_all then postrider.my_organizations() end;
begin
  return query
  select 'runners', case when count(*) = 0 then 'warn' else 'ok' end,
    format('%s alive, %s proof and %s mail slots', count(*), coalesce(sum(proof_slots), 0), coalesce(sum(mail_slots), 0)),
    case when count(*) = 0 then 'start one: postrider run' end
  from postrider.runner where seen_at > clock_timestamp() - interval '45 seconds';

  return query
  select 'leases', case when count(*) > 0 then 'warn' else 'ok' end, format('%s open cohorts whose lease has passed', count(*)),
    case when count(*) > 0 then 'a live runner reaps them within seconds' end
  from postrider.cohort where closed_at is null and lease_until < v_now - interval '30 seconds' and (v_all or organization_id = any (v_mine));

  return query
  select 'beat ' || b.name, case when b.last_at < clock_timestamp() - b.every * 3 - interval '30 seconds' then 'warn' else 'ok' end,
    format('last %s, every %s', to_char(b.last_at, 'YYYY-MM-DD HH24:MI:SS'), b.every),
    case when b.last_at < clock_timestamp() - b.every * 3 - interval '30 seconds' then 'is a runner alive? see the check runners' end
  from postrider.beat b;

  return query
  select 'event partitions', case when count(*) < 2 then 'bad' when count(*) < 4 then 'warn' else 'ok' end,
    format('%s months from now on have a partition', count(*)), case when count(*) < 4 then 'select postrider.event_partitions()' end
  from generate_series(date_trunc('month', v_now at time zone 'UTC'), v_now at time zone 'UTC' + interval '3 months', '1 month') m
  where to_regclass('postrider.recipient_event_' || to_char(m, 'YYYY_MM')) is not null;

  return query
  select 'default partition', case when exists (select from postrider.recipient_event_default) then 'warn' else 'ok' end,
    case when exists (select from postrider.recipient_event_default) then 'some events fell into no month' else 'empty' end,
    case when exists (select from postrider.recipient_event_default) then 'select postrider.event_partitions()' end;

  return query
  select 'unreachable states', case when count(*) > 0 then 'bad' else 'ok' end,
    coalesce('no move leads to: ' || string_agg(s.name, ', '), 'every state can be reached'), case when count(*) > 0 then 'postrider migrate' end
  from postrider.state s where not exists (select from postrider.transition t where t.to_state = s.name);

  return query
  select 'unknown outcomes', case when count(*) > 0 then 'warn' else 'ok' end, format('%s mailpieces of which nobody knows whether they were printed', count(*)),
    case when count(*) > 0 then 'reconcile asks the printers; what stays is listed in the view stuck' end
  from postrider.mailpiece where status = 'unknown' and (v_all or organization_id = any (v_mine));

  -- Of what failed in passing: where, and what was said there. It is nobody's alarm, and passes by itself once the other side is back.
  return query
  select 'tried again', case when count(*) > 0 then 'warn' else 'ok' end,
    coalesce(string_agg(format('%s people at %s%s', f.people, f.place, ' [' || f.said || ']'), '; ' order by f.people desc), 'nobody'),
    case when count(*) > 0 then 'it goes on by itself when that can be asked again: is it up, and are its options right?' end
  from (
    select count(*) as people, left(min(s.detail), 200) as said,
      case s.state when 'proofed' then 'printer ' || c.printer_name else 'the renderer of campaign ' || c.name end as place
    from postrider.recipient_state s
    join postrider.campaign c on c.organization_id = s.organization_id and c.id = s.campaign_id
    where s.state in ('pending', 'proofed') and s.state in ('address_enrichable', 'pending', 'proofed', 'sent') and s.reason = 'retry'
      and (v_all or s.organization_id = any (v_mine))
    group by s.organization_id, place) f;

  return query
  select 'alarms', case when count(*) > 0 then 'bad' else 'ok' end, format('%s open', count(*)),
    case when count(*) > 0 then 'select campaign, meaning, what_helps from postrider.alarms' end
  from postrider.alarm where cleared_at is null and (v_all or organization_id = any (v_mine));

  -- Every person counts their moves: what the counts add up to, the history must have.
  return query
  select 'history', case when m.moves > e.entries then 'bad' else 'ok' end,
    case when m.moves > e.entries then format('%s moves have no entry in the history', m.moves - e.entries) else 'whole' end,
    case when m.moves > e.entries then 'a month was dropped, or somebody deleted from it: restore it from a backup' end
  from (select coalesce(sum(move_no), 0) as moves from postrider.recipient_state where v_all or organization_id = any (v_mine)) m,
    (select count(*) as entries from postrider.recipient_event where v_all or organization_id = any (v_mine)) e;

  return query
  select 'lost mailpieces', case when count(*) > 0 then 'bad' else 'ok' end, format('%s people at a printer have no mailpiece', count(*)),
    case when count(*) > 0 then 'for each organization: select postrider.replace_lost_mailpieces(organization); then look at the view stuck' end
  from postrider.organization o cross join lateral postrider.lost_mailpieces(o.id) where v_all or o.id = any (v_mine);

  return query
  select 'webhooks', case when count(*) filter (where error is not null) > 0 then 'bad' when count(*) > 1000 then 'warn' else 'ok' end,
    format('%s wait, %s could not be read', count(*) filter (where error is null), count(*) filter (where error is not null)),
    case when count(*) filter (where error is not null) > 0
      then format('mend the adapter of printer %s (%s), then: select postrider.retry_webhooks(organization)',
        string_agg(distinct printer_name, ', ') filter (where error is not null), left(max(error), 200)) end
  from postrider.provider_event where applied_at is null and (v_all or organization_id = any (v_mine));

  return query
  select 'oldest transaction', case when age > interval '10 minutes' then 'bad' when age > interval '1 minute' then 'warn' else 'ok' end,
    case when age is null then 'none open' else format('open for %s (pid %s, %s)', date_trunc('second', age), pid, state) end,
    case when age > interval '1 minute' then format('it keeps vacuum from cleaning up: end it, or select pg_terminate_backend(%s)', pid) end
  from (select 1) one left join lateral (
    select clock_timestamp() - xact_start as age, pid, state from pg_stat_activity
    where datname = current_database() and xact_start is not null and pid <> pg_backend_pid() and backend_type = 'client backend'
    order by xact_start limit 1) t on true;

  -- Who stands in the way now. Waits of a moment are how locks work: only long ones are a fault.
  return query
  select 'blocked sessions', case when max(w.waited) > interval '1 minute' then 'bad' when max(w.waited) > interval '10 seconds' then 'warn' else 'ok' end,
    case when count(*) = 0 then 'none' else format('%s wait, the longest for %s, behind pid %s (role %s, %s, %s, transaction open for %s)', count(distinct w.waiting),
      max(date_trunc('second', w.waited)), (array_agg(w.pid order by w.waited desc))[1], (array_agg(w.usename order by w.waited desc))[1],
      (array_agg(coalesce(nullif(w.application_name, ''), 'no name') order by w.waited desc))[1], (array_agg(w.state order by w.waited desc))[1],
      (array_agg(date_trunc('second', w.age) order by w.waited desc))[1]) end,
    case when count(*) > 0 then format('ask its owner, or end it (it is rolled back, nothing of ours is lost): select pg_terminate_backend(%s)',
      (array_agg(w.pid order by w.waited desc))[1]) end
  from (
    select l.pid as waiting, clock_timestamp() - l.waitstart as waited, a.pid, a.usename, a.application_name, a.state, clock_timestamp() - a.xact_start as age
    from pg_locks l
    cross join lateral unnest(pg_blocking_pids(l.pid)) as b (pid)
    join pg_stat_activity a on a.pid = b.pid
    where not l.granted and a.datname = current_database()
      -- Whoever waits themselves is no cause.
      and not exists (select from pg_locks o where o.pid = a.pid and not o.granted)) w;

  return query
  select 'bloat', case when bool_or(dead > 100000 and dead > live) then 'warn' else 'ok' end,
    coalesce(string_agg(format('%s: %s dead of %s', name, dead, dead + live), ', ' order by dead desc) filter (where dead > 10000), 'no table has many dead rows'),
    case when bool_or(dead > 100000 and dead > live) then 'is a transaction old? else: vacuum (analyze) the table' end
  from (select schemaname || '.' || relname as name, n_dead_tup as dead, n_live_tup as live from pg_stat_user_tables
    where schemaname in ('postrider', 'postrider_queue')) t;

  return query select * from postrider.check_restore();
end $$;
