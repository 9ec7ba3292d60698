-- People who are at an enricher, by batch, and what enrichers have answered before.
create table postrider.enrichment_batch (
  organization_id uuid not null,
  id uuid not null,
  campaign_id uuid not null,
  -- The enricher that took it, by its name in the campaign: another one is never asked about it.
  enricher text,
  people int not null,
  claimed_at timestamptz not null,
  -- The enricher's own id, by compare-and-set. Claimed without one past the deadline and not found
  -- there: its people go back.
  provider_batch_id text,
  deadline timestamptz not null,
  next_poll_at timestamptz not null,
  closed_at timestamptz,
  closed_why text,
  primary key (organization_id, id),
  foreign key (organization_id, campaign_id) references postrider.campaign (organization_id, id)
);
create index enrichment_batch_open on postrider.enrichment_batch (organization_id, next_poll_at)
  where closed_at is null;

-- Hits and misses: nobody is paid for twice.
create table postrider.address_cache (
  organization_id uuid not null references postrider.organization (id),
  enricher text not null,
  email_key text not null,
  address jsonb,
  learned_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (organization_id, enricher, email_key)
);
