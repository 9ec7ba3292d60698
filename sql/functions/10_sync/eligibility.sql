-- Who may be mailed: the rules of admission, in their order: duplicate, suppression, other
-- campaigns, frequency cap, holdout. Sync, revivals, enrichment results and retry() all ask here,
-- and all hold the organization's sync row: two of them at once could each find the household free
-- (of 150 households without the lock 139 were taken twice).
--
-- The functions above check_eligibility() answer one question each. They have no settings of their
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

-- Judges people by all rules at once, and says for each which state to take, why, and from when.
-- p_people: [{n, id, externalId, emailKey, householdKey, nameKey}], in the order in which the
-- first of two duplicates wins; id is null for a person who is new.
-- verdict: pending, address_enrichable, skipped, blacklisted, holdout.
create function postrider.check_eligibility(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_people jsonb
) returns table (
  n int,
  id uuid,
  verdict text,
  reason text,
  detail text,
  available_at timestamptz
) language plpgsql stable as $$
#variable_conflict use_column
declare
  v_now timestamptz := postrider.now();
  v_campaign postrider.campaign;
  v_judged uuid[] := array(
    select (k ->> 'id')::uuid
    from jsonb_array_elements(p_people) as k
    where k ->> 'id' is not null);
begin
  select c.* into v_campaign
  from postrider.campaign c
  where c.organization_id = p_organization_id
    and c.id = p_campaign_id;
  return query
  with person as materialized (
    select
      p.n, p.id, p."externalId" as external_id, p."emailKey" as email_key,
      p."householdKey" as household_key, p."nameKey" as name_key,
      case
        when v_campaign.dedupe = 'household' then p."householdKey"
        else p."householdKey" || '|' || p."nameKey"
      end as place_key,
      s.reason as suppression_reason, s.source as suppression_source
    from jsonb_to_recordset(p_people) as p (
      n int, id uuid, "externalId" text, "emailKey" text, "householdKey" text, "nameKey" text)
    left join lateral (
      select s.reason, s.source
      from postrider.suppressions_of(
        p_organization_id, p_campaign_id, p."externalId", p."emailKey", p."householdKey") s
      order by s.reason = 'erasure' desc
      limit 1
    ) s on true
  ), first_of as (
    -- An erased person is not made again, not even as somebody's double, and is nobody's first.
    select
      n,
      case when email_key is not null
        then min(n) over (partition by email_key)
      end as by_email,
      case when place_key is not null
        then min(n) over (partition by place_key)
      end as by_place
    from person
    where suppression_reason is distinct from 'erasure'
  ), judged as (
    select
      p.n, p.id, p.household_key,
      case
        when dup.what is not null then 'duplicate'
        when p.suppression_reason = 'erasure' then 'erased'
        when p.suppression_reason is not null then 'suppressed'
        when other.campaign is not null then 'cross_campaign'
        when cap.free_at is not null and v_campaign.frequency_cap_mode = 'skip'
          then 'frequency_cap'
        when p.household_key is null then 'new'
        when v_campaign.holdout_percent > 0
          and postrider.holdout_bucket(v_campaign.holdout_salt, p.household_key)
            < v_campaign.holdout_percent * 100
          then 'holdout'
        when cap.free_at is not null then 'frequency_deferred'
        else 'new'
      end as reason,
      coalesce(
        dup.what,
        p.suppression_reason || ' (' || p.suppression_source || ')',
        'campaign ' || other.campaign) as detail,
      coalesce(cap.free_at, v_now) as available_at
    from person p
    left join first_of f using (n)
    left join lateral (
      select 'of a row before it' as what
      where f.by_email < p.n or f.by_place < p.n
      union all
      (
        select 'of recipient ' || d.recipient_id
        from postrider.duplicates_of(
          p_organization_id, p_campaign_id, v_campaign.dedupe, p.id, p.email_key,
          p.household_key, p.name_key, v_judged) d
        where p.suppression_reason is distinct from 'erasure'
        limit 1
      )
      limit 1
    ) dup on true
    left join lateral (
      select o.name as campaign
      from postrider.other_campaigns_of(
        p_organization_id, p_campaign_id, p.external_id, p.email_key, p.household_key,
        v_now - v_campaign.exclusion_window) o
      where dup.what is null
        and p.suppression_reason is null
      limit 1
    ) other on true
    left join lateral (
      select max(m.accepted_at) + v_campaign.frequency_cap as free_at
      from postrider.recipient r
      cross join lateral postrider.mailed_since(
        p_organization_id, r.id, v_now - v_campaign.frequency_cap) m
      where v_campaign.frequency_cap is not null
        and dup.what is null
        and p.suppression_reason is null
        and other.campaign is null
        and r.organization_id = p_organization_id
        and r.household_key = p.household_key
    ) cap on true
  )
  select
    j.n, j.id,
    case
      when j.reason in ('duplicate', 'cross_campaign', 'frequency_cap') then 'skipped'
      when j.reason in ('erased', 'suppressed') then 'blacklisted'
      when j.reason = 'holdout' then 'holdout'
      when j.household_key is null then 'address_enrichable'
      else 'pending'
    end,
    j.reason, j.detail, j.available_at
  from judged j;
end $$;
