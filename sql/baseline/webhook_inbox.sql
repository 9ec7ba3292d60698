-- What printers tell, as it came. A webhook's address names its organization. It is written once:
-- that it is applied shows in waiting_webhook, which has it no more.
create table postrider.provider_event (
  organization_id uuid not null,
  id uuid not null,
  printer_name text not null,
  delivery_id text not null,
  body bytea not null,
  received_at timestamptz not null,
  -- Why it could not be applied: it is kept, and waits no more.
  error text,
  -- Events of a webhook that cannot be used, while the others of it are applied:
  -- [{eventId, reason, raw}], at most a hundred. The body has them all. Not null also where none is
  -- left: then the body is kept until the webhook is done, also if somebody is erased meanwhile.
  unusable jsonb,
  primary key (organization_id, id),
  constraint provider_event_delivery_key unique (organization_id, printer_name, delivery_id)
);
create index provider_event_received on postrider.provider_event (received_at);
create index provider_event_unreadable on postrider.provider_event
  (organization_id, printer_name) where error is not null;
create index provider_event_unusable on postrider.provider_event
  (organization_id, printer_name) where unusable is not null;

-- Webhooks that are still to be applied: a row from when one is stored until it is over, or could
-- not be read.
create table postrider.waiting_webhook (
  organization_id uuid not null,
  -- Of the provider_event.
  id uuid not null,
  printer_name text not null,
  received_at timestamptz not null,
  -- Later than it came where somebody held the rows of its people.
  available_at timestamptz not null,
  -- What the adapter has read in it when it came, as apply_webhooks() takes it. Null: it is still
  -- to be read.
  events jsonb,
  primary key (organization_id, id)
);
-- They are applied in the order in which they came, of whichever organization.
create index waiting_webhook_available on postrider.waiting_webhook (available_at);
create index waiting_webhook_unread on postrider.waiting_webhook (available_at)
  where events is null;
