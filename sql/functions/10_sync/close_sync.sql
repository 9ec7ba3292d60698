-- Ends a run and frees its lock, and returns the run's report.
--
-- Only a run that fetched every page may conclude that people left the segment. Leaving is final,
-- and a source that lost its filter or half its file looks like a segment that emptied. Where more
-- than half of those who wait would leave at once, and not only a few, the run concludes nothing
-- and raises an alarm, until an operator says that it is meant (p_allow_departures).
create function postrider.close_sync(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_token uuid,
  p_run_id uuid,
  p_complete boolean,
  p_error text,
  p_allow_departures boolean default false
) returns postrider.sync_run language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('sync');
  v_run postrider.sync_run;
begin
  perform postrider.require_given('whether every page was read', p_complete::text);
  v_run := postrider.conclude_sync(
    p_organization_id, p_campaign_id, p_token, p_run_id, p_complete, p_error, p_allow_departures);
  perform postrider.act_as(v_before);
  return v_run;
end $$;

-- Does what close_sync() promises, and returns the same. The caller has claimed sync.
create function postrider.conclude_sync(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_token uuid,
  p_run_id uuid,
  p_complete boolean,
  p_error text,
  p_allow_departures boolean
) returns postrider.sync_run language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  c_few constant int := 24;
  v_campaign postrider.campaign;
  v_gone uuid[];
  v_waiting int;
  v_left int := 0;
  v_complete boolean := p_complete;
  v_error text := p_error;
  v_run postrider.sync_run;
  -- By rows that amend people nobody leaves.
  v_concludes boolean := p_complete and not exists (
    select from postrider.sync_run
    where organization_id = p_organization_id
      and id = p_run_id
      and kind in ('amend', 'amend_preview'));
begin
  if v_concludes then
    v_campaign := postrider.lock_for_sync(p_organization_id, p_campaign_id, p_token);
    v_gone := array(
      select g.recipient_id
      from postrider.gone_from_segment(p_organization_id, p_campaign_id, p_run_id) g);
    if cardinality(v_gone) > c_few and not p_allow_departures then
      select count(*) into v_waiting
      from postrider.recipient_state s
      where s.organization_id = p_organization_id
        and s.campaign_id = p_campaign_id
        and (s.state in ('address_enrichable', 'pending')
          or v_campaign.mode = 'test' and s.state in (
            'proofing_staged', 'proofing', 'proofed', 'sending_staged', 'sent', 'received',
            'returned', 'error'));
      v_complete := cardinality(v_gone) * 2 <= v_waiting;
    end if;
  end if;
  if v_concludes and v_complete then
    v_left := postrider.conclude_departures(p_organization_id, p_campaign_id, v_gone, v_now);
  elsif v_concludes then
    v_error := format(
      '%s of the %s people who wait would leave the segment at once, so nobody was taken out: '
      'look whether the source tells all of it; '
      'if that is meant: postrider sync %s --allow-departures',
      cardinality(v_gone), v_waiting, postrider.as_argument(v_campaign.name));
    perform postrider.raise_mass_departure(
      p_organization_id, p_campaign_id, p_run_id, cardinality(v_gone), v_waiting, v_now);
  end if;
  delete from postrider.sync_seen
  where organization_id = p_organization_id
    and run_id = p_run_id;
  update postrider.sync_run
  set
    ended_at = v_now,
    complete = v_complete,
    left_segment = v_left,
    error = left(v_error, 2000)
  where organization_id = p_organization_id
    and id = p_run_id
  returning * into v_run;
  delete from postrider.campaign_lock
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id
    and token = p_token;
  return v_run;
end $$;

-- Lists the people who wait and whom the run has not seen. A person whose row can no longer be read
-- is in the segment all the same, where the reject names the person. One who has an open mailpiece
-- does not leave: the card may exist. A person who has come ahead of the live mailing waits for it.
create function postrider.gone_from_segment(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_run_id uuid
) returns table (recipient_id uuid) language sql stable
begin atomic
  select s.recipient_id
  from postrider.recipient_state s
  where s.organization_id = p_organization_id
    and s.campaign_id = p_campaign_id
    and s.state in ('address_enrichable', 'pending')
    and not exists (
      select from postrider.sync_seen n
      where n.organization_id = p_organization_id
        and n.run_id = p_run_id
        and n.recipient_id = s.recipient_id)
    and not exists (
      select from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.recipient_id = s.recipient_id
        and not postrider.piece_is_closed(m.status))
  union all
  select s.recipient_id
  from postrider.recipient_state s
  where s.organization_id = p_organization_id
    and s.campaign_id = p_campaign_id
    and (
      s.state in (
        'proofing_staged', 'proofing', 'proofed', 'sending_staged', 'sent', 'received', 'returned')
      or s.state = 'error' and s.cancel_requested_at is null)
    -- Asked for once, before anybody is read: of a live campaign nobody is.
    and (
      select c.mode
      from postrider.campaign c
      where c.organization_id = p_organization_id
        and c.id = p_campaign_id) = 'test'
    and not exists (
      select from postrider.sync_seen n
      where n.organization_id = p_organization_id
        and n.run_id = p_run_id
        and n.recipient_id = s.recipient_id)
    and not exists (
      select from postrider.mailpiece m
      where m.organization_id = p_organization_id
        and m.recipient_id = s.recipient_id
        and m.mode = 'live')
  except
  select r.id
  from postrider.sync_reject j
  -- One look-up a reject, as in recognise_members.
  cross join lateral (
    select x.id
    from postrider.recipient x
    where x.organization_id = p_organization_id
      and x.campaign_id = p_campaign_id
      and x.external_id = j.external_id
    limit 1
  ) r
  where j.organization_id = p_organization_id
    and j.run_id = p_run_id;
end;

-- Takes out the people who have left the segment, and returns how many. It ends the campaign's
-- alarm of a mass departure.
create function postrider.conclude_departures(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_people uuid[],
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_left int;
begin
  perform from postrider.recipient_state s
  where s.organization_id = p_organization_id
    and s.recipient_id = any (p_people)
  order by s.recipient_id
  for no key update;
  perform postrider.begin_test_again(
    p_organization_id,
    postrider.ahead_of_live(p_organization_id, p_campaign_id, p_people),
    'source_changed',
    p_now);
  update postrider.recipient_state s
  set
    state = 'skipped',
    since = p_now,
    move_no = s.move_no + 1,
    reason = 'left_segment',
    detail = null
  where s.organization_id = p_organization_id
    and s.recipient_id = any (p_people)
    and s.state in ('address_enrichable', 'pending');
  get diagnostics v_left = row_count;
  update postrider.alarm
  set
    cleared_at = p_now,
    cleared_by = session_user,
    detail = detail || '{"cleared": "a later sync concluded who has left"}'
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id
    and kind = 'mass_departure'
    and cleared_at is null;
  return v_left;
end $$;

-- Raises the alarm that too many people would leave a segment at once. A campaign has it once.
create function postrider.raise_mass_departure(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_run_id uuid,
  p_leaving int,
  p_waiting int,
  p_now timestamptz
) returns void language sql volatile
begin atomic
  insert into postrider.alarm (organization_id, id, kind, campaign_id, detail, raised_at)
  select
    p_organization_id, postrider.new_id(), 'mass_departure', p_campaign_id,
    jsonb_build_object('run', p_run_id, 'leaving', p_leaving, 'waiting', p_waiting), p_now
  where not exists (
    select from postrider.alarm a
    where a.organization_id = p_organization_id
      and a.campaign_id = p_campaign_id
      and a.kind = 'mass_departure'
      and a.cleared_at is null);
end;
