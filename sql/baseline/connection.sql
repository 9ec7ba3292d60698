-- Connections: an organization's accounts at providers, and where their secrets are. Everything
-- else names a connection by its id, so that to rename it costs one row.
create table postrider.connection (
  organization_id uuid not null references postrider.organization (id),
  id uuid not null,
  name text not null,
  -- Its kind in the registry of adapters.
  provider text not null,
  -- What its key is for. It stays: a key of the other mode is another connection.
  mode text not null,
  options jsonb not null default '{}',
  -- In the address to which the provider sends webhooks: nobody guesses it.
  endpoint_id uuid not null,
  -- Held by an operator, or because the provider refused the account: nothing is sent by it.
  held_at timestamptz,
  held_why text,
  -- When the account was last asked, and what the provider said of it; null: never.
  checked_at timestamptz,
  finding jsonb,
  created_at timestamptz not null,
  primary key (organization_id, id),
  constraint connection_name_key unique (organization_id, name),
  constraint connection_endpoint_key unique (organization_id, endpoint_id),
  constraint connection_name_is_plain check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  constraint connection_mode_is_known check (mode in ('test', 'live')),
  constraint connection_finding_has_a_time check ((finding is null) = (checked_at is null))
);
-- A webhook knows nothing but its endpoint.
create index connection_endpoint on postrider.connection (endpoint_id);

-- Where the secrets of a connection are. Two of one purpose are good at a time, while one is being
-- replaced. What is sealed opens only for its organization, connection, purpose and sealing key: a
-- row that is copied elsewhere opens nothing. The sealing key is never in the database.
create table postrider.connection_secret (
  organization_id uuid not null,
  connection_id uuid not null,
  id uuid not null,
  -- As the provider calls it: api_key, webhook.
  purpose text not null,
  -- `env:NAME` or `file:/path`.
  reference text,
  -- AES-256-GCM: the nonce, what is sealed, the tag.
  sealed bytea,
  -- The sealing key that it is sealed with.
  key_id text,
  added_at timestamptz not null,
  -- From then on it is good no more; null: it stays.
  retires_at timestamptz,
  primary key (organization_id, connection_id, id),
  foreign key (organization_id, connection_id)
    references postrider.connection (organization_id, id),
  constraint connection_secret_lies_in_one_place check ((reference is null) <> (sealed is null)),
  constraint connection_secret_sealed_names_its_key check ((sealed is null) = (key_id is null)),
  constraint connection_secret_reference_is_known
    check (reference ~ '^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$')
);
