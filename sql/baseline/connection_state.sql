-- What an adapter must remember between calls: cursors, tokens. Nobody reads it but runners.
create table postrider.connection_state (
  organization_id uuid not null,
  connection_id uuid not null,
  key text not null,
  value jsonb not null,
  written_at timestamptz not null,
  primary key (organization_id, connection_id, key),
  foreign key (organization_id, connection_id)
    references postrider.connection (organization_id, id) on delete cascade,
  constraint connection_state_key_is_short check (length(key) between 1 and 200)
);
