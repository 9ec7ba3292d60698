-- The machine as data: the shapes of its tables. Their rows are in sql/machine/, made anew with the
-- functions.

create table postrider.state (
  name text primary key,
  ordinal int not null,
  -- waiting: until a stage takes it; staged: in a cohort that has not begun; working: outside the
  -- database; terminal: over.
  kind text not null,
  -- The stage that takes it on, or has it.
  stage text,
  meaning text not null,
  constraint state_kind_is_known check (kind in ('waiting', 'staged', 'working', 'terminal')),
  constraint state_ordinal_key unique (ordinal)
);

create table postrider.transition (
  -- Null: a new recipient.
  from_state text references postrider.state (name),
  to_state text not null references postrider.state (name),
  actor text not null,
  -- Why this move exists: printed by why() and in the docs.
  why text not null,
  constraint transition_key unique nulls not distinct (from_state, to_state, actor),
  constraint transition_actor_is_known
    check (actor in ('sync', 'enrich', 'proof', 'mail', 'track', 'op'))
);
-- Its unique constraint allows null, and cannot tell logical replication one row from another.
alter table postrider.transition replica identity full;

create table postrider.reason (
  code text primary key,
  sentence text not null,
  -- Somebody skipped for it still holds the household's place in the campaign: the next of the
  -- household is a duplicate.
  holds_place boolean not null default true
);

create table postrider.mailpiece_status (
  name text primary key,
  -- A later status never lowers the rank. failed and cancelled rank below any scan of the carrier.
  rank int not null,
  -- Open: no second piece may be made for the recipient.
  is_open boolean not null,
  -- As what an event sink hears of it. Null: it hears nothing.
  event text,
  meaning text not null,
  constraint mailpiece_status_rank_key unique (rank)
);

-- What the post of each country takes.
create table postrider.country (
  -- ISO 3166-1 alpha-2.
  code text primary key,
  name text not null,
  -- Its mail is that country's: a territory of the United States is a state of the address.
  part_of text,
  -- A regular expression for the whole code, without blanks and hyphens. Null: it has none.
  postal_code text,
  needs_postal_code boolean not null,
  -- How its regions are called, where everybody writes them by one code. Elsewhere lists have
  -- provinces, districts and counties side by side: they are taken as they are.
  region_word text,
  needs_region boolean not null
);

create table postrider.region (
  country text not null,
  code text not null,
  name text not null,
  -- Patterns of like: what its postal codes begin with.
  postal_codes text[] not null,
  primary key (country, code)
);

-- The spellings of a region, folded: letters from A to Z in capitals.
create table postrider.region_name (
  country text not null,
  name text not null,
  code text not null,
  primary key (country, name)
);
