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
  meaning text not null,
  constraint mailpiece_status_rank_key unique (rank)
);
