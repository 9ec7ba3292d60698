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
