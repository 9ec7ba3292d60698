-- What follows from a card: an effect that nobody knows, or a time out of all measure, would fail at the moment when the printer's answer is recorded.
-- A campaign that has one already is mended first: its constraint would stop every later change of it, a hold too.
update postrider.campaign set effects = array(select e from unnest(effects) e where e in ('usage_meter', 'event_sink'))
where not effects <@ '{usage_meter,event_sink}';
update postrider.campaign set transit_days = least(greatest(transit_days, 0), 365),
  assumed_after = least(greatest(assumed_after, interval '1 day'), interval '365 days')
where transit_days not between 0 and 365 or assumed_after not between interval '1 day' and interval '365 days';
-- Few campaigns: they are read in a moment.
alter table postrider.campaign
  -- squawk-ignore constraint-missing-not-valid
  add constraint campaign_effects_are_known check (effects <@ '{usage_meter,event_sink}'),
  -- squawk-ignore constraint-missing-not-valid
  add constraint campaign_transit_is_a_time check (transit_days between 0 and 365),
  -- squawk-ignore constraint-missing-not-valid
  add constraint campaign_assumes_in_time check (assumed_after between interval '1 day' and interval '365 days');
