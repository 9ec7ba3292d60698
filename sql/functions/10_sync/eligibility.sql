-- Who may be mailed: the rules of admission, in their order: duplicate, suppression, other
-- campaigns, frequency cap, holdout. Sync, revivals, enrichment results and retry() all ask here,
-- and all hold the organization's sync row: two of them at once could each find the household free
-- (of 150 households without the lock 139 were taken twice).
--
-- Each function here answers one question of check_eligibility(). They have no settings of their
-- own, so that their queries are taken up into its plan: one look by index for each person and
-- question.

-- Lists who in the campaign is the same person or household, by e-mail or by address.
-- p_judged: those who are judged together. Among them the first one wins; each would be the double
-- of the other otherwise, and nobody would stay.
create function postrider.duplicates_of(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_dedupe text,
  p_recipient_id uuid,
  p_email_key text,
  p_household_key text,
  p_name_key text,
  p_judged uuid[]
) returns table (recipient_id uuid) language sql stable
begin atomic
  select d.id
  from (
    (
      select r.id
      from postrider.recipient r
      where r.organization_id = p_organization_id
        and r.email_key = p_email_key
        and r.campaign_id = p_campaign_id
        and r.id is distinct from p_recipient_id
    )
    union all
    (
      select r.id
      from postrider.recipient r
      where r.organization_id = p_organization_id
        and r.household_key = p_household_key
        and r.campaign_id = p_campaign_id
        and r.id is distinct from p_recipient_id
        and (
          p_dedupe = 'household'
          or postrider.fold(concat_ws(' ', r.first_name, r.last_name)) = p_name_key)
    )
  ) d
  -- With a limit, so that these come after the people that they are looked up for: without
  -- statistics the planner starts with everybody of the organization.
  cross join lateral (
    select x.state, x.reason
    from postrider.recipient_state x
    where x.organization_id = p_organization_id
      and x.recipient_id = d.id
    limit 1
  ) s
  left join postrider.reason w on w.code = s.reason
  where (s.state <> 'skipped' or w.holds_place is not false)
    and d.id <> all (p_judged)
    -- A person who is in the campaign already is not the double of those who were turned away as
    -- doubles: of a household both would end so.
    and (p_recipient_id is null or s.state <> 'skipped' or s.reason <> 'duplicate');
end;

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
    and m.status not in ('rejected', 'cancelled', 'failed')
    and m.accepted_at > p_since;
end;

-- Lists the other campaigns in which the person is in flight, or was mailed since then.
create function postrider.other_campaigns_of(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_external_id text,
  p_email_key text,
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
      and r.email_key = p_email_key
    union
    select r.id, r.campaign_id
    from postrider.recipient r
    where r.organization_id = p_organization_id
      and r.household_key = p_household_key
  ) r
  -- A campaign that was launched in test mode mails nobody, and never will: its people are free.
  -- One that is not launched yet may go live.
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
