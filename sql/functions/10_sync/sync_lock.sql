-- Sync: a segment becomes recipients. Pages are fetched outside any transaction, and applied one by
-- one in short ones.

-- Opens a run of a campaign's sync, and takes the campaign's lock for it. Raises PR011 where the
-- campaign is being synced, and PR012 where it does not sync, or its list is not amended. The gate
-- is checked inside the lock: the campaign may have changed since it was listed, and manual and
-- forced syncs come this way too.
create function postrider.open_sync(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_kind text,
  p_holder text,
  p_lease interval default '30 seconds'
) returns table (run_id uuid, token uuid) language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_run_id uuid := postrider.new_id();
  v_token uuid := gen_random_uuid();
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_given('who syncs', p_holder);
  perform postrider.require_lease(p_lease);
  if coalesce(p_kind, '') not in ('automatic', 'manual', 'forced', 'amend', 'amend_preview') then
    perform postrider.fail(
      'PR020',
      format('a sync is automatic, manual, forced, amend or amend_preview, not %L', p_kind),
      'nothing was changed');
  end if;
  perform postrider.take_campaign_lock(
    p_organization_id, p_campaign_id, p_holder, v_token, p_lease, v_now);
  if p_kind in ('amend', 'amend_preview') then
    perform postrider.require_amending_campaign(p_organization_id, p_campaign_id);
  else
    perform postrider.require_syncing_campaign(p_organization_id, p_campaign_id);
  end if;
  perform postrider.require_current_keys(p_organization_id);
  perform postrider.end_silent_run(p_organization_id, p_campaign_id, v_now);
  insert into postrider.sync_run (organization_id, id, campaign_id, kind, started_at)
  values (p_organization_id, v_run_id, p_campaign_id, p_kind, v_now);
  return query select v_run_id, v_token;
end $$;

