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

-- Arguments that make no sense are refused before anything is done, in one wording: what it is, and what was expected. On a hot path the caller compares for
-- itself and calls these only to refuse.
create function postrider.require_within(p_what text, p_value anycompatible, p_least anycompatible, p_most anycompatible) returns void
language plpgsql stable set search_path = postrider, pg_temp as $$
begin
  if p_value is null or p_value < p_least or p_value > p_most then
    perform postrider.fail('PR020', format('%s: %s is not from %s to %s', p_what, coalesce(left(p_value::text, 100), 'null'), p_least, p_most),
      'give a value within these bounds; nothing was changed', jsonb_build_object('least', p_least, 'most', p_most));
  end if;
end $$;

create function postrider.require_given(p_what text, variadic p_values text[]) returns void
language plpgsql immutable set search_path = postrider, pg_temp as $$
begin
  if array_position(p_values, null) is not null then
    perform postrider.fail('PR020', format('%s: null is not allowed', p_what), 'give each of them a value; nothing was changed');
  end if;
end $$;

-- p_type: what json_typeof or jsonb_typeof says of it.
create function postrider.require_list(p_what text, p_type text) returns void
language plpgsql immutable set search_path = postrider, pg_temp as $$
begin
  if p_type is distinct from 'array' then
    perform postrider.fail('PR020', format('%s: %s is not a JSON array', p_what, coalesce(p_type, 'null')),
      'give an array of objects, [] for none; nothing was changed');
  end if;
end $$;

-- How long work may be somebody's without a sign of life.
create function postrider.require_lease(p_lease interval) returns void
language plpgsql stable set search_path = postrider, pg_temp as $$
begin
  perform postrider.require_within('the lease', p_lease, interval '1 millisecond', interval '1 day');
end $$;

-- Whoever locks first and checks in a later statement must see there what others committed meanwhile. On one snapshot for the whole transaction the lock
-- is of no use: two campaigns would take one household. And no trigger fires in a session that replicates: moves would be neither checked nor recorded.
-- Where nothing can be written the server would say so of some statement of ours, and not what helps.
create function postrider.require_suitable_session() returns void
language plpgsql stable set search_path = postrider, pg_temp as $$
begin
  if current_setting('transaction_isolation') in ('repeatable read', 'serializable') then
    perform postrider.fail('PR023', format('this transaction is %s', current_setting('transaction_isolation')),
      'Postrider works read committed: set default_transaction_isolation = ''read committed'', or begin the transaction so; nothing was changed');
  end if;
  if current_setting('session_replication_role') = 'replica' then
    perform postrider.fail('PR023', 'this session replicates (session_replication_role): moves would be neither checked nor recorded',
      'set session_replication_role = origin; nothing was changed');
  end if;
  if current_setting('transaction_read_only') = 'on' then
    perform postrider.fail('PR023', 'this transaction is read-only',
      'set default_transaction_read_only = off, or begin it read write; a standby cannot be written to');
  end if;
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

-- Called by functions whose work can be done again from what is on disk: if the server itself crashes, the last moments of it are undone as a whole, and
-- are found by the beats. It spares them the wait for the disk, and everybody else the wait behind their notifications. Never where somebody outside
-- has been told, or will be: a printer, a webhook's sender, an operator.
create function postrider.redoable() returns void
language plpgsql volatile set search_path = postrider, pg_temp as $$
declare
  v_commit text := set_config('synchronous_commit', 'off', true);
begin
  return;
end $$;

-- One session at a time does this work: true for whoever has it, until the transaction ends. A row, because an advisory lock may be taken by any role that
-- can log in, and the work would stand still.
create function postrider.take_turn(p_work text) returns boolean
language plpgsql volatile set search_path = postrider, pg_temp as $$
begin
  perform from postrider.turn where work = p_work for update skip locked;
  if found then
    return true;
  elsif exists (select from postrider.turn where work = p_work) then
    return false;
  end if;
  insert into postrider.turn (work) values (p_work) on conflict do nothing;
  return found;
end $$;

-- One key space for the advisory locks of begin (shared) and hold (exclusive).
create function postrider.lock_key(p_kind text, p_organization_id uuid, p_id text default '') returns bigint
language sql immutable parallel safe
return hashtextextended('postrider:' || p_kind || ':' || p_organization_id || ':' || p_id, 0);

