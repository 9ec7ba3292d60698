-- Eligibility once more, at the last moment before the printer: people opt out, offers end and caps
-- fill while a card waits.

-- Turns away the people of a cohort who may not be mailed now. Called by a begin with every lock in
-- hand.
create function postrider.turn_away_before_mail(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_cohort_id uuid,
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_campaign postrider.campaign;
  v_zone text;
  v_printed uuid[];
  v_held uuid[];
  v_suppressed uuid[];
  v_returned uuid[];
begin
  select c.* into v_campaign
  from postrider.campaign c
  where c.organization_id = p_organization_id and c.id = p_campaign_id;
  select o.time_zone into v_zone
  from postrider.organization o
  where o.id = p_organization_id;

  -- People are looked for before they are moved: an UPDATE that finds nobody still pays for the
  -- trigger. Hardly anybody has an open piece or a suppression, so both are asked the other way
  -- round, from those that exist.
  select p.printed, p.held into v_printed, v_held
  from postrider.open_pieces_in_cohort(v_campaign, p_cohort_id) p;
  select x.suppressed, x.returned
  into v_suppressed, v_returned
  from postrider.suppressed_in_cohort(
    p_organization_id, p_campaign_id, p_cohort_id, p_now, v_printed) x;

  if v_printed is not null then
    perform postrider.take_out_printed(v_campaign, v_printed);
  end if;
  if v_suppressed is not null then
    perform postrider.turn_away_suppressed(p_organization_id, v_suppressed);
  end if;
  if v_returned is not null then
    perform postrider.stop_or_ask(
      p_organization_id, v_returned, 'skipped', 'bad_address', 'mail came back from the address');
  end if;
  if v_held is not null then
    perform postrider.put_off_held(p_organization_id, v_held, p_now);
  end if;
  if v_campaign.artwork_rejected_at is not null then
    perform postrider.make_anew(v_campaign, p_cohort_id, p_now);
  end if;

  if v_campaign.offer_ends_on < (p_now at time zone v_zone)::date + v_campaign.transit_days then
    perform postrider.skip_for_end_of_offer(v_campaign, p_cohort_id);
  elsif v_campaign.daily_cap is not null
    or v_campaign.total_cap is not null
    or v_campaign.budget_minor is not null
  then
    perform postrider.enforce_caps(v_campaign, p_cohort_id, p_now, v_zone);
  end if;
end $$;

-- Finds the people of a cohort whose piece is open: whose card the printer has already, and whose
-- piece is at a printer that takes none now; null where there are none.
create function postrider.open_pieces_in_cohort(
  p_campaign postrider.campaign,
  p_cohort_id uuid
) returns table (
  printed uuid[],
  held uuid[]
) language sql stable
begin atomic
  select
    array_agg(s.recipient_id) filter (where m.accepted_at is not null),
    array_agg(s.recipient_id) filter (
      where m.status = 'submitting'
        and m.printer_name <> p_campaign.printer_name
        and not postrider.takes_cards(p, x, b, p_campaign.mode))
  from postrider.recipient_state s
  join postrider.mailpiece m
    on m.organization_id = p_campaign.organization_id
    and m.recipient_id = s.recipient_id
    and m.mode = p_campaign.mode
    and not postrider.piece_is_closed(m.status)
  join postrider.printer p
    on p.organization_id = p_campaign.organization_id and p.name = m.printer_name
  left join postrider.connection x
    on x.organization_id = p.organization_id and x.id = p.connection_id
  left join postrider.connection_breaker b
    on b.organization_id = p.organization_id and b.connection_id = p.connection_id
  where s.organization_id = p_campaign.organization_id
    and s.cohort_id = p_cohort_id
    and s.state = 'sending_staged';
end;

-- Finds the people of a cohort who are on a do-not-mail list, whom the source says not to mail, or
-- whose address sent mail back. The last reason is given only to people who have no other. Null
-- where there are none.
-- p_printed: people whose card the printer has already. A suppression comes too late for them.
create function postrider.suppressed_in_cohort(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_cohort_id uuid,
  p_now timestamptz,
  p_printed uuid[],
  out suppressed uuid[],
  out returned uuid[]
) language plpgsql as $$
declare
  v_secret text;
begin
  select k.secret::text into v_secret
  from postrider.organization_key k
  where k.organization_id = p_organization_id;
  if v_secret is null then
    perform postrider.fail('PR010',
      'the organization''s row in organization_key is gone: '
      'no suppression can be told without it',
      'restore it from a backup; nobody is mailed until then, and nothing was changed');
  end if;
  select
    array_agg(f.recipient_id) filter (where not f.is_returned),
    array_agg(f.recipient_id) filter (where f.is_returned)
  into suppressed, returned
  from (
    select s.recipient_id, bool_and(x.returned) as is_returned
    from postrider.recipient_state s
    join postrider.recipient r
      on r.organization_id = p_organization_id and r.id = s.recipient_id
    cross join lateral (
      select x.campaign_id, x.expires_at, x.returned
      from (values
        ('external_id', r.external_id),
        ('email', r.email_key),
        ('household', r.household_key)) as k (kind, value)
      join postrider.suppression x
        on x.organization_id = p_organization_id
        and x.kind = k.kind
        and x.digest = sha256(convert_to(v_secret || ':' || k.kind || ':' || k.value, 'UTF8'))
      union all
      select x.campaign_id, x.expires_at, x.returned
      from postrider.recipient_other_email o
      join postrider.suppression x
        on x.organization_id = p_organization_id
        and x.kind = 'email'
        and x.digest = sha256(convert_to(v_secret || ':email:' || o.email_key, 'UTF8'))
      where o.organization_id = p_organization_id
        and o.recipient_id = r.id
      union all
      select x.campaign_id, x.expires_at, x.returned
      from unnest(postrider.keys_within(r.household_key)) as w (key)
      cross join lateral postrider.household_key_parts(w.key) k
      -- Fenced: two households are compared where their digests are equal, not with every entry.
      cross join lateral (
        select x.*
        from postrider.suppression x
        where x.organization_id = p_organization_id
          and x.neighbourhood
            = sha256(convert_to(v_secret || ':neighbourhood:' || k.neighbourhood, 'UTF8'))
        offset 0) x
      where postrider.may_be_one_household(x.value, r.household_key)
        -- Known before anybody is looked at: mostly nobody has opted out by address.
        and (
          select exists (
            select from postrider.suppression y
            where y.organization_id = p_organization_id and y.neighbourhood is not null))
      union all
      select null, null, false
      where r.do_not_mail is not null
    ) x
    where s.organization_id = p_organization_id
      and s.cohort_id = p_cohort_id
      and s.state = 'sending_staged'
      and (x.campaign_id is null or x.campaign_id = p_campaign_id)
      and (x.expires_at is null or x.expires_at > p_now)
      and not s.recipient_id = any (coalesce(p_printed, '{}'))
    group by 1) f;
end $$;

-- Brings people to sent whose card the printer has already, as a late answer has shown: nobody is
-- submitted twice.
create function postrider.take_out_printed(
  p_campaign postrider.campaign,
  p_people uuid[]
) returns void language plpgsql as $$
declare
  v_pieces uuid[] := array(
    select m.id
    from postrider.mailpiece m
    where m.organization_id = p_campaign.organization_id
      and m.recipient_id = any (p_people)
      and m.mode = p_campaign.mode
      and m.accepted_at is not null);
begin
  perform postrider.bring_to_sent(
    p_campaign.organization_id, v_pieces, 'late_evidence', false);
  perform postrider.follow_mailpieces(p_campaign.organization_id, v_pieces);
end $$;

-- Brings people to blacklisted who are on a do-not-mail list by now, or whom the source does not
-- want to be mailed.
create function postrider.turn_away_suppressed(
  p_organization_id uuid,
  p_people uuid[]
) returns void language plpgsql as $$
declare
  v_because text;
  v_ids uuid[];
begin
  for v_because, v_ids in
    select r.do_not_mail, array_agg(r.id)
    from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.id = any (p_people)
    group by 1
    order by 1
  loop
    perform postrider.stop_or_ask(
      p_organization_id, v_ids, 'blacklisted',
      case when v_because is null then 'suppressed' else 'do_not_mail' end, v_because);
  end loop;
end $$;

-- Gives back people whose open piece is at a printer that the campaign has left, and which takes
-- none now. Staging does not see that: they are asked for again in a minute.
create function postrider.put_off_held(
  p_organization_id uuid,
  p_people uuid[],
  p_now timestamptz
) returns void language plpgsql as $$
begin
  update postrider.recipient_state s
  set state = 'proofed', since = p_now, move_no = s.move_no + 1, cohort_id = null,
    reason = 'held', detail = 'the printer of its open mailpiece',
    available_at = p_now + interval '1 minute'
  where s.organization_id = p_organization_id
    and s.recipient_id = any (p_people)
    and s.state = 'sending_staged';
end $$;

-- Skips everybody who is left of a cohort: the offer ends before a card would arrive.
create function postrider.skip_for_end_of_offer(
  p_campaign postrider.campaign,
  p_cohort_id uuid
) returns void language plpgsql as $$
declare
  v_people uuid[];
begin
  select array_agg(s.recipient_id) into v_people
  from postrider.recipient_state s
  where s.organization_id = p_campaign.organization_id
    and s.cohort_id = p_cohort_id
    and s.state = 'sending_staged';
  perform postrider.stop_or_ask(
    p_campaign.organization_id, v_people, 'skipped', 'offer_over',
    format('offer ends %s, %s days of transit',
      to_char(p_campaign.offer_ends_on, 'YYYY-MM-DD'), p_campaign.transit_days));
end $$;

-- Calls off the open pieces of people who are turned away, where they were proven not printed.
create function postrider.cancel_open_mailpieces(
  p_organization_id uuid,
  p_people uuid[],
  p_why text
) returns void language sql volatile
begin atomic
  update postrider.mailpiece
  set status = 'cancelled', outcome_detail = p_why
  where organization_id = p_organization_id
    and recipient_id = any (p_people)
    and status = 'submitting'
    and not postrider.card_may_exist(status, repeat_until);
end;
