-- Caps and budgets. Only a capped campaign counts what it opens: the count is a row that one begin
-- at a time may hold. Pieces that were opened before there was a cap are counted when the campaign
-- file sets one. A card that was not made is taken out of the count by the next begin: the end of a
-- card would otherwise wait for the begins of its campaign.

-- Lets only as many people of a cohort go on as the caps of its campaign allow. The others go back,
-- and wait for the next day.
-- Called with the counter locked, after everybody else was turned away.
create function postrider.enforce_caps(
  p_campaign postrider.campaign,
  p_cohort_id uuid,
  p_now timestamptz,
  p_zone text
) returns void language plpgsql as $$
declare
  v_day date := (p_now at time zone p_zone)::date;
  v_count postrider.campaign_counter;
  v_again uuid[];
  v_new uuid[];
  v_room_again int;
  v_room_new int;
  v_over uuid[];
begin
  perform postrider.recount(p_campaign, p_now, v_day, p_zone);
  select n.* into v_count
  from postrider.campaign_counter n
  where n.organization_id = p_campaign.organization_id and n.campaign_id = p_campaign.id;
  if not found then
    perform postrider.fail('PR010',
      format('campaign %s has a cap or a budget, and no count of what it has opened',
        p_campaign.name),
      format('somebody deleted it: select postrider.count_opened(%L, %L). '
        'Nobody is mailed until then; nothing was changed',
        p_campaign.organization_id, p_campaign.id));
  end if;
  -- A day that goes back, because the time zone changed, begins no new count.
  if v_count.day < v_day then
    v_count.opened_on_day := 0;
  end if;

  -- An open piece was counted when it was opened; taken up again on another day, it counts on that
  -- day.
  select
    array_agg(s.recipient_id order by s.recipient_id)
      filter (where m.id is null),
    array_agg(s.recipient_id order by s.recipient_id)
      filter (where coalesce(m.counted_on, (m.opened_at at time zone p_zone)::date) < v_day)
  into v_new, v_again
  from postrider.recipient_state s
  left join postrider.mailpiece m
    on m.organization_id = s.organization_id
    and m.recipient_id = s.recipient_id
    and m.mode = p_campaign.mode
    and not postrider.piece_is_closed(m.status)
  where s.organization_id = p_campaign.organization_id
    and s.cohort_id = p_cohort_id
    and s.state = 'sending_staged';
  v_room_again := greatest(0, least(
    p_campaign.daily_cap - v_count.opened_on_day,
    coalesce(cardinality(v_again), 0)));
  v_room_new := greatest(0, least(
    p_campaign.daily_cap - v_count.opened_on_day - v_room_again,
    p_campaign.total_cap - v_count.opened_in_all,
    (p_campaign.budget_minor - v_count.opened_minor) / p_campaign.price_minor,
    coalesce(cardinality(v_new), 0)));

  update postrider.campaign_counter
  set day = greatest(day, v_day),
    opened_on_day = v_count.opened_on_day + v_room_again + v_room_new,
    opened_in_all = opened_in_all + v_room_new,
    opened_minor = opened_minor + v_room_new * coalesce(p_campaign.price_minor, 0)
  where organization_id = p_campaign.organization_id and campaign_id = p_campaign.id;
  if v_room_again > 0 then
    update postrider.mailpiece m
    set counted_on = v_day
    where m.organization_id = p_campaign.organization_id
      and m.recipient_id = any (v_again[:v_room_again])
      and m.status = 'submitting';
  end if;
  v_over := v_again[v_room_again + 1:] || v_new[v_room_new + 1:];
  if cardinality(v_over) > 0 then
    update postrider.recipient_state s
    set state = 'proofed', since = p_now, move_no = s.move_no + 1, cohort_id = null,
      reason = 'cap_reached', detail = null,
      available_at = ((v_day + 1)::timestamp at time zone p_zone)
    where s.organization_id = p_campaign.organization_id and s.recipient_id = any (v_over);
  end if;
end $$;

-- Tells whether the count of a campaign is wrong about a mailpiece: it was not made and is counted,
-- or it exists and is not counted. It is taken up into the plan of its caller, so that the index of
-- such pieces is found.
create function postrider.is_to_be_recounted(
  p_status text,
  p_uncounted_at timestamptz
) returns boolean language sql immutable
return (p_status in ('rejected', 'cancelled', 'failed')) <> (p_uncounted_at is not null);

