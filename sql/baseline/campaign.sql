-- A mailing: what is sent to whom, by which printer, how fast and for how much.
create table postrider.campaign (
  organization_id uuid not null references postrider.organization (id),
  id uuid not null,
  name text not null,
  campaign_mode text not null,
  status text not null default 'pending',
  -- What release gives back after a hold; null while not held.
  status_before_hold text,
  held_why text,
  provider_segment_id text,
  -- Adapters and their options by port, as in the campaign file:
  -- {"audience": {"kind": "…", …}, "renderer": {…}, …}
  integrations jsonb not null,
  -- Relative paths in the integrations are below it.
  base_directory text not null,
  template text not null,
  format text not null,
  mail_class text not null,
  printer_name text not null,
  return_address jsonb,
  -- Letters in a line of an address, as its renderer and printer have it. Null: any.
  longest_address_line int,
  -- Letters in a name, as its printer has it: a longer one is shortened. Null: any.
  longest_name int,
  -- Set by launch. From there only from test to live: go_live.
  mode text not null default 'test',
  dedupe text not null,
  exclusion_window interval not null,
  frequency_cap interval,
  frequency_cap_mode text not null default 'skip',
  -- Frozen when the first recipient is made: a changed share would spoil the experiment.
  holdout_percent numeric(5, 2) not null default 0,
  holdout_salt text not null,
  daily_cap int,
  total_cap int,
  budget_minor bigint,
  price_minor bigint,
  currency text,
  -- When it was held since its printer rejected its artwork: proofs of before are made anew.
  artwork_rejected_at timestamptz,
  offer_ends_on date,
  transit_days int not null,
  -- A card goes to the printer only so long after it could have gone: until then it is called back
  -- for nothing. It is kept as available_at of its person.
  hold_back_minutes int not null default 0,
  -- After so long without any scan: received (assumed).
  assumed_after interval not null,
  effects text[] not null default '{}',
  -- The statuses of cards that the event sink is told.
  event_statuses text[] not null default '{sent,in_transit,delivered,returned}',
  -- How long documents are kept at the image host after the last of their cards is through; null:
  -- for ever.
  remove_images_after interval default '7 days',
  -- How long after it was accepted a card counts as through where its printer tells nothing.
  keep_images_at_most interval not null default '90 days',
  created_at timestamptz not null,
  launched_at timestamptz,
  ended_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, printer_name) references postrider.printer (organization_id, name),
  constraint campaign_name_key unique (organization_id, name),
  constraint campaign_mode_is_known check (campaign_mode in ('automated', 'one_off')),
  constraint campaign_status_is_known
    check (status in ('pending', 'active', 'paused', 'completed', 'archived')),
  constraint campaign_printing_mode_is_known check (mode in ('test', 'live')),
  constraint campaign_dedupe_is_known check (dedupe in ('person', 'household')),
  constraint campaign_frequency_cap_mode_is_known check (frequency_cap_mode in ('skip', 'defer')),
  constraint campaign_holdout_is_a_percentage check (holdout_percent between 0 and 100),
  constraint campaign_caps_are_positive check (daily_cap > 0 and total_cap > 0),
  constraint campaign_budget_has_a_price
    check (budget_minor is null or (price_minor > 0 and currency is not null)),
  constraint campaign_paused_remembers
    check ((status = 'paused') = (status_before_hold is not null)),
  -- An effect that nobody knows, or a time out of all measure, would fail at the moment when the
  -- printer's answer is recorded.
  constraint campaign_effects_are_known check (effects <@ '{usage_meter,event_sink}'),
  constraint campaign_event_statuses_are_known check (
    event_statuses <@ '{sent,in_transit,delivered,returned,failed,cancelled}'),
  constraint campaign_keeps_images_for_a_time check (
    remove_images_after between interval '0' and interval '10 years'
    and keep_images_at_most between interval '7 days' and interval '10 years'),
  constraint campaign_address_line_has_letters check (longest_address_line > 0),
  constraint campaign_name_on_card_has_letters check (longest_name > 0),
  constraint campaign_transit_is_a_time check (transit_days between 0 and 365),
  constraint campaign_hold_back_is_a_time check (hold_back_minutes between 0 and 43200),
  constraint campaign_assumes_in_time
    check (assumed_after between interval '1 day' and interval '365 days')
);
create index campaign_running on postrider.campaign (organization_id, id)
  where status in ('pending', 'active');

-- Caps and budgets. A row of its own: every begin of a capped campaign locks it, and nobody who
-- holds a share lock may update that row.
create table postrider.campaign_counter (
  organization_id uuid not null,
  campaign_id uuid not null,
  -- In the organization's time zone.
  day date not null,
  opened_on_day int not null default 0,
  opened_in_all int not null default 0,
  -- What the opened cards cost, by their prices then: a change of price changes nothing here.
  opened_minor bigint not null default 0,
  primary key (organization_id, campaign_id),
  foreign key (organization_id, campaign_id) references postrider.campaign (organization_id, id)
);

-- One sync of a campaign at a time, across processes. A lease in a row: visible in psql, safe
-- behind a pooler, free again 30 s after a crash.
create table postrider.campaign_lock (
  organization_id uuid not null,
  campaign_id uuid not null,
  holder text not null,
  token uuid not null,
  since timestamptz not null,
  until timestamptz not null,
  primary key (organization_id, campaign_id),
  foreign key (organization_id, campaign_id) references postrider.campaign (organization_id, id)
);
