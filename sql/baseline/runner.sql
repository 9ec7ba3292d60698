-- The runners of the installation.
create table postrider.runner (
  id uuid primary key,
  name text not null,
  proof_slots int not null,
  mail_slots int not null,
  version text not null,
  started_at timestamptz not null,
  seen_at timestamptz not null,
  -- How long a cohort of it stays its own without a renewal. So long it may go on posting for one
  -- that was taken from it by hand.
  lease interval not null default '1 minute'
);
