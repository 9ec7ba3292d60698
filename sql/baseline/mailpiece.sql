-- Proofs, mailpieces and their events have no foreign keys: each is written from a row that it
-- would check, recipients cannot be deleted (recipient_state refuses), and five checks per card
-- cost as much as all its moves.
create table postrider.proof (
  organization_id uuid not null,
  recipient_id uuid not null,
  content_hash text not null,
  front_url text not null,
  front_page int not null,
  back_url text not null,
  back_page int not null,
  made_at timestamptz not null,
  -- SHA-256 of the documents, in hex: what is printed must be what was proofed. Null: not known.
  front_hash text,
  back_hash text,
  -- Since when its pictures are not to be counted on: their removal was begun.
  removed_at timestamptz,
  primary key (organization_id, recipient_id)
);

-- A document at an image host, with the cards of a cohort. It is removed there when the last of
-- them is through. Its people stand in the row: a link from each card would be one more index on
-- the way of every card.
create table postrider.stored_document (
  organization_id uuid not null,
  cohort_id uuid not null,
  -- Of the URL, which may be too long for an index. Equal documents of two cohorts have one URL.
  url_key uuid not null,
  campaign_id uuid not null,
  url text not null,
  people uuid[] not null,
  stored_at timestamptz not null,
  -- When all its cards were found to be through; null while they are not.
  through_at timestamptz,
  state text not null default 'waiting',
  attempt int not null default 0,
  -- When it is looked at next.
  available_at timestamptz not null,
  -- When its removal was begun.
  claimed_at timestamptz,
  done_at timestamptz,
  error text,
  primary key (organization_id, cohort_id, url_key),
  constraint stored_document_state_is_known check (state in ('waiting', 'done', 'failed')),
  constraint stored_document_removed_is_through
    check (state <> 'done' or through_at is not null)
) with (fillfactor = 80);
create index stored_document_due on postrider.stored_document
  (available_at, organization_id, campaign_id) where state = 'waiting';
create index stored_document_in_use on postrider.stored_document (url_key)
  where state = 'waiting' and through_at is null;
create index stored_document_claimed on postrider.stored_document (url_key)
  where claimed_at is not null;

-- One physical card. It has a life of its own, and its key, printer and request never change.
create table postrider.mailpiece (
  organization_id uuid not null,
  id uuid not null,
  recipient_id uuid not null,
  campaign_id uuid not null,
  printer_name text not null,
  mode text not null,
  -- Random: a hash of content would make a second card of a corrected address, and a restored
  -- counter would use one again.
  idempotency_key uuid not null,
  request jsonb not null,
  status text not null default 'submitting',
  provider_id text,
  opened_at timestamptz not null,
  -- The day against whose cap it was counted last, where it is not the day on which it was opened.
  counted_on date,
  accepted_at timestamptz,
  expected_delivery date,
  -- What the printer charges, as it told it: 0.5175 USD is amount 5175, scale 4; the tax in the
  -- same scale, null where it is not told apart. price_source: when it was told.
  price_amount bigint,
  price_scale smallint,
  price_tax bigint,
  price_currency text,
  price_source text,
  -- The mode in which the printer says that it has made it; null: not told. Where it is not ours,
  -- an alarm was raised.
  made_mode text,
  -- When the printer refused it for its artwork.
  artwork_rejected_at timestamptz,
  -- When its document was found to be gone, and it was closed for that: a new proof was made.
  artwork_gone_at timestamptz,
  -- Until when it can be called back for nothing, as the printer told it.
  cancellable_until timestamptz,
  rerouted boolean not null default false,
  -- Reconcile claims by attempt number and lease; a verdict counts only while both still hold.
  attempt int not null default 0,
  -- How often the printer has answered about it without being able to tell. Apart from attempt,
  -- which is the fence of a claim: a printer that could not be asked at all has said nothing.
  told_nothing smallint not null default 0,
  -- The printer has answered our request for it with another piece: its key proves nothing any
  -- more.
  answered_otherwise boolean not null default false,
  -- A repeat of its request was rejected, which says nothing of the first: it is not repeated for
  -- the sake of its key any more, until the printer has told that there is no card.
  repeat_rejected boolean not null default false,
  available_at timestamptz,
  -- Its request is repeated without proof that nothing was made, for the printer honours its key:
  -- until then, and no later. Null: it is not.
  repeat_until timestamptz,
  outcome_detail text,
  erased_at timestamptz,
  primary key (organization_id, id),
  constraint mailpiece_accepted_has_an_id check (
    status in ('submitting', 'unknown', 'rejected', 'cancelled', 'voided')
    or accepted_at is not null),
  constraint mailpiece_mode_is_known check (mode in ('test', 'live')),
  constraint mailpiece_made_mode_is_known check (made_mode in ('test', 'live')),
  constraint mailpiece_price_is_whole check (
    num_nulls(price_amount, price_scale, price_currency, price_source) in (0, 4)
    and (price_tax is null or price_amount is not null)),
  constraint mailpiece_price_scale_is_known check (price_scale between 0 and 12),
  constraint mailpiece_price_source_is_known check (price_source in ('acceptance')),
  -- What may be on paper is never put aside.
  constraint mailpiece_voided_is_a_test check (status <> 'voided' or mode = 'test')
) with (fillfactor = 80);
-- At most one piece that is, or may be, on paper.
create unique index mailpiece_one_open on postrider.mailpiece
  (organization_id, recipient_id, mode)
  where status not in ('rejected', 'cancelled', 'failed', 'voided');
