-- Cold: who it is. Wide, and it rarely changes.
create table postrider.recipient (
  organization_id uuid not null,
  id uuid not null,
  campaign_id uuid not null,
  external_id text not null,
  -- The first address in the source's cell. An enricher is asked by it.
  email text,
  -- The others, in their order; null where there are none.
  other_emails text[],
  first_name text,
  last_name text,
  line1 text,
  line2 text,
  city text,
  region text,
  postal_code text,
  country text,
  -- source, enricher or operator.
  address_from text,
  merge jsonb not null default '{}',
  email_key text,
  household_key text,
  -- The key by which the household's lot was drawn for the holdout, where a re-key has changed
  -- the household since. Null: it is household_key.
  lot_key text,
  -- What the source's row said of what an operator has amended: name, address, merge fields. The
  -- amendment holds while the row says the same. Null: nothing is amended.
  amended jsonb,
  -- By which words the source says that this person is not to be mailed; null: it does not say so.
  do_not_mail text,
  -- Printed on the card; short, without letters that look alike.
  reference text not null,
  source_row bigint,
  -- The run that made it: a second row with the same id in the same run is a repeat.
  made_in_run uuid,
  created_at timestamptz not null,
  erased_at timestamptz,
  primary key (organization_id, id),
  foreign key (organization_id, campaign_id) references postrider.campaign (organization_id, id),
  constraint recipient_external_id_key unique (organization_id, campaign_id, external_id),
  constraint recipient_address_is_whole check (
    (line1 is null) = (postal_code is null)
    and (line1 is null) = (country is null)
    and (line1 is null) = (household_key is null)),
  constraint recipient_lot_has_household check (lot_key is null or household_key is not null)
);
create index recipient_email on postrider.recipient (organization_id, email_key)
  where email_key is not null;
create index recipient_household
  on postrider.recipient (organization_id, household_key text_pattern_ops)
  where household_key is not null;
-- People who have a street beside a box, by its number: few. Without functions of ours, which are
-- made anew with each version.
create index recipient_street_beside_box
  on postrider.recipient (
    organization_id,
    split_part(household_key, '|', 3),
    substring(split_part(household_key, '|', 10) from '(?:^|,)([0-9]+)'))
  where split_part(household_key, '|', 2) in ('US', 'CA', 'AU', 'NZ')
    and substring(split_part(household_key, '|', 10) from '(?:^|,)([0-9]+)') is not null;
-- People whose arm is frozen by an older key: nobody, before the first re-key.
create index recipient_lot on postrider.recipient (organization_id, household_key)
  where lot_key is not null;
-- People who are amended: few.
create index recipient_amended on postrider.recipient (organization_id, campaign_id, id)
  where amended is not null;
-- People whom the source does not want to be mailed.
create index recipient_do_not_mail on postrider.recipient (organization_id, campaign_id, id)
  where do_not_mail is not null;
create index recipient_external_id on postrider.recipient (organization_id, external_id);
create index recipient_reference on postrider.recipient (organization_id, reference);

-- By which further addresses people are known. Few people have one, so that the others pay for a
-- look into an index that is nearly empty.
create table postrider.recipient_other_email (
  organization_id uuid not null,
  recipient_id uuid not null,
  email_key text not null,
  -- Said by a further row with the person's id: it stays when the first row says other ones.
  of_repeat boolean not null default false,
  primary key (organization_id, recipient_id, email_key),
  foreign key (organization_id, recipient_id) references postrider.recipient (organization_id, id)
);
create index recipient_other_email_key
  on postrider.recipient_other_email (organization_id, email_key);

