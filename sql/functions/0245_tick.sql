-- What every runner sends every few seconds, in one statement: that it lives, what it remembers of
-- this database, and a look for lost work. Returns {back: people who were given back, watermark,
-- witnesses}, see check_watermark and mail_witnesses.
-- The watermark first: a hold of printers comes before the locks of reap.
create function postrider.tick(
  p_runner_id uuid,
  p_name text,
  p_proof_slots int,
  p_mail_slots int,
  p_version text,
  p_lease interval,
  p_grace interval,
  p_quiet interval,
  p_remembered jsonb default null
) returns json
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_watermark jsonb := postrider.check_watermark(p_remembered);
begin
  perform postrider.heartbeat(p_runner_id, p_name, p_proof_slots, p_mail_slots, p_version, p_lease);
  return json_build_object(
    'back', postrider.reap(greatest(p_grace, postrider.longest_lease()), p_quiet),
    'watermark', v_watermark, 'witnesses', postrider.mail_witnesses());
end $$;
