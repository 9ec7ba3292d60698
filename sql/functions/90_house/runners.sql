-- Notes that a runner lives, with its slots, its version and its lease.
create function postrider.heartbeat(
  p_runner_id uuid,
  p_name text,
  p_proof_slots int,
  p_mail_slots int,
  p_version text,
  p_lease interval default '1 minute'
) returns void language sql volatile security definer
begin atomic
  select postrider.require_given(
    'a runner''s id, name, slots and version',
    p_runner_id::text, p_name, p_proof_slots::text, p_mail_slots::text, p_version);
  select postrider.require_lease(p_lease);
  insert into postrider.runner as r (
    id, name, proof_slots, mail_slots, version, started_at, seen_at, lease)
  values (
    p_runner_id, p_name, p_proof_slots, p_mail_slots, p_version, clock_timestamp(),
    clock_timestamp(), p_lease)
  on conflict (id) do update
  set seen_at = excluded.seen_at,
    proof_slots = excluded.proof_slots,
    mail_slots = excluded.mail_slots,
    lease = excluded.lease;
end;

-- Forgets a runner that stops, and runners that were not seen for a day. A runner that was told to
-- stop and has open cohorts may still be at work on them: its row stays until it is old, and its
-- lease counts.
create function postrider.deregister_runner(p_runner_id uuid) returns void
language sql volatile security definer
begin atomic
  delete from postrider.runner r
  where r.id = p_runner_id
    and not exists (
      select from postrider.cohort c
      where c.runner_id = r.id
        and c.closed_at is null)
    or r.seen_at < clock_timestamp() - interval '1 day';
end;
