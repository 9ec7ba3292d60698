-- How long a card may take: learned, promised by its printer, or usual.

-- How many delivered cards teach a window. With fewer, one in ten is no measure.
create function postrider.least_sample() returns int language sql immutable
return 100;

-- Within how many days of being accepted a card is usually there, where nothing else is known: days
-- of the calendar, with production and weekends. In the US up to 6 working days for first class and
-- 21 for standard; in Britain what the post says, and the printer's days; anywhere else what a card
-- takes abroad. A class that nobody knows is a slow one.
create function postrider.usual_days(p_mail_class text, p_country text) returns int
language sql immutable
return case
  when p_country = 'US' then case p_mail_class when 'first_class' then 10 else 29 end
  when p_country = 'GB' then case p_mail_class when 'first_class' then 7 else 10 end
  when p_mail_class = 'first_class' then 18
  else 39
end;

-- By what a window is known: learned, promised or usual.
create function postrider.window_basis(p_learned postrider.delivery_window) returns text
language sql immutable
return case
  when p_learned.pieces >= postrider.least_sample() then 'learned'
  when p_learned.promised_days is not null then 'promised'
  else 'usual'
end;

-- Within how many days of its acceptance a card is expected. The usual time is not shorter than the
-- campaign's own transit_days.
-- p_learned: its fields are null where there is none.
create function postrider.expected_days(
  p_campaign postrider.campaign,
  p_country text,
  p_learned postrider.delivery_window
) returns int language sql immutable
return case postrider.window_basis(p_learned)
  when 'learned' then p_learned.p90_days
  when 'promised' then p_learned.promised_days
  else greatest(
    postrider.usual_days(p_campaign.mail_class, p_country), p_campaign.transit_days)
end;

-- News take a day: a card is overdue a day after the last one on which it is expected.
create function postrider.overdue_grace() returns interval language sql immutable
return interval '1 day';

-- The least time after which a card of a campaign can be overdue: the search for those that are
-- begins there.
create function postrider.least_expected_days(p_campaign postrider.campaign) returns int
language sql stable
return least(
  (
    select min(postrider.expected_days(p_campaign, w.country, w))
    from postrider.delivery_window w
    where w.organization_id = p_campaign.organization_id
      and w.printer_name = p_campaign.printer_name
      and w.mail_class = p_campaign.mail_class),
  greatest(
    least(
      postrider.usual_days(p_campaign.mail_class, 'US'),
      postrider.usual_days(p_campaign.mail_class, 'GB')),
    p_campaign.transit_days));
