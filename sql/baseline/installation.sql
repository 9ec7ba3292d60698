-- The installation itself: its clock, its runners and their beats. Nothing here belongs to an
-- organization.

create table postrider.clock (
  singleton boolean primary key default true,
  -- Only a database marked as test obeys the offset; in any other the row has no effect.
  is_test boolean not null default false,
  turned_by interval not null default '0',
  constraint clock_is_one_row check (singleton)
);
insert into postrider.clock default values;

-- Written at every start of a runner. A restored database is told by what runners remember outside
-- of it, and by the timeline that its server writes.
create table postrider.installation (
  singleton boolean primary key default true,
  id uuid,
  -- Null: this server does not tell (some hosted ones do not).
  system_identifier text,
  timeline bigint,
  seen_at timestamptz not null,
  restore_noticed_at timestamptz,
  restore_why text,
  -- How often this database was found to be an older state of itself. A runner that remembers a
  -- lower number forgets what it knew before; one that remembers a higher number has seen a later
  -- state than this one.
  restores int not null default 0,
  -- The highest such number that a runner has told to a server that had been superseded.
  restores_told int not null default 0,
  constraint installation_is_one_row check (singleton)
);

create table postrider.runner (
  id uuid primary key,
  name text not null,
  proof_slots int not null,
  mail_slots int not null,
  version text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  -- How long a cohort of it stays its own without a renewal. So long it may go on posting for one
  -- that was taken from it by hand.
  lease interval not null default '1 minute'
);

create table postrider.beat (
  name text primary key,
  every interval not null,
  last_at timestamptz
);

-- What fails of the beats, a row for each part from its first failure on. A beat is the
-- installation's: what its errors say is for the people who run the installation, and not for an
-- organization's readers.
create table postrider.beat_failure (
  id uuid primary key,
  beat text not null,
  part text not null,
  since timestamptz not null,
  last_at timestamptz not null,
  -- In a row.
  failures int not null,
  -- The SQLSTATE; null where it was not the database that said it.
  code text,
  error text not null,
  hint text,
  -- The organizations that it failed for, where it works for each by itself.
  organizations uuid[] not null,
  -- Since when it works again.
  over_at timestamptz,
  constraint beat_failure_has_failed check (failures > 0)
);
create unique index beat_failure_open on postrider.beat_failure (beat, part) where over_at is null;

-- Work that one session at a time does, each a row to be locked.
create table postrider.turn (
  work text primary key
);
insert into postrider.turn (work) values ('stage:proof'), ('stage:mail'), ('reap'), ('tally');
