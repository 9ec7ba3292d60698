-- Organizations, and who works for them. organization_id leads every key from here on, so that
-- row-level security stays cheap, and so that logical replication can take one organization's rows
-- to another database.

create table postrider.organization (
  id uuid primary key,
  name text not null,
  time_zone text not null default 'America/New_York',
  held_at timestamptz,
  held_why text,
  created_at timestamptz not null,
  constraint organization_name_key unique (name),
  constraint organization_name_is_short check (length(name) between 1 and 200)
);

-- Keys the digests of suppressions. Apart from organization, because readers may see that one.
create table postrider.organization_key (
  organization_id uuid primary key references postrider.organization (id),
  secret uuid not null
);

-- Every sync locks its organization's row here before it looks at anybody. A row of its own: a sync
-- must never block a begin.
create table postrider.organization_sync (
  organization_id uuid primary key references postrider.organization (id)
);

-- Which database roles see which organizations. Roles that are members of postrider_runner, and the
-- owner, see all.
create table postrider.organization_member (
  organization_id uuid not null references postrider.organization (id),
  role_name text not null,
  primary key (organization_id, role_name)
);

-- Do-not-mail. One row per key: the digest is keyed with the organization's secret, so that an
-- erased person stays recognisable and unreadable.
create table postrider.suppression (
  organization_id uuid not null references postrider.organization (id),
  id uuid not null,
  -- Null: the whole organization.
  campaign_id uuid,
  kind text not null,
  digest bytea not null,
  -- What was suppressed, readable; null after erasure.
  value text,
  -- For an opt-out by address: a digest of what it shares with every key that may be the same
  -- household. Null: the entry is about its own key only.
  neighbourhood bytea,
  -- The address that the key of a household was made of, for a later re-key; null where it is not
  -- known, and after erasure.
  address jsonb,
  reason text not null,
  source text not null,
  -- Mail came back from the address: it is bad for everybody who has it, and nobody has opted out.
  returned boolean not null default false,
  added_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  primary key (organization_id, id),
  constraint suppression_key unique nulls not distinct (organization_id, kind, digest, campaign_id),
  constraint suppression_kind_is_known check (kind in ('email', 'external_id', 'household'))
);

create index suppression_neighbourhood on postrider.suppression (organization_id, neighbourhood)
  where neighbourhood is not null;
