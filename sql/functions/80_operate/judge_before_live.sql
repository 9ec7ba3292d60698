-- The rules that meanwhile may have come to stand against people who wait in a test.

-- Says why somebody who waits for a card may not be mailed live; no row where nothing is against
-- it. These are the rules that meanwhile may have come to stand against a person: a cancel, an
-- opt-out, another campaign, which did not see a test, and the frequency cap.
create function postrider.faults_before_live(
  p_campaign postrider.campaign,
  p_people uuid[],
  p_now timestamptz
) returns table (
  recipient_id uuid,
  reason text,
  detail text,
  free_at timestamptz
) language sql stable
begin atomic
  select f.*
  from (
    select
      s.recipient_id,
      case
        when r.erased_at is not null then 'erased'
        when listed.detail is not null then 'suppressed'
        when r.do_not_mail is not null then 'do_not_mail'
        when s.cancel_requested_at is not null or cancelled.is_so then 'cancelled'
        when other.name is not null then 'cross_campaign'
        when cap.free_at is not null and p_campaign.frequency_cap_mode = 'skip'
          then 'frequency_cap'
        when cap.free_at is not null then 'frequency_deferred'
      end as reason,
      coalesce(listed.detail, r.do_not_mail, 'campaign ' || other.name) as detail,
      cap.free_at
    from postrider.recipient_state s
    join postrider.recipient r
      on r.organization_id = s.organization_id
      and r.id = s.recipient_id
    cross join lateral (
      select exists (
        select from postrider.intervention i
        where i.organization_id = s.organization_id
          and i.recipient_id = s.recipient_id
          and i.action = 'cancel') as is_so
    ) cancelled
    left join lateral (
      select x.reason || ' (' || x.source || ')' as detail
      from postrider.suppressions_of(
        s.organization_id, s.campaign_id, r.external_id,
        postrider.email_keys_of(s.organization_id, r.id), r.household_key) x
      limit 1
    ) listed on true
    left join lateral (
      select o.name
      from postrider.other_campaigns_of(
        s.organization_id, s.campaign_id, r.external_id,
        postrider.email_keys_of(s.organization_id, r.id), r.household_key,
        p_now - p_campaign.exclusion_window) o
      limit 1
    ) other on true
    left join lateral postrider.capped_until(
      s.organization_id, r.household_key, p_campaign.frequency_cap, p_now) cap on true
    where s.organization_id = p_campaign.organization_id
      and s.recipient_id = any (p_people)
      and s.state in ('pending', 'proofed')
  ) f
  where f.reason is not null;
end;

-- Turns away the people who wait and may not be mailed live, and returns how many. People who
-- waited for room under a cap of the test, or under the frequency cap as it was then, wait no
-- longer.
create function postrider.judge_before_live(
  p_campaign postrider.campaign,
  p_people uuid[],
  p_now timestamptz
) returns int language plpgsql as $$
declare
  v_faults jsonb;
  v_away int;
begin
  select jsonb_agg(to_jsonb(f))
  into v_faults
  from postrider.faults_before_live(p_campaign, p_people, p_now) f;
  update postrider.recipient_state s
  set available_at = p_now
  where s.organization_id = p_campaign.organization_id
    and s.recipient_id = any (p_people)
    and s.state in ('pending', 'proofed')
    and s.available_at > p_now;
  update postrider.recipient_state s
  set available_at = f.free_at,
    reason = f.reason,
    detail = null
  from jsonb_to_recordset(v_faults) as f (recipient_id uuid, reason text, free_at timestamptz)
  where s.organization_id = p_campaign.organization_id
    and s.recipient_id = f.recipient_id
    and f.reason = 'frequency_deferred';
  update postrider.recipient_state s
  set
    state = case
      when f.reason in ('erased', 'suppressed', 'do_not_mail') then 'blacklisted'
      else 'skipped' end,
    since = p_now,
    move_no = s.move_no + 1,
    reason = f.reason,
    detail = left(f.detail, 500),
    cancel_requested_at = null
  from jsonb_to_recordset(v_faults) as f (recipient_id uuid, reason text, detail text)
  where s.organization_id = p_campaign.organization_id
    and s.recipient_id = f.recipient_id
    and f.reason <> 'frequency_deferred';
  get diagnostics v_away = row_count;
  return v_away;
end $$;
