-- The housekeeping of a minute.

-- Its parts, in order. Each stands by itself.
create function postrider.housekeeping_parts() returns text[]
language sql immutable
return array[
  'fold_tally', 'event_partitions', 'complete_campaigns', 'hold_failing_campaigns',
  'assume_received', 'note_promises', 'learn_deliveries', 'old_webhooks', 'old_calls',
  'old_cohorts', 'old_addresses', 'old_runners', 'old_failures'];

-- The organizations for which a part has something to do: of ten thousand each costs little, and
-- together they cost seconds. None, where the part is of the installation.
create function postrider.housekeeping_organizations(p_part text) returns uuid[]
language plpgsql stable security definer as $$
declare
  v_now timestamptz := postrider.now();
begin
  return case p_part
    when 'complete_campaigns' then array(
      select distinct c.organization_id
      from postrider.campaign c
      where c.campaign_mode = 'one_off'
        and c.status = 'active'
      order by 1)
    when 'hold_failing_campaigns' then array(
      select distinct c.organization_id
      from postrider.campaign c
      cross join lateral (
        select from postrider.recipient_state s
        where s.organization_id = c.organization_id
          and s.campaign_id = c.id
          and s.state = 'error'
          and s.since > v_now - interval '1 day'
        offset 19
        limit 1
      ) s
      where c.status in ('pending', 'active')
      order by 1)
    when 'assume_received' then array(
      select distinct c.organization_id
      from postrider.campaign c
      cross join lateral (
        select from postrider.recipient_state s
        where s.organization_id = c.organization_id
          and s.campaign_id = c.id
          and s.waiting_state = 'sent'
          and s.available_at <= v_now
        limit 1
      ) s
      order by 1)
    -- A promise is looked at once an hour.
    when 'note_promises' then array(
      select distinct c.organization_id
      from postrider.campaign c
      cross join lateral (
        select from postrider.recipient_state s
        where s.organization_id = c.organization_id
          and s.campaign_id = c.id
          and s.waiting_state = 'sent'
        limit 1
      ) s
      where c.mode = 'live'
        and not exists (
          select from postrider.delivery_window w
          where w.organization_id = c.organization_id
            and w.printer_name = c.printer_name
            and w.mail_class = c.mail_class
            and w.promised_at > v_now - interval '1 hour')
      order by 1)
    when 'learn_deliveries' then array(
      select distinct n.organization_id
      from postrider.delivery_news n
      where n.due_at <= v_now
      order by 1)
    else '{}'
  end;
end $$;

-- Does one part, for these organizations. p_keep_calls: how long calls of providers are kept; they
-- go by whole months.
create function postrider.run_housekeeping_part(
  p_part text,
  p_organizations uuid[],
  p_keep_calls interval
) returns void language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
begin
  case p_part
    when 'fold_tally' then
      perform postrider.fold_tally();
    when 'event_partitions' then
      perform postrider.event_partitions();
      perform postrider.require_next_partition(v_now);
    when 'complete_campaigns' then
      perform postrider.complete_campaigns(o.id)
      from unnest(p_organizations) as o (id);
    when 'hold_failing_campaigns' then
      perform postrider.hold_failing_campaigns(o.id)
      from unnest(p_organizations) as o (id);
    when 'assume_received' then
      perform postrider.assume_received(o.id)
      from unnest(p_organizations) as o (id);
    when 'note_promises' then
      perform postrider.note_promises(o.id)
      from unnest(p_organizations) as o (id);
    when 'learn_deliveries' then
      perform postrider.learn_deliveries(o.id)
      from unnest(p_organizations) as o (id);
    -- Some at a time: what is left is left to the next minute.
    when 'old_webhooks' then
      delete from postrider.provider_event e
      using (
        select o.organization_id, o.id
        from postrider.provider_event o
        where o.received_at < v_now - interval '180 days'
          and o.error is null
          and not exists (
            select from postrider.waiting_webhook w
            where w.organization_id = o.organization_id and w.id = o.id)
        order by o.received_at
        limit 10000
      ) old
      where e.organization_id = old.organization_id
        and e.id = old.id;
    when 'old_calls' then
      perform postrider.drop_partitions('provider_call', v_now - p_keep_calls);
    when 'old_cohorts' then
      delete from postrider.cohort
      where closed_at < v_now - interval '30 days';
    when 'old_addresses' then
      delete from postrider.address_cache
      where expires_at < v_now;
    when 'old_runners' then
      delete from postrider.runner
      where seen_at < clock_timestamp() - interval '1 day';
    when 'old_failures' then
      delete from postrider.beat_failure
      where over_at < clock_timestamp() - interval '90 days';
      perform postrider.forget_untried_work();
    else
      perform postrider.fail(
        'PR020',
        format('%L is no part of the housekeeping', p_part),
        'select postrider.housekeeping_parts(); nothing was done');
  end case;
