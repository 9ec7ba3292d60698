-- What follows from what happened to a card: a charge when it was sent, and an event for each
-- status that the campaign's sink wants. Written in the transaction that makes it so, so that none
-- is lost; done once per (mailpiece, kind, status).
create table postrider.effect (
  organization_id uuid not null,
  mailpiece_id uuid not null,
  kind text not null,
  -- What happened: sent, or the event of a status of the mailpiece.
  status text not null default 'sent',
  campaign_id uuid not null,
  recipient_id uuid not null,
  state text not null default 'waiting',
  attempt int not null default 0,
  available_at timestamptz not null,
  occurred_at timestamptz not null,
  -- When it was claimed for the first time: whether it was old by then does not change with a
  -- repeat.
  first_claimed_at timestamptz,
  done_at timestamptz,
  error text,
  primary key (organization_id, mailpiece_id, kind, status),
  constraint effect_kind_is_known check (kind in ('usage_meter', 'event_sink')),
  constraint effect_status_is_known check (
    status in ('sent', 'in_transit', 'delivered', 'returned', 'failed', 'cancelled')),
  constraint effect_charges_once check (kind <> 'usage_meter' or status = 'sent'),
  constraint effect_state_is_known check (state in ('waiting', 'done', 'failed'))
) with (fillfactor = 80);
create index effect_due on postrider.effect (organization_id, kind, campaign_id, available_at)
  where state = 'waiting';
create index effect_failing on postrider.effect (organization_id, campaign_id, kind, available_at)
  where state = 'waiting' and error is not null;

-- A meter or a sink of which nothing works: a row from the first round in which nothing was done
-- until something is. One that was switched off is not asked; its effects are written, and wait.
create table postrider.effect_failure (
  organization_id uuid not null,
  campaign_id uuid not null,
  kind text not null,
  since timestamptz not null,
  last_at timestamptz not null,
  error text not null,
  off_at timestamptz,
  primary key (organization_id, campaign_id, kind)
);
