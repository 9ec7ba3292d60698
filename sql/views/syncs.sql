-- The runs of a sync, the rows of which nobody was made, and what it changed of those that it took.

create view postrider.sync_runs with (security_invoker = true) as
select r.organization_id, r.id, r.campaign_id, c.name as campaign, r.kind, r.started_at, r.ended_at,
  r.ended_at - r.started_at as duration, r.complete, r.fetched, r.created, r.changed, r.unchanged,
  r.repeated, r.conflicting, r.invalid, r.not_added, r.too_late, r.left_segment, r.pages,
  r.waited_ms, r.created_by_state, r.turned_away, r.noted, r.error, r.noted_columns
from postrider.sync_run r
join postrider.campaign c
  on c.organization_id = r.organization_id and c.id = r.campaign_id;

create view postrider.sync_rejects with (security_invoker = true) as
select organization_id, run_id, source_row, source_column, external_id, reason, message
from postrider.sync_reject;

create view postrider.sync_notes with (security_invoker = true) as
select organization_id, run_id, source_row, source_column, external_id, reason, message
from postrider.sync_note;
