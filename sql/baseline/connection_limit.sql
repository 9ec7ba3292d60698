-- How often a connection may be asked, by route: what the provider counts together. One row for
-- all runners; its lock is held for one short statement.
--
-- A route that allows one call at a time (Stripe, by customer) is another kind of the same row: a
-- number of calls, and leases in place of slots. No provider needs it yet.
create table postrider.connection_limit (
  organization_id uuid not null,
  connection_id uuid not null,
  -- For example POST /postcards.
  route text not null,
  -- As the adapter gave them last: [{"requests": 150, "ms": 5000}]. All of them hold at once.
  windows jsonb not null default '[]',
  -- The limit of the longest window, as the provider told it last; null: it told none.
  told_limit int,
  -- The times at which somebody may send, or might have sent: reserved and not given back, in their
  -- order, as far back as the longest window. A request that costs several stands here as often.
  slots timestamptz[] not null default '{}',
  -- Where the steady pace goes on; null: nothing was sent yet.
  next_at timestamptz,
  -- Nobody sends before: the provider answered 429, or told that nothing is left.
  closed_until timestamptz,
  primary key (organization_id, connection_id, route),
  foreign key (organization_id, connection_id)
    references postrider.connection (organization_id, id) on delete cascade,
  constraint connection_limit_route_is_short check (length(route) between 1 and 200),
  constraint connection_limit_told_is_a_number check (told_limit > 0)
-- Some updates a second of few rows: they stay on their page.
) with (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);
