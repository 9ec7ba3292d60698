-- Makes a campaign active, in test or live mode. Only this makes mail leave. It lifts no hold. From
-- test to live goes go_live(), and nothing goes back. A one-off, which is not read again, must have
-- been read to its end. What would stop every card is refused; a campaign that is active already is
-- not launched again. p_arm: with a live launch its printer is armed too; neither happens without
-- the other. Returns active.
create function postrider.launch(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_mode text default 'test',
  p_why text default null,
  p_arm boolean default false
) returns text language plpgsql security definer as $$
declare
  v_campaign postrider.campaign;
begin
  perform postrider.require_organization(p_organization_id);
  v_campaign := postrider.lock_campaign(p_organization_id, p_campaign_id);
  perform postrider.require_launch_mode(p_mode, p_arm);
  perform postrider.require_launchable(v_campaign);
  perform postrider.require_same_mode(v_campaign, p_mode);
  perform postrider.require_connection_modes(v_campaign, p_mode);
  -- The printer after the campaign, as a begin locks them.
  if p_arm then
    perform postrider.arm_printer(p_organization_id, v_campaign.printer_name);
  end if;
  if p_mode = 'live' then
    perform postrider.require_armed(p_organization_id, v_campaign.printer_name);
  end if;
  if v_campaign.status = 'pending' then
    perform postrider.require_no_blocker(v_campaign);
    update postrider.campaign
    set status = 'active',
      mode = p_mode,
      launched_at = coalesce(launched_at, postrider.now())
    where organization_id = p_organization_id
      and id = p_campaign_id;
    perform postrider.hold_back(p_organization_id, p_campaign_id, v_campaign.hold_back_minutes);
    perform postrider.note_intervention(
      p_organization_id, 'launch', concat_ws(': ', p_mode || ' mode', p_why), p_campaign_id);
  end if;
  perform pg_notify('postrider_moved', 'pending,proofed');
  return 'active';
end $$;
