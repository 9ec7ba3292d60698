-- Holds a campaign whose cards a renderer refuses as a whole: that is the campaign's fault and not
-- that of fifty people. Returns held, waits or stands.
-- waits: the campaign is held already, or somebody has applied, launched or released it since the
-- cohort began. Then the refusal is older than the repair, and its people go back all the same. One
-- message is enough, and a mended campaign goes on; where it was not mended, the next cohort says
-- so.
-- p_alike: the campaign was not refused as a whole, but every card failed in the same words. That
-- may be the people's own fault. It stands, as their errors, where cards of this campaign were made
-- before, and where the campaign was held for these words already and not changed since: the
-- operator who released it has said that they are to fail.
create function postrider.hold_for_template(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_cohort_id uuid,
  p_why text,
  p_alike boolean
) returns text language plpgsql security definer as $$
begin
  perform pg_advisory_xact_lock(
    postrider.lock_key('campaign', p_organization_id, p_campaign_id::text));
  -- In a later statement than the locks: it sees what their last holder has committed.
  perform from postrider.campaign
  where organization_id = p_organization_id
    and id = p_campaign_id
  for no key update;
  if not exists (
    select from postrider.campaign
    where organization_id = p_organization_id
      and id = p_campaign_id
      and status in ('pending', 'active'))
    or postrider.was_changed_since_begin(p_organization_id, p_campaign_id, p_cohort_id)
  then
    return 'waits';
  end if;
  if p_alike and (
    postrider.was_held_for(p_organization_id, p_campaign_id, p_why)
    or postrider.has_made_cards(p_organization_id, p_campaign_id))
  then
    return 'stands';
  end if;
  perform postrider.hold(p_organization_id, 'campaign', p_campaign_id::text, p_why);
  perform postrider.alarm_campaign_refused(p_organization_id, p_campaign_id, p_why);
  return 'held';
end $$;

-- Whether somebody has applied, launched or released the campaign since the cohort began.
create function postrider.was_changed_since_begin(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_cohort_id uuid
) returns boolean language sql stable
return exists (
  select from postrider.cohort k
  join postrider.intervention i
    on i.organization_id = k.organization_id
    and i.recipient_id is null
    and i.at >= k.begun_at
  where k.organization_id = p_organization_id
    and k.id = p_cohort_id
    and i.campaign_id = p_campaign_id
    and i.action in ('apply', 'launch', 'release'));

-- Whether the campaign was held for these words before, and nobody has applied it since.
create function postrider.was_held_for(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_why text
) returns boolean language sql stable
return exists (
  select from postrider.intervention i
  where i.organization_id = p_organization_id
    and i.campaign_id = p_campaign_id
    and i.action = 'hold'
    and i.recipient_id is null
    and i.why = left(btrim(p_why), 500)
    and not exists (
      select from postrider.intervention a
      where a.organization_id = p_organization_id
        and a.campaign_id = p_campaign_id
        and a.action = 'apply'
        and a.recipient_id is null
        and a.at > i.at));

-- Whether proofs of this campaign were ever made.
create function postrider.has_made_cards(
  p_organization_id uuid,
  p_campaign_id uuid
) returns boolean language sql stable
return exists (
  select from postrider.tallied() t
  where t.organization_id = p_organization_id
    and t.campaign_id = p_campaign_id
    and t.state in ('proofed', 'sending_staged', 'sending', 'sent', 'received', 'returned')
  having sum(t.people) > 0);

-- Raises the alarm of a refused campaign, where it is not raised already.
create function postrider.alarm_campaign_refused(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_why text
) returns void language sql
begin atomic
  insert into postrider.alarm (organization_id, id, kind, campaign_id, detail, raised_at)
  select p_organization_id, postrider.new_id(), 'campaign_refused', p_campaign_id,
    jsonb_build_object('why', p_why), postrider.now()
  where not exists (
    select from postrider.alarm a
    where a.organization_id = p_organization_id
      and a.campaign_id = p_campaign_id
      and a.kind = 'campaign_refused'
      and a.cleared_at is null);
end;

-- Clears the alarm of a refused campaign: it ends with the hold.
create function postrider.clear_campaign_refused(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_how text
) returns void language sql security definer
begin atomic
  update postrider.alarm
  set cleared_at = postrider.now(),
    cleared_by = session_user,
    detail = detail || jsonb_build_object('cleared', p_how)
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id
    and kind = 'campaign_refused'
    and cleared_at is null;
end;
