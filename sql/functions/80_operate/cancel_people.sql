-- Cards of a campaign that are called back by what they have in common: where their people are,
-- since when, where they live, at which printer. What is stopped for nothing, what the printer is
-- asked for, and what is too late is told before, and counted while it is done.

-- Says what a cancel does for a person. free: the card is not made, and costs nothing. at_printer:
-- it is at the printer's API, or a card may exist; the cancel is obeyed as soon as the printer has
-- answered. asked: the printer has it, and is asked to call it back. too_late: the printer has told
-- that it is, or the carrier has it. unresolved: the printer could not tell whether it was printed;
-- that is resolved first. Null: there is nothing to cancel, or it is asked for already.
-- p_accepted: the card that the printer has; its fields are null where there is none. p_in_doubt:
-- whether a card may exist that the printer has not told of.
create function postrider.cancel_class(
  p_state postrider.recipient_state,
  p_accepted postrider.mailpiece,
  p_in_doubt boolean
) returns text language sql stable
return case
  when p_state.state = 'error' and p_state.reason = 'outcome_unknown' then 'unresolved'
  when p_state.state in ('proofed', 'sending_staged', 'error') and p_in_doubt then 'at_printer'
  when postrider.is_before_printer(p_state.state) and p_accepted.id is null then 'free'
  when p_state.state = 'error' and p_accepted.id is null then 'free'
  when p_state.cancel_requested_at is not null then null
  when p_state.state = 'sending' then 'at_printer'
  when p_state.state = 'sent' or postrider.is_before_printer(p_state.state) then
    case when postrider.is_late_to_call_back(p_accepted) then 'too_late' else 'asked' end
end;

-- Finds the people of a campaign whom a filter names and for whom there is something to cancel.
-- p_filter: see cancel_preview.
create function postrider.people_to_cancel(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_filter jsonb
) returns table (
  recipient_id uuid,
  class text,
  is_counted boolean,
  price numeric,
  price_currency text
) language sql stable
begin atomic
  select s.recipient_id, k.class,
    o.id is not null,
    round(a.price_amount / 10::numeric ^ a.price_scale, a.price_scale), a.price_currency
  from postrider.recipient_state s
  join postrider.recipient r
    on r.organization_id = s.organization_id and r.id = s.recipient_id
  join postrider.campaign c
    on c.organization_id = s.organization_id and c.id = s.campaign_id
  left join postrider.mailpiece o
    on o.organization_id = s.organization_id
    and o.recipient_id = s.recipient_id
    and o.mode = c.mode
    and not postrider.piece_is_closed(o.status)
  left join postrider.mailpiece a
    on a.organization_id = o.organization_id
    and a.id = o.id
    and a.accepted_at is not null
  cross join lateral (
    select postrider.cancel_class(
      s, a,
      o.id is not null
        and o.accepted_at is null
        and postrider.card_may_exist(o.status, o.repeat_until)) as class) k
  where s.organization_id = p_organization_id
    and s.campaign_id = p_campaign_id
    and k.class is not null
    and (p_filter -> 'states' is null or p_filter -> 'states' ? s.state)
    and (p_filter ->> 'since' is null or s.since >= (p_filter ->> 'since')::timestamptz)
    and (p_filter -> 'regions' is null or p_filter -> 'regions' ? r.region)
    and (p_filter -> 'countries' is null or p_filter -> 'countries' ? r.country)
    and (p_filter -> 'printers' is null
      or p_filter -> 'printers' ? coalesce(o.printer_name, c.printer_name))
    and (p_filter -> 'externalIds' is null or p_filter -> 'externalIds' ? r.external_id);
end;

-- Counts what a cancel of these people would do, and changes nothing. p_filter: {states: […],
-- since: came to their state then or later, regions, countries, printers, externalIds: […]}; what
-- is left out does not matter, and an empty one is everybody.
-- Returns {free, atPrinter, asked, tooLate, unresolved: people, counted: of the first two, with a
-- mailpiece that caps and budget get back, countedMinor, currency, prices: what printers
-- charge for those that are asked for: [{currency, cards, amount}]}.
create function postrider.cancel_preview(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_filter jsonb default '{}'
) returns jsonb language plpgsql security definer as $$
declare
  v_filter jsonb := postrider.require_cancel_filter(p_organization_id, p_campaign_id, p_filter);
  v_told jsonb;
begin
  with found as materialized (
    select *
    from postrider.people_to_cancel(p_organization_id, p_campaign_id, v_filter)
  )
  select jsonb_build_object(
    'free', count(*) filter (where f.class = 'free'),
    'atPrinter', count(*) filter (where f.class = 'at_printer'),
    'asked', count(*) filter (where f.class = 'asked'),
    'tooLate', count(*) filter (where f.class = 'too_late'),
    'unresolved', count(*) filter (where f.class = 'unresolved'),
    'counted', count(*) filter (where f.is_counted and f.class in ('free', 'at_printer')),
    'countedMinor', count(*) filter (where f.is_counted and f.class in ('free', 'at_printer'))
      * c.price_minor,
    'currency', c.currency,
    'prices', (
      select coalesce(jsonb_agg(to_jsonb(p) order by p.currency), '[]')
      from (
        select x.price_currency as currency, count(*) as cards, sum(x.price) as amount
        from found x
        where x.class = 'asked'
          and x.price is not null
        group by x.price_currency) p))
  into v_told
  from postrider.campaign c
  left join found f on true
  where c.organization_id = p_organization_id
    and c.id = p_campaign_id
  group by c.price_minor, c.currency;
  return v_told;