-- Hot: where it is. Narrow, and never partitioned: direct DML on a partition would pass by the
-- parent's trigger.
create table postrider.recipient_state (
  organization_id uuid not null,
  recipient_id uuid not null,
  campaign_id uuid not null,
  state text not null,
  -- The state, where it is one in which people wait for a stage or for news; else null. The claims
  -- ask for it, so that their index has an entry for those who wait and for nobody else.
  waiting_state text generated always as (
    case when state in ('address_enrichable', 'pending', 'proofed', 'sent') then state end) stored,
  since timestamptz not null,
  -- Counts the moves: 1..n without a gap is what "the history is whole" means.
  move_no int not null,
  -- Attempts that failed at what they tried. Lost leases and failed begins are counted apart: they
  -- may be somebody else's fault.
  attempt smallint not null default 0,
  losses smallint not null default 0,
  available_at timestamptz not null,
  -- The cohort (or enrichment batch) that has this person now. It is the fence: nobody else's
  -- decision counts. People who travel have one, and nobody else: the trigger sees to it.
  cohort_id uuid,
  reason text,
  detail text,
  held_at timestamptz,
  cancel_requested_at timestamptz,
  primary key (organization_id, recipient_id),
  foreign key (organization_id, recipient_id) references postrider.recipient (organization_id, id)
) with (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02
);

-- By this index people are claimed: one for all waiting states. A move touches it only where it
-- enters one.
create index recipient_state_waiting on postrider.recipient_state
  (organization_id, campaign_id, waiting_state, available_at, recipient_id)
  where waiting_state is not null;
create index recipient_state_travelling on postrider.recipient_state (organization_id, cohort_id)
  where cohort_id is not null;
create index recipient_state_cancelling on postrider.recipient_state
  (organization_id, recipient_id)
  where cancel_requested_at is not null and state in ('sending', 'sent');
-- What the questions of operators look for among a million people: few rows each, and nobody who
-- moves in good order has an entry.
create index recipient_state_error on postrider.recipient_state
  (organization_id, campaign_id, since) where state = 'error';
create index recipient_state_held on postrider.recipient_state
  (organization_id, campaign_id, state, available_at) where held_at is not null;
create index recipient_state_retrying on postrider.recipient_state
  (organization_id, campaign_id, state, available_at)
  where reason = 'retry';
create index recipient_state_unresolved on postrider.recipient_state
  (organization_id, recipient_id) where state = 'error' and reason = 'outcome_unknown';

-- What happened. Ordered by the recipient's own move number, not by time. No foreign keys: it must
-- take every move.
create table postrider.recipient_event (
  organization_id uuid not null,
  recipient_id uuid not null,
  move_no int not null,
  at timestamptz not null,
  campaign_id uuid not null,
  from_state text,
  to_state text not null,
  actor text not null,
  reason text,
  detail text,
  cohort_id uuid,
  -- The database role that was really logged in, beside the actor that was claimed.
  by_role text not null,
  primary key (organization_id, recipient_id, move_no, at)
) partition by range (at);

-- A missing month would stop every move: the default partition takes what no month takes, and
-- doctor reports it.
create table postrider.recipient_event_default
  partition of postrider.recipient_event default;

-- How many people are in which state of which campaign. A row for each kind of move of a statement,
-- folded by a beat: to count a million rows takes 130-320 ms, to add up this takes none.
create table postrider.tally (
  organization_id uuid not null,
  campaign_id uuid not null,
  -- A random id and no sequence: a subscriber that takes over does not have the sequence's value,
  -- and every move would fail on a key that is taken. Bulk moves cost the same with it (0.98 to
  -- 1.04 of the processor's time without, as much as two runs without differ).
  id uuid not null default gen_random_uuid(),
  -- Null: they are new.
  from_state text,
  to_state text not null,
  people bigint not null,
  primary key (organization_id, id)
);
create table postrider.tally_total (
  organization_id uuid not null,
  campaign_id uuid not null,
  state text not null,
  people bigint not null,
  primary key (organization_id, campaign_id, state)
);
-- How many moves of each kind were made, folded from the same rows. It only grows: a rate is the
-- difference of two looks. Its rows are as many as kinds of moves in each campaign.
create table postrider.move_total (
  organization_id uuid not null,
  campaign_id uuid not null,
  -- 'new': they are new. A key has no null.
  from_state text not null,
  to_state text not null,
  people bigint not null,
  primary key (organization_id, campaign_id, from_state, to_state)
);
