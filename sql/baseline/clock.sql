-- The clock of the installation, and whether a test may turn it.
create table postrider.clock (
  singleton boolean primary key default true,
  -- Only a database marked as test obeys the offset; in any other the row has no effect.
  is_test boolean not null default false,
  turned_by interval not null default '0',
  constraint clock_is_one_row check (singleton)
);
insert into postrider.clock default values;
