-- What people did to the machine, and what needs their eyes.

-- Who stopped what, who let it go on, when and why: the tables beside it tell only how things stand
-- now. What is neither a person's, a campaign's, a printer's nor a connection's is the
-- organization's. No names of recipients are in it but what an operator wrote as the reason, which
-- is erased with the person.
create table postrider.intervention (
  organization_id uuid not null references postrider.organization (id),
  id uuid not null,
  at timestamptz not null,
  action text not null,
  campaign_id uuid,
  printer_name text,
  recipient_id uuid,
  connection_id uuid,
  why text,
  -- The login, and what the program that used it calls itself.
  by_role text not null,
  application text,
  primary key (organization_id, id)
);
create index intervention_recipient on postrider.intervention (organization_id, recipient_id)
  where recipient_id is not null;
create index intervention_at_large on postrider.intervention (organization_id, at)
  where recipient_id is null;

-- What a person has to look at: a second id for one card, evidence for somebody who has opted out,
-- a status that nobody knows.
create table postrider.alarm (
  organization_id uuid not null references postrider.organization (id),
  id uuid not null,
  kind text not null,
  campaign_id uuid,
  recipient_id uuid,
  mailpiece_id uuid,
  detail jsonb not null,
  raised_at timestamptz not null,
  cleared_at timestamptz,
  cleared_by text,
  primary key (organization_id, id)
);
create index alarm_open on postrider.alarm (organization_id, raised_at) where cleared_at is null;
create index alarm_recipient on postrider.alarm (organization_id, recipient_id)
  where recipient_id is not null;

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
