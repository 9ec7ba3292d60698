-- People who do not move although they should, by campaign.

-- Lists batches of an enricher that are past their deadline.
create function postrider.stuck_at_enricher() returns table (
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
  select b.organization_id, c.name, null::uuid, b.people, 'address_enriching', b.claimed_at,
    'batch',
    case
      when b.provider_batch_id is null
        then 'the batch was taken but not handed to the enricher'
      else 'the enricher has not answered'
    end,
    'the next enrichment looks after it at '
      || to_char(b.next_poll_at at time zone o.time_zone, 'HH24:MI:SS'),
    b.id, null, null::uuid
  from postrider.enrichment_batch b
  join postrider.organization o
    on o.id = b.organization_id
  join postrider.campaign c
    on c.organization_id = b.organization_id and c.id = b.campaign_id
  where b.closed_at is null and b.deadline < postrider.now();
end;

-- Names what keeps people back who wait for a proof, or for the printer: the first that is to be
-- taken away.
create function postrider.obstacle_of(
  p_state text,
  p_organization postrider.organization,
  p_campaign postrider.campaign,
  p_printer postrider.printer,
  p_connection postrider.connection,
  p_breaker postrider.connection_breaker,
  p_runners bigint
) returns text language sql immutable
return coalesce(
  case
    when p_organization.held_at is not null then 'hold of the organization'
    when p_campaign.status in ('completed', 'archived') then 'end'
    when p_campaign.status = 'paused' then 'hold of the campaign'
    when p_campaign.status = 'pending' and p_state = 'proofed' then 'launch'
    when p_state = 'proofed'
      then postrider.obstacle_at_printer(p_printer, p_connection, p_breaker, p_campaign.mode)
  end,
  case when p_runners = 0 then 'no runner' else 'its turn' end);

-- Says what that is.
create function postrider.obstacle_meaning(
  p_obstacle text,
  p_organization postrider.organization,
  p_campaign postrider.campaign,
  p_printer postrider.printer,
  p_connection postrider.connection,
  p_breaker postrider.connection_breaker default null
) returns text language sql stable
return case p_obstacle
  when 'hold of the organization' then
    'the organization is held' || coalesce(': ' || rtrim(p_organization.held_why, '. '), '')
  when 'end' then 'the campaign is ' || p_campaign.status
  when 'hold of the campaign' then
    'the campaign is held' || coalesce(': ' || rtrim(p_campaign.held_why, '. '), '')
  when 'launch' then 'the campaign is not launched'
  when 'hold of the printer' then
    'the printer is held' || coalesce(': ' || rtrim(p_printer.held_why, '. '), '')
  when 'hold of the connection' then
    format('connection %s is held', p_connection.name)
    || coalesce(': ' || rtrim(p_connection.held_why, '. '), '')
  when 'arming' then 'the printer is not armed'
  when 'mode of the connection' then
    format(
      'the campaign is %s, and connection %s of its printer is %s',
      p_campaign.mode, p_connection.name, p_connection.mode)
  when 'breaker' then postrider.breaker_meaning(p_organization, p_connection, p_breaker)
  when 'no runner' then 'no runner is alive'
  else 'waits for its turn'
end;

-- Says what takes it away. p_refused: the machine itself holds the campaign, or its printer, for a
-- fault of it.
create function postrider.obstacle_help(
  p_obstacle text,
  p_campaign postrider.campaign,
  p_connection postrider.connection,
  p_refused boolean
) returns text language sql stable
return case p_obstacle
  when 'hold of the organization' then
    format('select postrider.release(%L, ''organization'', %L)',
      p_campaign.organization_id, p_campaign.organization_id)
  when 'end' then
    format('to skip them: select postrider.end_campaign(%L, %L, %L)',
      p_campaign.organization_id, p_campaign.id, p_campaign.status)
  when 'hold of the campaign' then
    case when p_refused then 'mend what the reason names, then: ' else '' end
    || format('select postrider.release(%L, ''campaign'', %L)',
      p_campaign.organization_id, p_campaign.id)
  when 'launch' then
    format('select postrider.launch(%L, %L)', p_campaign.organization_id, p_campaign.id)
  when 'hold of the printer' then
    case when p_refused then 'mend what the reason names, then: ' else '' end
    || format('select postrider.release(%L, ''printer'', %L)',
      p_campaign.organization_id, p_campaign.printer_name)
  when 'hold of the connection' then
    case when p_refused then 'mend what the reason names, then: ' else '' end
    || format('select postrider.release(%L, ''connection'', %L)',
      p_campaign.organization_id, p_connection.id)
  when 'arming' then
    format('select postrider.arm_printer(%L, %L)',
      p_campaign.organization_id, p_campaign.printer_name)
  when 'mode of the connection' then
    'name a connection of its mode in the campaign file, and apply it again'
    || case
      when p_campaign.mode = 'test'
        then format('; or: select postrider.go_live(%L, %L)',
          p_campaign.organization_id, p_campaign.id)
      else ''
    end
  when 'no runner' then 'start one with `postrider run`'
  else 'look at the view queue and at doctor()'
end;

-- Names who holds a campaign's people back, and since when: in brackets, empty where nobody does.
create function postrider.held_by(
  p_organization postrider.organization,
  p_campaign_id uuid,
  p_printer_name text
) returns table (held_by text) language sql stable
begin atomic
  select coalesce((
    select ' (' || nullif(concat_ws(', ',
        'by ' || h.by_role,
        h.application,
        'since ' || postrider.local_time(p_organization, h.since)), '')
      || ')'
    from postrider.standing_hold(p_organization.id, p_campaign_id, p_printer_name) h), '');
end;

-- Lists people who wait for a proof, or for the printer: a row for each campaign and state, with
-- the person who waits longest.
create function postrider.stuck_waiting() returns table (
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
  select c.organization_id, c.name, oldest.recipient_id, coalesce(n.people, 0)::bigint, v.state,
    oldest.available_at, oldest.reason,
    postrider.obstacle_meaning(obstacle.kind, o, c, p, x, b)
    || case when obstacle.kind like 'hold %' then hold.held_by else '' end,
    case obstacle.kind
      when 'breaker' then postrider.breaker_help(o, b)
      else postrider.obstacle_help(obstacle.kind, c, x, refused.is_so)
    end,
    null::uuid, null, null::uuid
  from postrider.campaign c
  cross join postrider.alive_runners() alive
  join postrider.organization o
    on o.id = c.organization_id
  join postrider.printer p
    on p.organization_id = c.organization_id and p.name = c.printer_name
  left join postrider.connection x
    on x.organization_id = p.organization_id and x.id = p.connection_id
  left join postrider.connection_breaker b
    on b.organization_id = p.organization_id and b.connection_id = p.connection_id
  cross join (values ('pending'), ('proofed')) as v (state)
  cross join lateral (
    select s.recipient_id, s.available_at, s.reason
    from postrider.recipient_state s
    where s.organization_id = c.organization_id
      and s.campaign_id = c.id
      and s.waiting_state = v.state
      and s.held_at is null
    order by s.available_at, s.recipient_id
    limit 1
  ) oldest
  left join lateral (
    select sum(t.people) as people
    from postrider.tallied() t
    where t.organization_id = c.organization_id
      and t.campaign_id = c.id
      and t.state = v.state
  ) n on true
  cross join lateral (
    select postrider.obstacle_of(v.state, o, c, p, x, b, alive.runners) as kind
  ) obstacle
  cross join lateral postrider.held_by(o, c.id, c.printer_name) hold
  cross join lateral (
    select exists (
      select from postrider.alarm a
      where a.organization_id = c.organization_id
        and a.cleared_at is null
        and (a.kind = 'campaign_refused'
            and a.campaign_id = c.id
            and c.status = 'paused'
          or a.kind = 'connection_refused'
            and v.state = 'proofed'
            and (a.detail ->> 'printer' = c.printer_name and p.held_at is not null
              or a.detail ->> 'connectionId' = p.connection_id::text
                and x.held_at is not null))) as is_so
  ) refused
  -- A hold by the machine itself is told at once: nobody knows of it.
  where oldest.available_at < postrider.now() - interval '2 minutes'
    or refused.is_so;
end;

-- Lists people at a printer that has taken their card and not printed it, beyond the usual time:
-- assume_received has put them at the end of the index.
create function postrider.stuck_at_printer() returns table (
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
  select c.organization_id, c.name, m.recipient_id, n.people, 'sent', m.accepted_at, 'accepted',
    format('the printer %s took it %s and has not printed it', m.printer_name,
      case extract(day from postrider.now() - m.accepted_at)
        when 1 then '1 day ago'
        else extract(day from postrider.now() - m.accepted_at) || ' days ago'
      end),
    format('ask the printer: it may collect cards, and print when it is told to. '
      'To call it back: select postrider.cancel(%L)', m.recipient_id),
    null::uuid, null, m.id
  from postrider.campaign c
  cross join lateral (
    select count(*) as people
    from postrider.recipient_state s
    where s.organization_id = c.organization_id
      and s.campaign_id = c.id
      and s.waiting_state = 'sent'
      and s.available_at = 'infinity'
  ) n
  cross join lateral (
    select m.*
    from (
      select s.recipient_id
      from postrider.recipient_state s
      where s.organization_id = c.organization_id
        and s.campaign_id = c.id
        and s.waiting_state = 'sent'
        and s.available_at = 'infinity'
      order by s.recipient_id
      limit 1) s
    join postrider.mailpiece m
      on m.organization_id = c.organization_id
      and m.recipient_id = s.recipient_id
      and m.status = 'accepted'
  ) m;
end;