-- Sums up the pieces of a campaign that wait to be counted anew: how many cards they are in all and
-- on the day, and what they cost. The sums are below zero where the pieces are to be taken out of
-- the count.
create function postrider.waiting_recount(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_mode text,
  p_day date,
  p_zone text
) returns table (in_all int, on_day int, minor bigint) language sql stable
begin atomic
  select coalesce(sum(x.cards), 0)::int, coalesce(sum(x.cards) filter (where x.is_of_day), 0)::int,
    coalesce(sum(x.cards * x.minor), 0)::bigint
  from (
    select case when m.uncounted_at is null then -1 else 1 end as cards,
      coalesce(m.counted_on, (m.opened_at at time zone p_zone)::date) = p_day as is_of_day,
      coalesce(m.counted_minor, 0) as minor
    from postrider.mailpiece m
    where m.organization_id = p_organization_id
      and m.campaign_id = p_campaign_id
      and m.mode = p_mode
      and postrider.is_to_be_recounted(m.status, m.uncounted_at)) x;
end;

-- Takes cards out of the count of a campaign that were not made: rejected, called back or failed.
-- One that exists all the same, as late evidence shows, is counted again, whatever the cap.
-- Called with the counter locked. A piece that somebody works on is left to the next begin, so that
-- who has the counter waits for nobody.
create function postrider.recount(
  p_campaign postrider.campaign,
  p_now timestamptz,
  p_day date,
  p_zone text
) returns void language plpgsql as $$
begin
  with recounted as (
    update postrider.mailpiece m
    set uncounted_at = case when m.uncounted_at is null then p_now end
    where m.organization_id = p_campaign.organization_id
      and m.id = any (array(
        select x.id
        from postrider.mailpiece x
        where x.organization_id = p_campaign.organization_id
          and x.campaign_id = p_campaign.id
          and x.mode = p_campaign.mode
          and postrider.is_to_be_recounted(x.status, x.uncounted_at)
        limit 10000
        for no key update skip locked))
    returning case when m.uncounted_at is null then 1 else -1 end as cards,
      coalesce(m.counted_on, (m.opened_at at time zone p_zone)::date) = p_day as is_of_day,
      coalesce(m.counted_minor, 0) as minor
  )
  update postrider.campaign_counter n
  set opened_in_all = greatest(0, n.opened_in_all + r.in_all),
    opened_on_day = case
      when n.day = p_day then greatest(0, n.opened_on_day + r.on_day)
      else n.opened_on_day end,
    opened_minor = greatest(0, n.opened_minor + r.minor)
  from (
    select sum(cards) as in_all, coalesce(sum(cards) filter (where is_of_day), 0) as on_day,
      sum(cards * minor) as minor
    from recounted) r
  where n.organization_id = p_campaign.organization_id
    and n.campaign_id = p_campaign.id
    and r.in_all is not null;
end $$;

-- Counts what a campaign has opened, from its pieces that were made or may be, and returns how many
-- there are. Pieces of a test do not count once the campaign is live.
-- p_price: what a piece cost that was opened while nobody counted; null: what one costs now.
create function postrider.count_opened(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_price bigint default null
) returns bigint language plpgsql security definer as $$
declare
  v_campaign postrider.campaign;
  v_price bigint;
  v_opened bigint;
begin
  perform postrider.require_organization(p_organization_id);
  if p_price is not null then
    perform postrider.require_within('the price', p_price, 0, 1000000000);
  end if;
  -- No begin opens a piece while we count.
  select * into v_campaign
  from postrider.campaign
  where organization_id = p_organization_id and id = p_campaign_id
  for update;
  if not found then
    perform postrider.fail('PR010', 'there is no such campaign',
      'select name, id from postrider.campaigns; nothing was changed');
  end if;

  v_price := coalesce(p_price, v_campaign.price_minor, 0);
  perform postrider.recount(
    v_campaign, postrider.now(), (postrider.now() at time zone o.time_zone)::date, o.time_zone)
  from postrider.organization o
  where o.id = p_organization_id;

  insert into postrider.campaign_counter as n (
    organization_id, campaign_id, day, opened_on_day, opened_in_all, opened_minor)
  select p_organization_id, p_campaign_id, d.day,
    count(m.id) filter (
      where coalesce(m.counted_on, (m.opened_at at time zone d.zone)::date) = d.day),
    count(m.id), count(m.id) * v_price
  from (
    select time_zone as zone, (postrider.now() at time zone time_zone)::date as day
    from postrider.organization
    where id = p_organization_id) d
  left join (
    postrider.recipient r
    join postrider.mailpiece m
      on m.organization_id = r.organization_id
      and m.recipient_id = r.id
      and m.mode = v_campaign.mode
      and m.uncounted_at is null)
    on r.organization_id = p_organization_id and r.campaign_id = p_campaign_id
  group by d.day
  on conflict (organization_id, campaign_id) do update
  set day = excluded.day,
    opened_on_day = excluded.opened_on_day,
    opened_in_all = excluded.opened_in_all,
    -- What was counted keeps its price; without one, nothing was.
    opened_minor = n.opened_minor + v_price * case
      when n.opened_minor = 0 then excluded.opened_in_all
      else greatest(0, excluded.opened_in_all - n.opened_in_all) end
  returning opened_in_all into v_opened;
  return v_opened;
end $$;
