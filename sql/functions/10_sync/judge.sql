-- p_people: [{n, id, externalId, emailKey, householdKey, nameKey}], in the order in which the first of two duplicates wins.
-- id is null for somebody new. verdict: pending, address_enrichable, skipped, blacklisted, holdout.
create function postrider.judge(p_organization_id uuid, p_campaign_id uuid, p_people jsonb)
returns table (n int, id uuid, verdict text, reason text, detail text, available_at timestamptz)
language plpgsql stable as $$
#variable_conflict use_column
declare
  v_now timestamptz := postrider.now();
  v_campaign postrider.campaign;
begin
  select c.* into v_campaign from postrider.campaign c where c.organization_id = p_organization_id and c.id = p_campaign_id;
  return query
  with person as materialized (
    select p.n, p.id, p."externalId" as external_id, p."emailKey" as email_key, p."householdKey" as household_key, p."nameKey" as name_key,
      case when v_campaign.dedupe = 'household' then p."householdKey" else p."householdKey" || '|' || p."nameKey" end as place_key,
      s.reason as sup_reason, s.source as sup_source
    from jsonb_to_recordset(p_people) as p (n int, id uuid, "externalId" text, "emailKey" text, "householdKey" text, "nameKey" text)
    left join lateral (
      select s.reason, s.source from postrider.suppressions_of(p_organization_id, p_campaign_id, p."externalId", p."emailKey", p."householdKey") s
      order by s.reason = 'erasure' desc limit 1
    ) s on true
  ), first_of as (
    -- Who was erased is not made again, not even as somebody's double, and is nobody's first.
    select n, case when email_key is not null then min(n) over (partition by email_key) end as by_email,
      case when place_key is not null then min(n) over (partition by place_key) end as by_place
    from person where sup_reason is distinct from 'erasure'
  )
  select p.n, p.id,
    case when dup.what is not null then 'skipped' when p.sup_reason is not null then 'blacklisted' when other.campaign is not null then 'skipped'
      when cap.free_at is not null and v_campaign.frequency_cap_mode = 'skip' then 'skipped'
      when p.household_key is null then 'address_enrichable'
      when v_campaign.holdout_percent > 0
        and postrider.holdout_bucket(v_campaign.holdout_salt, p.household_key) < v_campaign.holdout_percent * 100 then 'holdout'
      else 'pending' end,
    case when dup.what is not null then 'duplicate' when p.sup_reason = 'erasure' then 'erased' when p.sup_reason is not null then 'suppressed'
      when other.campaign is not null then 'cross_campaign'
      when cap.free_at is not null and v_campaign.frequency_cap_mode = 'skip' then 'frequency_cap'
      when p.household_key is null then 'new'
      when v_campaign.holdout_percent > 0
        and postrider.holdout_bucket(v_campaign.holdout_salt, p.household_key) < v_campaign.holdout_percent * 100 then 'holdout'
      when cap.free_at is not null then 'frequency_deferred'
      else 'new' end,
    coalesce(dup.what, p.sup_reason || ' (' || p.sup_source || ')', 'campaign ' || other.campaign),
    coalesce(cap.free_at, v_now)
  from person p
  left join first_of f using (n)
  left join lateral (
    select 'of a row before it' as what where f.by_email < p.n or f.by_place < p.n
    union all
    (select 'of recipient ' || d.id from (
      (select r.id from postrider.recipient r
      where r.organization_id = p_organization_id and r.email_key = p.email_key and r.campaign_id = p_campaign_id
        and r.id is distinct from p.id)
      union all
      (select r.id from postrider.recipient r
      where r.organization_id = p_organization_id and r.household_key = p.household_key and r.campaign_id = p_campaign_id
        and r.id is distinct from p.id and (v_campaign.dedupe = 'household'
          or postrider.fold(concat_ws(' ', r.first_name, r.last_name)) = p.name_key))
    ) d
    -- With a limit, so that these come after whom they are looked up for: without statistics the planner starts with everybody of the organization.
    cross join lateral (
      select x.state, x.reason from postrider.recipient_state x where x.organization_id = p_organization_id and x.recipient_id = d.id limit 1) s
    left join postrider.reason w on w.code = s.reason
    where p.sup_reason is distinct from 'erasure' and (s.state <> 'skipped' or w.holds_place is not false)
      -- Among those who are judged together the first wins; each would be the double of the other otherwise, and nobody would stay.
      and d.id not in (select q.id from person q where q.id is not null)
      -- Somebody who is in the campaign already is not the double of those who were turned away as doubles: of a household both would end so.
      and (p.id is null or s.state <> 'skipped' or s.reason <> 'duplicate')
    limit 1)
    limit 1
  ) dup on true
  left join lateral (
    select c.name as campaign from (
      select r.id, r.campaign_id from postrider.recipient r where r.organization_id = p_organization_id and r.external_id = p.external_id
      union select r.id, r.campaign_id from postrider.recipient r where r.organization_id = p_organization_id and r.email_key = p.email_key
      union select r.id, r.campaign_id from postrider.recipient r where r.organization_id = p_organization_id and r.household_key = p.household_key
    ) r
    -- A campaign that was launched in test mode mails nobody, and never will: its people are free. What is not launched yet may go live.
    cross join lateral (
      select x.name from postrider.campaign x where x.organization_id = p_organization_id and x.id = r.campaign_id
        and (x.mode = 'live' or x.launched_at is null) limit 1) c
    cross join lateral (
      select x.state from postrider.recipient_state x where x.organization_id = p_organization_id and x.recipient_id = r.id limit 1) s
    where dup.what is null and p.sup_reason is null and r.campaign_id <> p_campaign_id and (
      s.state in ('address_enrichable', 'address_enriching', 'pending', 'proofing_staged', 'proofing', 'proofed', 'sending_staged',
        'sending', 'sent', 'error')
      or exists (select from postrider.mailpiece m where m.organization_id = p_organization_id and m.recipient_id = r.id and m.mode = 'live'
        and m.status not in ('rejected', 'cancelled', 'failed') and m.accepted_at > v_now - v_campaign.exclusion_window))
    limit 1
  ) other on true
  left join lateral (
    select max(m.accepted_at) + v_campaign.frequency_cap as free_at
    from postrider.recipient r join postrider.mailpiece m on m.organization_id = r.organization_id and m.recipient_id = r.id
    where v_campaign.frequency_cap is not null and dup.what is null and p.sup_reason is null and other.campaign is null
      and r.organization_id = p_organization_id and r.household_key = p.household_key and m.mode = 'live'
      and m.status not in ('rejected', 'cancelled', 'failed') and m.accepted_at > v_now - v_campaign.frequency_cap
  ) cap on true;
end $$;
