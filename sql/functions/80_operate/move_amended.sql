-- What an amendment does to people: their rows, and where they go on from.

-- Writes the rows of those who are amended. The arm of an experiment is frozen: a household that
-- becomes another one keeps the lot that was drawn for it, as after a re-key.
create function postrider.write_amendments(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_people jsonb,
  p_by text
) returns void language plpgsql as $$
declare
  v_draws boolean := (
    select holdout_percent > 0
    from postrider.campaign
    where organization_id = p_organization_id
      and id = p_campaign_id);
begin
  update postrider.recipient r
  set
    (email, other_emails, email_key, first_name, last_name, merge, line1, line2, city, region,
      postal_code, country, household_key) = (
      select t.* from postrider.told_row(r, p.told) t
    ),
    address_from = case
      when k.line1 is null
        or not p.changed && '{line1,line2,city,region,postal_code,country}'
        then r.address_from
      else p_by
    end,
    lot_key = case
      when k.line1 is null or k.household_key = r.household_key then r.lot_key
      when v_draws and (postrider.is_before_printer(p.was) or p.was = 'error')
        then coalesce(
          r.lot_key,
          (
            -- The lot of the household that the person was of when it was drawn.
            select min(h.lot_key)
            from postrider.recipient h
            where h.organization_id = p_organization_id
              and h.campaign_id = p_campaign_id
              and h.household_key = r.household_key
              and h.lot_key is not null
          ),
          r.household_key)
    end,
    amended = case
      when p_by = 'operator' then postrider.amended_after(r, p.changed)
      when k.read_beside then k.amended
      else r.amended
    end
  from jsonb_to_recordset(p_people) as p (
    "recipientId" uuid, outcome text, was text, changed text[], told jsonb)
  cross join lateral jsonb_to_record(p.told) as k (
    line1 text, household_key text, read_beside boolean, amended jsonb)
  where r.organization_id = p_organization_id
    and r.id = p."recipientId"
    and p.outcome = 'amended';
  perform postrider.keep_other_emails(
    p_organization_id,
    (
      select jsonb_agg(jsonb_build_object(
        'id', p ->> 'recipientId', 'emailKeys', p #> '{told,email_keys}'))
      from jsonb_array_elements(p_people) p
      where p -> 'changed' ? 'email'
        and p ->> 'outcome' = 'amended'));
end $$;

-- Moves those who are amended: to where the rules of admission put them, where who or where they
-- are has changed; else back to be rendered. Nobody changes the arm of an experiment. Somebody who
-- failed has begun the test again by now, or is tried again here.
create function postrider.move_amended(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_people jsonb
) returns void language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_by_name boolean := (
    select dedupe <> 'household'
    from postrider.campaign
    where organization_id = p_organization_id
      and id = p_campaign_id);
  v_amended jsonb;
  v_failed uuid[];
begin
  select
    jsonb_agg(
      jsonb_build_object(
        'n', p.n, 'id', r.id, 'externalId', r.external_id,
        'emailKeys', k.email_keys, 'householdKey', r.household_key, 'nameKey', k.name_key,
        'addressFault', k.address_fault)
      order by p.n)
      filter (where s.state <> 'error' and (
        k.address_fault is not null
        or p.was = 'error'
        or p.changed && '{line1,line2,city,region,postal_code,country,email}'
        or v_by_name and p.changed && '{first_name,last_name}')),
    array_agg(r.id) filter (where s.state = 'error')
  into v_amended, v_failed
  from jsonb_to_recordset(p_people) as p (
    n int, "recipientId" uuid, outcome text, was text, changed text[], told jsonb)
  cross join lateral jsonb_to_record(p.told) as k (
    email_keys text[], name_key text, address_fault text)
  join postrider.recipient r
    on r.organization_id = p_organization_id and r.id = p."recipientId"
  -- One look-up a person: a planner without statistics reads everybody.
  cross join lateral (
    select x.state
    from postrider.recipient_state x
    where x.organization_id = p_organization_id
      and x.recipient_id = r.id
    limit 1
  ) s
  where p.outcome = 'amended';

  with verdict as materialized (
    select
      p."recipientId" as id, j.detail, j.available_at,
      case
        when p.was = 'skipped' then case j.verdict when 'pending' then 'pending' else 'skipped' end
        when p.was in ('address_enrichable', 'address_enriching')
          and coalesce(j.verdict, 'address_enrichable') = 'address_enrichable'
          then p.was
        when j.verdict = 'holdout' and p.arm_is_drawn then 'pending'
        else coalesce(j.verdict, 'pending')
      end as state,
      case
        when j.reason is null
          or j.reason = 'new' and j.verdict = 'pending'
          or j.reason = 'holdout' and p.arm_is_drawn
          then 'amended'
        else j.reason
      end as reason,
      j.verdict
    from (
      select x.*, x.household is not null and x.was <> 'skipped' as arm_is_drawn
      from jsonb_to_recordset(p_people) as x (
        "recipientId" uuid, outcome text, was text, household text)
    ) p
    left join postrider.check_eligibility(p_organization_id, p_campaign_id, v_amended) j
      on j.id = p."recipientId"
    where p.outcome = 'amended'
      and p."recipientId" <> all (coalesce(v_failed, '{}'))
  )
  update postrider.recipient_state s
  set
    state = v.state,
    move_no = s.move_no + case when s.state = v.state then 0 else 1 end,
    since = case when s.state = v.state then s.since else v_now end,
    cohort_id = case when s.state = v.state then s.cohort_id end,
    attempt = 0,
    losses = 0,
    available_at = coalesce(v.available_at, v_now),
    reason = case
      when s.state = 'skipped' and v.state = 'skipped'
        and v.verdict = 'address_enrichable'
        then s.reason
      else v.reason
    end,
    detail = v.detail
  from verdict v
  where s.organization_id = p_organization_id
    and s.recipient_id = v.id
    -- Said twice, or a planner without statistics reads everybody.
    and s.recipient_id = any (
      array(select (k ->> 'recipientId')::uuid from jsonb_array_elements(p_people) as k))
    -- People who are not judged and wait for an address, for their turn or for good, go on as
    -- before.
    and not (s.state = v.state and (
      s.state in ('address_enrichable', 'address_enriching')
      or v.verdict is null and (s.state = 'skipped' or s.reason = 'frequency_deferred')));

  if v_failed is not null then
    perform postrider.retry_people(p_organization_id, p_campaign_id, v_failed);
  end if;
end $$;
