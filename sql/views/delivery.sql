-- How long cards take, what becomes of them, and which of them are overdue.

-- What is expected of a printer, by class and country, where something is known of it: basis is
-- learned (from so many delivered cards), promised (by the printer), or usual (see usual_days).
-- expected_days: within so many days of its acceptance a card is there. A campaign's transit_days,
-- where they are longer than the usual time, stand in its place.
create view postrider.delivery_windows with (security_invoker = true) as
select w.organization_id, o.name as organization, w.printer_name as printer, w.mail_class,
  w.country, postrider.window_basis(w) as basis,
  case postrider.window_basis(w)
    when 'learned' then w.p90_days
    when 'promised' then w.promised_days
    else postrider.usual_days(w.mail_class, w.country)
  end as expected_days,
  w.pieces, w.p50_days, w.p90_days, w.promised_days,
  postrider.usual_days(w.mail_class, w.country) as usual_days, w.learned_at
from postrider.delivery_window w
join postrider.organization o
  on o.id = w.organization_id;

-- Days from acceptance to each scan, of live cards that came to their end: within so many days half
-- (p50), and nine in ten (p90), of the cards that had this status had it. Cards that were accepted
-- in this month and the six before it.
create view postrider.delivery_times with (security_invoker = true) as
select r.organization_id, o.name as organization, r.printer_name as printer, r.mail_class,
  r.country, nullif(r.region, '') as region, r.status, max(r.of_all)::bigint as pieces,
  min(r.days) filter (where r.so_far >= 0.5 * r.of_all) as p50_days,
  min(r.days) filter (where r.so_far >= 0.9 * r.of_all) as p90_days
from (
  select d.organization_id, d.printer_name, d.mail_class, d.country, d.region, d.status, d.days,
    sum(sum(d.pieces)) over (
      partition by d.organization_id, d.printer_name, d.mail_class, d.country, d.region, d.status
      order by d.days) as so_far,
    sum(sum(d.pieces)) over (
      partition by d.organization_id, d.printer_name, d.mail_class, d.country, d.region, d.status)
      as of_all
  from postrider.delivery_days d
  where d.month >= postrider.window_months()
  group by d.organization_id, d.printer_name, d.mail_class, d.country, d.region, d.status, d.days
) r
join postrider.organization o
  on o.id = r.organization_id
group by r.organization_id, o.name, r.printer_name, r.mail_class, r.country, r.region, r.status;

-- What became of live cards that came to their end, by the month in which they were accepted:
-- delivered, returned, or silent (assumed to be there after the campaign's time, without a word of
-- their delivery). Shares are of all three. Those of a month are whole when that time is over for
-- its last card: the silent ones come last.
create view postrider.delivery_results with (security_invoker = true) as
select s.organization_id, o.name as organization, s.printer_name as printer, s.mail_class,
  s.country, nullif(s.region, '') as region, s.month, s.pieces, s.delivered, s.returned, s.silent,
  round(s.delivered / s.pieces::numeric, 4) as delivered_share,
  round(s.returned / s.pieces::numeric, 4) as returned_share,
  round(s.silent / s.pieces::numeric, 4) as silent_share
from (
  select c.organization_id, c.printer_name, c.mail_class, c.country, c.region, c.month,
    sum(c.pieces)::bigint as pieces,
    coalesce(sum(c.pieces) filter (where c.result = 'delivered'), 0)::bigint as delivered,
    coalesce(sum(c.pieces) filter (where c.result = 'returned'), 0)::bigint as returned,
    coalesce(sum(c.pieces) filter (where c.result = 'silent'), 0)::bigint as silent
  from postrider.delivery_count c
  group by c.organization_id, c.printer_name, c.mail_class, c.country, c.region, c.month
  having sum(c.pieces) > 0
) s
join postrider.organization o
  on o.id = s.organization_id;

-- Lists people of a campaign whose live card is overdue: the printer has it, and it should have
-- been there a day ago or longer; at most p_limit, where it is not null. The search goes by the
-- index of those who wait, from the least time after which a card of the campaign can be overdue:
-- it never looks at cards that are younger, nor at those that came to their end. The printer has it
-- since its person became sent. A person who waits for a card that is not printed has another row
-- of the view stuck, and is here with p_unprinted only.
create function postrider.overdue_in(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_unprinted boolean,
  p_limit bigint
) returns table (
  recipient_id uuid,
  since timestamptz,
  due_at timestamptz,
  expected_days int,
  basis text
) language plpgsql stable as $$
declare
  v_campaign postrider.campaign;
  v_least int;
  v_before timestamptz := postrider.now() - postrider.overdue_grace();
