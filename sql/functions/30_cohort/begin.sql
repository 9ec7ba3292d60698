-- begin: the moment at which a cohort passes from pg-boss to SQL. It happens at most once; a job
-- that is delivered again finds nothing to do.
--
-- Lock first, check in a later statement. The advisory locks are shared among begins and exclusive
-- for hold(): row locks alone let new sharers overtake a waiting hold for ever (16 busy clients: it
-- never got in; with the advisory lock 0.1 s). The rows are locked for share as well, for an
-- operator who changes a status by hand.

-- Locks what a begin must find unchanged: organization, campaign and printers.
-- p_printer_names: in their order.
create function postrider.lock_for_begin(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_printer_names text[]
) returns void language plpgsql as $$
begin
  perform
    pg_advisory_xact_lock_shared(postrider.lock_key('organization', p_organization_id)),
    pg_advisory_xact_lock_shared(
      postrider.lock_key('campaign', p_organization_id, p_campaign_id::text));
  perform pg_advisory_xact_lock_shared(postrider.lock_key('printer', p_organization_id, n.name))
  from unnest(p_printer_names) as n (name);
  perform from postrider.organization o
  join postrider.campaign c
    on c.organization_id = o.id and c.id = p_campaign_id
  join postrider.printer p
    on p.organization_id = o.id and p.name = any (p_printer_names)
  where o.id = p_organization_id
  for share of o, c, p;
end $$;

-- Lists the printers that a mail cohort prints at: its campaign's, and those of the pieces that are
-- taken up again. A piece stays with the printer that it was opened for, whatever printer its
-- campaign has by now.
create function postrider.printers_of_cohort(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_printer_name text
) returns text[] language plpgsql stable as $$
begin
  if not exists (
    select from postrider.printer
    where organization_id = p_organization_id
      and name <> p_printer_name)
  then
    return array[p_printer_name];
  end if;
  return array(
    select p_printer_name
    union
    select m.printer_name
    from postrider.recipient_state s
    join postrider.mailpiece m
      on m.organization_id = s.organization_id
      and m.recipient_id = s.recipient_id
      and m.status = 'submitting'
    where s.organization_id = p_organization_id
      and s.cohort_id = p_cohort_id
    order by 1);
end $$;

-- Says why nothing of this stage may begin now; null where it may.
-- p_printer_name: the printer whose lock we have. The campaign may have changed to another one
-- while we waited, and a hold of that one would not have met us.
create function postrider.begin_refused(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_stage text,
  p_printer_name text
) returns text language sql stable
return (
  select case
    when p_stage = 'mail' and c.printer_name <> p_printer_name then 'printer_changed'
    when o.held_at is not null
      or c.status = 'paused'
      or w.obstacle in ('hold of the printer', 'hold of the connection')
      then 'held'
    when not (c.status = 'active' or c.status = 'pending' and p_stage = 'proof')
      then 'campaign_not_running'
    when w.obstacle = 'arming' then 'not_armed'
    when w.obstacle = 'mode of the connection' then 'connection_mode'
    when w.obstacle = 'breaker' then 'connection_broken'
  end
  from postrider.campaign c
  join postrider.organization o on o.id = c.organization_id
  join postrider.printer p
    on p.organization_id = c.organization_id and p.name = c.printer_name
  left join postrider.connection x
    on x.organization_id = p.organization_id and x.id = p.connection_id
  left join postrider.connection_breaker b
    on b.organization_id = p.organization_id and b.connection_id = p.connection_id
  cross join lateral (
    select case when p_stage = 'mail'
      then postrider.obstacle_at_printer(p, x, b, c.mode)
    end as obstacle
  ) w
  where c.organization_id = p_organization_id
    and c.id = p_campaign_id
);

-- Locks the counter of a campaign that has a cap or a budget. Such a campaign has one begin at a
-- time; for any other the lock would only make begins wait.
create function postrider.lock_counter(
  p_organization_id uuid,
  p_campaign_id uuid
) returns void language plpgsql as $$
begin
  perform from postrider.campaign_counter n
  where n.organization_id = p_organization_id
    and n.campaign_id = p_campaign_id
    and exists (
      select from postrider.campaign c
      where c.organization_id = p_organization_id
        and c.id = p_campaign_id
        and (
          c.daily_cap is not null
          or c.total_cap is not null
          or c.budget_minor is not null))
  for no key update;
end $$;

-- Takes a cohort for a runner, and returns its campaign. Returns null where there is nothing to
-- do: it has begun already, is closed, is gone, or was refused (its people are back then).
create function postrider.take_cohort(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_stage text,
  p_runner_id uuid,
  p_lease interval,
  p_now timestamptz
) returns uuid language plpgsql as $$
declare
  v_campaign_id uuid;
  v_printer_name text;
  v_refused text;
begin
  -- A cohort of nobody, or without an end, would never be given back.
  if p_runner_id is null
    or p_lease is null
    or p_lease <= interval '0'
    or p_lease > interval '1 day'
  then
    perform postrider.require_given('the runner''s id', p_runner_id::text);
    perform postrider.require_lease(p_lease);
  end if;
  select c.campaign_id, k.printer_name into v_campaign_id, v_printer_name
  from postrider.cohort c
  join postrider.campaign k
    on k.organization_id = c.organization_id and k.id = c.campaign_id
  where c.organization_id = p_organization_id
    and c.id = p_cohort_id
    and c.stage = p_stage
    and c.begun_at is null
    and c.closed_at is null;
  if not found then
    return null;
  end if;
  perform postrider.lock_for_begin(
    p_organization_id, v_campaign_id,
    case p_stage
      when 'proof' then array[v_printer_name]
      else postrider.printers_of_cohort(p_organization_id, p_cohort_id, v_printer_name)
    end);
  v_refused :=
    postrider.begin_refused(p_organization_id, v_campaign_id, p_stage, v_printer_name);
  if p_stage = 'mail' and v_refused is null then
    perform postrider.lock_counter(p_organization_id, v_campaign_id);
  end if;

  update postrider.cohort
  set
    begun_at = p_now,
    lease_until = p_now + p_lease,
    runner_id = p_runner_id,
    closed_at = case when v_refused is not null then p_now end,
    closed_why = v_refused
  where organization_id = p_organization_id
    and id = p_cohort_id
    and begun_at is null
    and closed_at is null;
  if not found then
    return null;
  end if;
  perform postrider.return_refused(p_organization_id, p_cohort_id, p_stage, v_refused, p_now);
  return case when v_refused is null then v_campaign_id end;
end $$;

-- Gives back the people of a cohort that may not begin: everybody where the cohort is refused, else
-- those who are held.
create function postrider.return_refused(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_stage text,
  p_refused text,
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_held boolean;
begin
  -- Nobody can settle, reap or cancel while we hold the cohort's row; the order by id keeps several
  -- locks from crossing.
  select bool_or(s.held) into v_held
  from (
    select held_at is not null as held
    from postrider.recipient_state
    where organization_id = p_organization_id
      and cohort_id = p_cohort_id
    order by recipient_id
    for no key update
  ) s;
  if p_refused is null and v_held is not true then
    return;
  end if;
  update postrider.recipient_state
  set
    state = postrider.waiting_state_of(p_stage),
    since = p_now,
    move_no = move_no + 1,
    cohort_id = null,
    reason = coalesce(p_refused, 'held'),
    detail = null
  where organization_id = p_organization_id
    and cohort_id = p_cohort_id
    and state = postrider.staged_state_of(p_stage)
    and (p_refused is not null or held_at is not null);
end $$;
