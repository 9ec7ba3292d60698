-- Events of a webhook that cannot be used, while the others of it are applied: [{eventId, reason, raw}], at most a hundred. The body has them all. Not null
-- also where none is left: then the body is kept until the webhook is done, whoever is erased meanwhile.
alter table postrider.provider_event add column unusable jsonb;
-- In the transaction of all migrations, on a column that is empty.
-- squawk-ignore require-concurrent-index-creation
create index provider_event_unusable on postrider.provider_event (organization_id, printer_name) where unusable is not null;
