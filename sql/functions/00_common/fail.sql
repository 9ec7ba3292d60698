-- Raises an error of our own: a code of SQLSTATE class PR, a sentence, what to do, and a DETAIL
-- that programs can read.
create function postrider.fail(
  p_code text,
  p_message text,
  p_hint text,
  p_detail jsonb default '{}'
) returns void language plpgsql as $$
begin
  raise exception using
    errcode = p_code,
    message = p_message,
    hint = coalesce(p_hint, ''),
    detail = p_detail::text;
end $$;

-- The functions below refuse arguments that make no sense, before anything is done and in one
-- wording: what it is, and what was expected. On a hot path the caller compares for itself, and
-- calls them only to refuse.

-- Refuses a value that is outside these bounds, or null.
create function postrider.require_within(
  p_what text,
  p_value anycompatible,
  p_least anycompatible,
  p_most anycompatible
) returns void language plpgsql stable as $$
begin
  if p_value is null or p_value < p_least or p_value > p_most then
    perform postrider.fail(
      'PR020',
      format('%s: %s is not from %s to %s',
        p_what, coalesce(left(p_value::text, 100), 'null'), p_least, p_most),
      'give a value within these bounds; nothing was changed',
      jsonb_build_object('least', p_least, 'most', p_most));
  end if;
end $$;

-- Refuses null among the values.
create function postrider.require_given(
  p_what text,
  variadic p_values text[]
) returns void language plpgsql immutable as $$
begin
  if array_position(p_values, null) is not null then
    perform postrider.fail(
      'PR020',
      format('%s: null is not allowed', p_what),
      'give each of them a value; nothing was changed');
  end if;
end $$;

-- Refuses JSON that is no list. p_type: what json_typeof or jsonb_typeof says of it.
create function postrider.require_list(
  p_what text,
  p_type text
) returns void language plpgsql immutable as $$
begin
  if p_type is distinct from 'array' then
    perform postrider.fail(
      'PR020',
      format('%s: %s is not a JSON array', p_what, coalesce(p_type, 'null')),
      'give an array of objects, [] for none; nothing was changed');
  end if;
end $$;

-- Refuses a lease without an end. A lease is how long work may belong to a runner that gives no
-- sign of life.
create function postrider.require_lease(
  p_lease interval
) returns void language plpgsql stable as $$
begin
  perform postrider.require_within(
    'the lease', p_lease, interval '1 millisecond', interval '1 day');
end $$;

-- A name as a shell takes it, for a command that is advised.
create function postrider.as_argument(p_name text) returns text language sql immutable
return case
  when p_name ~ '^[[:alnum:]_./-]+$' then p_name
  when p_name ~ '[$`"\\!]' then '''' || replace(p_name, '''', '''\''''') || ''''
  else '"' || p_name || '"'
end;
