-- Some recipients of one campaign that travel through one stage together. id = the id of the
-- pg-boss job: pg-boss owns a cohort until it is begun, this row from then on. Begun at most once;
-- recovery makes new cohorts and never runs an old one again.
create table postrider.cohort (
  organization_id uuid not null,
  id uuid not null,
  campaign_id uuid not null,
  stage text not null,
  people int not null,
  -- Cards of a mail cohort that the printer accepted in its answers: what a campaign's pace is
  -- made of.
  accepted int not null default 0,
  -- When the last of them was.
  accepted_at timestamptz,
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
-- Staging counts the open cohorts of a stage over all organizations: its window is divided among
-- them.
create index cohort_open on postrider.cohort (stage, organization_id, campaign_id)
  where closed_at is null;
create index cohort_accepted on postrider.cohort (organization_id, campaign_id, begun_at)
  where accepted > 0;
