-- Learns from cards that came to their end how long cards take, and how many come to which end.

-- Notes people whose live card was delivered, came back, or was assumed to be there. They are
-- counted a day later: scans come late, and twice.
create function postrider.note_deliveries(
  p_organization_id uuid,
  p_people uuid[],
  p_now timestamptz
) returns void language sql
begin atomic
  insert into postrider.delivery_news (organization_id, due_at, people)
  values (p_organization_id, p_now + interval '1 day', p_people);
end;

-- From which month on cards teach a window.
create function postrider.window_months() returns date language sql stable
return (date_trunc('month', postrider.now() at time zone 'UTC') - interval '6 months')::date;

-- Counts what was noted and is due, some 10,000 people at a time, and learns the windows of their
-- printers anew. Returns how many cards were counted.
create function postrider.learn_deliveries(p_organization_id uuid) returns int
language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_people uuid[];
  v_counted jsonb;
begin
  -- Two sessions would read one result twice.
  if not pg_try_advisory_xact_lock(postrider.lock_key('deliveries', p_organization_id)) then
    return 0;
  end if;
  with taken as (
    delete from postrider.delivery_news n
    using (
      select d.id
      from (
        select x.id, cardinality(x.people) as people,
          sum(cardinality(x.people)) over (order by x.due_at, x.id) as so_far
        from (
          select *
          from postrider.delivery_news
          where organization_id = p_organization_id
            and due_at <= v_now
          order by due_at, id
          limit 1000) x) d
      where d.so_far - d.people < 10000) due
    where n.organization_id = p_organization_id
      and n.id = due.id
    returning n.people
  )
  select array_agg(distinct p.id)
  into v_people
  from taken t
  cross join lateral unnest(t.people) as p (id);
  if v_people is null then
    return 0;
  end if;
  v_counted := postrider.count_deliveries(p_organization_id, v_people, v_now);
  if v_counted is null then
    return 0;
  end if;
  perform postrider.count_days(p_organization_id, v_counted);
  perform postrider.learn_windows(p_organization_id, v_counted, v_now);
  return jsonb_array_length(v_counted);
end $$;

-- Counts the end of the live cards of these people, and returns those that are counted as another
-- than before: [{mailpieceId, printer, mailClass, country, region, month, acceptedAt, result,
-- before, teaches}]; null where there are none. People who were erased are not counted. A card that
-- is younger than the usual time is put off until then: of the cards of one day the fast ones come
-- first, and would teach a window in which no slow one can be.
create function postrider.count_deliveries(
  p_organization_id uuid,
  p_people uuid[],
  p_now timestamptz
) returns jsonb language plpgsql as $$
declare
  v_counted jsonb;
