-- Tells the machine's time: real time, unless this database is marked as test. It moves on within
-- a transaction: a caller that needs it twice reads it once, into a variable.
create function postrider.now() returns timestamptz language sql volatile
return clock_timestamp()
  + coalesce((select turned_by from postrider.clock where is_test), '0'::interval);

-- Says a time as it is where an organization is, in the same words to sessions of any settings.
create function postrider.local_time(
  p_organization postrider.organization,
  p_at timestamptz
) returns text language sql stable
return to_char(p_at at time zone p_organization.time_zone, 'YYYY-MM-DD HH24:MI:SS');

-- Turns the clock for a test: only in a database that is marked as one.
create function postrider.turn_clock(p_by interval) returns timestamptz language plpgsql as $$
begin
  perform postrider.require_within(
    'how far the clock turns', p_by, interval '-100 years', interval '100 years');
  update postrider.clock
  set turned_by = turned_by + p_by
  where is_test;
  if not found then
    perform postrider.fail(
      'PR017',
      'the clock of this database cannot be turned',
      'only a database marked as test obeys: update postrider.clock set is_test = true; '
      'nothing was changed');
  end if;
  return postrider.now();
end $$;
