-- People who do not move although they should, one by one.

-- Counts the runners that have given a sign of life.
create function postrider.alive_runners() returns table (runners bigint) language sql stable
begin atomic
  select count(*)
  from postrider.runner
  where postrider.runner_is_alive(seen_at);
end;

-- Lists people on their way who are late, whose outcome is unknown, or whose cohort is gone.
create function postrider.stuck_in_cohorts() returns table (
  organization_id uuid,
  campaign text,
  recipient_id uuid,
  people bigint,
  state text,
  since timestamptz,
  reason text,
  why text,
  what_helps text,
  cohort_id uuid,
  job text,
  mailpiece_id uuid
) language sql stable
begin atomic
  select s.organization_id, c.name, s.recipient_id, 1, s.state, s.since, s.reason,
    case
      when m.status = 'unknown' then 'nobody knows yet whether the printer has the card'
      when k.id is null then 'the cohort is gone'
      when k.closed_at is not null then 'the cohort was closed: ' || k.closed_why
      when k.begun_at is null then 'the cohort waits for a worker'
      else 'at work at ' || coalesce(r.name, 'a runner that is gone')
    end,
    case
      when m.status = 'unknown' and coalesce(p.held_at, x.held_at) is not null
        and s.cancel_requested_at is null
        then 'reconcile asks the printer when it is released'
      when m.status = 'unknown' then 'reconcile asks the printer'
        || coalesce(' at ' || to_char(m.available_at at time zone o.time_zone, 'HH24:MI:SS'), '')
      when (k.id is null or k.closed_at is not null or k.lease_until < postrider.now())
        and alive.runners > 0
        then 'reap gives them back within minutes'
      when k.id is null or k.closed_at is not null or k.lease_until < postrider.now()
        then 'no runner is alive to give them back: start one, or: select postrider.reap()'
      when alive.runners = 0 then 'no runner is alive: start one with `postrider run`'
      else 'nothing to do'
    end,
    s.cohort_id, j.state, m.id
  from postrider.people_in_cohorts(null) s
  cross join postrider.alive_runners() alive
  join postrider.organization o
    on o.id = s.organization_id
  join postrider.campaign c
    on c.organization_id = s.organization_id and c.id = s.campaign_id
  left join postrider.cohort k
    on k.organization_id = s.organization_id and k.id = s.cohort_id
  left join postrider.runner r
    on r.id = k.runner_id
  left join postrider.queue_job j
    on j.name = k.stage and j.id = k.id
  left join postrider.mailpiece m
    on m.organization_id = s.organization_id
    and m.recipient_id = s.recipient_id
    and m.status in ('submitting', 'unknown')
  left join postrider.printer p
    on p.organization_id = m.organization_id
    and p.name = m.printer_name
  left join postrider.connection x
    on x.organization_id = p.organization_id
    and x.id = p.connection_id
  where s.state <> 'address_enriching'
    and (s.since < postrider.now() - interval '2 minutes'
      or m.status = 'unknown'
      or k.id is null
      or k.closed_at is not null);
end;

-- Lists people in error.
create function postrider.stuck_in_error() returns table (
  organization_id uuid,
  campaign text,
  recipient_id uuid,
  people bigint,
  state text,
  since timestamptz,
  reason text,
  why text,
  what_helps text,
  cohort_id uuid,
  job text,
  mailpiece_id uuid
) language sql stable
begin atomic
  select s.organization_id, c.name, s.recipient_id, 1, s.state, s.since, s.reason,
    coalesce(w.sentence, s.reason) || coalesce(' [' || s.detail || ']', ''),
    case s.reason
      when 'outcome_unknown' then format('look at the printer''s console, then: '
        'select postrider.resolve(%L, ''printed'' or ''not_printed'', ''evidence'')', m.id)
      else format('mend the cause, then: select postrider.retry(%L)', s.recipient_id)
    end,
    null::uuid, null, m.id
  from postrider.recipient_state s
  join postrider.campaign c
    on c.organization_id = s.organization_id and c.id = s.campaign_id
  left join postrider.reason w
    on w.code = s.reason
  left join postrider.mailpiece m
    on m.organization_id = s.organization_id
    and m.recipient_id = s.recipient_id
    and m.status in ('submitting', 'unknown')
  where s.state = 'error';
end;
