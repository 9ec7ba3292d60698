-- Mailpieces, and what printers tell of them. They have no foreign keys: see proof.sql.

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
  -- What it was counted with in the budget of its campaign, in minor units.
  counted_minor bigint,
  -- When it was taken out of the count of its campaign, since it was not made; null: it is counted,
  -- or nothing counts it.
  uncounted_at timestamptz,
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
  -- A repeat of its request was rejected, which says nothing of the first request. It is not
  -- repeated for the sake of its key any more, until the printer has told that there is no card.
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
-- Cards of which the count of their campaign does not know yet that they were not made, or that
-- they were after all.
create index mailpiece_to_recount on postrider.mailpiece (organization_id, campaign_id, mode)
  where (status in ('rejected', 'cancelled', 'failed')) <> (uncounted_at is not null);
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