end $$;

-- Refuses where the partition of the next month is not there: event_partitions gives way to every
-- open transaction that is in its way, and there is time for that until the month ends.
create function postrider.require_next_partition(p_now timestamptz) returns void
language plpgsql as $$
declare
  v_month timestamp := (p_now at time zone 'UTC') + interval '1 month';
  v_missing text := (
    select string_agg(postrider.partition_of(t.name, v_month), ', ')
    from postrider.monthly_tables() t
    where to_regclass('postrider.' || postrider.partition_of(t.name, v_month)) is null);
begin
  if v_missing is not null then
    perform postrider.fail(
      'PR017',
      format('the partition %s could not be made', v_missing),
      'an open transaction wrote or reads its table: see the check oldest transaction; '
      'nothing is lost, and it is tried again every minute');
  end if;
end $$;

-- Does the housekeeping of a minute, or only some parts of it. What fails undoes neither the other
-- parts nor, where a part works for each organization, the other organizations'. It is returned, a
-- row for each part. A holder of a lock is waited for 2 s at most: that fails, too. What does not
-- end in time (statement_timeout) is cancelled as a whole: a runner then asks for each part alone.
create function postrider.run_housekeeping(
  p_parts text[] default null,
  p_keep_calls interval default '400 days'
) returns table (
  part text,
  organizations uuid[],
  code text,
  message text,
  hint text
) language plpgsql security definer as $$
declare
  c_waits constant int := 3;
  v_all uuid[];
  v_one uuid;
  v_waits int;
begin
  if not p_keep_calls >= interval '1 day' then
    perform postrider.fail(
      'PR020',
      format('calls of providers cannot be kept for %s', p_keep_calls),
      'give a day at least; nothing was done');
  end if;
  foreach part in array coalesce(p_parts, postrider.housekeeping_parts()) loop
    v_all := '{}';
    organizations := '{}';
    begin
      v_all := postrider.housekeeping_organizations(part);
      perform postrider.run_housekeeping_part(part, v_all, p_keep_calls);
      continue;
    exception when others then
      get stacked diagnostics
        code = returned_sqlstate,
        message = message_text,
        hint = pg_exception_hint;
    end;
    -- All of them were undone. Each is done by itself, to learn whose fault it is. Not so from the
    -- start, because many savepoints in one transaction cost everybody else's snapshots. Where a
    -- lock was not given three times it is the table's: a thousand organizations would wait two
    -- seconds each.
    v_waits := 0;
    foreach v_one in array v_all loop
      if v_waits >= c_waits then
        organizations := organizations || v_one;
        continue;
      end if;
      begin
        perform postrider.run_housekeeping_part(part, array[v_one], p_keep_calls);
      exception when others then
        get stacked diagnostics
          code = returned_sqlstate,
          message = message_text,
          hint = pg_exception_hint;
        organizations := organizations || v_one;
        v_waits := v_waits + (code = '55P03')::int;
      end;
    end loop;
    -- A fault that passed meanwhile does not count.
    if cardinality(v_all) = 0 or cardinality(organizations) > 0 then
      return next;
    end if;
  end loop;
end $$;
