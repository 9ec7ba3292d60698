-- What a person does about effects: they are tried again, or told anew.

-- Switches the event sink of a campaign on again, when its cause is mended: all that waits is due
-- at once. Returns how many events that are.
create function postrider.switch_on_sink(p_organization_id uuid, p_campaign_id uuid) returns int
language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_waiting int;
begin
  perform postrider.require_organization(p_organization_id);
  delete from postrider.effect_failure
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id
    and kind = 'event_sink'
    and off_at is not null;
  if not found then
    perform postrider.fail(
      'PR017',
      'no event sink of this campaign is switched off',
      'select campaign, error from postrider.effects where switched_off; nothing was changed');
  end if;
  update postrider.effect
  set available_at = v_now
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id
    and kind = 'event_sink'
    and state = 'waiting';
  get diagnostics v_waiting = row_count;
  update postrider.alarm
  set cleared_at = v_now, cleared_by = session_user,
    detail = detail || '{"cleared": "switched on again"}'
  where organization_id = p_organization_id
    and cleared_at is null
    and kind = 'effects_off'
    and campaign_id = p_campaign_id;
  perform postrider.note_intervention(
    p_organization_id, 'switch_on', 'event sink, with what waits: ' || v_waiting, p_campaign_id);
  return v_waiting;
end $$;

-- Has events told anew, with the keys they had: one card's, those since a time, those that failed.
-- What is given narrows it down. Returns how many. A sink that knows the key counts it once, as of
-- any repeat; an event that is older than a day by now says so.
create function postrider.replay_events(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_since timestamptz default null,
  p_mailpiece_id uuid default null,
  p_failed boolean default false
) returns int language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_again int;
begin
  perform postrider.require_organization(p_organization_id);
  if p_since is null and p_mailpiece_id is null and p_failed is not true then
    perform postrider.fail(
      'PR020',
      'say which events: of a mailpiece, since a time, or those that failed',
      'nothing is told anew');
  end if;
  update postrider.effect
  -- Told before it is no first attempt: a sink may know it, and must not take it for new.
  set state = 'waiting',
    attempt = (attempt > 0 or first_claimed_at is not null)::int,
    available_at = v_now,
    first_claimed_at = null,
    done_at = null
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id
    and kind = 'event_sink'
    and (p_since is null or occurred_at >= p_since)
    and (p_mailpiece_id is null or mailpiece_id = p_mailpiece_id)
    and (p_failed is not true or state <> 'done' and error is not null);
  get diagnostics v_again = row_count;
  if v_again > 0 then
    update postrider.alarm
    set cleared_at = v_now, cleared_by = session_user,
      detail = detail || '{"cleared": "told anew"}'
    where organization_id = p_organization_id
      and cleared_at is null
      and kind = 'effect_failed'
      and campaign_id = p_campaign_id
      and detail ->> 'effect' = 'event_sink'
      and not exists (
        select from postrider.effect e
        where e.organization_id = p_organization_id
          and e.campaign_id = p_campaign_id
          and e.kind = 'event_sink'
          and e.state = 'failed');
    perform postrider.note_intervention(
      p_organization_id, 'replay', concat('events: ', v_again), p_campaign_id);
  end if;
  return v_again;
end $$;

-- Lets effects that failed for good be tried again, when the cause is mended, and returns how many.
-- They keep their keys, so that nothing is charged twice.
create function postrider.retry_effects(
  p_organization_id uuid,
  p_kind text default null
) returns int language plpgsql security definer as $$
declare
  v_now timestamptz := postrider.now();
  v_again int;
  v_documents int;
begin
  perform postrider.require_organization(p_organization_id);
  if p_kind not in ('usage_meter', 'event_sink', 'image_cleanup') then
    perform postrider.fail(
      'PR020',
      format('an effect is usage_meter, event_sink or image_cleanup, not %L', p_kind),
      'null tries those of all kinds; nothing was changed');
  end if;
  update postrider.effect
  -- As of what is told anew.
  set state = 'waiting', attempt = least(attempt, 1), available_at = v_now
  where organization_id = p_organization_id
    and state = 'failed'
    and (p_kind is null or kind = p_kind);
  get diagnostics v_again = row_count;
  update postrider.stored_document
  set state = 'waiting', attempt = 0, available_at = v_now
  where organization_id = p_organization_id
    and state = 'failed'
    and coalesce(p_kind, 'image_cleanup') = 'image_cleanup';
  get diagnostics v_documents = row_count;
  v_again := v_again + v_documents;
  update postrider.alarm
  set cleared_at = v_now, cleared_by = session_user,
    detail = detail || '{"cleared": "tried again"}'
  where organization_id = p_organization_id
    and cleared_at is null
    and kind = 'effect_failed'
    and (p_kind is null or detail ->> 'effect' = p_kind);
  if v_again > 0 then
    perform postrider.note_intervention(p_organization_id, 'retry',
      concat('effects that had failed for good: ', v_again, ' of ' || p_kind));
  end if;
  return v_again;
end $$;
