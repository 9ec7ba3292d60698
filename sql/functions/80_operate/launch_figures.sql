-- The figures of a launch: cards, days and money, as caps, budget and the end of an offer allow.

-- Counts the people of a campaign who are to get a card and have none yet: all of them, those who
-- are held one by one, and those who wait for another day, or for one that is too late.
-- p_begin_again: how many begin again because a test of them ends; null where none does. Its end
-- lets those go who waited for a day of the test, but for a frequency cap. The counts
-- of states are the tally's, and the others are looked up by index: hardly anybody is held, and
-- who waits for a time stands at the end of the index.
create function postrider.people_to_mail(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_tomorrow timestamptz,
  p_too_late timestamptz,
  p_begin_again bigint
) returns table (
  people bigint,
  held bigint,
  later bigint,
  too_late bigint,
  next_at timestamptz,
  last_at timestamptz
) language sql stable
begin atomic
  select
    (greatest(0, coalesce(counted.people, 0) - held.people) + coalesce(p_begin_again, 0))::bigint,
    held.people, later.people, later.too_late, later.next_at, later.last_at
  from (
    select sum(t.people) as people
    from postrider.tallied() t
    where t.organization_id = p_organization_id
      and t.campaign_id = p_campaign_id
      and t.state in ('pending', 'proofing_staged', 'proofing', 'proofed', 'sending_staged')
  ) counted
  cross join (
    select count(*) as people
    from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.campaign_id = p_campaign_id
      and s.held_at is not null
      and s.state in ('pending', 'proofing_staged', 'proofing', 'proofed', 'sending_staged')
  ) held
  cross join (
    select
      count(*) as people,
      count(*) filter (where s.available_at >= p_too_late) as too_late,
      min(s.available_at) as next_at,
      max(s.available_at) filter (where s.available_at < p_too_late) as last_at
    from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.campaign_id = p_campaign_id
      and s.waiting_state in ('pending', 'proofed')
      and s.available_at >= p_tomorrow
      and s.held_at is null
      and (p_begin_again is null or s.reason = 'frequency_deferred')
  ) later;
end;

-- Counts the cards of a campaign and the days on which they go, as caps, budget and the end of its
-- offer allow. An offer that ends keeps a card back from the day on which it would arrive too late.
-- cards: what caps and budget allow in all; goes: of these, what is posted in time. p_begin_again:
-- see people_to_mail. Where a test ends, nothing counts as opened.
create function postrider.cards_to_mail(
  p_campaign postrider.campaign,
  p_zone text,
  p_now timestamptz,
  p_begin_again bigint
) returns table (
  today date,
  people bigint,
  held bigint,
  later bigint,
  opened_today int,
  opened_in_all int,
  spent_minor bigint,
  left_in_all bigint,
  paid_by_budget bigint,
  cards bigint,
  cards_now bigint,
  goes bigint,
  first_day date,
  last_day date
) language sql stable
begin atomic
  with opened as (
    -- A day that goes back, because the time zone changed, begins no new count.
    select
      d.day as today,
      p_campaign.offer_ends_on - p_campaign.transit_days as last_chance,
      case
        when n.day = d.day then greatest(0, n.opened_on_day + w.on_day)
        when n.day > d.day then n.opened_on_day
        else 0
      end as opened_today,
      greatest(0, coalesce(n.opened_in_all, 0) + w.in_all) as opened_in_all,
      greatest(0, coalesce(n.opened_minor, 0) + w.minor) as spent_minor
    from (select (p_now at time zone p_zone)::date as day) d
    cross join lateral postrider.waiting_recount(
      p_campaign.organization_id, p_campaign.id, p_campaign.mode, d.day, p_zone) w
    left join postrider.campaign_counter n
      on n.organization_id = p_campaign.organization_id
      and n.campaign_id = p_campaign.id
      and p_begin_again is null
  ), room as (
    select
      o.*, w.*,
      greatest(0, p_campaign.total_cap - o.opened_in_all)::bigint as left_in_all,
      greatest(0, (p_campaign.budget_minor - o.spent_minor) / p_campaign.price_minor)
        as paid_by_budget,
      greatest(0, p_campaign.daily_cap - o.opened_today)::bigint as left_today
    from opened o
    cross join lateral postrider.people_to_mail(
      p_campaign.organization_id,
      p_campaign.id,
      (o.today + 1)::timestamp at time zone p_zone,
      coalesce((o.last_chance + 1)::timestamp at time zone p_zone, 'infinity'),
      p_begin_again) w
  ), allowed as (
    select
      r.*,
      case when p_campaign.total_cap is not null then r.left_in_all end as by_total,
      case when p_campaign.budget_minor is not null then r.paid_by_budget end as by_budget,
      case when p_campaign.daily_cap is not null then r.left_today end as by_day,
      case
        when r.last_chance < r.today then 0
        when p_campaign.daily_cap is not null and r.last_chance is not null
          then r.left_today + p_campaign.daily_cap::bigint * (r.last_chance - r.today)
      end as by_offer
    from room r
  ), counted as (
    select
      a.*,
      least(a.people, a.by_total, a.by_budget) as cards,
      case
        when a.last_chance < a.today then 0
        else least(a.people - a.later, a.by_total, a.by_budget, a.by_day)
      end as cards_now,
      least(a.people - a.too_late, a.by_total, a.by_budget, a.by_offer) as goes
    from allowed a
  )
  select
    c.today, c.people, c.held, c.later, c.opened_today, c.opened_in_all, c.spent_minor, c.by_total,
    c.by_budget, c.cards, c.cards_now, c.goes,
    case
      when c.goes = 0 then null
      when c.cards_now > 0 then c.today
      when c.people > c.later then c.today + 1
      else (c.next_at at time zone p_zone)::date
    end,
    case
      when c.goes = 0 then null
      else least(
        c.last_chance,
        greatest(
          case
            when c.by_day is null then c.today
            else c.today + ceil(greatest(0, c.goes - c.by_day)::numeric / p_campaign.daily_cap)::int
          end,
          -- Somebody who waits for a day goes then, where there are cards for everybody before.
          case
            when c.goes > c.people - c.later then (c.last_at at time zone p_zone)::date
          end))
    end
  from counted c;
