-- A restored database is told by what runners remember outside of it, and by the timeline that its
-- server writes. The sequence that counted begins is gone: a sequence is logged 32 numbers ahead,
-- so a standby that was promoted counted higher than its primary ever had.
drop sequence postrider.tide;

alter table postrider.installation
  -- How often this database was found to be an older state of itself. A runner that remembers a
  -- lower number forgets what it knew before; one that remembers a higher number has seen a later
  -- state than this one.
  add column restores int not null default 0,
  -- The highest such number that a runner has told to a server that had been superseded.
  add column restores_told int not null default 0,
  add column restore_why text;

-- Null: this server does not tell (some hosted ones do not).
-- squawk-ignore ban-drop-not-null
alter table postrider.installation alter column system_identifier drop not null;
-- squawk-ignore ban-drop-not-null
alter table postrider.installation alter column timeline drop not null;
