-- Gives a cohort to a runner to render, at most once. Returns {campaign: {…}, cards: [{recipientId,
-- attempt, firstName, …}]}, or null where there is nothing to do.
--
-- It waits at most 2 s for a lock, and pg-boss tries again: a begin that waited for somebody's open
-- psql transaction would keep every hold waiting.
create function postrider.begin_proof(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_runner_id uuid,
  p_lease interval
) returns json language plpgsql security definer as $$
declare
  v_before text := postrider.act_as('proof');
  v_cards json :=
    postrider.start_proofing(p_organization_id, p_cohort_id, p_runner_id, p_lease);
begin
  perform postrider.act_as(v_before);
  return v_cards;
end $$;

-- Takes the cohort, moves its people to proofing, and lists their cards.
create function postrider.start_proofing(
  p_organization_id uuid,
  p_cohort_id uuid,
  p_runner_id uuid,
  p_lease interval
) returns json language plpgsql as $$
declare
  v_now timestamptz := postrider.now();
  v_campaign_id uuid := postrider.take_cohort(
    p_organization_id, p_cohort_id, 'proof', p_runner_id, p_lease, v_now);
  v_cards json;
begin
  perform postrider.commit_asynchronously();
  if v_campaign_id is null then
    return null;
  end if;
  with begun as (
    update postrider.recipient_state s
    set
      state = 'proofing',
      since = v_now,
      move_no = s.move_no + 1,
      reason = 'begun',
      detail = null
    where s.organization_id = p_organization_id
      and s.cohort_id = p_cohort_id
      and s.state = 'proofing_staged'
    returning s.recipient_id, s.attempt
  )
  select json_agg(
    json_build_object(
      'recipientId', r.id, 'attempt', b.attempt, 'firstName', r.first_name,
      'lastName', r.last_name, 'line1', r.line1, 'line2', r.line2, 'city', r.city,
      'region', r.region, 'postalCode', r.postal_code, 'country', r.country,
      'merge', r.merge, 'reference', r.reference)
    order by r.id)
  into v_cards
  from begun b
  join postrider.recipient r
    on r.organization_id = p_organization_id and r.id = b.recipient_id;
  if v_cards is null then
    update postrider.cohort
    set
      closed_at = v_now,
      closed_why = 'empty'
    where organization_id = p_organization_id
      and id = p_cohort_id;
    return null;
  end if;
  return json_build_object(
    'cards', v_cards,
    'campaign', postrider.campaign_brief(p_organization_id, v_campaign_id));
end $$;