end;

-- When the first card of a launch could go to the printer: now, or when its hold-back window ends.
-- Of a campaign that is active already it is now.
create function postrider.first_chance(
  p_campaign postrider.campaign,
  p_begin_again bigint
) returns timestamptz language sql stable
return postrider.now() + case
  when p_campaign.launched_at is null or p_begin_again is not null
    then p_campaign.hold_back_minutes * interval '1 minute'
  else interval '0'
end;

-- Makes the part of the preview that is counted: cards, caps, budget, days.
create function postrider.figures_of_launch(
  p_campaign postrider.campaign,
  p_zone text,
  p_begin_again bigint
) returns jsonb language sql stable
begin atomic
  select jsonb_build_object(
    'cards', jsonb_build_object(
      'people', k.people,
      'held', k.held,
      'later', k.later,
      'now', k.cards_now,
      'inAll', k.cards,
      'tooLate', k.cards - k.goes,
      'days', coalesce(k.last_day - k.first_day + 1, 0)),
    'caps', jsonb_build_object(
      'daily', p_campaign.daily_cap,
      'openedToday', k.opened_today,
      'total', p_campaign.total_cap,
      'opened', k.opened_in_all,
      'left', k.left_in_all),
    'budget', case
      when p_campaign.budget_minor is not null then jsonb_build_object(
        'currency', p_campaign.currency,
        'price', p_campaign.price_minor,
        'total', p_campaign.budget_minor,
        'spent', k.spent_minor,
        'left', p_campaign.budget_minor - k.spent_minor,
        'pays', k.paid_by_budget,
        'cost', k.goes * p_campaign.price_minor,
        'costOfAll', k.people * p_campaign.price_minor)
    end,
    'mail', jsonb_build_object(
      'format', p_campaign.format,
      'mailClass', p_campaign.mail_class,
      'transitDays', p_campaign.transit_days,
      'holdBackMinutes', p_campaign.hold_back_minutes,
      'offerEndsOn', to_char(p_campaign.offer_ends_on, 'YYYY-MM-DD'),
      'firstDay', to_char(k.first_day, 'YYYY-MM-DD'),
      'lastDay', to_char(k.last_day, 'YYYY-MM-DD'),
      'firstArrival', to_char(k.first_day + p_campaign.transit_days, 'YYYY-MM-DD'),
      'lastArrival', to_char(k.last_day + p_campaign.transit_days, 'YYYY-MM-DD')))
  from postrider.cards_to_mail(
    p_campaign, p_zone, postrider.first_chance(p_campaign, p_begin_again), p_begin_again) k;
end;
