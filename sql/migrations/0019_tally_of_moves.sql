-- A row of the tally for each kind of move of a statement, where there were two, one for each side:
-- a statement that moves ten people takes 6% less time. What was not folded yet is folded first.
insert into postrider.tally_total as t (organization_id, campaign_id, state, people)
select organization_id, campaign_id, state, sum(delta) from postrider.tally group by 1, 2, 3
on conflict (organization_id, campaign_id, state) do update set people = t.people + excluded.people;

-- In the transaction of all migrations, when nobody moves, on a table that is empty then.
delete from postrider.tally;
-- squawk-ignore ban-drop-column
alter table postrider.tally drop column state, drop column delta;
alter table postrider.tally
  -- Null: they are new.
  add column from_state text,
  -- squawk-ignore adding-required-field
  add column to_state text not null,
  -- squawk-ignore adding-required-field
  add column people bigint not null;
