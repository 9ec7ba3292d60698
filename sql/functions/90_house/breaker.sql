-- Health of connections. A breaker opens after failures in a row that are the provider's. While it
-- is open, mail by the connection waits where it is; one runner at a time probes it by the
-- provider's harmless request, and it closes when that is answered. Nobody else waits.

-- Takes what runners saw of connections since they told last, and returns how each of these stands.
-- p_told: [{organizationId, connectionId, works, failures, cause}]. works: an answer came, and so
-- many failures after it. p_most: a breaker opens after so many failures in a row.
-- Where nothing failed before and nothing does now, nothing is written.
create function postrider.note_health(
  p_told jsonb,
  p_most int default 5
) returns table (
  organization_id uuid,
  connection_id uuid,
  state text,
  before text,
  since timestamptz,
  cause text
) language plpgsql security definer as $$
#variable_conflict use_column
declare
  v_now timestamptz := postrider.now();
  v_told record;
  v_before postrider.connection_breaker;
  v_after postrider.connection_breaker;
begin
  perform postrider.require_list('what was seen', jsonb_typeof(p_told));
  perform postrider.require_within('the failures that open a breaker', p_most, 1, 1000000);
  for v_told in
    select
      c.organization_id, c.id as connection_id,
      coalesce(t.works, false) as works,
      greatest(t.failures, 0) as failures,
      coalesce(t.cause, 'no cause was given') as cause
    from jsonb_to_recordset(p_told) as t (
      "organizationId" uuid, "connectionId" uuid, works boolean, failures int, cause text)
    join postrider.connection c
      on c.organization_id = t."organizationId"
      and c.id = t."connectionId"
    order by 1, 2
  loop
    if v_told.failures > 0 then
      insert into postrider.connection_breaker (organization_id, connection_id, since)
      values (v_told.organization_id, v_told.connection_id, v_now)
      on conflict do nothing;
    end if;
    select b.* into v_before
    from postrider.connection_breaker b
    where b.organization_id = v_told.organization_id
      and b.connection_id = v_told.connection_id
      and (v_told.failures > 0 or b.failures > 0 or b.state <> 'closed')
    for no key update;
    continue when not found;
    v_after := postrider.breaker_after(
      v_before, v_told.works, v_told.failures, v_told.cause, p_most, v_now);
    update postrider.connection_breaker b
    set
      state = v_after.state,
      failures = v_after.failures,
      since = v_after.since,
      cause = v_after.cause,
      probe_at = v_after.probe_at,
      probes = v_after.probes,
      probe_until = v_after.probe_until,
      probe_runner_id = v_after.probe_runner_id
    where b.organization_id = v_told.organization_id
      and b.connection_id = v_told.connection_id;
    perform postrider.wake_after_breaker(v_before.state, v_after.state);
    organization_id := v_told.organization_id;
    connection_id := v_told.connection_id;
    state := v_after.state;
    before := v_before.state;
    since := v_after.since;
    cause := v_after.cause;
    return next;
  end loop;
end $$;

-- Says how a breaker stands after what was seen: an answer closes it, and what failed after it
-- counts anew.
create function postrider.breaker_after(
  p_before postrider.connection_breaker,
  p_works boolean,
  p_failures int,
  p_cause text,
  p_most int,
  p_now timestamptz
) returns postrider.connection_breaker language plpgsql immutable as $$
declare
  v_after postrider.connection_breaker := p_before;
begin
  if p_works then
    v_after.state := 'closed';
    v_after.failures := 0;
    v_after.probes := 0;
    v_after.cause := null;
    v_after.probe_at := null;
    v_after.probe_until := null;
    v_after.probe_runner_id := null;
  end if;
  if v_after.failures = 0 then
    v_after.since := p_now;
  end if;
  if p_failures > 0 then
    v_after.failures := least(v_after.failures + p_failures::bigint, 1000000000);
    v_after.cause := left(p_cause, 500);
  end if;
  if v_after.state = 'closed' and v_after.failures >= p_most then
    v_after.state := 'open';
    v_after.probe_at := p_now + postrider.probe_pause(v_after.probes);
  end if;
  return v_after;
