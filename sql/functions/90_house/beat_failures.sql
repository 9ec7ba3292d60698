-- What is remembered of beats that fail.

-- Remembers what failed of these beats in this round. p_failures: [{beat, part, organizations,
-- code, message, hint}]. What had failed before and is not in it is over, where the round was a
-- whole one. A failure without a message was not tried: it stays as it was.
-- Returns the failures with their count, and what is over.
create function postrider.note_failures(
  p_beats text[],
  p_failures jsonb,
  p_whole boolean
) returns table (
  beat text,
  part text,
  failures int,
  since timestamptz,
  is_over boolean
) language plpgsql security definer as $$
#variable_conflict use_column
declare
  v_now timestamptz := clock_timestamp();
begin
  begin
    return query
    with failed as (
      select distinct on (x.beat, x.part) x.*
      from jsonb_to_recordset(p_failures) as x (
        beat text, part text, organizations uuid[], code text, message text, hint text)
      where x.beat is not null
        and x.part is not null
      order by x.beat, x.part
    ), noted as (
      insert into postrider.beat_failure as f (
        id, beat, part, since, last_at, failures, code, error, hint, organizations)
      select
        postrider.new_id(), x.beat, x.part, v_now, v_now, 1, x.code,
        left(x.message, 2000), left(nullif(x.hint, ''), 2000),
        coalesce(x.organizations, '{}')
      from failed x
      where x.message is not null
      on conflict (beat, part) where over_at is null do update
      set last_at = excluded.last_at,
        failures = f.failures + 1,
        code = excluded.code,
        error = excluded.error,
        hint = excluded.hint,
        organizations = excluded.organizations
      returning f.beat, f.part, f.failures, f.since, false
    ), ended as (
      update postrider.beat_failure f
      set over_at = v_now
      where p_whole
        and f.over_at is null
        and f.beat = any (p_beats)
        and not exists (
          select from failed x
          where x.beat = f.beat
            and x.part = f.part)
      returning f.beat, f.part, f.failures, f.since, true
    )
    select * from noted
    union all
    select * from ended;
  exception when invalid_parameter_value or invalid_text_representation then
    perform postrider.fail(
      'PR020',
      format('this is no list of failures: %s', sqlerrm),
      'a list of {beat, part, organizations, code, message, hint}; nothing was changed');
  end;
end $$;

-- What fails now, for a caller who runs the installation; nothing for others.
create function postrider.failing_beats() returns setof postrider.beat_failure
language sql stable security definer
begin atomic
  select f.*
  from postrider.beat_failure f
  where f.over_at is null
    and postrider.sees_all()
  order by f.beat, f.part;
end;

-- Answers doctor(): whether each beat comes, and what fails of it. A caller who does not run the
-- installation learns that something fails, and not what the error says of others.
create function postrider.beat_health() returns table (
  check_name text,
  verdict text,
  message text,
  what_helps text
) language sql stable security definer
begin atomic
  select
    'beat ' || name,
    case
      when f.most >= 3 then 'bad'
      when f.most > 0 or b.is_late then 'warn'
      else 'ok'
    end,
    concat_ws(
      '; ',
      coalesce(
        format('last %s UTC, every %s', to_char(b.last_at, 'YYYY-MM-DD HH24:MI:SS'), b.every),
        'never yet'),
      f.told),
    nullif(
      concat_ws(
        '; ',
        case when b.is_late then 'is a runner alive? see the check runners' end,
        case when f.most > 0 then
          case
            when postrider.sees_all() then coalesce(f.helps, 'mend what the message names')
            else 'the owner of the installation sees why'
          end
          || ': nothing is lost, the next beat tries again'
        end),
      '')
  from (
    select
      name, last_at, every,
      last_at < clock_timestamp() - every * 3 - interval '30 seconds' as is_late
    from postrider.beat
  ) b
  full join (
    select
      beat as name,
      max(failures) as most,
      nullif(string_agg(hint, '; ' order by part), '') as helps,
      string_agg(
        format(
          '%s fails since %s UTC, %s in a row%s',
          part,
          to_char(since, 'YYYY-MM-DD HH24:MI:SS'),
          failures,
          case when postrider.sees_all() then
            format(
              '%s: %s%s',
              case when organizations <> '{}' then
                format(
                  ' (%s organizations, one is %s)', cardinality(organizations), organizations[1])
              end,
              error,
              ' (' || code || ')')
          end),
        '; ' order by part) as told
    from postrider.beat_failure
    where over_at is null
    group by beat
  ) f using (name);
end;
