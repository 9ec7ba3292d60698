-- Checks of doctor that look at people, their cards and what was told of them. p_mine and p_whole
-- are as doctor.sql says.

-- Counts the open cohorts whose lease has passed.
create function postrider.doctor_leases(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'leases',
    case when count(*) > 0 then 'warn' else 'ok' end,
    format('%s open cohorts whose lease has passed', count(*)),
    case when count(*) > 0 then 'a live runner reaps them within seconds' end
  from postrider.cohort k
  where k.closed_at is null
    and k.lease_until < (select postrider.now()) - interval '30 seconds'
    and (p_mine is null or k.organization_id = any (p_mine));
end;

-- Counts the mailpieces whose outcome nobody knows.
create function postrider.doctor_unknown_outcomes(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'unknown outcomes',
    case when count(*) > 0 then 'warn' else 'ok' end,
    format('%s mailpieces of which nobody knows whether they were printed',
      postrider.count_text(count(*), p_whole)),
    case when count(*) > 0
      then 'reconcile asks the printers; what stays is listed in the view stuck' end
  from (
    select from postrider.mailpiece m
    where m.status = 'unknown' and (p_mine is null or m.organization_id = any (p_mine))
    limit postrider.count_limit(p_whole)) m;
end;

-- Tells what failed in passing: where, and what was said there. It is nobody's alarm, and passes by
-- itself once the other side is back.
create function postrider.doctor_tried_again(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'tried again',
    case when count(*) > 0 then 'warn' else 'ok' end,
    coalesce(
      string_agg(
        format('%s people at %s%s',
          case when f.is_cut then 'more than ' || f.people - 1 else f.people::text end,
          f.place,
          ' [' || f.said || ']'),
        '; ' order by f.people desc),
      'nobody'),
    case
      when count(*) > 0 then 'it goes on by itself when that can be asked again: '
        'is it up, and are its options right?' end
  from (
    select h.organization_id, sum(s.people) as people, left(min(s.said), 200) as said,
      bool_or(s.people = postrider.count_limit(p_whole)) as is_cut,
      case h.state
        when 'proofed' then 'printer ' || c.printer_name
        else 'the renderer of campaign ' || c.name end as place
    from postrider.headcount() h
    join postrider.campaign c
      on c.organization_id = h.organization_id and c.id = h.campaign_id
    cross join lateral (
      select count(*) as people, min(r.detail) as said
      from (
        select r.detail
        from postrider.recipient_state r
        where r.organization_id = h.organization_id
          and r.campaign_id = h.campaign_id
          and r.state = h.state
          and r.reason = 'retry'
        limit postrider.count_limit(p_whole)) r) s
    where h.state in ('pending', 'proofed')
      and s.people > 0
      and (p_mine is null or h.organization_id = any (p_mine))
    group by h.organization_id, place) f;
end;

-- Tells which of the work that beats send jobs for fails round after round: the worst of it, since
-- when, and why.
create function postrider.doctor_work(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'work',
    case
      when max(f.failures) >= 3 then 'bad'
      when count(*) > 0 then 'warn'
      else 'ok' end,
    case
      when count(*) = 0 then 'nothing fails'
      else string_agg(
          format('%s (%s) fails since %s UTC, %s in a row: %s%s',
            f.what,
            f.organization,
            to_char(f.since at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
            f.failures,
            left(f.error, 200),
            ' (' || f.code || ')'),
          '; ' order by f.place)
          filter (where p_whole or f.place <= 5)
        || case
          when count(*) > 5 and not p_whole
            then format('; and %s others: doctor(''work'') has all', count(*) - 5)
          else '' end end,
    string_agg(distinct f.what_helps, '; ') filter (where p_whole or f.place <= 5)
  from (
    select w.*, row_number() over (order by w.failures desc, w.since, w.what) as place
    from (
      select x.what, x.organization, x.since, x.failures, x.error, x.code, x.what_helps
      from postrider.failing_work x
      where p_mine is null or x.organization_id = any (p_mine)
      union all
      -- It is not tried any more: that is as bad as three failures in a row.
      select
        format('the %s of campaign %s, which is switched off,', replace(f.kind, '_', ' '), c.name),
        o.name, f.since, 3, f.error, null,
        format('mend the cause, then: select postrider.switch_on_sink(%L, %L)',
          f.organization_id, f.campaign_id)
      from postrider.effect_failure f
      join postrider.organization o on o.id = f.organization_id
      join postrider.campaign c on c.organization_id = f.organization_id and c.id = f.campaign_id
      where f.off_at is not null
        and (p_mine is null or f.organization_id = any (p_mine))) w) f;
end;

-- Tells which providers do not work, since when, why, and how many people wait for each.
create function postrider.doctor_connections(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'connections',
    case when count(*) filter (where h.why is not null) > 0 then 'bad' else 'ok' end,
    coalesce(
      string_agg(
        format('%s; %s wait%s (%s)',
          h.why, case h.people when 1 then '1 person' else h.people || ' people' end,
          case h.people when 1 then 's' else '' end, h.organization),
        '; ' order by h.people desc, h.organization, h.connection)
        filter (where h.why is not null),
      case count(*) when 0 then 'there are none' else 'all work' end),
    case
      when count(*) filter (where h.why is not null) > 0
        then 'nothing is lost: each is probed, and goes on by itself when it answers. '
          'Is the provider down, or the way to it?' end
  from postrider.connection_health h
  where p_mine is null or h.organization_id = any (p_mine);
end;

-- Counts the alarms: as many as the view shows, which also has what fails three times in a row.
create function postrider.doctor_alarms(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'alarms',
    case when count(*) > 0 then 'bad' else 'ok' end,
    format('%s open', postrider.count_text(count(*), p_whole)),
    case
      when count(*) > 0 then 'select campaign, meaning, what_helps from postrider.alarms' end
  from (
    select from postrider.alarm a
    where a.cleared_at is null and (p_mine is null or a.organization_id = any (p_mine))
    union all
    select from postrider.work_failure f
    where f.failures >= 3 and (p_mine is null or f.organization_id = any (p_mine))
    union all
    select from postrider.failing_beats() f
    where f.failures >= 3
    limit postrider.count_limit(p_whole)) a;
end;

-- Counts the people at a printer whose mailpiece was lost.
create function postrider.doctor_lost_mailpieces(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'lost mailpieces',
    case when count(*) filter (where l.is_lost) > 0 then 'bad' else 'ok' end,
    format('%s people at a printer have no mailpiece', count(*) filter (where l.is_lost))
    || case
      when count(*) >= postrider.count_limit(p_whole)
        then format(' (of %s that were looked at)', count(*))
      else '' end,
    case
      when count(*) filter (where l.is_lost) > 0
        then 'for each organization: select postrider.replace_lost_mailpieces(organization); '
          'then look at the view stuck' end
  from (
    select not p.has_mailpiece as is_lost
    from postrider.people_at_printers(p_mine) p
    limit postrider.count_limit(p_whole)) l;
end;

-- Counts the cards that are overdue, and names the campaigns of which more than one in ten are: by
-- what was learned one in ten takes longer, and no more.
create function postrider.doctor_overdue(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'overdue',
    case when count(*) filter (where v.is_late) > 0 then 'warn' else 'ok' end,
    case coalesce(sum(v.people), 0)
      when 0 then 'no card'
      when 1 then '1 card'
      else case when bool_or(v.is_cut) then 'more than ' else '' end
        || sum(v.people) || ' cards' end
    || coalesce(
      '; more than one in ten of: '
        || string_agg(v.campaign, ', ' order by v.campaign) filter (where v.is_late),
      ''),
    case
      when count(*) filter (where v.is_late) > 0
        then 'ask the printer: select * from postrider.overdue has them one by one, '
          'and a claim pack is made of them' end
  from (
    select c.name as campaign, n.people, n.people >= l.most as is_cut,
      n.people * 10 > coalesce((
        select sum(t.people)
        from postrider.tallied() t
        where t.organization_id = c.organization_id
          and t.campaign_id = c.id
          and t.state in ('sent', 'received', 'returned')), 0) as is_late
    from postrider.campaigns_on_their_way() c
    cross join lateral (
      select coalesce(postrider.count_limit(p_whole), 1000000) as most) l
    cross join lateral (
      select count(*) as people
      from postrider.overdue_in(c.organization_id, c.id, true, l.most) x) n
    where n.people > 0
      and (p_mine is null or c.organization_id = any (p_mine))) v;
end;

-- Counts the webhooks that wait, and those that could not be read.
create function postrider.doctor_webhooks(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'webhooks',
    case
      when unread.many > 0 then 'bad'
      when waiting.many > 1000 then 'warn'
      else 'ok' end,
    format('%s wait, %s could not be read',
      postrider.count_text(waiting.many, p_whole), postrider.count_text(unread.many, p_whole)),
    case
      when unread.many > 0
        then format('mend the adapter of printer %s (%s), then: '
          'select postrider.retry_webhooks(organization)', unread.printers, unread.said) end
  from (
      select count(*) as many
      from (
        select from postrider.waiting_webhook e
        where p_mine is null or e.organization_id = any (p_mine)
        limit postrider.count_limit(p_whole)) e) waiting,
    (
      select count(*) as many, string_agg(distinct e.printer_name, ', ') as printers,
        left(max(e.error), 200) as said
      from (
        select e.printer_name, e.error
        from postrider.provider_event e
        where e.error is not null
          and (p_mine is null or e.organization_id = any (p_mine))
        limit postrider.count_limit(p_whole)) e) unread;
end;

-- Names the organizations some of whose households have keys of other rules than today's: their
-- lists are not read until they are re-keyed.
create function postrider.doctor_household_keys(p_mine uuid[], p_whole boolean)
returns table (check_name text, verdict text, message text, what_helps text)
language sql stable
begin atomic
  select 'household keys',
    case when count(*) > 0 then 'bad' else 'ok' end,
    case
      when count(*) = 0
        then format('all by the rules of version %s', postrider.household_key_version())
      else format('keys of other rules than version %s, so that no list is read: %s%s',
        postrider.household_key_version(),
        string_agg(o.name, ', ' order by o.place) filter (where p_whole or o.place <= 5),
        case when count(*) > 5 and not p_whole then format(' and %s others', count(*) - 5) end)
    end,
    case
      when count(*) = 1
        then format('postrider rekey --organization %s', to_json(min(o.name)))
      when count(*) > 1 then 'for each of them: postrider rekey --organization "…"' end
  from (
    select o.name, row_number() over (order by o.name, o.id) as place
    from postrider.organization o
    where (p_mine is null or o.id = any (p_mine)) and postrider.has_older_keys(o.id)) o;
end;
