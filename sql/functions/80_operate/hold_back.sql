-- The hold-back window: a card goes to the printer only so many minutes after it could have gone.
-- In that time it is called back for nothing. What is held back is seen, and changed, by
-- available_at.

-- Holds back everybody of a campaign who is proofed, from now on: with the launch their cards could
-- go. People who are proofed later are held back then, see settle_proof.
create function postrider.hold_back(
  p_organization_id uuid,
  p_campaign_id uuid,
  p_minutes int
) returns void language plpgsql as $$
declare
  v_until timestamptz := postrider.now() + p_minutes * interval '1 minute';
begin
  if p_minutes = 0 then
    return;
  end if;
  perform from postrider.recipient_state
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id
    and waiting_state = 'proofed'
  order by recipient_id
  for no key update;
  update postrider.recipient_state
  set available_at = v_until
  where organization_id = p_organization_id
    and campaign_id = p_campaign_id
    and waiting_state = 'proofed'
    and available_at < v_until;
end $$;