-- Takes the lock of a campaign's sync, or says who has it.
create function postrider.take_campaign_lock(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_holder text,
  p_token uuid,
  p_lease interval,
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_lock postrider.campaign_lock;
begin
  if not exists (
    select from postrider.campaign
    where organization_id = p_organization_id
      and id = p_campaign_id)
  then
    perform postrider.fail(
      'PR010',
      'there is no such campaign',
      'select name, id from postrider.campaigns; nothing was changed');
  end if;
  insert into postrider.campaign_lock as l (
    organization_id, campaign_id, holder, token, since, until)
  values (p_organization_id, p_campaign_id, p_holder, p_token, p_now, p_now + p_lease)
  on conflict (organization_id, campaign_id) do update
    set
      holder = excluded.holder,
      token = excluded.token,
      since = excluded.since,
      until = excluded.until
    where l.until < p_now;
  if found then
    return;
  end if;
  select * into v_lock
  from postrider.campaign_lock
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id;
  perform postrider.fail(
    'PR011',
    format('the campaign is being synced by %s since %s',
      v_lock.holder,
      to_char(
        v_lock.since at time zone (
          select time_zone from postrider.organization where id = p_organization_id),
        'HH24:MI:SS')),
    'wait for it (--wait), or try again later; '
    'a crashed sync frees itself within 30 seconds. Nothing was changed',
    jsonb_build_object(
      'holder', v_lock.holder, 'since', v_lock.since, 'until', v_lock.until));
end $$;

-- Refuses a campaign that does not sync: automated ones do while pending, active or paused, others
-- until they are launched.
create function postrider.require_syncing_campaign(
  p_organization_id uuid,
  p_campaign_id uuid
) returns void language plpgsql stable as $$
declare
  v_campaign postrider.campaign;
begin
  select * into v_campaign
  from postrider.campaign
  where organization_id = p_organization_id
    and id = p_campaign_id;
  if not (
    v_campaign.status in ('pending', 'active', 'paused')
    and (v_campaign.campaign_mode = 'automated' or v_campaign.status = 'pending'))
  then
    perform postrider.fail(
      'PR012',
      format('campaign %s does not sync: it is %s and %s',
        v_campaign.name, v_campaign.campaign_mode, v_campaign.status),
      case v_campaign.status_before_hold
        when 'pending' then 'it is held: release it, and it is pending again'
        else
          'automated campaigns sync while pending, active or paused, '
          'one-offs until they are launched'
      end || '; nothing was changed',
      jsonb_build_object(
        'status', v_campaign.status, 'campaign_mode', v_campaign.campaign_mode));
  end if;
  perform postrider.require_segment(v_campaign);
end $$;

-- Refuses a campaign that names no segment.
create function postrider.require_segment(p_campaign postrider.campaign) returns void
language plpgsql stable as $$
begin
  if p_campaign.provider_segment_id is null then
    perform postrider.fail(
      'PR012',
      format('campaign %s names no segment', p_campaign.name),
      'set `segment` in the campaign file and apply it; nothing was changed',
      jsonb_build_object('segment', null));
  end if;
end $$;

-- Refuses a campaign whose list is not amended: one that goes on syncing takes its list as it is,
-- and from an archived one nobody is mailed.
create function postrider.require_amending_campaign(
  p_organization_id uuid,
  p_campaign_id uuid
) returns void language plpgsql stable as $$
declare
  v_campaign postrider.campaign;
begin
  select * into v_campaign
  from postrider.campaign
  where organization_id = p_organization_id
    and id = p_campaign_id;
  if v_campaign.campaign_mode <> 'one_off'
    or v_campaign.launched_at is null
    or v_campaign.status = 'archived'
  then
    perform postrider.fail(
      'PR012',
      format('the list of campaign %s is not amended: it is %s and %s',
        v_campaign.name, v_campaign.campaign_mode, v_campaign.status),
      case
        when v_campaign.status = 'archived' then 'nobody is mailed from an archived campaign'
        else 'a sync takes its list as it is now: postrider sync ' || v_campaign.name
      end || '; one person is amended by postrider.amend(recipient, fields). Nothing was changed',
      jsonb_build_object(
        'status', v_campaign.status, 'campaign_mode', v_campaign.campaign_mode));
  end if;
  perform postrider.require_segment(v_campaign);
end $$;

-- Refuses an organization some of whose households have keys of other rules than today's: a sync
-- would let their doubles in.
create function postrider.require_current_keys(p_organization_id uuid) returns void
language plpgsql stable as $$
begin
  if postrider.has_older_keys(p_organization_id) then
    perform postrider.fail(
      'PR012',
      'households have keys of other rules than today''s: nobody could tell who is a double',
      'postrider rekey shows what it would change, and asks; nothing was changed');
  end if;
end $$;

-- Ends the run before this one where it is open still: it has lost its lock, or it would have
-- ended. It ends without a conclusion.
create function postrider.end_silent_run(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_now timestamptz
) returns void language plpgsql as $$
begin
  with silent as (
    update postrider.sync_run r
    set
      ended_at = p_now,
      error = 'the runner went silent; pages applied until then stand'
    where r.organization_id = p_organization_id
      and r.ended_at is null
      and r.id = (
        select p.id
        from postrider.sync_run p
        where p.organization_id = p_organization_id
          and p.campaign_id = p_campaign_id
        order by p.started_at desc
        limit 1)
    returning r.id
  )
  delete from postrider.sync_seen n
  using silent
  where n.organization_id = p_organization_id
    and n.run_id = silent.id;
end $$;

-- Renews the lock of a sync. Returns false to a sync that has lost it.
create function postrider.renew_sync(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_token uuid,
  p_lease interval default '30 seconds'
) returns boolean language plpgsql security definer as $$
begin
  perform postrider.require_lease(p_lease);
  update postrider.campaign_lock
  set until = postrider.now() + p_lease
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id
    and token = p_token;
  return found;
end $$;

-- Locks for a caller that changes people by the household rules: first the organization's sync row
-- alone, then the campaign. Its first statements, before it looks at anybody.
create function postrider.lock_for_sync(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_token uuid default null
) returns postrider.campaign language plpgsql as $$
declare
  v_campaign postrider.campaign;
  v_holder text;
begin
  perform from postrider.organization_sync
  where organization_id = p_organization_id
  for no key update;
  -- Without the row nobody waits for anybody, and without the key no suppression matches: neither
  -- may pass in silence.
  if not found
    or not exists (
      select from postrider.organization_key
      where organization_id = p_organization_id)
  then
    perform postrider.fail(
      'PR010',
      'the organization''s row in organization_sync or organization_key is gone',
      'organization_sync: insert it again; '
      'organization_key: restore it from a backup, no suppression can be told without it; '
      'nothing was changed');
  end if;
  select * into v_campaign
  from postrider.campaign
  where organization_id = p_organization_id
    and id = p_campaign_id
  for share;
  if p_token is not null
    and not exists (
      select from postrider.campaign_lock
      where organization_id = p_organization_id
        and campaign_id = p_campaign_id
        and token = p_token)
  then
    v_holder := (
      select holder from postrider.campaign_lock
      where organization_id = p_organization_id
        and campaign_id = p_campaign_id);
    perform postrider.fail(
      'PR013',
      format('the sync of campaign %s lost its lock: %s',
        coalesce(v_campaign.name, p_campaign_id::text, 'null'),
        coalesce(v_holder || ' has it', 'nobody has it in this database')),
      case
        when v_holder is null then 'the run has ended, or was begun on another server than this '
          'one (a failover, a restore)'
        else 'it was silent for more than 30 seconds and another sync has taken over, or it was '
          'begun on another server than this one'
      end || '; pages applied so far stand, nothing else was changed');
  end if;
  return v_campaign;
end $$;
