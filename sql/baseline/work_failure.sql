-- Work that beats send jobs for, and that fails: a row from its first failure until it works again.
-- It is its organization's, whose readers see it.
create table postrider.work_failure (
  organization_id uuid not null references postrider.organization (id),
  id uuid not null,
  -- sync, enrich, collect, poll, reconcile, call_back, usage_meter, event_sink, image_cleanup,
  -- effects.
  work text not null,
  -- Whose work it is; neither: a whole job of the organization.
  campaign_id uuid,
  printer_name text,
  since timestamptz not null,
  last_at timestamptz not null,
  -- In a row.
  failures int not null,
  -- The SQLSTATE, or the code of the network or of a file; null where there was none.
  code text,
  error text not null,
  hint text,
  primary key (organization_id, id),
  constraint work_failure_is_of_one_work
    unique nulls not distinct (organization_id, work, campaign_id, printer_name),
  constraint work_failure_work_is_known check (work in ('sync', 'enrich', 'collect', 'poll',
    'reconcile', 'call_back', 'usage_meter', 'event_sink', 'image_cleanup', 'effects')),
  constraint work_failure_has_failed check (failures > 0)
);
