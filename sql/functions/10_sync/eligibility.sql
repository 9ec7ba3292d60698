-- Who may be mailed: the rules of admission, in their order: duplicate, suppression, the source's
-- own do-not-mail, address, other campaigns, frequency cap, holdout. The address stands before the
-- holdout, so that both arms of an experiment leave out the same people. Sync, revivals, enrichment
-- results and retry() all ask here, and all hold the organization's sync row: two of them at once
-- could each find the household free (of 150 households without the lock 139 were taken twice).
--
-- Each function here answers one question of check_eligibility(). They have no settings of their
-- own, so that their queries are taken up into its plan: one look by index for each person and
-- question.

-- Lists when the printer accepted live cards of a recipient, since then.
create function postrider.mailed_since(
  p_organization_id uuid,
  p_recipient_id uuid,
  p_since timestamptz
) returns table (accepted_at timestamptz) language sql stable
begin atomic
  select m.accepted_at
  from postrider.mailpiece m
  where m.organization_id = p_organization_id
    and m.recipient_id = p_recipient_id
    and m.mode = 'live'
    and not postrider.piece_is_closed(m.status)
    and m.accepted_at > p_since;
end;

-- Lists the other campaigns in which the person is in flight, or was mailed since then.
create function postrider.other_campaigns_of(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_external_id text,
  p_email_keys text[],
  p_household_key text,
  p_since timestamptz
) returns table (name text) language sql stable
begin atomic
  select c.name
  from (
    select r.id, r.campaign_id
    from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.external_id = p_external_id
    union
    select r.id, r.campaign_id
    from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.email_key = any (p_email_keys)
    union
    select r.id, r.campaign_id
    from postrider.people_by_other_email(p_organization_id, p_email_keys) r
    union
    select r.id, r.campaign_id
    from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.household_key = p_household_key
  ) r
  -- A campaign that was launched in test mode mails nobody: its people are free. When it goes live
  -- they are asked again. One that is not launched yet may go live without that.
  cross join lateral (
    select x.name
    from postrider.campaign x
    where x.organization_id = p_organization_id
      and x.id = r.campaign_id
      and (x.mode = 'live' or x.launched_at is null)
    limit 1
  ) c
  cross join lateral (
    select x.state
    from postrider.recipient_state x
    where x.organization_id = p_organization_id
      and x.recipient_id = r.id
    limit 1
  ) s
  where r.campaign_id <> p_campaign_id
    and (
      s.state in (
        'address_enrichable', 'address_enriching', 'pending', 'proofing_staged', 'proofing',
        'proofed', 'sending_staged', 'sending', 'sent', 'error')
      or exists (select from postrider.mailed_since(p_organization_id, r.id, p_since)));
end;

-- Tells until when the frequency cap keeps a household from another card; null where it does not.
create function postrider.capped_until(
  p_organization_id uuid,
  p_household_key text,
  p_frequency_cap interval,
  p_now timestamptz
) returns table (free_at timestamptz) language sql stable
begin atomic
  select max(m.accepted_at) + p_frequency_cap
  from postrider.recipient r
  cross join lateral postrider.mailed_since(
    p_organization_id, r.id, p_now - p_frequency_cap) m
  where p_frequency_cap is not null
    and r.organization_id = p_organization_id
    and r.household_key = p_household_key;
end;

-- Says whether a person belongs to the holdout. The lot is the household's, and an arm is frozen: a
-- re-key changes the key, and the lot stays the one that was drawn by the key before
-- (recipient.lot_key). Somebody who comes into such a household later goes with its members; where
-- those are in both arms, to the holdout. p_recipient_id: null for a person who is new.
create function postrider.is_held_out(
  p_campaign postrider.campaign,
  p_recipient_id uuid,
  p_household_key text
) returns boolean language sql stable
return (
  select coalesce(
    bool_or(l.held_out) filter (where l.is_own),
    bool_or(l.held_out),
    postrider.holdout_bucket(p_campaign.holdout_salt, p_household_key)
      < p_campaign.holdout_percent * 100)
  from (
    select
      r.id is not distinct from p_recipient_id as is_own,
      postrider.holdout_bucket(p_campaign.holdout_salt, r.lot_key)
        < p_campaign.holdout_percent * 100 as held_out
    from postrider.recipient r
    where r.organization_id = p_campaign.organization_id
      and r.campaign_id = p_campaign.id
      and r.household_key = p_household_key
      and r.lot_key is not null
  ) l);