begin
  select c.* into v_campaign
  from postrider.campaign c
  where c.organization_id = p_organization_id
    and c.id = p_campaign_id
    and c.mode = 'live';
  if not found then
    return;
  end if;
  v_least := postrider.least_expected_days(v_campaign);
  return query
  with known as materialized (
    select w.country, postrider.expected_days(v_campaign, w.country, w) as days,
      postrider.window_basis(w) as basis
    from postrider.delivery_window w
    where w.organization_id = p_organization_id
      and w.printer_name = v_campaign.printer_name
      and w.mail_class = v_campaign.mail_class
  )
  select s.recipient_id, s.since,
    s.since + make_interval(days => x.days) + postrider.overdue_grace(), x.days, x.basis
  from (
    select p.recipient_id, p.since
    from postrider.recipient_state p
    where p.organization_id = p_organization_id
      and p.campaign_id = p_campaign_id
      and p.waiting_state = 'sent'
      and p.available_at <= v_before + v_campaign.assumed_after - make_interval(days => v_least)
    union all
    -- Their id alone tells how long these wait: where there are many, the oldest people are looked
    -- at.
    (
      select p.recipient_id, p.since
      from postrider.recipient_state p
      where p_unprinted
        and p.organization_id = p_organization_id
        and p.campaign_id = p_campaign_id
        and p.waiting_state = 'sent'
        and p.available_at = 'infinity'
      order by p.recipient_id
      limit p_limit
    )
  ) s
  cross join lateral (
    select r.country
    from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.id = s.recipient_id
    limit 1) r
  left join known k on k.country = r.country
  cross join lateral (
    select coalesce(k.basis, 'usual') as basis,
      coalesce(k.days, greatest(
        postrider.usual_days(v_campaign.mail_class, r.country), v_campaign.transit_days)) as days
  ) x
  where s.since < v_before - make_interval(days => x.days)
  limit case when p_limit is not null then greatest(p_limit, 0) end;
end $$;

-- The live campaigns with cards on their way: of ten thousand few.
create function postrider.campaigns_on_their_way() returns setof postrider.campaign
language sql stable
begin atomic
  select c.*
  from postrider.campaign c
  -- One look-up a campaign, by the order of the index: without statistics, or with old ones, a
  -- planner would read all cards on their way.
  cross join lateral (
    select from postrider.recipient_state s
    where s.organization_id = c.organization_id
      and s.campaign_id = c.id
      and s.waiting_state = 'sent'
    order by s.available_at
    limit 1
  ) s
  where c.mode = 'live';
end;

-- Cards that are overdue, one by one: by when they were expected, by which basis, and the last that
-- was told of them. basis: see delivery_windows.
create view postrider.overdue with (security_invoker = true) as
select c.organization_id, o.name as organization, c.id as campaign_id, c.name as campaign,
  m.printer_name as printer, c.mail_class, r.country, r.region, m.id as mailpiece_id,
  m.provider_id, v.recipient_id, m.status, m.accepted_at, v.expected_days, v.basis, v.due_at,
  postrider.now() - v.due_at as overdue_for, e.status as last_told, e.occurred_at as last_told_at
from postrider.campaigns_on_their_way() c
join postrider.organization o
  on o.id = c.organization_id
cross join lateral postrider.overdue_in(c.organization_id, c.id, true, null) v
cross join lateral (
  select x.country, x.region
  from postrider.recipient x
  where x.organization_id = c.organization_id
    and x.id = v.recipient_id
  limit 1
) r
cross join lateral (
  select x.*
  from postrider.mailpiece x
  where x.organization_id = c.organization_id
    and x.recipient_id = v.recipient_id
    and x.mode = 'live'
    and not postrider.piece_is_closed(x.status)
  limit 1
) m
left join lateral (
  select x.status, x.occurred_at
  from postrider.mailpiece_event x
  where x.organization_id = m.organization_id
    and x.mailpiece_id = m.id
    and x.status is not null
  order by x.occurred_at desc
  limit 1
) e on true;

-- Lists campaigns with overdue cards, with the one that waits longest; at most 10,000 are counted.
create function postrider.stuck_overdue() returns table (
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
  select c.organization_id, c.name, v.first_one, v.people, 'sent', v.since, 'overdue',
    format('the printer %s has taken %s without a word that %s delivered: expected within %s '
      'days of being accepted (%s)',
      c.printer_name,
      case
        when v.people = 1 then 'a card'
        when v.people >= 10000 then '10,000 cards or more'
        else v.people || ' cards' end,
      case when v.people = 1 then 'it was' else 'they were' end,
      v.expected, v.basis),
    format('ask the printer; each of them: select * from postrider.overdue where campaign_id = %L; '
      'a claim pack has what printers want to see: '
      'select postrider.claim_preview(%L, ''{"campaignId": "%s", "which": ["overdue"]}'')',
      c.id, c.organization_id, c.id),
    null::uuid, null, (
      select m.id
      from postrider.mailpiece m
      where m.organization_id = c.organization_id
        and m.recipient_id = v.first_one
        and m.mode = 'live'
        and not postrider.piece_is_closed(m.status))
  from postrider.campaigns_on_their_way() c
  cross join lateral (
    select count(*) as people, min(x.since) as since,
      (array_agg(x.recipient_id order by x.since, x.recipient_id))[1] as first_one,
      case min(x.expected_days)
        when max(x.expected_days) then min(x.expected_days)::text
        else min(x.expected_days) || ' to ' || max(x.expected_days) end as expected,
      string_agg(distinct x.basis, ', ' order by x.basis) as basis
    from postrider.overdue_in(c.organization_id, c.id, false, 10000) x
  ) v
  where v.people > 0;
end;
