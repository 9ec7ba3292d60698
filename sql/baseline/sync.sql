-- Runs of sync, and what each said of rows that were not taken as they were.
create table postrider.sync_run (
  organization_id uuid not null,
  id uuid not null,
  campaign_id uuid not null,
  -- automatic, manual or forced. For a one-off that was launched: amend, or amend_preview, which
  -- changes nobody.
  kind text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  -- Every page was fetched, and none said that somebody is missing: only then may anybody be said
  -- to have left the segment.
  complete boolean not null default false,
  fetched int not null default 0,
  created int not null default 0,
  changed int not null default 0,
  unchanged int not null default 0,
  repeated int not null default 0,
  -- Rows with an id that an earlier row of the run gave to another person.
  conflicting int not null default 0,
  invalid int not null default 0,
  -- Rows of a run that amends: of people who are not in the campaign, and of people for whom it
  -- comes too late.
  not_added int not null default 0,
  too_late int not null default 0,
  left_segment int not null default 0,
  pages int not null default 0,
  waited_ms bigint not null default 0,
  created_by_state jsonb not null default '{}',
  turned_away jsonb not null default '{}',
  -- Rows whose people were taken, and of which something was changed or left out: by reason.
  noted jsonb not null default '{}',
  -- The same by reason, and within it by the column of the list: {"unwrapped": {"zip": 12}}.
  noted_columns jsonb not null default '{}',
  error text,
  primary key (organization_id, id),
  foreign key (organization_id, campaign_id) references postrider.campaign (organization_id, id),
  constraint sync_run_kind_is_known check (
    kind in ('automatic', 'manual', 'forced', 'amend', 'amend_preview'))
);
create index sync_run_of_campaign on postrider.sync_run
  (organization_id, campaign_id, started_at desc);

-- Rows of the source of which nobody was made, with the place and the reason: what could not be
-- read as a member, and whose id another person has.
create table postrider.sync_reject (
  organization_id uuid not null,
  run_id uuid not null,
  ordinal int not null,
  source_row bigint,
  source_column text,
  external_id text,
  reason text not null,
  message text not null,
  primary key (organization_id, run_id, ordinal),
  foreign key (organization_id, run_id) references postrider.sync_run (organization_id, id)
);
create index sync_reject_external_id on postrider.sync_reject (organization_id, external_id)
  where external_id is not null;

-- What was changed or left out of rows whose people were taken, with the place and the reason. A
-- run keeps the first thousand of each reason: sync_run.noted has the count of all.
create table postrider.sync_note (
  organization_id uuid not null,
  run_id uuid not null,
  ordinal int not null,
  source_row bigint,
  source_column text,
  external_id text,
  reason text not null,
  message text not null,
  primary key (organization_id, run_id, ordinal),
  foreign key (organization_id, run_id) references postrider.sync_run (organization_id, id)
);
-- A person of a list who is in no campaign is looked for by id.
create index sync_note_not_added on postrider.sync_note (organization_id, external_id)
  where reason = 'not_added';

-- The people whom this run has seen, of those who still follow the source. Kept apart and emptied
-- at the end: to mark a wide row at every sync would rewrite a million rows each quarter of an
-- hour.
create table postrider.sync_seen (
  organization_id uuid not null,
  run_id uuid not null,
  recipient_id uuid not null,
  source_row bigint,
  -- Who the row was, to tell a repeat from another person with the same id: the hashes of the keys,
  -- since a run may see millions.
  email_hashes int[],
  household_hash int,
  name_hash int,
  primary key (organization_id, run_id, recipient_id)
);
