-- Puts jobs into a queue, and returns how many it made. pg-boss has no send() in SQL: a bare
-- insert into its job table takes none of the queue's settings, no policy, and wakes nobody. This
-- fills in what the library would. (A test compares the rows, column by column.)
create function postrider.enqueue(
  p_queue text,
  p_ids uuid[],
  p_data jsonb[],
  p_key text default null
) returns int language plpgsql security definer as $$
declare
  v_queue postrider_queue.queue;
  v_made int;
begin
  select * into v_queue from postrider_queue.queue where name = p_queue;
  if not found then
    perform postrider.fail(
      'PR018',
      format('there is no queue %s', p_queue),
      'run `postrider migrate`; nothing was changed');
  end if;
  insert into postrider_queue.job (
    id, name, data, singleton_key, policy, retry_limit, retry_delay, retry_backoff,
    retry_delay_max, expire_seconds, deletion_seconds, keep_until,
    dead_letter, heartbeat_seconds)
  select
    j.id, v_queue.name, j.data, p_key, v_queue.policy, v_queue.retry_limit, v_queue.retry_delay,
    v_queue.retry_backoff, v_queue.retry_delay_max, v_queue.expire_seconds,
    v_queue.deletion_seconds, now() + v_queue.retention_seconds * interval '1 second',
    v_queue.dead_letter, v_queue.heartbeat_seconds
  from unnest(p_ids, p_data) as j (id, data)
  on conflict do nothing;
  get diagnostics v_made = row_count;
  if v_made > 0 and v_queue.notify then
    perform postrider.wake_workers(v_queue.name);
  end if;
  return v_made;
end $$;

-- Wakes the workers of a queue, as the library does after a send.
create function postrider.wake_workers(p_queue text) returns void language sql volatile
return pg_notify(
  'pgboss_' || left(encode(sha224('postrider_queue'::bytea), 'hex'), 24), p_queue);

-- Fails the jobs whose runner went silent. Such a job holds its organization's key: nothing of its
-- kind would run for the organization until the job expires, and a sync may take hours. Its
-- heartbeat tells within seconds. (pg-boss looks at heartbeats once a minute at best.)
create function postrider.end_silent_jobs() returns int language plpgsql as $$
declare
  v_queues text[];
begin
  with silent as (
    update postrider_queue.job
    set
      state = 'failed',
      completed_on = clock_timestamp(),
      output = '{"value": {"message": "the runner went silent"}}'
    where name in ('sync', 'enrich', 'effects', 'reconcile', 'call_back')
      and policy = 'stately'
      and state = 'active'
      and heartbeat_on < clock_timestamp() - heartbeat_seconds * interval '1 second'
    returning name
  )
  select array_agg(name) into v_queues from silent;
  perform postrider.wake_workers(q) from unnest(v_queues) as q;
  return coalesce(cardinality(v_queues), 0);
end $$;
