-- What the questions of operators look for among a million people: few rows each, and nobody who
-- moves in good order has an entry. In the transaction of all migrations, as in 0009: with a
-- million people they take a second.

-- squawk-ignore require-concurrent-index-creation
create index recipient_state_held on postrider.recipient_state
  (organization_id, campaign_id, state, available_at) where held_at is not null;
-- squawk-ignore require-concurrent-index-creation
create index recipient_state_retrying on postrider.recipient_state
  (organization_id, campaign_id, state, available_at)
  where reason = 'retry' and state in ('pending', 'proofed');
-- squawk-ignore require-concurrent-index-creation
create index recipient_state_unresolved on postrider.recipient_state
  (organization_id, recipient_id) where state = 'error' and reason = 'outcome_unknown';
-- squawk-ignore require-concurrent-index-creation
create index provider_event_unreadable on postrider.provider_event
  (organization_id, printer_name) where applied_at is null and error is not null;
-- squawk-ignore require-concurrent-index-creation
create index effect_failing on postrider.effect
  (organization_id, campaign_id, kind, available_at)
  where state = 'waiting' and error is not null;
