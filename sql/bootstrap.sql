-- What the migrations themselves stand on.
create schema if not exists postrider;
create table if not exists postrider.migration (
  name text primary key,
  checksum text not null,
  applied_at timestamptz not null default clock_timestamp()
);
