-- What was spent is kept as it was spent: a price that changes does not change the past.
alter table postrider.campaign_counter add column spent_minor bigint not null default 0;
update postrider.campaign_counter n set spent_minor = n.opened_in_all * c.price_minor
from postrider.campaign c where c.organization_id = n.organization_id and c.id = n.campaign_id and c.price_minor is not null;

-- The day against whose cap a piece was counted last, where it is not the day on which it was opened.
alter table postrider.mailpiece add column counted_on date;

-- Work that one session at a time does, each a row to be locked.
create table postrider.turn (
  work text primary key
);
insert into postrider.turn (work) values ('stage:proof'), ('stage:mail'), ('reap'), ('tally');

-- In the transaction of all migrations: webhooks wait a moment (500,000 rows: 0.3 s), and their senders send again.
-- squawk-ignore require-concurrent-index-creation
create index provider_event_applied on postrider.provider_event (applied_at) where applied_at is not null;