end $$;

-- Cancels people of a campaign, at most p_limit at a time, in the order of their ids after p_after.
-- Returns what it did, by the same names as cancel_preview, of the people that it has looked at,
-- and after: where the next call goes on, or null where nobody is left. So each of a million people
-- is looked at once. Who is too late, or whose outcome nobody knows, is left as they are.
create function postrider.cancel_people(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_filter jsonb default '{}',
  p_why text default null,
  p_limit int default 1000,
  p_after uuid default null
) returns jsonb language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('op');
  v_told jsonb;
begin
  v_told := postrider.cancel_some(
    p_organization_id, p_campaign_id, p_filter, p_why, p_limit, p_after);
  perform postrider.act_as(v_before);
  return v_told;
end $$;

-- Does what cancel_people() promises, and returns the same. The caller has claimed op.
create function postrider.cancel_some(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_filter jsonb,
  p_why text,
  p_limit int,
  p_after uuid
) returns jsonb language plpgsql as $$
declare
  v_filter jsonb := postrider.require_cancel_filter(p_organization_id, p_campaign_id, p_filter);
  v_page record;
  v_stopped uuid[];
  v_free int;
  v_at_printer int;
  v_asked int;
begin
  perform postrider.require_within('the limit', p_limit, 1, 100000);
  select * into v_page
  from postrider.next_to_cancel(p_organization_id, p_campaign_id, v_filter, p_limit, p_after);
  v_stopped := postrider.stop_people(
    p_organization_id, v_page.people, 'skipped', 'cancelled', nullif(btrim(p_why), ''));
  v_stopped := v_stopped
    || postrider.give_up_errors(p_organization_id, v_page.people, p_why);
  perform postrider.note_intervention(
    p_organization_id, 'cancel', nullif(btrim(p_why), ''), p_people => v_stopped);
  select count(*) filter (where state = 'skipped'), count(*) filter (where state = 'sending'),
    count(*) filter (where state = 'sent')
  into v_free, v_at_printer, v_asked
  from postrider.recipient_state
  where organization_id = p_organization_id
    and recipient_id = any (v_stopped);
  return jsonb_build_object(
    'free', v_free,
    'atPrinter', v_at_printer,
    'asked', v_asked,
    'tooLate', v_page.too_late,
    'unresolved', v_page.unresolved,
    'after', v_page.after);
end $$;

-- Finds people of a campaign who are to be cancelled, after p_after: of so many people at a time,
-- until there are some. Beside them it counts who is left as they are, and tells the last person
-- that it has looked at; null where that is the last of all.
create function postrider.next_to_cancel(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_filter jsonb,
  p_limit int,
  p_after uuid,
  out people uuid[],
  out too_late int,
  out unresolved int,
  out after uuid
) language plpgsql as $$
declare
  v_looked uuid[];
  v_from uuid := coalesce(p_after, '00000000-0000-0000-0000-000000000000');
begin
  too_late := 0;
  unresolved := 0;
  loop
    v_looked := array(
      select s.recipient_id
      from postrider.recipient_state s
      where s.organization_id = p_organization_id
        and s.campaign_id = p_campaign_id
        and s.recipient_id > v_from
      order by s.recipient_id
      limit p_limit);
    select
      coalesce(
        array_agg(f.recipient_id) filter (where f.class in ('free', 'at_printer', 'asked')),
        '{}'),
      too_late + count(*) filter (where f.class = 'too_late'),
      unresolved + count(*) filter (where f.class = 'unresolved')
    into people, too_late, unresolved
    from postrider.people_to_cancel(p_organization_id, p_campaign_id, p_filter) f
    where f.recipient_id = any (v_looked);
    v_from := v_looked[p_limit];
    exit when v_from is null or cardinality(people) > 0;
  end loop;
  after := v_from;
end $$;

-- Gives up on people in error, and returns them. Whose card may exist is asked for first.
create function postrider.give_up_errors(
  p_organization_id uuid,
  p_people uuid[],
  p_why text
) returns uuid[] language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_people uuid[];
begin
  v_people := array(
    select recipient_id
    from postrider.recipient_state
    where organization_id = p_organization_id
      and recipient_id = any (p_people)
      and state = 'error'
      and reason <> 'outcome_unknown'
    order by recipient_id
    for no key update);
  if cardinality(v_people) = 0 then
    return v_people;
  end if;
  perform postrider.ask_before_stopping(
    p_organization_id, v_people, '{error}', 'cancelled', nullif(btrim(p_why), ''));
  perform postrider.cancel_open_mailpieces(p_organization_id, v_people, 'cancelled');
  update postrider.recipient_state
  set state = 'skipped', since = v_now, move_no = move_no + 1, reason = 'given_up',
    detail = left(nullif(btrim(p_why), ''), 500)
  where organization_id = p_organization_id
    and recipient_id = any (v_people)
    and state = 'error';
  return v_people;
end $$;
