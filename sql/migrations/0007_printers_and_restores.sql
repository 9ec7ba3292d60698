-- How long an outcome of this printer that nobody knows rests before the printer is asked, as its adapter says. A runner writes it before it sends the
-- first card: whoever reaps after that runner's death knows no adapter. Null: no runner has sent anything.
alter table postrider.printer add column quiet interval;

-- How often the printer has answered about a piece without being able to tell. Apart from attempt, which is the fence of a claim: a printer that could
-- not be asked at all has said nothing.
alter table postrider.mailpiece add column told_nothing smallint not null default 0;

-- Tells a restored copy by itself: every cohort that begins at a printer counts, and whoever runs here keeps the count outside of the database. A database
-- that counts lower is an older state of itself. A sequence, since no begin may wait for another's.
create sequence postrider.tide;
alter table postrider.installation add column id uuid;
