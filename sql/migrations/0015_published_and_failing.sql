-- Every table has what logical replication tells its rows by: with a publication FOR ALL TABLES an
-- UPDATE or DELETE fails (55000) where there is nothing. Where a table belongs to organizations, that
-- names the organization, so that one organization's rows alone can be published, too.

-- A random id and no sequence: a subscriber that takes over does not have the sequence's value, and
-- every move would fail on a key that is taken. Bulk moves cost the same with it (0.98 to 1.04 of the
-- processor's time without, as much as two runs without differ).
-- In the transaction of all migrations, when nobody moves; what is not folded is some thousand rows.
-- squawk-ignore adding-field-with-default
alter table postrider.tally add column id uuid not null default gen_random_uuid();
-- squawk-ignore constraint-missing-not-valid, adding-serial-primary-key-field
alter table postrider.tally add constraint tally_pkey primary key (organization_id, id);

-- Its unique constraint allows null (from nowhere), so that it cannot serve.
alter table postrider.transition replica identity full;

alter table postrider.provider_event replica identity using index provider_event_delivery_key;

-- What fails of the beats, a row for each part from its first failure on. A beat is the
-- installation's: what its errors say is for whoever runs that, and not for an organization's readers.
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
