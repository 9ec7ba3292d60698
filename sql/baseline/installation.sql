-- The installation itself, which belongs to no organization. It is written at every start of a
-- runner. A restored database is told by what runners remember outside of it, and by the timeline
-- that its server writes.
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
