-- Locks people of a campaign who are ready in a waiting state, and lists them: those who have
-- waited longest first. People whom somebody else has locked are left out.
-- p_without_losses: only people who have not lost a lease.
create function postrider.lock_ready(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_state text,
  p_now timestamptz,
  p_limit int,
  p_without_losses boolean default false
) returns uuid[] language plpgsql volatile as $$
begin
  return array(
    select s.recipient_id
    from postrider.recipient_state s
    where s.organization_id = p_organization_id
      and s.campaign_id = p_campaign_id
      and s.waiting_state = p_state
      and s.available_at <= p_now
      and s.held_at is null
      and (not p_without_losses or s.losses = 0)
    order by s.available_at, s.recipient_id
    limit p_limit
    for no key update skip locked);
end $$;