end $$;

-- Says how long a breaker rests before it is probed: 5 s, 10 s, 20 s … up to 5 minutes.
create function postrider.probe_pause(p_probes int) returns interval language sql volatile
return least(5 * 2 ^ least(p_probes, 10), 300) * (0.9 + random() / 10) * interval '1 second';

-- Wakes the stagers of all runners where a breaker has closed: its people need not wait for a beat.
create function postrider.wake_after_breaker(
  p_before text,
  p_after text
) returns void language plpgsql as $$
begin
  if p_before <> 'closed' and p_after = 'closed' then
    perform pg_notify('postrider_moved', 'proofed,cancel,track');
  end if;
end $$;

-- Gives a runner connections to probe, one runner each: [{organizationId, connectionId}], or null
-- where none is due. A runner that does not settle its probe within the lease has lost it.
create function postrider.claim_probes(
  p_runner_id uuid,
  p_most int,
  p_lease interval default '30 seconds'
) returns json language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_claimed json;
begin
  perform postrider.require_given('the runner''s id', p_runner_id::text);
  perform postrider.require_within('the number of probes', p_most, 0, 1000);
  perform postrider.require_lease(p_lease);
  with due as (
    select b.organization_id, b.connection_id
    from postrider.connection_breaker b
    where b.state <> 'closed'
      and b.probe_at <= v_now
      and (b.probe_until is null or b.probe_until <= v_now)
    order by b.probe_at
    limit p_most
    for no key update skip locked
  ), claimed as (
    update postrider.connection_breaker b
    set
      state = 'half_open',
      probe_until = v_now + p_lease,
      probe_runner_id = p_runner_id
    from due
    where b.organization_id = due.organization_id
      and b.connection_id = due.connection_id
    returning b.organization_id, b.connection_id
  )
  select json_agg(json_build_object(
      'organizationId', c.organization_id,
      'connectionId', c.connection_id))
  into v_claimed
  from claimed c;
  return v_claimed;
end $$;

-- Takes what a probe found, and returns how the breaker stands; null where the probe was lost.
-- p_found: answered; broken; or untried, where no runner can ask. Then the next cards try it, and
-- the first of them that fails opens it again.
create function postrider.settle_probe(
  p_organization_id uuid,
  p_connection_id uuid,
  p_runner_id uuid,
  p_found text,
  p_cause text default null
) returns text language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_state text;
begin
  if p_found is null or p_found not in ('answered', 'broken', 'untried') then
    perform postrider.fail(
      'PR020',
      format('a probe finds answered, broken or untried, not %L', p_found),
      'nothing was changed');
  end if;
  update postrider.connection_breaker b
  set
    state = case p_found when 'broken' then 'open' else 'closed' end,
    failures = case p_found when 'answered' then 0 else b.failures end,
    since = case p_found when 'answered' then v_now else b.since end,
    cause = case p_found
      when 'answered' then null
      when 'broken' then left(coalesce(p_cause, b.cause), 500)
      else b.cause
    end,
    probes = case p_found when 'answered' then 0 else b.probes + 1 end,
    probe_at = case p_found when 'broken' then v_now + postrider.probe_pause(b.probes + 1) end,
    probe_until = null,
    probe_runner_id = null
  where b.organization_id = p_organization_id
    and b.connection_id = p_connection_id
    and b.state = 'half_open'
    and b.probe_runner_id = p_runner_id
  returning b.state into v_state;
  perform postrider.wake_after_breaker('half_open', v_state);
  return v_state;
end $$;

-- Says whether the breaker of a printer's connection is open.
create function postrider.printer_is_broken(
  p_organization_id uuid,
  p_printer_name text
) returns boolean language sql stable
return exists (
  select from postrider.printer p
  join postrider.connection_breaker b
    on b.organization_id = p.organization_id
    and b.connection_id = p.connection_id
    and b.state <> 'closed'
  where p.organization_id = p_organization_id
    and p.name = p_printer_name);
