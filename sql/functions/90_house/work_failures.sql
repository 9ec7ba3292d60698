-- What is remembered of work that beats send jobs for, and that fails round after round.

-- Counts a failure of the work: of a campaign, at a printer, or of a whole job of the organization.
-- Returns how many there are in a row, and since when.
create function postrider.work_failed(
  p_organization_id uuid,
  p_work text,
  p_campaign_id uuid,
  p_printer_name text,
  p_error text,
  p_code text default null,
  p_hint text default null
) returns table (
  failures int,
  since timestamptz
) language plpgsql security definer as $$
#variable_conflict use_column
declare
  v_now timestamptz := postrider.now();
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_given('what failed, and with what error', p_work, p_error);
  if p_campaign_id is not null and not exists (
      select from postrider.campaign c
      where c.organization_id = p_organization_id
        and c.id = p_campaign_id)
    or p_printer_name is not null and not exists (
      select from postrider.printer p
      where p.organization_id = p_organization_id
        and p.name = p_printer_name)
  then
    perform postrider.fail(
      'PR010',
      'there is no such campaign or printer',
      'select name, id from postrider.campaigns; nothing was changed');
  end if;
  return query
  insert into postrider.work_failure as f (
    organization_id, id, work, campaign_id, printer_name, since, last_at, failures, code, error,
    hint)
  values (
    p_organization_id, postrider.new_id(), p_work, p_campaign_id, p_printer_name, v_now, v_now, 1,
    left(p_code, 100), left(p_error, 500), left(nullif(p_hint, ''), 500))
  on conflict on constraint work_failure_is_of_one_work do update
  set last_at = v_now,
    failures = f.failures + 1,
    code = excluded.code,
    error = excluded.error,
    hint = excluded.hint
  returning f.failures, f.since;
exception when check_violation then
  perform postrider.fail('PR020', format('no work is called %L', p_work), 'nothing was changed');
end $$;

-- Notes that the work was done: what failed of it before is over, and is returned.
create function postrider.work_done(
  p_organization_id uuid,
  p_work text,
  p_campaign_id uuid,
  p_printer_name text
) returns table (
  failures int,
  since timestamptz
) language sql volatile security definer
begin atomic
  delete from postrider.work_failure f
  where f.organization_id = p_organization_id
    and f.work = p_work
    and f.campaign_id is not distinct from p_campaign_id
    and f.printer_name is not distinct from p_printer_name
  returning f.failures, f.since;
end;

-- Forgets what is no longer tried: its campaign has ended, nobody waits for that printer any more,
-- or a person saw to it. An enricher is handed people four times a day, a printer is polled every
-- five minutes.
create function postrider.forget_untried_work() returns void
language sql volatile security definer
begin atomic
  delete from postrider.work_failure f
  where f.last_at < postrider.now() - case f.work
      when 'poll' then interval '1 hour'
      else interval '1 day'
    end
    or f.work in ('sync', 'enrich') and exists (
      select from postrider.campaign c
      where c.organization_id = f.organization_id
        and c.id = f.campaign_id
        and (
          c.status not in ('pending', 'active', 'paused')
          or f.work = 'sync' and c.campaign_mode = 'one_off' and c.status <> 'pending'));
end;
