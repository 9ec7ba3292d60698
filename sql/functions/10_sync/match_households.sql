-- Matches a person with the people of a campaign: who of them is the same person, by any e-mail, or
-- the same household, by address.
-- As with the questions in eligibility.sql, its query is taken up into the plan of
-- check_eligibility().
-- p_judged: people who are judged together. The first of them wins; otherwise each would be the
-- double of the other, and nobody would stay.
create function postrider.duplicates_of(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_dedupe text,
  p_recipient_id uuid,
  p_email_keys text[],
  p_household_key text,
  p_name_key text,
  p_judged uuid[]
) returns table (recipient_id uuid) language sql stable
begin atomic
  select d.id
  from (
    (
      select r.id
      from unnest(p_email_keys) as e (email_key)
      cross join lateral (
        select x.id, x.campaign_id
        from postrider.recipient x
        where x.organization_id = p_organization_id
          and x.email_key = e.email_key
        -- Without it, a planner that has no statistics reads the whole campaign.
        offset 0
      ) r
      where r.campaign_id = p_campaign_id
        and r.id is distinct from p_recipient_id
    )
    union all
    (
      select r.id
      from postrider.people_by_other_email(p_organization_id, p_email_keys) r
      where r.campaign_id = p_campaign_id
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
          or postrider.name_key(r.first_name, r.last_name) = p_name_key)
    )
  ) d
  -- The limit makes these come after the people whose state they are: a planner without statistics
  -- would start with everybody of the organization.
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
    -- Who is in the campaign is not the double of somebody who was turned away as one: both of a
    -- household would end turned away.
    and (p_recipient_id is null or s.state <> 'skipped' or s.reason <> 'duplicate')
  -- The person who was kept before those who were turned away, and of several the first.
  order by s.state = 'skipped', d.id;
end;
