-- Artwork that a printer rejects is mostly the same for the whole campaign. Several cards in a row
-- that are rejected for it, with none accepted between, hold the campaign: one message for the
-- operator, and no error for anybody.

-- Holds a campaign whose printer rejects its artwork. Returns held, waits or stands.
-- p_pieces: those of the cohort that were rejected for it; they are settled, their people in error.
-- p_in_a_row: so many of the campaign hold it.
-- waits: the campaign is held already, or somebody has applied, launched or released it since the
-- cohort began: the rejection is older than the repair. stands: there are too few, or a card was
-- accepted between: it is the fault of these cards, and the errors stand.
-- Where it does not stand, the people who were rejected go back to pending, and their cards are
-- made anew; so are the proofs that others have by now, when they would be sent.
create function postrider.hold_for_artwork(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_cohort_id uuid,
  p_pieces uuid[],
  p_in_a_row int,
  p_why text
) returns text language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('mail');
  v_outcome text;
begin
  perform postrider.require_organization(p_organization_id);
  perform postrider.require_within('how many hold the campaign', p_in_a_row, 1, 1000000);
  v_outcome := postrider.judge_artwork(
    p_organization_id, p_campaign_id, p_cohort_id, p_pieces, p_in_a_row, p_why);
  perform postrider.act_as(v_before);
  return v_outcome;
end $$;

-- Does what hold_for_artwork() promises, and returns the same. The caller has claimed mail.
create function postrider.judge_artwork(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_cohort_id uuid,
  p_pieces uuid[],
  p_in_a_row int,
  p_why text
) returns text language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_campaign postrider.campaign;
  v_row uuid[];
begin
  perform pg_advisory_xact_lock(
    postrider.lock_key('campaign', p_organization_id, p_campaign_id::text));
  -- In a later statement than the lock: it sees what its last holder has committed.
  select *
  into v_campaign
  from postrider.campaign
  where organization_id = p_organization_id
    and id = p_campaign_id
  for no key update;
  -- Held for it by another cohort, whose cards were sent beside these.
  if exists (
    select from postrider.cohort k
    where k.organization_id = p_organization_id
      and k.id = p_cohort_id
      and k.begun_at <= v_campaign.artwork_rejected_at)
  then
    perform postrider.begin_artwork_again(p_organization_id, p_pieces, v_now);
    return 'waits';
  end if;
  v_row := postrider.rejected_in_a_row(v_campaign);
  if cardinality(v_row) < p_in_a_row then
    return 'stands';
  end if;
  if v_campaign.status not in ('pending', 'active')
    or postrider.was_changed_since_begin(p_organization_id, p_campaign_id, p_cohort_id)
  then
    perform postrider.begin_artwork_again(p_organization_id, p_pieces, v_now);
    return 'waits';
  end if;
  perform postrider.hold(p_organization_id, 'campaign', p_campaign_id::text, p_why);
  update postrider.campaign
  set artwork_rejected_at = v_now
  where organization_id = p_organization_id
    and id = p_campaign_id;
  perform postrider.alarm_campaign_refused(
    p_organization_id, p_campaign_id, left(p_why, 500));
  perform postrider.begin_artwork_again(p_organization_id, v_row || p_pieces, v_now);
  return 'held';
end $$;

-- Lists the mailpieces of a campaign that were rejected for their artwork since a card of it was
-- accepted, or it was held for that.
create function postrider.rejected_in_a_row(
  p_campaign postrider.campaign
) returns uuid[] language sql stable
return array(
  select m.id
  from postrider.mailpiece m
  where m.organization_id = p_campaign.organization_id
    and m.campaign_id = p_campaign.id
    and m.mode = p_campaign.mode
    and m.status = 'rejected'
    and m.artwork_rejected_at > coalesce(p_campaign.artwork_rejected_at, '-infinity')
    and not exists (
      select from postrider.cohort k
      where k.organization_id = p_campaign.organization_id
        and k.campaign_id = p_campaign.id
        and k.accepted > 0
        and k.accepted_at >= m.artwork_rejected_at));

-- Brings people back to pending whose mailpiece was rejected for its artwork and who are in error
-- for that: a new proof is made of them, and a new mailpiece.
create function postrider.begin_artwork_again(
  p_organization_id uuid,
  p_pieces uuid[],
  p_now timestamptz
) returns void language plpgsql as $$
declare
  v_people uuid[];
begin
  v_people := array(
    select s.recipient_id
    from postrider.mailpiece m
    join postrider.recipient_state s
      on s.organization_id = m.organization_id
      and s.recipient_id = m.recipient_id
    where m.organization_id = p_organization_id
      and m.id = any (p_pieces)
      and m.status = 'rejected'
      and m.artwork_rejected_at is not null
      and s.state = 'error'
      and s.reason = 'rejected'
      and s.cancel_requested_at is null
    order by s.recipient_id
    for no key update of s);
  if cardinality(v_people) = 0 then
    return;
  end if;
  update postrider.recipient_state s
  set state = 'pending', since = p_now, move_no = s.move_no + 1,
    reason = 'artwork_rejected', attempt = greatest(0, s.attempt - 1), available_at = p_now
  where s.organization_id = p_organization_id
    and s.recipient_id = any (v_people)
    and s.state = 'error';
end $$;