-- Makes the partitions of this month and the next ones, and of every month whose events fell into the default partition: those move into it.
-- PostgreSQL refuses a partition while rows of it stand in the default one: without the move a month that was missed once could never be made.
-- Months are UTC's, reckoned without a zone: a month added to a timestamptz is one of the session's zone. Made apart and attached: that locks out nobody
-- who writes into another partition, where CREATE … PARTITION OF would stop every move. Where events may be on their way into the default partition,
-- moves must wait: an INSERT that has chosen it already would fail when its month is gone from there. Whoever waits for us waits 2 s at most: then it is
-- left to the next minute, and one open transaction does not stop everybody's moves.
create function postrider.event_partitions(p_months_ahead int default 3) returns int
language plpgsql security definer set search_path = postrider, pg_temp set lock_timeout = '2s' as $$
declare
  v_now timestamp := postrider.now() at time zone 'UTC';
  v_months timestamp[];
  v_month timestamp;
  v_name text;
  v_from timestamptz;
  v_until timestamptz;
  v_strays boolean;
  v_made int := 0;
begin
  perform postrider.require_within('the number of months ahead', p_months_ahead, 0, 120);
  v_months := array(
    select m from (
      select generate_series(date_trunc('month', v_now), date_trunc('month', v_now) + make_interval(months => p_months_ahead), '1 month') as m
      union
      select date_trunc('month', at at time zone 'UTC') from postrider.recipient_event_default) x
    where to_regclass('postrider.recipient_event_' || to_char(m, 'YYYY_MM')) is null order by m);
  if cardinality(v_months) = 0 then
    return 0;
  end if;
  begin
    if date_trunc('month', v_now) = any (v_months) or exists (select from postrider.recipient_event_default) then
      lock table only postrider.recipient_event in share row exclusive mode;
    else
      lock table only postrider.recipient_event in share update exclusive mode;
    end if;
    lock table postrider.recipient_event_default in access exclusive mode;
  exception when lock_not_available then
    raise warning 'the partitions were not made: somebody has an open transaction that moved people or reads their history'
      using hint = 'select message, what_helps from postrider.doctor() where check_name = ''oldest transaction''; then try again';
    return 0;
  end;
  foreach v_month in array v_months loop
    v_name := 'recipient_event_' || to_char(v_month, 'YYYY_MM');
    -- Somebody else may have made it while we waited.
    continue when to_regclass('postrider.' || v_name) is not null;
    v_from := v_month at time zone 'UTC';
    v_until := (v_month + interval '1 month') at time zone 'UTC';
    execute format('create table postrider.%I (like postrider.recipient_event
      including defaults including constraints including indexes)', v_name);
    -- Read through the parent, with its policy; nobody reads a month alone.
    execute format('alter table postrider.%I enable row level security', v_name);
    -- Strays come back through the parent, from a table that no publication has: a subscriber knows
    -- nothing of a month that is not attached yet, and stops at its first row.
    v_strays := exists (
      select from postrider.recipient_event_default where at >= v_from and at < v_until);
    if v_strays then
      create unlogged table postrider.stray_event (like postrider.recipient_event);
      with stray as (
        delete from postrider.recipient_event_default where at >= v_from and at < v_until returning *
      )
      insert into postrider.stray_event select * from stray;
    end if;
    begin
      -- ISO with an offset, and not as the session writes times: PostgreSQL 15 reads the IST of
      -- Asia/Kolkata back as Israel's, and the CST of Asia/Shanghai as Chicago's.
      execute format('alter table postrider.recipient_event attach partition postrider.%I
        for values from (%L) to (%L)', v_name, to_char(v_month, 'YYYY-MM-DD 00:00:00+00'),
        to_char(v_month + interval '1 month', 'YYYY-MM-DD 00:00:00+00'));
    exception when invalid_object_definition then
      perform postrider.fail('PR017', format('partition %s cannot be made: %s', v_name, sqlerrm),
        'a neighbour was made with bounds that are no month of UTC; in a quiet moment, since nobody '
        'moves meanwhile: select * from postrider.mend_event_partitions(). Nothing is lost: until '
        'then the default partition keeps what no month takes');
    end;
    if v_strays then
      insert into postrider.recipient_event select * from postrider.stray_event;
      drop table postrider.stray_event;
    end if;
    v_made := v_made + 1;
  end loop;
  return v_made;
end $$;

-- A test turns the clock: only in a database marked as one.
create function postrider.turn_clock(p_by interval) returns timestamptz
language plpgsql set search_path = postrider, pg_temp as $$
begin
  perform postrider.require_within('how far the clock turns', p_by, interval '-100 years', interval '100 years');
  update postrider.clock set turned_by = turned_by + p_by where is_test;
  if not found then
    perform postrider.fail('PR017', 'the clock of this database cannot be turned',
      'only a database marked as test obeys: update postrider.clock set is_test = true');
  end if;
  return postrider.now();
end $$;
