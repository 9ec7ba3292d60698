-- Judges people by all rules of admission. The plan of check_eligibility() takes up the functions
-- above it.

-- Lists the people who are to be judged, each with its suppression, and with the first in the list
-- that is the same person or household, where that is another. A person may have several rows,
-- known by an e-mail or by household and name: where one of them says not to mail the person, that
-- counts for all.
-- p_people: as in check_eligibility().
create function postrider.people_to_judge(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_dedupe text,
  p_people jsonb
) returns table (
  n int,
  id uuid,
  external_id text,
  email_keys text[],
  household_key text,
  name_key text,
  address_fault text,
  suppression_reason text,
  suppression_source text,
  do_not_mail text,
  first_n int,
  first_id uuid
) language sql stable
begin atomic
  with person as materialized (
    select
      p.n, p.id, p."externalId" as external_id, p."emailKeys" as email_keys,
      p."householdKey" as household_key, p."nameKey" as name_key,
      coalesce(p."addressFault", case when s.returned then 'mail came back from the address' end)
        as address_fault,
      p."doNotMail" as do_not_mail,
      case
        when p_dedupe = 'household' then p."householdKey"
        else p."householdKey" || '|' || p."nameKey"
      end as place_key,
      case when not s.returned then s.reason end as suppression_reason,
      s.source as suppression_source
    from jsonb_to_recordset(p_people) as p (
      n int, id uuid, "externalId" text, "emailKeys" text[], "householdKey" text, "nameKey" text,
      "addressFault" text, "doNotMail" text)
    left join lateral (
      select s.reason, s.source, s.returned
      from postrider.suppressions_of(
        p_organization_id, p_campaign_id, p."externalId", p."emailKeys", p."householdKey") s
      -- That mail came back says the least: another address is good again.
      order by s.reason = 'erasure' desc, s.returned
      limit 1
    ) s on true
  ), first_by_email as (
    select k.n, min(k.first) as by_email, min(k.do_not_mail) as do_not_mail
    from (
      select
        p.n,
        min(p.n) filter (where p.address_fault is null) over same_email as first,
        min(p.do_not_mail) over same_email as do_not_mail
      from person p
      cross join lateral unnest(p.email_keys) as e (email_key)
      where p.suppression_reason is distinct from 'erasure'
      window same_email as (partition by e.email_key)
    ) k
    group by k.n
  ), first_of as (
    -- An erased person is not made again, not even as somebody's double, and is nobody's first.
    -- A person whose address cannot be mailed is nobody's first either: the next one may be mailed.
    select
      n,
      case when place_key is not null
        then min(n) filter (where address_fault is null) over (partition by place_key)
      end as by_place,
      case when household_key is not null
        then min(do_not_mail) over (partition by household_key, name_key)
      end as do_not_mail
    from person
    where suppression_reason is distinct from 'erasure'
  )
  select
    p.n, p.id, p.external_id, p.email_keys, p.household_key, p.name_key, p.address_fault,
    p.suppression_reason, p.suppression_source,
    coalesce(
      p.do_not_mail,
      postrider.said_of_another_row(coalesce(m.do_not_mail, f.do_not_mail))),
    x.n, x.id
  from person p
  left join first_by_email m using (n)
  left join first_of f using (n)
  left join person x on x.n = least(m.by_email, f.by_place) and x.n < p.n;
end;

-- Names the state that a person takes for this reason.
create function postrider.verdict_of(
  p_reason text,
  p_household_key text
) returns text language sql immutable
return case
  when p_reason in ('duplicate', 'bad_address', 'cross_campaign', 'frequency_cap') then 'skipped'
  when p_reason in ('erased', 'suppressed', 'do_not_mail') then 'blacklisted'
  when p_reason = 'holdout' then 'holdout'
  when p_household_key is null then 'address_enrichable'
  else 'pending'
end;

-- Judges people by all rules at once, and says for each which state to take, why, and from when.
-- p_people: [{n, id, externalId, emailKeys, householdKey, nameKey, addressFault, doNotMail}], in
-- the order in which the first of two duplicates wins; id is null for a person who is new.
-- verdict: pending, address_enrichable, skipped, blacklisted, holdout.
-- duplicate_of_n: whose double it is, of those who are judged together and new. Of a person who has
-- an id, detail names it.
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
  available_at timestamptz,
  duplicate_of_n int
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
  -- Materialized: a reason is found once a person, and not for each place where it is used.
  with judged as materialized (
    select
      p.n, p.id, p.household_key,
      case
        when dup.what is not null then 'duplicate'
        when p.suppression_reason = 'erasure' then 'erased'
        when p.suppression_reason is not null then 'suppressed'
        when p.do_not_mail is not null then 'do_not_mail'
        when p.address_fault is not null then 'bad_address'
        when other.campaign is not null then 'cross_campaign'
        when cap.free_at is not null and v_campaign.frequency_cap_mode = 'skip'
          then 'frequency_cap'
        when p.household_key is null then 'new'
        when v_campaign.holdout_percent > 0
          and postrider.is_held_out(v_campaign, p.id, p.household_key)
          then 'holdout'
        when cap.free_at is not null then 'frequency_deferred'
        else 'new'
      end as reason,
      coalesce(
        dup.what,
        p.suppression_reason || ' (' || p.suppression_source || ')',
        p.do_not_mail,
        p.address_fault,
        'campaign ' || other.campaign) as detail,
      coalesce(cap.free_at, v_now) as available_at,
      dup.first_n
    from postrider.people_to_judge(
      p_organization_id, p_campaign_id, v_campaign.dedupe, p_people) p
    left join lateral (
      select
        coalesce('of recipient ' || p.first_id, 'of a row before it') as what,
        case when p.first_id is null then p.first_n end as first_n
      where p.first_n is not null
      union all
      (
        select 'of recipient ' || d.recipient_id, null
        from postrider.duplicates_of(
          p_organization_id, p_campaign_id, v_campaign.dedupe, p.id, p.email_keys,
          p.household_key, p.name_key, v_judged) d
        where p.suppression_reason is distinct from 'erasure'
        limit 1
      )
      limit 1
    ) dup on true
    left join lateral (
      select o.name as campaign
      from postrider.other_campaigns_of(
        p_organization_id, p_campaign_id, p.external_id, p.email_keys, p.household_key,
        v_now - v_campaign.exclusion_window) o
      where dup.what is null
        and p.suppression_reason is null
        and p.do_not_mail is null
        and p.address_fault is null
      limit 1
    ) other on true
    left join lateral postrider.capped_until(
      p_organization_id,
      -- Asked for nobody who is turned away already.
      case
        when dup.what is null and p.suppression_reason is null and p.do_not_mail is null
          and p.address_fault is null and other.campaign is null
          then p.household_key
      end,
      v_campaign.frequency_cap,
      v_now) cap on true
  )
  select
    j.n, j.id, postrider.verdict_of(j.reason, j.household_key),
    j.reason, j.detail, j.available_at, j.first_n
  from judged j;
end $$;
