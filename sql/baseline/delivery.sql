-- How long cards travel, learned from what was told of them. Counts only: nothing of a person.

-- People whose card came to its end, and who are not counted yet. A row for each statement that
-- ended cards, so that the way of a card pays nothing for it; a beat counts them and deletes it.
create table postrider.delivery_news (
  organization_id uuid not null,
  id uuid not null default gen_random_uuid(),
  -- When they are counted: not before late scans had time, and not before slower cards of the same
  -- day had theirs.
  due_at timestamptz not null,
  people uuid[] not null,
  primary key (organization_id, id)
);
create index delivery_news_due on postrider.delivery_news (due_at);

-- As what a card was counted. It is counted once, and moved where later news make it another one.
create table postrider.delivery_result (
  organization_id uuid not null,
  mailpiece_id uuid not null,
  result text not null,
  primary key (organization_id, mailpiece_id),
  constraint delivery_result_is_known check (result in ('delivered', 'returned', 'silent'))
);

-- How many cards came to which end, by the month in which the printer accepted them.
create table postrider.delivery_count (
  organization_id uuid not null,
  printer_name text not null,
  mail_class text not null,
  country text not null,
  -- Empty: not known.
  region text not null,
  month date not null,
  result text not null,
  pieces bigint not null,
  primary key (organization_id, printer_name, mail_class, country, region, month, result)
);

-- How many cards had a status within so many days of being accepted, and not within one day less.
create table postrider.delivery_days (
  organization_id uuid not null,
  printer_name text not null,
  mail_class text not null,
  country text not null,
  region text not null,
  month date not null,
  status text not null,
  days smallint not null,
  pieces bigint not null,
  primary key (organization_id, printer_name, mail_class, country, region, month, status, days)
);

-- How long cards of a printer take, by class and country.
create table postrider.delivery_window (
  organization_id uuid not null,
  printer_name text not null,
  mail_class text not null,
  country text not null,
  -- Delivered cards of the last six months, and within how many days half, and nine in ten, of
  -- them were there.
  pieces bigint not null default 0,
  p50_days smallint,
  p90_days smallint,
  learned_at timestamptz,
  -- What the printer promises with its acceptance, of cards that are on their way.
  promised_days smallint,
  promised_at timestamptz,
  primary key (organization_id, printer_name, mail_class, country),
  constraint delivery_window_is_whole check (
    (p50_days is null) = (p90_days is null) and (pieces > 0) = (p90_days is not null))
);
