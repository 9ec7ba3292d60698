-- The beats of the installation, and those that fail.
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
