-- Whether a provider can be worked with by a connection. A row from its first failure on.
create table postrider.connection_breaker (
  organization_id uuid not null,
  connection_id uuid not null,
  -- closed: requests go out; open: the provider fails, and mail waits; half_open: a runner is just
  -- probing it.
  state text not null default 'closed',
  -- In a row, of all runners.
  failures int not null default 0,
  -- The first of these failures; while there are none, the answer that ended them.
  since timestamptz not null,
  -- What failed last; null while nothing does.
  cause text,
  -- When it is probed next, how often it was probed in vain, and who has it until when.
  probe_at timestamptz,
  probes int not null default 0,
  probe_until timestamptz,
  probe_runner_id uuid,
  primary key (organization_id, connection_id),
  foreign key (organization_id, connection_id)
    references postrider.connection (organization_id, id) on delete cascade,
  constraint connection_breaker_state_is_known check (state in ('closed', 'open', 'half_open')),
  constraint connection_breaker_open_is_probed check ((state = 'closed') = (probe_at is null)),
  constraint connection_breaker_has_one_prober
    check ((state = 'half_open') = (probe_until is not null and probe_runner_id is not null)),
  constraint connection_breaker_failure_has_a_cause check ((failures > 0) = (cause is not null)),
  constraint connection_breaker_counts_are_counts check (failures >= 0 and probes >= 0)
);
create index connection_breaker_probe on postrider.connection_breaker (probe_at)
  where state <> 'closed';
