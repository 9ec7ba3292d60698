-- Some recipients of one campaign that travel through one stage together. id = the id of the pg-boss job: pg-boss owns a cohort until it is
-- begun, this row from then on. Begun at most once; recovery makes new cohorts and never re-runs an old one.
create table postrider.cohort (
  organization_id uuid not null,
  id uuid not null,
  campaign_id uuid not null,
  stage text not null,
  people int not null,
  made_at timestamptz not null,
  begun_at timestamptz,
  lease_until timestamptz,
  runner_id uuid,
  closed_at timestamptz,
  closed_why text,
  primary key (organization_id, id),
  constraint cohort_stage_is_known check (stage in ('proof', 'mail')),
  constraint cohort_begun_has_a_lease check ((begun_at is null) = (lease_until is null)),
  constraint cohort_closed_says_why check ((closed_at is null) = (closed_why is null))
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
create index cohort_closed on postrider.cohort (closed_at) where closed_at is not null;
create index cohort_open on postrider.cohort (stage, organization_id, campaign_id) where closed_at is null;

create table postrider.enrichment_batch (
  organization_id uuid not null,
  id uuid not null,
  campaign_id uuid not null,
  people int not null,
  claimed_at timestamptz not null,
  -- The enricher's own id, by compare-and-set. Claimed without one past the deadline and not found there: its people go back.
  provider_batch_id text,
  deadline timestamptz not null,
  next_poll_at timestamptz not null,
  closed_at timestamptz,
  closed_why text,
  primary key (organization_id, id),
  foreign key (organization_id, campaign_id) references postrider.campaign (organization_id, id)
);
create index enrichment_batch_open on postrider.enrichment_batch (organization_id, next_poll_at) where closed_at is null;

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

-- Do-not-mail. One row per key: the digest is keyed with the organization's secret, so that an erased person stays recognisable and unreadable.
create table postrider.suppression (
  organization_id uuid not null references postrider.organization (id),
  id uuid not null,
  -- Null: the whole organization.
  campaign_id uuid,
  kind text not null,
  digest bytea not null,
  -- What was suppressed, readable; null after erasure.
  value text,
  reason text not null,
  source text not null,
  added_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz,
  primary key (organization_id, id),
  constraint suppression_key unique nulls not distinct (organization_id, kind, digest, campaign_id),
  constraint suppression_kind_is_known check (kind in ('email', 'external_id', 'household'))
);
