-- Printers of an organization, and how far the events of each were read.
create table postrider.printer (
  organization_id uuid not null references postrider.organization (id),
  name text not null,
  kind text not null,
  options jsonb not null default '{}',
  -- The account that it is reached by; null: it needs none.
  connection_id uuid,
  held_at timestamptz,
  held_why text,
  -- Live printing costs money and paper: nothing is sent in live mode to a printer that nobody has
  -- armed.
  armed_at timestamptz,
  armed_by text,
  -- How long an outcome of this printer that nobody knows rests before the printer is asked, as its
  -- adapter says. A runner writes it before it sends the first card: a reaper that finds the work
  -- of a dead runner knows no adapter. Null: no runner has sent anything.
  quiet interval,
  primary key (organization_id, name),
  foreign key (organization_id, connection_id)
    references postrider.connection (organization_id, id),
  constraint printer_name_is_plain check (name ~ '^[a-z0-9][a-z0-9-]{0,62}$')
);

-- What a printer told last, and how far it was polled. Apart from printer, whose row every begin
-- shares.
create table postrider.printer_feed (
  organization_id uuid not null,
  printer_name text not null,
  told_at timestamptz,
  polled_at timestamptz,
  poll_cursor text,
  -- When the last poll began that came to the end of what it had to tell.
  caught_up_at timestamptz,
  -- When a webhook of it was refused last because it was signed too long ago: what it told is asked
  -- for.
  refused_at timestamptz,
  -- Whether this printer has ever told that a card of it went on the press. A card of such a
  -- printer that is still only accepted was not printed: it is not assumed to be in a letterbox.
  tells_production boolean not null default false,
  primary key (organization_id, printer_name),
  foreign key (organization_id, printer_name) references postrider.printer (organization_id, name)
);
