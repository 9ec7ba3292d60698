-- Who owns what: organizations, their printers, and the installation itself.
-- organization_id leads every key from here on, so that row-level security stays cheap and an organization can move to another database.

create table postrider.clock (
  singleton boolean primary key default true,
  -- Only a database marked as test obeys the offset; on any other the row is inert.
  is_test boolean not null default false,
  turned_by interval not null default '0',
  constraint clock_is_one_row check (singleton)
);
insert into postrider.clock default values;

-- Written at every start of a runner. A restored backup shows the timeline or system identifier of another server: doctor compares.
create table postrider.installation (
  singleton boolean primary key default true,
  system_identifier text not null,
  timeline bigint not null,
  seen_at timestamptz not null,
  restore_noticed_at timestamptz,
  constraint installation_is_one_row check (singleton)
);

create table postrider.organization (
  id uuid primary key,
  name text not null,
  time_zone text not null default 'America/New_York',
  held_at timestamptz,
  held_why text,
  created_at timestamptz not null,
  constraint organization_name_key unique (name),
  constraint organization_name_is_short check (length(name) between 1 and 200)
);

-- Keys the digests of suppressions. Apart from organization, because readers may see that one.
create table postrider.organization_key (
  organization_id uuid primary key references postrider.organization (id),
  secret uuid not null
);

-- Every sync locks its organization's row here before it looks at anybody. A row of its own: a sync must never block a begin.
create table postrider.organization_sync (
  organization_id uuid primary key references postrider.organization (id)
);

-- Which database roles see which organizations. Roles that are members of postrider_runner, and the owner, see all.
create table postrider.organization_member (
  organization_id uuid not null references postrider.organization (id),
  role_name text not null,
  primary key (organization_id, role_name)
);

create table postrider.printer (
  organization_id uuid not null references postrider.organization (id),
  name text not null,
  kind text not null,
  options jsonb not null default '{}',
  held_at timestamptz,
  held_why text,
  -- Live printing costs money and paper: nothing is sent in live mode to a printer that nobody has armed.
  armed_at timestamptz,
  armed_by text,
  primary key (organization_id, name),
  constraint printer_name_is_plain check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$')
);

-- What a printer told last, and how far it was polled.
create table postrider.printer_feed (
  organization_id uuid not null,
  printer_name text not null,
  told_at timestamptz,
  polled_at timestamptz,
  poll_cursor text,
  primary key (organization_id, printer_name),
  foreign key (organization_id, printer_name) references postrider.printer (organization_id, name)
);

create table postrider.runner (
  id uuid primary key,
  name text not null,
  proof_slots int not null,
  mail_slots int not null,
  version text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null
);

create table postrider.beat (
  name text primary key,
  every interval not null,
  last_at timestamptz
);

-- What needs a person's eyes: a second piece id, evidence for somebody already opted out, an unknown status.
create table postrider.alarm (
  organization_id uuid not null references postrider.organization (id),
  id uuid not null,
  kind text not null,
  campaign_id uuid,
  recipient_id uuid,
  mailpiece_id uuid,
  detail jsonb not null,
  raised_at timestamptz not null,
  cleared_at timestamptz,
  cleared_by text,
  primary key (organization_id, id)
);
create index alarm_open on postrider.alarm (organization_id, raised_at) where cleared_at is null;
create index alarm_recipient on postrider.alarm (organization_id, recipient_id) where recipient_id is not null;
