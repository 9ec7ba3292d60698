-- What providers were asked, and what they answered.

-- A row for each request that was made: what one needs to argue with a printer. Without secrets:
-- the client takes them out before anything is kept. No foreign keys: a call is kept whatever
-- becomes of what it was made for. A batch that is written again after a lost commit finds its ids.
create table postrider.provider_call (
  organization_id uuid not null,
  id uuid not null,
  -- Null: the adapter has none.
  connection_id uuid,
  -- Which adapter asked: the name of its printer, or its port.
  who text not null,
  -- What the provider counts together, as `POST /postcards`.
  route text not null,
  -- Ids of ours, and the provider's for them, that the request is about: mailpieces mostly.
  about text[] not null,
  started_at timestamptz not null,
  duration interval not null,
  -- Of HTTP; null where not even the head of an answer came.
  status int,
  outcome text not null,
  -- We did not wait for the answer: that it is missing says nothing of the provider.
  hung_up boolean not null,
  -- By which the provider finds the request in its own log.
  provider_request_id text,
  -- A body of over 8 kB is kept by its length and its SHA-256.
  request text,
  answer text,
  -- Why no whole answer came.
  error text,
  erased_at timestamptz,
  primary key (organization_id, started_at, id),
  constraint provider_call_outcome_is_known check (outcome in ('answer', 'not_sent', 'unclear')),
  constraint provider_call_not_sent_has_no_answer
    check (outcome <> 'not_sent' or (status is null and answer is null))
) partition by range (started_at);
create index provider_call_connection
  on postrider.provider_call (organization_id, connection_id, started_at)
  where connection_id is not null;
create index provider_call_about on postrider.provider_call using gin (about);

-- Takes what no month takes, as that of the history does.
create table postrider.provider_call_default
  partition of postrider.provider_call default;
