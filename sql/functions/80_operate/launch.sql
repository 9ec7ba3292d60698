-- Makes a campaign active and freezes its mode. Only this makes mail leave. It lifts no hold; and a one-off, which is not read again, must have been
-- read to its end. p_arm: with a live launch its printer is armed too; neither happens without the other.
create function postrider.launch(p_organization_id uuid, p_campaign_id uuid, p_mode text default 'test', p_why text default null,
  p_arm boolean default false) returns text
language plpgsql security definer as $$
declare
  v_campaign postrider.campaign;
  v_unread text;
  v_armed_at timestamptz;
begin
  perform postrider.require_organization(p_organization_id);
  perform pg_advisory_xact_lock(postrider.lock_key('campaign', p_organization_id, p_campaign_id::text));
  select * into v_campaign from postrider.campaign where organization_id = p_organization_id and id = p_campaign_id for update;
  if not found then
    perform postrider.fail('PR010', 'there is no such campaign', 'select name, id from postrider.campaigns');
  end if;
  if coalesce(p_mode, '') not in ('test', 'live') then
    perform postrider.fail('PR020', format('the mode is test or live, not %L', p_mode), 'nothing was changed');
  end if;
  if p_arm and p_mode = 'test' then
    perform postrider.fail('PR020', 'a launch in test mode arms no printer', 'arm it with the live launch; nothing was changed');
  end if;
  if v_campaign.status not in ('pending', 'active', 'paused') then
    perform postrider.fail('PR012', format('campaign %s is %s and cannot be launched', v_campaign.name, v_campaign.status), 'make a new campaign');
  end if;
  if v_campaign.status = 'paused' then
    perform postrider.fail('PR012', format('campaign %s is held', v_campaign.name) || coalesce(': ' || v_campaign.held_why, ''),
      format('release it first: postrider release campaign %s, or select postrider.release(%L, ''campaign'', %L). Nothing was changed',
        v_campaign.name, p_organization_id, p_campaign_id));
  end if;
  if v_campaign.campaign_mode = 'one_off' and v_campaign.launched_at is null and v_campaign.provider_segment_id is not null and not exists (
    select from postrider.sync_run where organization_id = p_organization_id and campaign_id = p_campaign_id and complete) then
    select r.error into v_unread from postrider.sync_run r
    where r.organization_id = p_organization_id and r.campaign_id = p_campaign_id order by r.started_at desc limit 1;
    -- Why the last run did not conclude, with what to do about it: to be told to read the list again does not help where that was not what it lacked.
    perform postrider.fail('PR012', format('the list of campaign %s was %s', v_campaign.name, case when not found then 'never read'
        else 'not read to its end' || coalesce(', or nothing could be concluded from it: ' || left(v_unread, 500), '') end),
      format('a one-off is not read any more once it is launched. Read it first: postrider sync %s, without --limit%s. Nothing was changed', v_campaign.name,
        case when exists (
          select from postrider.alarm
          where organization_id = p_organization_id and campaign_id = p_campaign_id and kind = 'mass_departure' and cleared_at is null)
          then ', and with --allow-departures if it is meant that so many leave' else '' end));
  end if;
  if v_campaign.launched_at is not null and v_campaign.mode <> p_mode then
    perform postrider.fail('PR014', format('campaign %s was launched in %s mode', v_campaign.name, v_campaign.mode),
      'the mode freezes with the launch; make a new campaign for the other mode. Nothing was changed');
  end if;
  -- After the campaign, as a begin locks them.
  if p_arm then
    perform postrider.arm_printer(p_organization_id, v_campaign.printer_name);
  end if;
  select armed_at into v_armed_at from postrider.printer where organization_id = p_organization_id and name = v_campaign.printer_name;
  if p_mode = 'live' and v_armed_at is null then
    perform postrider.fail('PR015', format('printer %s is not armed for live printing', v_campaign.printer_name),
      format('arm it first: select postrider.arm_printer(%L, %L), or launch with --arm. Nothing was changed', p_organization_id, v_campaign.printer_name));
  end if;
  -- What is active already is not launched again.
  if v_campaign.status = 'pending' then
    update postrider.campaign set status = 'active', mode = p_mode, launched_at = coalesce(launched_at, postrider.now())
    where organization_id = p_organization_id and id = p_campaign_id;
    perform postrider.note_intervention(p_organization_id, 'launch', concat_ws(': ', p_mode || ' mode', p_why), p_campaign_id);
  end if;
  perform pg_notify('postrider_moved', 'pending,proofed');
  return 'active';
end $$;
