-- Clears an alarm that somebody has looked at; p_why says what came of it. Returns when it was
-- cleared.
create function postrider.clear_alarm(
  p_alarm_id uuid,
  p_why text
) returns timestamptz language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
begin
  perform postrider.require_suitable_session();
  if nullif(btrim(p_why), '') is null then
    perform postrider.fail(
      'PR020',
      'say what came of it',
      'the sentence stays in the trace of the person; nothing was changed');
  end if;
  update postrider.alarm
  set cleared_at = v_now,
    cleared_by = session_user,
    detail = detail || jsonb_build_object('cleared', left(btrim(p_why), 500))
  where organization_id = any (postrider.my_organizations())
    and id = p_alarm_id
    and cleared_at is null;
  if not found then
    if exists (select from postrider.failing_beats() f where f.id = p_alarm_id) then
      perform postrider.fail(
        'PR017',
        'a beat fails still: this alarm ends by itself once the beat works again',
        'select message, what_helps from postrider.doctor() where check_name like ''beat %''; '
        'nothing was changed');
    end if;
    if exists (
      select from postrider.work_failure f
      where f.organization_id = any (postrider.my_organizations())
        and f.id = p_alarm_id)
    then
      perform postrider.fail(
        'PR017',
        'the work fails still: this alarm ends by itself once it works again',
        'select what, error, what_helps from postrider.failing_work; nothing was changed');
    end if;
    perform postrider.fail(
      'PR010',
      format('there is no open alarm %s', coalesce(p_alarm_id::text, 'null')),
      'select id, kind, what_helps from postrider.alarms; nothing was changed');
  end if;
  return v_now;
end $$;
