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