create unique index mailpiece_provider_id on postrider.mailpiece
  (organization_id, printer_name, provider_id) where provider_id is not null and mode = 'live';
-- Some printers give all test cards one id: by it people find one, and nothing is decided by it.
create index mailpiece_test_provider_id on postrider.mailpiece
  (organization_id, printer_name, provider_id) where provider_id is not null and mode = 'test';
-- What printers charge for the live cards of a campaign, where they tell it.
create index mailpiece_priced on postrider.mailpiece (organization_id, campaign_id)
  include (status, price_currency, price_amount, price_scale, price_tax)
  where price_amount is not null and mode = 'live';
create index mailpiece_of_recipient on postrider.mailpiece (organization_id, recipient_id);
-- Cards that were not made, of a campaign: few.
create index mailpiece_not_made on postrider.mailpiece (organization_id, campaign_id, mode)
  where status in ('rejected', 'cancelled', 'failed');
-- Cards that printers may still tell something of, the youngest of a printer first. Each has an id:
-- that it is asked for here keeps other questions about a status from this index.
create index mailpiece_on_its_way on postrider.mailpiece
  (organization_id, printer_name, accepted_at)
  where provider_id is not null and status in (
    'accepted', 'in_production', 'in_transit', 'in_local_area', 'processed_for_delivery');
create index mailpiece_unknown on postrider.mailpiece (organization_id, available_at)
  where status = 'unknown';

-- Where people see a mailpiece at its printer. Apart from mailpiece, since a link may hold a
-- signature by which anybody sees the card: readers do not see this table.
create table postrider.mailpiece_link (
  organization_id uuid not null,
  mailpiece_id uuid not null,
  status text,
  proof text,
  thumbnail text,
  told_at timestamptz not null,
  primary key (organization_id, mailpiece_id)
);

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

-- Each status told, once. mailpiece_id stays null until the piece is known: an event can come
-- before the answer that names it.
create table postrider.mailpiece_event (
  organization_id uuid not null,
  printer_name text not null,
  event_id text not null,
  mailpiece_id uuid,
  provider_id text,
  -- Null: a status that we do not know. Kept and reported.
  status text,
  provider_status text not null,
  -- The webhook that told it.
  inbox_id uuid,
  confidence text not null,
  occurred_at timestamptz not null,
  received_at timestamptz not null,
  primary key (organization_id, printer_name, event_id),
  constraint mailpiece_event_confidence_is_known
    check (confidence in ('scan', 'assumed', 'logical', 'estimated'))
);
create index mailpiece_event_of_piece on postrider.mailpiece_event
  (organization_id, mailpiece_id) where mailpiece_id is not null;
create index mailpiece_event_unmatched on postrider.mailpiece_event
  (organization_id, received_at) where mailpiece_id is null;

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