begin
  with piece as materialized (
    select m.id, m.recipient_id, m.printer_name, m.accepted_at,
      m.request ->> 'mailClass' as mail_class,
      m.request #>> '{to,address,country}' as country,
      coalesce(m.request #>> '{to,address,region}', '') as region,
      date_trunc('month', m.accepted_at at time zone 'UTC')::date as month,
      case
        when m.status in ('delivered', 'returned') then m.status
        when s.state = 'received' and s.reason = 'assumed' then 'silent'
      end as result,
      -- What is odd teaches nothing: a card that went elsewhere, one that was found long after it
      -- was made, and one that the printer mixes up, or made in test mode.
      not m.rerouted
        and not m.answered_otherwise
        and m.made_mode is distinct from 'test'
        and m.accepted_at < m.opened_at + interval '1 day' as teaches,
      -- As a sub-select: while statistics are old a join reads all results that there are.
      (
        select r.result
        from postrider.delivery_result r
        where r.organization_id = p_organization_id
          and r.mailpiece_id = m.id) as before,
      date_trunc('day', m.accepted_at) + make_interval(days => 1 + postrider.usual_days(
        m.request ->> 'mailClass', m.request #>> '{to,address,country}')) as due_at
    from unnest(p_people) as p (id)
    join postrider.recipient_state s
      on s.organization_id = p_organization_id
      and s.recipient_id = p.id
    join postrider.mailpiece m
      on m.organization_id = s.organization_id
      and m.recipient_id = s.recipient_id
      and m.mode = 'live'
      and not postrider.piece_is_closed(m.status)
      and m.accepted_at is not null
      and m.erased_at is null
  ), put_off as (
    insert into postrider.delivery_news (organization_id, due_at, people)
    select p_organization_id, p.due_at, array_agg(p.recipient_id)
    from piece p
    where p.due_at > p_now
    group by p.due_at
  ), changed as (
    select p.*
    from piece p
    where p.result is distinct from p.before
      and p.result is not null
      and p.country is not null
      and p.due_at <= p_now
  ), noted as (
    insert into postrider.delivery_result (organization_id, mailpiece_id, result)
    select p_organization_id, c.id, c.result
    from changed c
    on conflict (organization_id, mailpiece_id) do update
    set result = excluded.result
  ), counted as (
    insert into postrider.delivery_count as n (
      organization_id, printer_name, mail_class, country, region, month, result, pieces)
    select p_organization_id, c.printer_name, c.mail_class, c.country, c.region, c.month, d.result,
      sum(d.pieces)
    from changed c
    cross join lateral (values (c.result, 1), (c.before, -1)) as d (result, pieces)
    where d.result is not null
    group by c.printer_name, c.mail_class, c.country, c.region, c.month, d.result
    on conflict (organization_id, printer_name, mail_class, country, region, month, result)
    do update
    set pieces = n.pieces + excluded.pieces
  )
  select jsonb_agg(jsonb_build_object(
    'mailpieceId', c.id,
    'printer', c.printer_name,
    'mailClass', c.mail_class,
    'country', c.country,
    'region', c.region,
    'month', c.month,
    'acceptedAt', c.accepted_at,
    'result', c.result,
    -- A card teaches once: what was delivered and came back has taught.
    'teaches', c.teaches and c.result <> 'silent' and c.before is distinct from 'delivered'))
  into v_counted
  from changed c;
  return v_counted;
end $$;

-- Counts within how many days cards had each status, by the first that was told of it. A time that
-- cannot be, by whichever clock, and what is a mere estimate, teach nothing; nor does a delivery of
-- what came back.
create function postrider.count_days(p_organization_id uuid, p_counted jsonb) returns void
language plpgsql as $$
begin
  insert into postrider.delivery_days as d (
    organization_id, printer_name, mail_class, country, region, month, status, days, pieces)
  select p_organization_id, s.printer, s."mailClass", s.country, s.region, s.month, s.status,
    s.days, count(*)
  from (
    select c.printer, c."mailClass", c.country, c.region, c.month, e.status,
      greatest(
        0, ceil(extract(epoch from min(e.occurred_at) - c."acceptedAt") / 86400))::smallint as days
    from jsonb_to_recordset(p_counted) as c (
      "mailpieceId" uuid, printer text, "mailClass" text, country text, region text, month date,
      "acceptedAt" timestamptz, result text, teaches boolean)
    cross join lateral (
      select x.status, x.confidence, x.occurred_at, x.received_at
      from postrider.mailpiece_event x
      where x.organization_id = p_organization_id
        and x.mailpiece_id = c."mailpieceId"
      offset 0) e
    where c.teaches
      and e.status in ('in_production', 'in_transit', 'in_local_area', 'processed_for_delivery',
        'delivered', 'returned')
      and e.confidence <> 'estimated'
      and (e.status <> 'delivered' or c.result = 'delivered')
      and e.occurred_at between c."acceptedAt" - interval '1 hour'
        and c."acceptedAt" + interval '180 days'
      and e.occurred_at < e.received_at + interval '1 hour'
    group by c."mailpieceId", c.printer, c."mailClass", c.country, c.region, c.month,
      c."acceptedAt", e.status) s
  group by s.printer, s."mailClass", s.country, s.region, s.month, s.status, s.days
  on conflict (organization_id, printer_name, mail_class, country, region, month, status, days)
  do update
  set pieces = d.pieces + excluded.pieces;
end $$;

-- Learns the windows of the printers, classes and countries of these cards, from the last months.
-- By rank, so that one card that took half a year moves nothing.
create function postrider.learn_windows(
  p_organization_id uuid,
  p_counted jsonb,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  with touched as materialized (
    select distinct c.printer, c."mailClass", c.country
    from jsonb_to_recordset(p_counted) as c (
      printer text, "mailClass" text, country text, teaches boolean)
    where c.teaches
  )
  insert into postrider.delivery_window as w (
    organization_id, printer_name, mail_class, country, pieces, p50_days, p90_days, learned_at)
  select p_organization_id, r.printer_name, r.mail_class, r.country, max(r.of_all),
    min(r.days) filter (where r.so_far >= 0.5 * r.of_all),
    min(r.days) filter (where r.so_far >= 0.9 * r.of_all), p_now
  from (
    select d.printer_name, d.mail_class, d.country, d.days,
      sum(sum(d.pieces)) over (
        partition by d.printer_name, d.mail_class, d.country order by d.days) as so_far,
      sum(sum(d.pieces)) over (
        partition by d.printer_name, d.mail_class, d.country) as of_all
    from touched k
    cross join lateral (
      select x.*
      from postrider.delivery_days x
      where x.organization_id = p_organization_id
        and x.printer_name = k.printer
        and x.mail_class = k."mailClass"
        and x.country = k.country
        and x.month >= postrider.window_months()
        and x.status = 'delivered'
      offset 0) d
    group by d.printer_name, d.mail_class, d.country, d.days) r
  group by r.printer_name, r.mail_class, r.country
  order by r.printer_name, r.mail_class, r.country
  on conflict (organization_id, printer_name, mail_class, country) do update
  set pieces = excluded.pieces,
    p50_days = excluded.p50_days,
    p90_days = excluded.p90_days,
    learned_at = excluded.learned_at;
end $$;

-- Notes what printers promise with their acceptance, by class and country: within so many days nine
-- in ten of their promises are. A look at the last hundred people of each campaign that has cards
-- on their way; a promise is looked at once an hour.
create function postrider.note_promises(p_organization_id uuid) returns void
language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
begin
  insert into postrider.delivery_window as w (
    organization_id, printer_name, mail_class, country, promised_days, promised_at)
  select p_organization_id, q.printer_name, q.mail_class, q.country, q.days, v_now
  from (
    select m.printer_name, m.request ->> 'mailClass' as mail_class,
      m.request #>> '{to,address,country}' as country,
      percentile_disc(0.9) within group (order by
        greatest(1, m.expected_delivery - (m.accepted_at at time zone o.time_zone)::date))::smallint
        as days
    from postrider.campaign c
    join postrider.organization o
      on o.id = c.organization_id
    cross join lateral (
      select s.recipient_id
      from postrider.recipient_state s
      where s.organization_id = c.organization_id
        and s.campaign_id = c.id
        and s.waiting_state = 'sent'
        and s.available_at < 'infinity'
      order by s.available_at desc
      limit 100) s
    join postrider.mailpiece m
      on m.organization_id = c.organization_id
      and m.recipient_id = s.recipient_id
      and m.mode = 'live'
      and not postrider.piece_is_closed(m.status)
      and m.accepted_at is not null
    where c.organization_id = p_organization_id
      and c.mode = 'live'
      and m.expected_delivery - (m.accepted_at at time zone o.time_zone)::date < 180
      and m.request #>> '{to,address,country}' is not null
    group by 1, 2, 3) q
  order by q.printer_name, q.mail_class, q.country
  on conflict (organization_id, printer_name, mail_class, country) do update
  set promised_days = excluded.promised_days,
    promised_at = excluded.promised_at
  where w.promised_at is null
    or w.promised_at < v_now - interval '1 hour';
end $$;
