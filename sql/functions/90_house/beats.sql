-- Notes that these beats were done, and returns what is due, and whether anything of them failed
-- before. It is one statement, because an idle runner sends little else.
create function postrider.beat(
  p_names text[],
  p_every interval[]
) returns table (
  reconcile uuid[],
  call_back uuid[],
  effects uuid[],
  unmatched uuid[],
  webhooks boolean,
  failing boolean
) language sql volatile security definer
begin atomic
  select postrider.require_given(
    'the name and interval of a beat',
    variadic array_agg(b.name) || array_agg(b.every::text))
  from unnest(p_names, p_every) as b (name, every);
  insert into postrider.beat (name, every, last_at)
  select distinct on (b.name) b.name, b.every, clock_timestamp()
  from unnest(p_names, p_every) as b (name, every)
  on conflict (name) do update
  set every = excluded.every,
    last_at = excluded.last_at;
  select
    d.reconcile, d.call_back, d.effects, d.unmatched, d.webhooks,
    exists (
      select from postrider.beat_failure f
      where f.beat = any (p_names)
        and f.over_at is null)
  from postrider.due() d;
end;

-- Takes what every runner sends every few seconds, in one statement: that it lives, what it
-- remembers of this database, and a look for lost work. Returns {back, watermark, witnesses,
-- probes}: how many people were given back, and see check_watermark, mail_witnesses and
-- claim_probes.
-- p_probes: so many connections it would probe.
-- The watermark comes first: a hold of printers comes before the locks of reap.
create function postrider.tick(
  p_runner_id uuid,
  p_name text,
  p_proof_slots int,
  p_mail_slots int,
  p_version text,
  p_lease interval,
  p_grace interval,
  p_quiet interval,
  p_remembered jsonb default null,
  p_probes int default 0
) returns json language plpgsql security definer as $$
declare
  v_watermark jsonb := postrider.check_watermark(p_remembered);
  v_probes json;
begin
  perform postrider.heartbeat(
    p_runner_id, p_name, p_proof_slots, p_mail_slots, p_version, p_lease);
  v_probes := postrider.claim_probes(p_runner_id, p_probes);
  return json_build_object(
    'back', postrider.reap(greatest(p_grace, postrider.longest_lease()), p_quiet),
    'watermark', v_watermark,
    'witnesses', postrider.mail_witnesses(),
    'probes', coalesce(v_probes, '[]'));
end $$;
