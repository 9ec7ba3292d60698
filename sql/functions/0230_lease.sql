-- Leases live on the cohort, never on its people: 1,000 renewals cost 30 ms there and 465 ms on recipients.
-- Returns the cohorts that are still ours; a runner stops posting for any other.
create function postrider.renew(p_runner_id uuid, p_organization_ids uuid[], p_cohort_ids uuid[], p_lease interval) returns uuid[]
language plpgsql security definer set search_path = postrider, pg_temp set plan_cache_mode = force_generic_plan set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off as $$
declare
  v_now timestamptz := postrider.now();
  v_ours uuid[];
begin
  if p_lease is null or p_lease <= interval '0' or p_lease > interval '1 day' then
    perform postrider.require_lease(p_lease);
  end if;
  with mine as (
    select c.organization_id, c.id from postrider.cohort c
    join unnest(p_organization_ids, p_cohort_ids) as w (organization_id, id) on c.organization_id = w.organization_id and c.id = w.id
    where c.runner_id = p_runner_id and c.closed_at is null
    -- Expired but not yet reaped is still ours: the reaper decides under the same row lock.
    order by c.organization_id, c.id for no key update of c
  ), renewed as (
    update postrider.cohort c set lease_until = v_now + p_lease from mine
    where c.organization_id = mine.organization_id and c.id = mine.id returning c.id
  )
  select array_agg(id) into v_ours from renewed;
  return coalesce(v_ours, '{}');
end $$;

create function postrider.heartbeat(p_runner_id uuid, p_name text, p_proof_slots int, p_mail_slots int, p_version text,
  p_lease interval default '1 minute') returns void
language sql volatile security definer
begin atomic
  select postrider.require_given('a runner''s id, name, slots and version', p_runner_id::text, p_name, p_proof_slots::text, p_mail_slots::text, p_version);
  select postrider.require_lease(p_lease);
  insert into postrider.runner as r (id, name, proof_slots, mail_slots, version, started_at, seen_at, lease)
  values (p_runner_id, p_name, p_proof_slots, p_mail_slots, p_version, clock_timestamp(), clock_timestamp(), p_lease)
  on conflict (id) do update set seen_at = excluded.seen_at, proof_slots = excluded.proof_slots, mail_slots = excluded.mail_slots,
    lease = excluded.lease;
end;

-- A runner that was told to stop and has cohorts all the same may still be at them: its row stays until it is old, and its lease counts.
create function postrider.goodbye(p_runner_id uuid) returns void
language sql volatile security definer
begin atomic
  delete from postrider.runner r
  where r.id = p_runner_id and not exists (select from postrider.cohort c where c.runner_id = r.id and c.closed_at is null)
    or r.seen_at < clock_timestamp() - interval '1 day';
end;

-- The longest lease by which a runner may still post, although somebody has deleted or closed its cohort by hand: it hears of that with its next renewal,
-- or, where it cannot reach the database, when the lease is over. Null: no runner has been here for so long.
create function postrider.longest_lease() returns interval
language sql stable security definer
return (select max(lease) from postrider.runner where seen_at > clock_timestamp() - lease - interval '1 minute');

-- The most cohorts that may be open in a stage: four for every slot of a live runner.
create function postrider.window_of(p_stage text) returns int
language sql stable security definer
return (
  select 4 * greatest(1, coalesce(sum(case p_stage when 'proof' then proof_slots else mail_slots end), 0))::int
  from postrider.runner where seen_at > clock_timestamp() - interval '45 seconds'
);
