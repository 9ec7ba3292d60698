-- What people may see of pg-boss's table. Its schema belongs to nobody else: the view is the
-- owner's, and shows no payload.
create view postrider.queue_job as
select id, name, state::text as state, retry_count, created_on, started_on, completed_on
from postrider_queue.job;

-- The cohorts on their way, with the pg-boss job that carries each until it begins.
create view postrider.queue with (security_invoker = true) as
select k.organization_id, k.id as cohort_id, k.stage, k.campaign_id, c.name as campaign, c.mode,
  k.people, k.made_at, k.begun_at, k.lease_until, r.name as runner, j.state as job,
  j.retry_count as job_retries, j.started_on as job_started,
  case
    when k.begun_at is not null and k.lease_until < postrider.now()
      then 'its lease has passed: reap gives its people back within seconds'
    when k.begun_at is not null and postrider.runner_is_alive(r.seen_at) is not true
      then 'its runner is silent: reap gives its people back when the lease has passed'
    when k.begun_at is not null then 'at work'
    when j.id is null then 'its job is gone: reap gives its people back within minutes'
    when j.state in ('created', 'retry') then 'waits for a worker'
    when j.state = 'active' then 'is about to begin'
    else 'its job ended without a begin: reap gives its people back within minutes'
  end as meaning
from postrider.cohort k
join postrider.campaign c
  on c.organization_id = k.organization_id and c.id = k.campaign_id
left join postrider.runner r
  on r.id = k.runner_id
left join postrider.queue_job j
  on j.name = k.stage and j.id = k.id
where k.closed_at is null;
