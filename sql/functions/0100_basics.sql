-- The machine's time. Read once into a variable by whoever needs it twice. Real time, unless this database is marked as test.
create function postrider.now() returns timestamptz
language sql volatile
return clock_timestamp() + coalesce((select turned_by from postrider.clock where is_test), '0'::interval);

-- Errors of our own: SQLSTATE class PR, a sentence, what to do, and a DETAIL that programs can read.
create function postrider.fail(p_code text, p_message text, p_hint text, p_detail jsonb default '{}') returns void
language plpgsql set search_path = postrider, pg_temp as $$
begin
  raise exception using errcode = p_code, message = p_message, hint = coalesce(p_hint, ''), detail = p_detail::text;
end $$;

-- uuid v7: the server's own from PostgreSQL 18 on, the same layout (48 bits of milliseconds, then random) before.
do $$
begin
  if current_setting('server_version_num')::int >= 180000 then
    create function postrider.new_id() returns uuid language sql volatile return uuidv7();
  else
    create function postrider.new_id() returns uuid language sql volatile
    return encode(
      set_bit(set_bit(overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid;
  end if;
end $$;

-- A short code for people to read from a card: 40 random bits in letters that do not look alike.
create function postrider.new_reference() returns text
language sql volatile
return translate(upper(substr(replace(gen_random_uuid()::text, '-', ''), 21, 10)), '01B', 'GHK');

-- One key space for the advisory locks of begin (shared) and hold (exclusive).
create function postrider.lock_key(p_kind text, p_organization_id uuid, p_id text default '') returns bigint
language sql immutable parallel safe
return hashtextextended('postrider:' || p_kind || ':' || p_organization_id || ':' || p_id, 0);

create function postrider.event_partitions(p_months_ahead int default 3) returns int
language plpgsql security definer set search_path = postrider, pg_temp as $$
declare
  v_month timestamptz;
  v_name text;
  v_made int := 0;
begin
  for v_month in
    select generate_series(date_trunc('month', postrider.now(), 'UTC'), date_trunc('month', postrider.now(), 'UTC') + make_interval(months => p_months_ahead), '1 month')
  loop
    v_name := 'recipient_event_' || to_char(v_month at time zone 'UTC', 'YYYY_MM');
    if to_regclass('postrider.' || v_name) is null then
      execute format('create table postrider.%I partition of postrider.recipient_event for values from (%L) to (%L)',
        v_name, v_month, v_month + interval '1 month');
      v_made := v_made + 1;
    end if;
  end loop;
  return v_made;
end $$;

-- A test turns the clock: only in a database marked as one.
create function postrider.turn_clock(p_by interval) returns timestamptz
language plpgsql set search_path = postrider, pg_temp as $$
begin
  update postrider.clock set turned_by = turned_by + p_by where is_test;
  if not found then
    perform postrider.fail('PR017', 'the clock of this database cannot be turned',
      'only a database marked as test obeys: update postrider.clock set is_test = true');
  end if;
  return postrider.now();
end $$;
