-- How long an outcome of this printer that nobody knows rests before the printer is asked, as its adapter says. A runner writes it before it sends the
-- first card: whoever reaps after that runner's death knows no adapter. Null: no runner has sent anything.
alter table postrider.printer add column quiet interval;
