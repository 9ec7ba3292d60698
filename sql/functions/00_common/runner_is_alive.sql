-- Tells whether a runner is alive that was seen then. It says so every few seconds; on a machine
-- that is very busy, some of that may come late.
create function postrider.runner_is_alive(p_seen_at timestamptz) returns boolean
language sql volatile
return p_seen_at > clock_timestamp() - interval '45 seconds';
