-- What people did to the machine: whom and what they stopped and let go on, when and why. Tables
-- beside it tell only how things stand now. What is neither a person's, a campaign's, a printer's
-- nor a connection's is the organization's. No names of recipients are in it but what an operator
-- wrote as the reason, which is erased with the person.
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
