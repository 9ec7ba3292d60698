-- How long a printer honours an idempotency key.

-- Until when a printer honours the key of a piece, counted from before the first request for it;
-- null: it honours none. An hour before its end a key counts as dead: clocks differ, and a request
-- takes its time. A short life is cut to its half.
create function postrider.key_honoured_until(
  p_opened_at timestamptz,
  p_lifetime_ms bigint
) returns timestamptz language sql immutable
return p_opened_at
  + (p_lifetime_ms - least(3600000, p_lifetime_ms / 2)) * interval '1 millisecond';
