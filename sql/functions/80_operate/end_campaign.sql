-- Ends a campaign by hand, as completed or archived. Recipients who are sent are still followed;
-- nobody may be at the printer's API. Returns how many people it stopped.
create function postrider.end_campaign(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_status text,
  p_why text default null
) returns int language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('op');
  v_stopped int := postrider.close_campaign(p_organization_id, p_campaign_id, p_status, p_why);
begin
  perform postrider.act_as(v_before);
  return v_stopped;
end $$;

-- Does what end_campaign() promises, and returns the same. The caller has claimed op.
create function postrider.close_campaign(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_status text,
  p_why text
) returns int language plpgsql as $$
declare
  v_sending int;
  v_campaign postrider.campaign;
  v_stopped int;
begin
  perform postrider.require_organization(p_organization_id);
  if coalesce(p_status, '') not in ('completed', 'archived') then
    perform postrider.fail(
      'PR020',
      format('a campaign ends as completed or archived, not %L', p_status),
      'nothing was changed');
  end if;
  v_campaign := postrider.lock_campaign(p_organization_id, p_campaign_id);
  if v_campaign.status = 'archived' and p_status = 'completed' then
    perform postrider.fail(
      'PR012',
      format('campaign %s is archived', v_campaign.name),
      'what is archived stays so; make a new campaign. Nothing was changed');
  end if;
  select count(*)
  into v_sending
  from postrider.recipient_state
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id
    and state = 'sending';
  if v_sending > 0 then
    perform postrider.fail(
      'PR021',
      format(
        '%s people of campaign %s are at the printer just now', v_sending, v_campaign.name),
      'hold it, wait until they are sent or resolved, then try again; nothing was changed');
  end if;
  v_stopped := cardinality(
    postrider.stop_people(
      p_organization_id,
      array(
        select recipient_id
        from postrider.recipient_state
        where organization_id = p_organization_id
          and campaign_id = p_campaign_id
          and postrider.is_before_printer(state)),
      'skipped',
      'campaign_closed',
      null));
  update postrider.campaign
  set status = p_status,
    status_before_hold = null,
    held_why = null,
    ended_at = postrider.now()
  where organization_id = p_organization_id
    and id = p_campaign_id;
  perform postrider.clear_campaign_refused(
    p_organization_id, p_campaign_id, 'the campaign was ended');
  perform postrider.note_intervention(
    p_organization_id, 'end', concat_ws(': ', p_status, p_why), p_campaign_id);
  return v_stopped;
end $$;

-- Completes one-off campaigns with nobody in flight; sent is in flight. Returns how many.
-- A call that brings people back does so under the organization's sync row. So that row is locked
-- here, and then the people are looked at once more. Where it is in use, this is left to the next
-- minute.
create function postrider.complete_campaigns(p_organization_id uuid) returns int
language plpgsql security definer as $$
declare
  v_over uuid[] := array(
    select c.id
    from postrider.campaign c
    where c.organization_id = p_organization_id
      and c.campaign_mode = 'one_off'
      and c.status = 'active'
      and postrider.nobody_in_flight(c.organization_id, c.id));
  v_completed int;
begin
  if cardinality(v_over) = 0 then
    return 0;
  end if;
  perform from postrider.organization_sync
  where organization_id = p_organization_id
  for no key update skip locked;
  if not found then
    return 0;
  end if;
  update postrider.campaign c
  set status = 'completed',
    ended_at = postrider.now()
  where c.organization_id = p_organization_id
    and c.id = any (v_over)
    and c.status = 'active'
    and postrider.nobody_in_flight(c.organization_id, c.id);
  get diagnostics v_completed = row_count;
  return v_completed;
end $$;

-- Whether a campaign has people, and all of them are in a final state or in error. It is answered
-- by the indexes of people who wait and of people who travel in a cohort.
create function postrider.nobody_in_flight(
  p_organization_id uuid,
  p_campaign_id uuid
) returns boolean language sql stable
return exists (
    select from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.campaign_id = p_campaign_id)
  and not exists (
    select from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.campaign_id = p_campaign_id
      and s.waiting_state is not null)
  and not exists (
    select from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.campaign_id = p_campaign_id
      and s.cohort_id is not null);
